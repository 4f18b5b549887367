"""The records that are one person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from casework.domain.person import Person
from casework.domain.user import User
from casework.record.port import Record
from casework.record.user_directory import UserDirectory


def one_person(
    record: Record, ids: Iterable[UUID], loaded: Mapping[UUID, Person] | None = None
) -> dict[UUID, Person]:
    """The records with these ids and all that are joined to them, also through others, by id.

    Those that do not exist or cannot be read are left out. `loaded` are records among them that need not be
    loaded.
    """
    found = dict(loaded or {})
    missing = set(ids) - found.keys()
    while missing:
        aggregates = record.load_many(missing)
        read = {key: each for key, each in aggregates.items() if isinstance(each, Person)}
        joined = {other for person in read.values() for other in person.joined}
        found |= read
        missing = joined - found.keys() - missing
    return found


def records_of_user(
    record: Record, directory: UserDirectory, user: UUID, persons: Collection[UUID]
) -> dict[UUID, Person]:
    """The records that are one person with a `user` who was linked to `persons`, by id.

    Also through other accounts of theirs: two accounts linked to one person are one.
    """
    found: dict[UUID, Person] = {}
    seen, accounts = set(persons), {user}
    linked = seen
    while linked:
        found |= one_person(record, linked)
        others = directory.linked_to(found.keys()) - accounts
        accounts |= others
        loaded = record.load_many(others).values() if others else ()
        linked = {each for other in loaded if isinstance(other, User) for each in other.persons} - seen
        seen |= linked
    return found
