"""Which records of people a user may know.

Records on the roll are the school's register. A record that was made for a case tells of the case, so that it
exists only for users who may read a case it is in, and for the user who registered it. Leads also know people
who have left the roll, and the parents whom a lead has registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from casework.domain.access import Permission
from casework.domain.errors import Forbidden, NotFound
from casework.domain.person import Person
from casework_projections.reading.access_sql import READS, reading_parameters
from casework_projections.reading.asking import Asker, Reach, reach_of
from casework_projections.reading.room import ReadingRoom, Snapshot
from casework_projections.views.case_tables import cases, members
from casework_projections.views.catch_up import Views


def known_records(room: ReadingRoom, asker: Asker, off_roll: Iterable[UUID]) -> set[UUID]:
    """Those of `off_roll`, records of people who are not on the roll, that the user may know."""
    ids = list(off_roll)
    if not ids:
        return set()
    with room.snapshot(*room.views.of_people) as snapshot:
        reach = reach_of(asker, room.views.directory, snapshot.connection)
        return known_in(snapshot, room.views, room.admission.reach(asker, reach, snapshot.connection), ids)


def known_in(snapshot: Snapshot, views: Views, reach: Reach, off_roll: Sequence[UUID]) -> set[UUID]:
    """As `known_records`, with the same statements whatever `off_roll` are.

    `snapshot` is of `views.of_people`, and `reach` has all that decides which cases the user may read.
    """
    connection, people = snapshot.connection, views.people
    known = people.registered_by(connection, reach.user, off_roll)
    known |= people.known_to_leads(connection, reach.schools(Permission.READ_PEOPLE), off_roll)
    return known | _in_readable_cases(snapshot, views, reach, off_roll)


def _in_readable_cases(snapshot: Snapshot, views: Views, reach: Reach, ids: Sequence[UUID]) -> set[UUID]:
    """Those of `ids` who are in a case that the user may read."""
    query = _IN_READABLE_CASES
    for aside in snapshot.aside(views.caseload, views.recusals):
        # Their rows may be out of date, and so say of a case that the user may read it.
        query = query.where(members.c.incident.not_in(aside))
    of_cases = reading_parameters(snapshot.connection, reach)
    return {*snapshot.connection.scalars(query, of_cases | {"ids": ids})}


def person_to_read(room: ReadingRoom, asker: Asker, person_id: UUID) -> Person:
    """A person, for a user who may read their whole record: a lead, or who manages a case that they are in.

    Raises NotFound, Forbidden.
    """
    try:
        person = room.admission.person(asker, person_id, Permission.READ_PEOPLE)
    except Forbidden:
        return _person_in_own_case(room, asker, person_id)
    if not person.details.on_roll and not known_among(room, asker, [person]):
        raise NotFound
    return person


def _person_in_own_case(room: ReadingRoom, asker: Asker, person_id: UUID) -> Person:
    """A person in a case that came to the user by the route. Raises Forbidden."""
    with room.snapshot(*room.views.of_cases) as snapshot:
        reach = room.admission.reach(
            asker, reach_of(asker, room.views.directory, snapshot.connection), snapshot.connection
        )
        # These roles read a case only by the route, or because they were appointed to it.
        manages = reach.schools(*_BY_ROUTE)
        in_case = bool(manages) and bool(_in_readable_cases(snapshot, room.views, reach, [person_id]))
    person = room.record.load(Person, person_id) if in_case else None
    if person is None or person.school not in manages:
        raise Forbidden
    return person


def known_among(room: ReadingRoom, asker: Asker, people: Iterable[Person]) -> dict[UUID, Person]:
    """Those of `people` that the user may know, by id."""
    found = {person.id: person for person in people}
    off_roll = [key for key, person in found.items() if not person.details.on_roll]
    hidden = {*off_roll} - known_records(room, asker, off_roll)
    return {key: person for key, person in found.items() if key not in hidden}


_BY_ROUTE: Final = (Permission.MANAGE_WHERE_HEAD_IS_SUBJECT, Permission.MANAGE_AFTER_CHAIR)
_IN_READABLE_CASES: Final = (
    select(members.c.member)
    .join(cases, cases.c.incident == members.c.incident)
    .where(members.c.member.in_(bindparam("ids", expanding=True)), READS)
    .distinct()
)
