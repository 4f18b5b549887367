"""Loading incidents with the standing that the user of a request has in them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from casework.domain.access import Principal
from casework.domain.aggregate import Aggregate
from casework.domain.approval import Approval
from casework.domain.bars import Bar, Bonds, bars_of
from casework.domain.case import AtSchool, Case, case_after, case_of
from casework.domain.errors import Forbidden, NotFound
from casework.domain.incident import Incident
from casework.domain.playbook import Playbook
from casework.domain.school import School
from casework.library import Library
from casework.record import Record
from casework.record.bonds import BondDirectory
from casework.record.case_files import case_file
from casework.usecases.context import Context
from casework.usecases.schools import Schools


class Cases:
    """Loads incidents with the standing of the user."""

    def __init__(self, record: Record, schools: Schools, library: Library, bonds: BondDirectory) -> None:
        self._record = record
        self._schools = schools
        self._library = library
        self._bonds = bonds

    def admit(self, context: Context, incident_id: UUID) -> Case:
        """The case, if the user may know that it exists. Raises NotFound."""
        found = case_file(self._record, incident_id)
        case = None if found is None else self.of(context, *found)
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
        bonds = self._bonds.around(incident.about)
        return self._with_bonds(context, incident, bonds, approvals, school)

    def seen_by(self, context: Context, case: Case, principal: Principal) -> Case:
        """The same case with the standing that another user has now."""
        return self._case(principal, context, case.incident, case.bars, case.approvals, case.school)

    def as_it_was(self, case: Case, number: int) -> Case:
        """The case right after step `number`, for the response to a retried request."""
        return case_after(case, number, self.playbook_of)

    def known_among(self, context: Context, found: Mapping[UUID, Aggregate]) -> dict[UUID, Aggregate]:
        """`found` without the incidents this user may not read."""
        about = {each for thing in found.values() if isinstance(thing, Incident) for each in thing.about}
        bonds = self._bonds.around(about) if about else Bonds(())
        return {
            key: thing
            for key, thing in found.items()
            if not isinstance(thing, Incident)
            or self._with_bonds(context, thing, bonds).standing.reads_as is not None
        }

    def playbook_of(self, incident: Incident) -> Playbook:
        """The playbook of the editions that `incident` pinned."""
        return self._library.playbook_of(incident)

    def _with_bonds(
        self,
        context: Context,
        incident: Incident,
        bonds: Bonds,
        approvals: tuple[Approval, ...] = (),
        school: School | None = None,
    ) -> Case:
        school = school or self._schools.found(incident.school)
        bars = bars_of(incident.about.values(), bonds)
        return self._case(context.principal, context, incident, bars, approvals, school)

    def _case(
        self,
        principal: Principal,
        context: Context,
        incident: Incident,
        bars: tuple[Bar, ...],
        approvals: tuple[Approval, ...],
        school: School,
    ) -> Case:
        at = AtSchool(principal, school, context.now, self._schools.identity_of)
        playbook = self.playbook_of(incident)
        return case_of(incident, at, playbook, context.now, bars=bars, approvals=approvals)
