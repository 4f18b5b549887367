"""Taking a list of steps about one incident together: all of them or none, in one commit."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.case import Case
from casework.domain.errors import Declined, Forbidden, Invalid, Refusal, Refused, Stale
from casework.domain.fields import PastInstant, synchronised
from casework.domain.incident import Incident, Step
from casework.domain.vocabulary import Stream
from casework.library import Library
from casework.record import Record, retrying
from casework.record.once import LoadedForCommand
from casework.usecases.cases import Cases
from casework.usecases.context import Context
from casework.usecases.named_ids import named_ids
from casework.usecases.secrets import Secrets
from casework.usecases.steps.beside import Beside
from casework.usecases.steps.following import follow
from casework.usecases.steps.stages import Stages

_SHUT_OUT: Final = Refusal(
    "not-about-yourself",
    "KCSIE part 4; WTSC",
    "An earlier step of the list closes the case to you; the next in order must continue.",
)


class TakesTwo(Declined):
    """A step of a list takes two people, and so cannot be taken together with others."""


class StepFailed(Declined):
    """A step of a list was declined, and none was taken: `index` counts from 0, `cause` says why."""

    def __init__(self, index: int, step: str, cause: Declined) -> None:
        super().__init__(f"step {index} of the list ({step}): {cause}")
        self.index = index
        self.step = step
        self.cause = cause


class ListedStep(msgspec.Struct, frozen=True):
    """One step of a list, unstamped. `at` is when it was done (default: now)."""

    step: Step
    at: PastInstant | None = None


class TakeSteps(msgspec.Struct, frozen=True, kw_only=True):
    """Steps to take together, in their order. `expected` is the version that the user has read."""

    incident: UUID
    steps: tuple[ListedStep, ...]
    expected: int | None = None


class TakingTogether:
    """Takes lists of steps, each list in one transaction."""

    def __init__(self, record: Record, cases: Cases, library: Library, secrets: Secrets) -> None:
        self._record = record
        self._cases = cases
        self._library = library
        self._secrets = secrets

    def take(self, context: Context, command: TakeSteps) -> Case:
        """Take the steps, each judged on the incident as the steps before it leave it.

        Raises NotFound, Stale, KeyReused, or StepFailed for the first step that is declined; then nothing has
        changed.
        """
        listed = tuple(synchronised(each, context.now) for each in command.steps)
        command = msgspec.structs.replace(command, steps=listed)
        return retrying(lambda: self._take(context, command))

    def _take(self, context: Context, command: TakeSteps) -> Case:
        case = self._cases.admit(context, command.incident)
        if case.standing.reads_as is None and case.incident.confidential_reporter:
            context = context.under(self._secrets.of_reports)
        taking = _Taking(self._record, self._cases, self._library, context)
        before = taking.first_result(case, command)
        if before is not None:
            return before
        if command.expected is not None and command.expected != case.visible_version:
            raise Stale(case.visible_version)
        taking.load_named(command)
        for index, listed in enumerate(command.steps):
            try:
                case = taking.one(case, listed)
            except (Invalid, Refused, Forbidden, TakesTwo) as error:
                raise StepFailed(index, listed.step.name(), error) from error
        self._record.commit(case.incident, *taking.changed.values())
        return case


class _Taking:
    """One list being taken: what its steps need is loaded once, and each sees what those before changed."""

    def __init__(self, record: Record, cases: Cases, library: Library, context: Context) -> None:
        self._record = LoadedForCommand(record)
        self._cases = cases
        self._stages = Stages(self._record, cases, library)
        self._beside = Beside(self._record, cases)
        self._context = context
        self._decided_on: Hashable = None
        self.changed: dict[UUID, Aggregate] = {}

    def first_result(self, case: Case, command: TakeSteps) -> Case | None:
        """The result of the first request, if this one is a retry."""
        earlier = self._context.earlier(case.incident)
        if earlier is not None:
            return self._cases.as_it_was(case, earlier)
        kinds = (type(listed.step) for listed in command.steps)
        return case if any(self._beside.recorded(self._context, kind, case) for kind in kinds) else None

    def load_named(self, command: TakeSteps) -> None:
        """Load whatever the steps name, with one statement."""
        self._record.load_many(leaf.value for each in command.steps for leaf, _ in named_ids(each.step))

    def one(self, case: Case, listed: ListedStep) -> Case:
        """Take one step without committing it, and return the case with it.

        Raises Invalid, Refused, Forbidden or TakesTwo.
        """
        if listed.step.INTERNAL:
            raise Invalid.at("$.step", "is recorded by casework itself")
        case = self._standing_now(case)
        role = case.standing.takes_as(type(listed.step))
        if role is None:
            raise Refused(_SHUT_OUT) if case.is_closed_to_user else Forbidden
        incident = case.incident
        stamp = self._context.stamp(incident.id, incident.version + 1, role, listed.at)
        step = listed.step.stamped(stamp)
        around = self._stages.look_up(self._context, step, case.school, case)
        step = self._stages.complete(step, around)
        self._stages.check(step, around)
        if self._stages.decider(self._context, step, case, around) is not None:
            raise TakesTwo
        others = self._beside.changed(self._context, step, case, around)
        incident.judge(step, case.playbook)
        was = incident.occurred_at
        if not step.APART:
            incident.append(step)
        follow(self._record, self._context, case, around, was)
        for other in others:
            self._record.hold(other)
            self.changed[other.id] = other
        return msgspec.structs.replace(case, playbook=self._cases.playbook_of(incident))

    def _standing_now(self, case: Case) -> Case:
        """`case` with the standing that the user has in it after the steps taken so far."""
        decides = _what_decides_access(case.incident)
        if self._decided_on not in (None, decides):
            case = self._cases.of(self._context, case.incident, case.approvals, case.school)
        self._decided_on = decides
        return case


def _what_decides_access(incident: Incident) -> Hashable:
    """All of `incident` that decides who may read it or take steps in it; its state does not."""
    # A witness manages no allegation; in a child's case they change nothing.
    witnesses = incident.witnesses if incident.stream is Stream.ALLEGATION else {}
    return (
        *(frozenset(each.items()) for each in (incident.about, incident.parents, witnesses)),
        *(frozenset(each.items()) for each in (incident.declared, incident.let_in)),
        *(incident.stream, incident.occurred_at, incident.may_be_about_leader),
        *(incident.assignees, incident.appointed, incident.duplicate_of),
    )
