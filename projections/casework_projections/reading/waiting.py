"""Open cases that wait for a user because others must not know of them, or that nobody may read."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection, bindparam, select

from casework.domain.access import CaseFacts, Principal, Staff
from casework.domain.access.waiting import readers_by_route, waits_for
from casework.domain.bars import Why
from casework.domain.case import Case
from casework.domain.moments import Instant
from casework.domain.user import User
from casework.domain.vocabulary import Stream
from casework.record.case_files import CaseFile, case_file, case_files
from casework_projections.reading.access_sql import READS, reading_parameters
from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.room import ReadingRoom, Snapshot
from casework_projections.reading.routes import closed_to_staff
from casework_projections.views.case_tables import cases


class Waiting(msgspec.Struct, frozen=True):
    """An open case, and when it was recorded."""

    incident: UUID
    recorded_at: Instant


class NameToClear(msgspec.Struct, frozen=True):
    """A person of an open case whose name could be that of `user`, who is shut out until it is cleared."""

    incident: UUID
    recorded_at: Instant
    person: UUID
    user: UUID


class ClosedCases:
    """The open cases that a user may read and that are closed to others of the staff."""

    def __init__(self, room: ReadingRoom, snapshot: Snapshot, asker: Asker) -> None:
        self._connection = snapshot.connection
        directory = room.views.directory
        reach = reach_of(asker, directory, self._connection)
        self._reach = room.admission.reach(asker, reach, self._connection)
        self._found = [each for school in self._reach.actors for each in self._closed_at(school)]
        self._recorded = self._readable({incident for _, incident, _ in self._found})

    def waiting(self) -> list[Waiting]:
        """Those that others would handle, to whom they are closed."""
        identity, day = self._reach.identity, self._reach.day
        return [
            Waiting(incident, self._recorded[incident])
            for staff, incident, facts in self._found
            if incident in self._recorded and waits_for(identity, facts, staff, day)
        ]

    def names_to_clear(self) -> Iterator[NameToClear]:
        """The names in them that could be a colleague's."""
        for staff, incident, facts in self._found:
            if incident not in self._recorded:
                continue
            subjects = {bar.member for bar in facts.bars if bar.why is Why.SUBJECT}
            for user, alike in _alike(staff):
                for person in sorted(subjects & alike):
                    yield NameToClear(incident, self._recorded[incident], person, user)

    def _closed_at(self, school: UUID) -> Iterator[tuple[Staff, UUID, CaseFacts]]:
        staff = self._reach.staff_of(school)
        if any(holder.acts and holder.identity.user == self._reach.user for holder in staff):
            for incident, facts in closed_to_staff(self._connection, school, staff):
                yield staff, incident, facts

    def _readable(self, incidents: set[UUID]) -> dict[UUID, Instant]:
        """When the open cases among `incidents` that the user may read were recorded."""
        if not incidents:
            return {}
        parameters = reading_parameters(self._connection, self._reach) | {"ids": sorted(incidents)}
        return {row.incident: row.recorded_at for row in self._connection.execute(_OPEN, parameters)}


def unread(room: ReadingRoom, snapshot: Snapshot, asker: Asker) -> int:
    """How many open cases nobody may read, at any school, without those that are closed to the user."""
    schools = room.views.directory.schools(snapshot.connection)
    return sum(_unread_at(room, snapshot.connection, asker, school) for school in schools)


def is_unread(room: ReadingRoom, case: Case) -> bool:
    """Whether nobody may read `case`."""
    if any(readers_by_route(case.facts, case.at.staff, case.at.today)):
        return False
    file = case_file(room.record, case.incident.id)
    return file is None or not _is_read_by_name(room, case.at.moment, file)


def _alike(staff: Staff) -> Iterable[tuple[UUID, frozenset[UUID]]]:
    """The users whose name shuts out one who acts in a role, and the people whose name could be theirs."""
    found: dict[UUID, frozenset[UUID]] = defaultdict(frozenset)
    for identity in {holder.identity.user: holder.identity for holder in staff if holder.acts}.values():
        for user, alike in identity.suspected:
            found[user] |= alike
    return found.items()


def _unread_at(room: ReadingRoom, connection: Connection, asker: Asker, school: UUID) -> int:
    at = room.admission.at_school(asker, school)
    facts = dict(closed_to_staff(connection, school, at.staff))
    ordinary = CaseFacts(stream=Stream.CHILD, occurred_on=asker.today)
    open_cases = [
        incident
        for incident in _open_at(connection, school, facts, at.staff, asker)
        if not facts.get(incident, ordinary).shuts_out(at.identity, asker.today)
    ]
    files = case_files(room.record, open_cases).values() if open_cases else ()
    return sum(not _is_read_by_name(room, asker.now, file) for file in files)


def _open_at(
    connection: Connection, school: UUID, facts: Mapping[UUID, CaseFacts], staff: Staff, asker: Asker
) -> Iterator[UUID]:
    """The open cases of a school that come to nobody by its route."""
    # For cases before and after each moment since which a member of staff is provisional.
    moments = sorted({holder.since for holder in staff if holder.since is not None})
    usual = {
        (stream, place): _comes_to_nobody(
            CaseFacts(stream=stream, occurred_on=asker.today, recorded_at=moment), staff, asker
        )
        for stream in Stream
        for place, moment in enumerate([None, *moments])
    }
    exceptional = {key for key, each in facts.items() if _comes_to_nobody(each, staff, asker)}
    if not exceptional and not any(usual.values()):
        return
    for row in connection.execute(_OPEN_AT, {"school": school}):
        place = bisect_right(moments, row.recorded_at)
        if row.incident in exceptional or (row.incident not in facts and usual[Stream(row.stream), place]):
            yield row.incident


def _comes_to_nobody(facts: CaseFacts, staff: Staff, asker: Asker) -> bool:
    return not any(True for _ in readers_by_route(facts, staff, asker.today))


def _is_read_by_name(room: ReadingRoom, now: Instant, file: CaseFile) -> bool:
    """Whether a user who is assigned or appointed to the case may read it, and is no witness who must not
    manage it."""
    incident, _ = file
    for user_id in {*incident.assignees, *incident.appointed}:
        user = room.record.peek(User, user_id)
        if user is not None and user.active:
            reader = Asker(principal=Principal.of(user), now=now)
            read = room.admission.readable(reader, [file]).values()
            if any(not case.facts.is_kept_from(case.at.identity, case.at.today) for case in read):
                return True
    return False


_OPEN: Final = (
    select(cases.c.incident, cases.c.recorded_at)
    .where(cases.c.incident.in_(bindparam("ids", expanding=True)), cases.c.is_open, READS)
    .order_by(cases.c.recorded_at.desc(), cases.c.incident)
)
_OPEN_AT: Final = select(cases.c.incident, cases.c.stream, cases.c.recorded_at).where(
    cases.c.school == bindparam("school"), cases.c.is_open
)
