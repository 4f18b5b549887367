"""Which records of people a user may know.

Records on the roll are the school's register. A record that was made for a case tells of the case, so that it
exists only for users who may read a case it is in, and for the user who registered it. Leads also know people
who have left the roll, and the parents whom a lead has registered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from casework.domain.access import Permission
from casework.domain.errors import NotFound
from casework.domain.person import Person
from casework_projections.reading.access_sql import READS, reading_parameters
from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.room import ReadingRoom
from casework_projections.views.case_tables import cases, members


def known_records(room: ReadingRoom, asker: Asker, off_roll: Iterable[UUID]) -> set[UUID]:
    """Those of `off_roll`, records of people who are not on the roll, that the user may know."""
    ids = list(off_roll)
    if not ids:
        return set()
    people = room.views.people
    with room.snapshot(*room.views.of_people) as snapshot:
        connection = snapshot.connection
        reach = reach_of(asker, room.views.directory, connection)
        known = people.registered_by(connection, asker.principal.id, ids)
        known |= people.known_to_leads(connection, reach.schools(Permission.READ_PEOPLE), ids)
        of_cases = reading_parameters(connection, room.admission.reach(asker, reach))
        query = _IN_READABLE_CASES
        for aside in snapshot.aside(room.views.caseload, room.views.recusals):
            # Their rows may be out of date, and so say of a case that the user may read it.
            query = query.where(members.c.incident.not_in(aside))
        return known | {*connection.scalars(query, of_cases | {"ids": ids})}


def person_to_read(room: ReadingRoom, asker: Asker, person_id: UUID) -> Person:
    """A person, for a user who may read their whole record. Raises NotFound, Forbidden."""
    person = room.admission.person(asker, person_id, Permission.READ_PEOPLE)
    if not person.details.on_roll and not known_among(room, asker, [person]):
        raise NotFound
    return person


def known_among(room: ReadingRoom, asker: Asker, people: Iterable[Person]) -> dict[UUID, Person]:
    """Those of `people` that the user may know, by id."""
    found = {person.id: person for person in people}
    off_roll = [key for key, person in found.items() if not person.details.on_roll]
    hidden = {*off_roll} - known_records(room, asker, off_roll)
    return {key: person for key, person in found.items() if key not in hidden}


_IN_READABLE_CASES: Final = (
    select(members.c.member)
    .join(cases, cases.c.incident == members.c.incident)
    .where(members.c.member.in_(bindparam("ids", expanding=True)), READS)
    .distinct()
)
