"""Incidents: report one, take a step."""

from __future__ import annotations

from casework.domain.case import Case
from casework.library import Library
from casework.record import Record
from casework.usecases.cases import Cases
from casework.usecases.context import Context
from casework.usecases.schools import Schools
from casework.usecases.secrets import Secrets
from casework.usecases.steps.reporting import ReportIncident, Reporting
from casework.usecases.steps.stages import Stages
from casework.usecases.steps.taking import Taken, TakeStep, TakingSteps
from casework.usecases.steps.together import TakeSteps, TakingTogether


class Incidents:
    """The use cases of incidents."""

    def __init__(
        self, record: Record, cases: Cases, schools: Schools, library: Library, secrets: Secrets
    ) -> None:
        stages = Stages(record, cases, library)
        self._reporting = Reporting(record, cases, stages, schools, library, secrets)
        self.taking = TakingSteps(record, cases, stages, secrets)
        self._together = TakingTogether(record, cases, library, secrets)

    def report(self, context: Context, command: ReportIncident) -> Case:
        """As `Reporting.report`."""
        return self._reporting.report(context, command)

    def take(self, context: Context, command: TakeStep) -> Taken:
        """As `TakingSteps.take`."""
        return self.taking.take(context, command)

    def take_together(self, context: Context, command: TakeSteps) -> Case:
        """As `TakingTogether.take`."""
        return self._together.take(context, command)
