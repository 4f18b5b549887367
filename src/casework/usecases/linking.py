"""Who a user may be in incidents."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from casework.domain.errors import Invalid
from casework.domain.one_person import is_or_was_pupil
from casework.domain.person import Person
from casework.domain.school import School
from casework.domain.user import User
from casework.record import Record
from casework.record.identity import one_person
from casework.record.links import persons_at

_PATH: Final = "$.person"


def adult(record: Record, person_id: UUID) -> Person:
    """The person, who may be a user: on the roll, and under no record a pupil. Raises Invalid.

    Administrators may not know of others, so that a record which is not on the roll is as none.
    """
    records = one_person(record, [person_id])
    person = records.get(person_id)
    if person is None or not (person.details.on_roll or person.category.is_or_was_pupil):
        raise Invalid.at(_PATH, "is not a person on the roll")
    if is_or_was_pupil(records):
        raise Invalid.at(_PATH, "is or was a pupil")
    return person


def is_linked(record: Record, user: User, school_id: UUID) -> bool:
    """Whether `user` is a person on the roll of the school."""
    person_id = persons_at(record, user).get(school_id)
    person = None if person_id is None else record.load(Person, person_id)
    return person is not None and person.details.on_roll


def colleague(record: Record, user: User, person_id: UUID) -> Person:
    """As `adult`, at a school that appointed `user`, whether for a past, present or future period.

    An administrator of the system may be a person at any school: they are notified of its cases that nobody
    can read, except those about themselves.
    """
    person = adult(record, person_id)
    if user.administrator:
        return person
    school = record.peek(School, person.school)
    if school is None or not school.has_appointed(user.id):
        raise Invalid.at(_PATH, "is of a school at which the user holds no appointment")
    return person
