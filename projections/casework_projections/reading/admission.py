"""Checks whether a user may read a case, a school or a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from casework.domain.access import READ, Permission, Principal
from casework.domain.approval import Approval
from casework.domain.bars import Bar, Bonds
from casework.domain.case import ApprovalInCase, AtSchool, Case, approval_in, case_of
from casework.domain.deciding import decides_unread
from casework.domain.errors import Forbidden, NotFound
from casework.domain.fields import Ref, field_markers, first_marker, leaves
from casework.domain.incident import Incident, Step
from casework.domain.incident.connections import CasesLinked, CasesUnlinked, Connections
from casework.domain.incident.custody import Custody, EvidenceOpened
from casework.domain.person import Person
from casework.domain.school import School
from casework.domain.user import User
from casework.domain.vocabulary import ApprovalState
from casework.library import Library
from casework.record import Record
from casework.record.case_files import (
    CaseFile,
    as_it_goes_on,
    case_file,
    case_file_with,
    case_files,
    incident_of,
)
from casework.record.gate import Gate, pass_gate
from casework.record.identity import one_person
from casework.record.links import Identities
from casework.record.recusals import Alike, Namesakes, Recusals
from casework_projections.reading.asking import Asker, Reach
from casework_projections.views.lookup import RecusalLookup


class CaseHistory(msgspec.Struct, frozen=True):
    """A case, the times its files were opened, and its links to cases the user may read too, oldest first.

    `hidden` are the other cases that its steps name and the user may not read.
    """

    case: Case
    openings: tuple[EvidenceOpened, ...]
    links: tuple[CasesLinked | CasesUnlinked, ...] = ()
    hidden: frozenset[UUID] = frozenset()


class Admission:
    """Decides what a user may read, from the current record."""

    def __init__(self, record: Record, library: Library, recusals: Recusals, gate: Gate) -> None:
        self._record = record
        self._library = library
        self._recusals = recusals
        self._gate = gate

    def case(self, asker: Asker, incident_id: UUID) -> Case:
        """The case, for a user who may see at least a part of it. Raises NotFound."""
        school = pass_gate(self._gate, self._record, asker, incident_id)
        return self._known(asker, case_file(self._record, incident_id), school)

    def case_to_read(self, asker: Asker, incident_id: UUID) -> Case:
        """The case, for a user who may read it and not only their own report. Raises NotFound, Forbidden."""
        return _readable(self.case(asker, incident_id))

    def history(self, asker: Asker, incident_id: UUID) -> CaseHistory:
        """As `case_to_read`, with the openings of its files and its links, read with the same statement."""
        school = pass_gate(self._gate, self._record, asker, incident_id)
        custody_id, connections_id = Custody.id_of(incident_id), Connections.id_of(incident_id)
        file, found = case_file_with(self._record, incident_id, custody_id, connections_id)
        custody, connections = found.get(custody_id), found.get(connections_id)
        case = _readable(self._known(asker, file, school))
        links = connections.history if isinstance(connections, Connections) else []
        named = frozenset(_cases_named(case.incident))
        others = named.union(event.other for event in links)
        readable = self.readable(asker, case_files(self._record, others).values()) if others else {}
        return CaseHistory(
            case,
            tuple(custody.openings) if isinstance(custody, Custody) else (),
            tuple(event for event in links if event.other in readable),
            named - readable.keys(),
        )

    def approval(self, asker: Asker, approval_id: UUID) -> ApprovalInCase:
        """An approval, for a user who may read its case or decides without reading it. Raises NotFound."""
        incident = incident_of(self._record, approval_id)
        if incident is None:
            asker.may_be_named()
            raise NotFound
        file = case_file(self._record, incident)
        case = None if file is None else self._case_of(asker, *file, None)
        unread = [] if case is None else [each for each in case.approvals if each.id == approval_id]
        if case is not None and unread and self.decides_unread(asker, case, unread[0]):
            asker.may_be_named()
            return ApprovalInCase(unread[0], case)
        return approval_in(self._admitted(asker, case), approval_id)

    def decides_unread(self, asker: Asker, case: Case, approval: Approval) -> bool:
        """Whether an approval waits for the user, who may not read its `case`."""
        if case.standing.reads_as is not None or approval.state_at(asker.now) is not ApprovalState.ASKED:
            return False
        by = self._record.peek(User, approval.asked.by)
        return by is not None and decides_unread(case, approval, Principal.of(by)) is not None

    def readable(self, asker: Asker, files: Iterable[CaseFile]) -> dict[UUID, Case]:
        """The cases among `files` that the user may read, by id."""
        found = self.cases(asker, files)
        return {key: case for key, case in found.items() if case.standing.reads_as is not None}

    def cases(self, asker: Asker, files: Iterable[CaseFile]) -> dict[UUID, Case]:
        """The cases of `files` as they stand for the user, by id, also those they may not know of."""
        at_school: dict[UUID, list[CaseFile]] = defaultdict(list)
        for file in files:
            at_school[file[0].school].append(file)
        cases = {}
        for school, those in at_school.items():
            about = {each for incident, _ in those for each in incident.concerned}
            known = self._recusals.around(about, school)
            at = self._at(asker, school, known.namesakes)
            for incident, approvals in those:
                cases[incident.id] = self._case_at(at, incident, approvals, known.bonds)
        return cases

    def school(self, asker: Asker, school_id: UUID, permission: Permission) -> AtSchool:
        """The school, and the user who holds `permission` there. Raises NotFound, Forbidden."""
        at = self._at(asker, school_id)
        at.actor.require(permission)
        return at

    def at_school(self, asker: Asker, school_id: UUID) -> AtSchool:
        """The user at a school at which they may hold no role. Raises NotFound."""
        return self._at(asker, school_id)

    def settings(self, asker: Asker, school_id: UUID, permission: Permission) -> School:
        """The school, for a user who holds `permission` there and for administrators.

        Raises NotFound, Forbidden.
        """
        if not asker.principal.administers:
            return self.school(asker, school_id, permission).school
        school = self._record.peek(School, school_id)
        if school is None:
            raise NotFound
        return school

    def person(self, asker: Asker, person_id: UUID, permission: Permission) -> Person:
        """A person, for a user who holds `permission` at their school. Raises NotFound, Forbidden."""
        person = self._record.load(Person, person_id)
        if person is None:
            raise NotFound
        self.school(asker, person.school, permission)
        return person

    def other_records(self, asker: Asker, person_id: UUID) -> tuple[UUID, ...]:
        """The other records of a person, for a user who may read people at that school; none for others."""
        person = self._record.load(Person, person_id)
        if person is None or not person.joined:
            return ()
        if self._at(asker, person.school).actor.role_for(Permission.READ_PEOPLE) is None:
            return ()
        return tuple(one_person(self._record, person.joined).keys() - {person_id})

    def _known(self, asker: Asker, file: CaseFile | None, school: School | None) -> Case:
        """The case in `file`; `school` is the school that its row names, if that is known."""
        return self._admitted(asker, None if file is None else self._case_of(asker, *file, school))

    def _admitted(self, asker: Asker, case: Case | None) -> Case:
        if case is None or not case.known_in_confidence:
            asker.may_be_named()
        if case is None or not case.standing.knows:
            raise NotFound
        return case

    def _case_of(
        self, asker: Asker, incident: Incident, approvals: tuple[Approval, ...], school: School | None
    ) -> Case:
        known = self._recusals.around(incident.concerned, incident.school)
        if school is None or school.id != incident.school:
            # A row may name another school, but the case alone says whose it is.
            at = self._at(asker, incident.school, known.namesakes)
        else:
            identities = self._identities(school.id, known.namesakes)
            at = AtSchool(asker.principal, school, asker.now, identities)
        return self._case_at(at, incident, approvals, known.bonds)

    def _case_at(
        self, at: AtSchool, incident: Incident, approvals: tuple[Approval, ...], bonds: Bonds
    ) -> Case:
        bars, playbook = incident.bars(bonds), self._library.playbook_of(incident)
        case = case_of(incident, at, playbook, at.moment, bars=bars, approvals=approvals)
        return as_it_goes_on(self._record, case)

    def bars_of(self, incident: Incident) -> tuple[Bar, ...]:
        """To whom `incident` is closed."""
        return incident.bars(self._recusals.around(incident.concerned, incident.school).bonds)

    def reach(self, asker: Asker, reach: Reach, connection: Connection) -> Reach:
        """`reach` with all that decides which cases the user may read; `connection` is on the recusals."""
        # Elsewhere the user reads only their own reports.
        schools = reach.schools(*(grant.permission for grant in READ))
        found = (
            self._identities(school, self._namesakes_on(connection, school)).of(asker.principal)
            for school in schools
        )
        namesakes: frozenset[UUID] = frozenset().union(*(identity.possible for identity in found))
        return msgspec.structs.replace(
            reach,
            identity=msgspec.structs.replace(reach.identity, namesakes=namesakes),
            staff_of=lambda school: self._at(asker, school).staff,
        )

    def _at(self, asker: Asker, school_id: UUID, namesakes: Namesakes | None = None) -> AtSchool:
        school = self._record.peek(School, school_id)
        if school is None:
            raise NotFound
        return AtSchool(asker.principal, school, asker.now, self._identities(school_id, namesakes))

    def _namesakes_on(self, connection: Connection, school: UUID) -> Namesakes | None:
        recusals = self._recusals
        return recusals.namesakes_on(connection, school) if isinstance(recusals, RecusalLookup) else None

    def _identities(self, school: UUID, namesakes: Namesakes | None = None) -> Identities:
        """Who users are in cases; namesakes are looked up when first needed, as most questions need none."""

        def looked_up(user: UUID, names: Iterable[str], persons: frozenset[UUID]) -> Alike:
            return self._recusals.around((), school).namesakes(user, names, persons)

        return Identities(self._record, namesakes or looked_up, school)


def reach_at(at: AtSchool) -> Reach:
    """What a user may read at one school, for a report about that school only."""
    return Reach(
        identity=at.identity,
        day=at.today,
        actors={at.school.id: at.actor},
        staff_of=lambda _: at.staff,
    )


def _readable(case: Case) -> Case:
    if case.standing.reads_as is None:
        raise Forbidden
    return case


def _cases_named(incident: Incident) -> Iterator[UUID]:
    """The other cases that the steps of `incident` name, also in a form that was corrected."""
    for step in (*incident.timeline, *incident.standing):
        if _names_cases(type(step)):
            yield from (leaf.value for leaf in leaves(step) if _is_of_case(leaf.markers))


@cache
def _names_cases(step: type[Step]) -> bool:
    return any(map(_is_of_case, field_markers(step).values()))


def _is_of_case(markers: Iterable[object]) -> bool:
    ref = first_marker(markers, Ref)
    return ref is not None and "incident" in ref.to
