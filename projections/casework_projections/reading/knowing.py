"""Which records of people a user may know.

Records on the roll are the school's register. A record that was made for a case tells of the case, so that it
exists only for users who may read a case it is in, and for the user who registered it. Leads also know people
who have left the roll, and the parents whom a lead has registered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Select, Uuid, and_, bindparam, select

from casework.domain.access import BY_ROUTE, Permission
from casework.domain.errors import NotFound
from casework.domain.person import Person
from casework.record.identity import one_person
from casework_projections.reading.access_sql import (
    HANDLES,
    READS,
    handling_parameters,
    reading_parameters,
)
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
    query = _without_aside(_IN_READABLE_CASES, snapshot, views)
    of_cases = reading_parameters(snapshot.connection, reach)
    return {*snapshot.connection.scalars(query, of_cases | {"ids": ids})}


def _without_aside(query: Select[tuple[UUID]], snapshot: Snapshot, views: Views) -> Select[tuple[UUID]]:
    """`query` without the cases that were set aside.

    Their rows may be out of date, and so say of a case that the user may read it.
    """
    for aside in snapshot.aside(views.caseload, views.recusals):
        query = query.where(cases.c.incident.not_in(aside))
    return query


def handled_in(
    snapshot: Snapshot, views: Views, reach: Reach, school: UUID, records: Iterable[UUID]
) -> set[UUID]:
    """Those of `records` who are in a case at `school` that the user handles by the route.

    They are a lead for these people, as safeguarding leads are for all of a school.
    """
    if school not in reach.schools(*BY_ROUTE):
        return set()
    query = _without_aside(_IN_HANDLED_CASES, snapshot, views)
    given = handling_parameters(snapshot.connection, reach) | {"ids": [*records], "school": school}
    return {*snapshot.connection.scalars(query, given)}


def person_to_read(room: ReadingRoom, asker: Asker, person_id: UUID) -> Person:
    """A person, for a user who may read their whole record: a lead, or who handles a case that they are in.

    Raises NotFound, Forbidden.
    """
    person = room.record.load(Person, person_id)
    if person is None:
        raise NotFound
    actor = room.admission.at_school(asker, person.school).actor
    if not person.details.on_roll and not known_among(room, asker, [person]):
        raise NotFound
    if actor.role_for(Permission.READ_PEOPLE) is None and not _is_in_handled_case(room, asker, person):
        actor.require(Permission.READ_PEOPLE)
    return person


def _is_in_handled_case(room: ReadingRoom, asker: Asker, person: Person) -> bool:
    """Whether the person, under any of their records, is in a case that the user handles by the route."""
    return bool(handled_among(room, asker, person.school, one_person(room.record, [person.id])))


def handled_among(room: ReadingRoom, asker: Asker, school: UUID, records: Iterable[UUID]) -> set[UUID]:
    """As `handled_in`."""
    with room.snapshot(*room.views.of_cases) as snapshot:
        reach = _reach_by_route(room, asker, school, snapshot)
        return set() if reach is None else handled_in(snapshot, room.views, reach, school, records)


def handles_at(room: ReadingRoom, asker: Asker, school: UUID) -> bool:
    """Whether the user handles any case at `school` by the route."""
    with room.snapshot(*room.views.of_cases) as snapshot:
        reach = _reach_by_route(room, asker, school, snapshot)
        if reach is None:
            return False
        query = _without_aside(_HANDLED_CASES, snapshot, room.views)
        given = handling_parameters(snapshot.connection, reach) | {"school": school}
        return snapshot.connection.scalar(query, given) is not None


def _reach_by_route(room: ReadingRoom, asker: Asker, school: UUID, snapshot: Snapshot) -> Reach | None:
    """What the user may read, if cases of `school` may come to them by the route; else None."""
    reach = reach_of(asker, room.views.directory, snapshot.connection)
    if school not in reach.schools(*BY_ROUTE):
        return None
    return room.admission.reach(asker, reach, snapshot.connection)


def known_among(room: ReadingRoom, asker: Asker, people: Iterable[Person]) -> dict[UUID, Person]:
    """Those of `people` that the user may know, by id."""
    found = {person.id: person for person in people}
    off_roll = [key for key, person in found.items() if not person.details.on_roll]
    hidden = {*off_roll} - known_records(room, asker, off_roll)
    return {key: person for key, person in found.items() if key not in hidden}


_IN_CASES: Final = (
    select(members.c.member)
    .join(cases, cases.c.incident == members.c.incident)
    .where(members.c.member.in_(bindparam("ids", expanding=True)))
    .distinct()
)
_IN_READABLE_CASES: Final = _IN_CASES.where(READS)
_HANDLED: Final = and_(HANDLES, cases.c.school == bindparam("school", type_=Uuid()))
_IN_HANDLED_CASES: Final = _IN_CASES.where(_HANDLED)
_HANDLED_CASES: Final = select(cases.c.incident).where(_HANDLED).limit(1)
