"""Taking a step about an incident, or requesting one that needs two people."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access import Principal, Standing
from casework.domain.aggregate import Aggregate
from casework.domain.approval import CLAUSE, Approval
from casework.domain.asked_step import AskedStep
from casework.domain.case import Case
from casework.domain.errors import Forbidden, Invalid, Refusal, Refused, Stale
from casework.domain.fields import PastInstant, synchronised
from casework.domain.incident import Step
from casework.domain.incident.amending import Correct
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.usecases.cases import Cases
from casework.usecases.context import Context
from casework.usecases.secrets import Secrets
from casework.usecases.steps.asking import asked_for
from casework.usecases.steps.beside import Beside
from casework.usecases.steps.following import follow
from casework.usecases.steps.stages import Stages
from casework.usecases.steps.surroundings import Decider, Surroundings

_ASKER: Final = Refusal(
    "approval-asker", CLAUSE, "The user who asked for this may no longer take steps in this case."
)
_ERASED: Final = Refusal("erased", "UK GDPR art. 17", "It was erased; nothing more can be recorded.")


class TakeStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step to take about an incident.

    `step` is unstamped. `at` is when it was done (default: now); `expected` is the version that the user has
    read, None for any. `reason` is set if the user requests approval: then only a step that needs two people
    is accepted.
    """

    incident: UUID
    step: Step
    at: PastInstant | None = None
    expected: int | None = None
    reason: Sealed | None = None


class Taken(msgspec.Struct, frozen=True):
    """The case with the step taken; or the unchanged case, and the approval that was requested."""

    case: Case
    approval: Approval | None = None


class TakingSteps:
    """Takes steps, each in one transaction."""

    def __init__(self, record: Record, cases: Cases, stages: Stages, secrets: Secrets) -> None:
        self._record = record
        self._cases = cases
        self._stages = stages
        self._beside = Beside(record, cases)
        self._secrets = secrets

    def take(self, context: Context, command: TakeStep, *, internal: bool = False) -> Taken:
        """Take the step, or request approval if it needs two people; an `internal` one only casework records.

        Raises NotFound, Forbidden, Stale, KeyReused, Invalid or Refused; then nothing has changed.
        """
        if command.step.INTERNAL and not internal:
            raise Invalid.at("$.step", "is recorded by casework itself")
        command = synchronised(command, context.now)
        return retrying(lambda: self._take(context, command))

    def classes_to_correct(self, context: Context, incident: UUID) -> tuple[type[Step], ...]:
        """The class of each step of the incident, in their order, for a user who may correct them.

        Raises NotFound or Forbidden.
        """
        case = self._cases.admit(context, incident)
        _role_for(case.standing, Correct)
        return tuple(type(step) for step in case.incident.timeline)

    def take_approved(
        self, context: Context, case: Case, approval: Approval, asker: Principal
    ) -> list[Aggregate]:
        """Take the step that `asker` requested and the user of `context` approves; the caller commits it.

        The step is judged on the case as it is now. Returns the other cases that it changes too. Raises
        Refused if it can no longer be taken.
        """
        asked = approval.step
        if asked is None:
            raise Refused(_ERASED)
        role = case.seen_by(asker).standing.takes_as(type(asked.step))
        if role is None:
            raise Refused(_ASKER)
        stamp = context.stamp(case.incident.id, case.incident.version + 1, role, asked.at)
        stamp = msgspec.structs.replace(stamp, by=asker.id)
        step = msgspec.structs.replace(asked.step.stamped(stamp), approved_by=context.by)
        try:
            # Who decides was checked before: it is the user of `context`.
            by_asker = msgspec.structs.replace(context, principal=asker)
            step, around = self._completed(by_asker, step, case)
            others = self._beside.changed(by_asker, step, case, around)
            was = case.incident.occurred_at
            case.incident.take(step, case.playbook)
            follow(self._record, context, case, around, was)
        except Invalid as error:
            raise Refused(_outdated(error)) from error
        return others

    def _take(self, context: Context, command: TakeStep) -> Taken:
        case, role = self._admit(context, command)
        in_confidence = case.standing.reads_as is None and case.incident.confidential_reporter
        if in_confidence:
            context = context.under(self._secrets.of_reports)
        before = self._first_result(context, type(command.step), case)
        if before is not None:
            return before
        if command.expected is not None and command.expected != case.visible_version:
            raise Stale(case.visible_version)
        step = self._stamped(context, command, case, role)
        step, around = self._completed(context, step, case)
        decider = self._stages.decider(context, step, case, around)
        if decider is not None:
            case.incident.judge(step, case.playbook)
            return Taken(case, self._ask(context, case, role, command, decider))
        if command.reason is not None:
            raise Invalid.at("$", "needs no second person; post it as a step of the incident")
        others = self._beside.changed(context, step, case, around)
        case.incident.judge(step, case.playbook)
        was = case.incident.occurred_at
        if not step.APART:
            case.incident.append(step)
        follow(self._record, context, case, around, was)
        self._record.commit(case.incident, *others)
        # The step may have changed the policy in force.
        return Taken(msgspec.structs.replace(case, playbook=self._cases.playbook_of(case.incident)))

    def _ask(self, context: Context, case: Case, role: Role, command: TakeStep, decider: Decider) -> Approval:
        asked = AskedStep(command.step, command.at)
        approval = asked_for(context, case, role, asked, decider, command.reason)
        self._record.commit(approval)
        return approval

    def _completed(self, context: Context, step: Step, case: Case) -> tuple[Step, Surroundings]:
        """The step, completed and checked, and what it was completed from."""
        around = self._stages.look_up(context, step, case.school, case)
        step = self._stages.complete(step, around)
        self._stages.check(step, around)
        return step, around

    def _first_result(self, context: Context, step: type[Step], case: Case) -> Taken | None:
        """The result of the first request, if this one is a retry: a step or an approval."""
        earlier = context.earlier(case.incident)
        if earlier is not None:
            return Taken(self._cases.as_it_was(case, earlier))
        if self._beside.recorded(context, step, case):
            return Taken(case)
        asked = (approval for approval in case.approvals if context.earlier(approval) is not None)
        approval = next(asked, None)
        return None if approval is None else Taken(case, approval)

    def _admit(self, context: Context, command: TakeStep) -> tuple[Case, Role]:
        case = self._cases.admit(context, command.incident)
        return case, _role_for(case.standing, type(command.step))

    @staticmethod
    def _stamped(context: Context, command: TakeStep, case: Case, role: Role) -> Step:
        stamp = context.stamp(case.incident.id, case.incident.version + 1, role, command.at)
        return command.step.stamped(stamp)


def _role_for(standing: Standing, step: type[Step]) -> Role:
    """The role in which a user with this standing takes the step. Raises Forbidden if they may not."""
    role = standing.takes_as(step)
    if role is None:
        raise Forbidden
    return role


def _outdated(error: Invalid) -> Refusal:
    faults = "; ".join(f"{path} {each}" for path, messages in error.errors.items() for each in messages)
    reason = f"The case has changed, and the step can no longer be taken: {faults}."
    return Refusal("approval-outdated", CLAUSE, reason)
