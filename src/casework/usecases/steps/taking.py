"""Taking a step about an incident."""

from __future__ import annotations

from uuid import UUID

import msgspec

from casework.domain.access import Standing
from casework.domain.errors import Forbidden, Stale
from casework.domain.fields import PastInstant, synchronised
from casework.domain.incident import Step
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.usecases.cases import Case, Cases
from casework.usecases.context import NOBODY, Context
from casework.usecases.secrets import Secrets
from casework.usecases.steps.stages import Stages
from casework.usecases.steps.surroundings import NOTHING, OUTSIDE


class TakeStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step to take about an incident.

    `step` is unstamped. `at` is when it was done (now where it is left out); `expected` the version the
    user has read, None for any.
    """

    incident: UUID
    step: Step
    at: PastInstant | None = None
    expected: int | None = None


class TakingSteps:
    """Takes steps, each in one transaction."""

    def __init__(self, record: Record, cases: Cases, stages: Stages, secrets: Secrets) -> None:
        self._record = record
        self._cases = cases
        self._stages = stages
        self._secrets = secrets

    def take(self, context: Context, command: TakeStep) -> Case:
        """The case with the step taken.

        Raises NotFound, Forbidden, Stale, KeyReused, Invalid or Refused; then nothing has changed.
        """
        command = synchronised(command, context.now)
        return retrying(lambda: self._take(context, command))

    def _take(self, context: Context, command: TakeStep) -> Case:
        case, role = self._admit(context, command)
        in_confidence = case.standing.handles_as is None and case.incident.confidential_reporter
        if in_confidence:
            context = context.under(self._secrets.of_reports)
        earlier = context.earlier(case.incident)
        if earlier is not None:
            return self._cases.as_it_was(context, case.incident, earlier)
        if command.expected is not None and command.expected != case.visible_version:
            raise Stale
        step = self._stamped(context, command, case, role, in_confidence)
        around = self._stages.look_up(context, step, case.school, case.incident)
        step = self._stages.complete(step, around)
        self._stages.check(step, around)
        case.incident.take(step, case.playbook)
        self._record.commit(case.incident)
        # A step may have put another policy in force.
        return msgspec.structs.replace(case, playbook=self._cases.playbook_of(case.incident))

    def _admit(self, context: Context, command: TakeStep) -> tuple[Case, Role]:
        case = self._cases.admit(context, command.incident)
        return case, _role_for(case.standing, type(command.step))

    @staticmethod
    def _stamped(context: Context, command: TakeStep, case: Case, role: Role, in_confidence: bool) -> Step:
        stamp = context.stamp(case.incident.id, case.incident.version + 1, role, command.at)
        if in_confidence:
            stamp = msgspec.structs.replace(stamp, by=NOBODY)
        return command.step.stamped(stamp)


def _role_for(standing: Standing, step: type[Step]) -> Role:
    """The role in which a user of this standing takes the step. Raises Forbidden if they may not."""
    if standing.handles_as is not None:
        return standing.handles_as
    if standing.reported_it and OUTSIDE.get(step, NOTHING).for_reporters:
        return Role.REPORTER
    raise Forbidden
