"""The records that are one person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from casework.domain.person import Person
from casework.domain.user import User
from casework.record.port import Record
from casework.record.user_directory import UserDirectory


def one_person(record: Record, ids: Iterable[UUID]) -> dict[UUID, Person]:
    """The records with these ids and all that are joined to them, also through others, by id.

    Those that do not exist or cannot be read are left out.
    """
    found: dict[UUID, Person] = {}
    missing = set(ids)
    while missing:
        loaded = record.load_many(missing)
        read = {key: each for key, each in loaded.items() if isinstance(each, Person)}
        joined = {other for person in read.values() for other in person.joined}
        found |= read
        missing = joined - found.keys() - missing
    return found


def records_of_user(
    record: Record, directory: UserDirectory, persons: Collection[UUID]
) -> dict[UUID, Person]:
    """The records that are one person with a user who was linked to `persons`, by id.

    Also through other accounts of theirs: two accounts linked to one person are one.
    """
    found: dict[UUID, Person] = {}
    seen: set[UUID] = set()
    linked = set(persons)
    while linked:
        seen |= linked
        found |= one_person(record, linked)
        accounts = record.load_many(directory.linked_to(found.keys())).values()
        linked = {each for user in accounts if isinstance(user, User) for each in user.persons} - seen
    return found
