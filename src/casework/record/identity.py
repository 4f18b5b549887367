"""The records that are one person."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from casework.domain.person import Person
from casework.record.port import Record


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
