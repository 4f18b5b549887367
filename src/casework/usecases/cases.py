"""Loading incidents with the standing that the user of a request has in them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from casework.domain.access import Standing
from casework.domain.aggregate import Aggregate
from casework.domain.approval import Approval
from casework.domain.case import AtSchool, Case, case_after, case_of
from casework.domain.errors import Forbidden, NotFound
from casework.domain.incident import Incident
from casework.domain.playbook import Playbook
from casework.domain.school import School
from casework.library import Library
from casework.record import Record
from casework.record.case_files import as_it_goes_on, case_file
from casework.record.gate import Gate, pass_gate
from casework.record.links import Identities
from casework.record.recusals import Acquainted, NoRecusals, Recusals, Unavailable
from casework.usecases.context import Context
from casework.usecases.schools import Schools


class Cases:
    """Loads incidents with the standing of the user."""

    def __init__(
        self, record: Record, schools: Schools, library: Library, recusals: Recusals, gate: Gate
    ) -> None:
        self._record = record
        self._schools = schools
        self._library = library
        self._recusals = recusals
        self._gate = gate

    def admit(self, context: Context, incident_id: UUID) -> Case:
        """The case, if the user may know that it exists. Raises NotFound."""
        school = pass_gate(self._gate, self._record, context, incident_id)
        found = case_file(self._record, incident_id)
        return self.admitted(context, None if found is None else self.of(context, *found, school))

    def found(self, context: Context, incident_id: UUID) -> Case | None:
        """The case, also for a user who may not know that it exists: then nothing of it may be shown."""
        file = case_file(self._record, incident_id)
        return None if file is None else self.of(context, *file)

    def admitted(self, context: Context, case: Case | None) -> Case:
        """As `admit`, for a case that was `found`."""
        if case is None or not case.known_in_confidence:
            context.may_be_named()
        if case is None or not case.standing.knows:
            raise NotFound
        return case

    def admit_reader(self, context: Context, incident_id: UUID) -> Case:
        """The case, if the user may read more of it than their own report.

        Raises NotFound as `admit` does, and Forbidden if they may read only their report.
        """
        case = self.admit(context, incident_id)
        if case.standing.reads_as is None:
            raise Forbidden
        return case

    def of(
        self,
        context: Context,
        incident: Incident,
        approvals: tuple[Approval, ...] = (),
        school: School | None = None,
    ) -> Case:
        """`incident` with the user's standing now; `school` is its school, if already loaded."""
        known = self._recusals.around(incident.concerned, incident.school)
        return self._case(context, incident, known, approvals, school)

    def as_reported(self, context: Context, incident: Incident, school: School) -> Case:
        """`incident` as a user sees it who has just reported it.

        If it cannot be looked up who must not see the case, as a user who may see only their own report.
        """
        try:
            return self.of(context, incident, school=school)
        except Unavailable:
            known = NoRecusals().around((), school.id)
            case = self._case(context, incident, known, (), school)
            return msgspec.structs.replace(case, standing=Standing(reported_it=True))

    def as_it_was(self, case: Case, number: int) -> Case:
        """The case right after step `number`, for the response to a retried request."""
        return case_after(case, number, self.playbook_of)

    def known_among(self, context: Context, found: Mapping[UUID, Aggregate]) -> dict[UUID, Aggregate]:
        """`found` without the incidents this user may not read."""
        incidents = {key: thing for key, thing in found.items() if isinstance(thing, Incident)}
        hidden = {key for key, each in incidents.items() if self.of(context, each).standing.reads_as is None}
        return {key: thing for key, thing in found.items() if key not in hidden}

    def playbook_of(self, incident: Incident) -> Playbook:
        """The playbook of the editions that `incident` pinned."""
        return self._library.playbook_of(incident)

    def _case(
        self,
        context: Context,
        incident: Incident,
        known: Acquainted,
        approvals: tuple[Approval, ...],
        school: School | None,
    ) -> Case:
        identities = Identities(self._record, known.namesakes, incident.school)
        if school is None or school.id != incident.school:
            # A row may name another school, but the case alone says whose it is.
            school = self._schools.found(incident.school)
        at = AtSchool(context.principal, school, context.now, identities)
        bars = incident.bars(known.bonds)
        playbook = self.playbook_of(incident)
        case = case_of(incident, at, playbook, context.now, bars=bars, approvals=approvals)
        return as_it_goes_on(self._record, case)
