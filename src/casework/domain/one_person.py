"""One person under several records: what holds if any record says it, and what a user knows of one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from uuid import UUID

from casework.domain.bars import CLOSE
from casework.domain.person import (
    Person,
    PersonDistinguished,
    PersonEvent,
    PersonJoined,
    PersonParted,
    PersonRelated,
    PersonRelationEnded,
)

Records = Mapping[UUID, Person]
"""Records that are one person, by id."""


def are_close(one: Records, other: Records) -> bool:
    """Whether a record of one person says that they are close to the other, from either side."""
    return any(
        relation.relation in CLOSE and relation.person in others
        for records, others in ((one, other), (other, one))
        for person in records.values()
        for relation in person.relations.values()
    )


def is_or_was_pupil(records: Records) -> bool:
    return any(each.category.is_or_was_pupil for each in records.values())


def is_parent_of_primary_age(records: Records, today: date) -> bool:
    """Whether a pupil of primary age is recorded as a parent."""
    return is_parent(records) and is_of_primary_age(records, today)


def is_parent(records: Records) -> bool:
    return any(each.is_parent for each in records.values())


def is_of_primary_age(records: Records, today: date) -> bool:
    return any(each.details.is_of_primary_age(today) for each in records.values())


def others_named(person: Person) -> frozenset[UUID]:
    """The other records that events of `person` name."""
    return frozenset(other for event in person.history for other in _others(person, event))


def version_for(person: Person, known: Collection[UUID]) -> int:
    """The version of `person` that a user knows who may know, of other records, only `known`.

    Events that name only others do not count for them: a change of the version would tell of a record.
    """
    hidden = 0
    for event in person.history:
        others = [*_others(person, event)]
        hidden += bool(others) and not any(each in known for each in others)
    return person.version - hidden


def _others(person: Person, event: PersonEvent) -> Iterator[UUID]:
    match event:
        case PersonJoined() | PersonParted():
            yield event.other
        case PersonRelated():
            yield event.relationship.person
        case PersonRelationEnded():
            yield person.relations_ever[event.relationship].person
        case PersonDistinguished():
            yield from event.others
        case _:
            pass
