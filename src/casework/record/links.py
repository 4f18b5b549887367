"""The people that a user is in incidents."""

from __future__ import annotations

from uuid import UUID

from casework.domain.access import Identity
from casework.domain.person import Person
from casework.domain.user import User
from casework.record.port import Record


def persons_at(record: Record, user: User) -> dict[UUID, UUID]:
    """The id of the person that `user` is now, by the id of the school: the last one linked there."""
    found = record.load_many(user.links) if user.links else {}
    people = [person for each in user.links if isinstance(person := found.get(each), Person)]
    return {person.school: person.id for person in people}


def identity_of(record: Record, user_id: UUID) -> Identity:
    """Who a user is in cases: nobody in particular if there is no such user."""
    user = record.peek(User, user_id)
    if user is None:
        return Identity(user_id, active=False)
    return Identity(user_id, user.persons, active=user.active)
