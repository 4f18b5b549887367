"""The conditions that access to a case may depend on, as values with two interpreters.

`holds` interprets a predicate for one case in Python. The reading side compiles the same predicates to
SQL for lists, so that rows are filtered before they are split into pages; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from casework.domain.incident import Incident
from casework.domain.vocabulary import Role, Stream


class InStream(msgspec.Struct, frozen=True):
    """The case is in this stream."""

    stream: Stream


class IsSubject(msgspec.Struct, frozen=True):
    """The case is about the reader: a person they were ever linked to is a target in it or alleged."""


class IsAboutHolderOf(msgspec.Struct, frozen=True):
    """The case is about a user who holds `role` at its school when it is read."""

    role: Role


class AppointedToCase(msgspec.Struct, frozen=True):
    """The reader was appointed to this allegation by name."""


class AssignedToCase(msgspec.Struct, frozen=True):
    """The case is assigned to the reader."""


class Not(msgspec.Struct, frozen=True):
    """The predicate does not hold."""

    predicate: Predicate


class All(msgspec.Struct, frozen=True):
    """Every one of the predicates holds."""

    predicates: tuple[Predicate, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """At least one of the predicates holds."""

    predicates: tuple[Predicate, ...]


Predicate = InStream | IsSubject | IsAboutHolderOf | AppointedToCase | AssignedToCase | Not | All | AnyOf


class CaseFacts(msgspec.Struct, frozen=True):
    """What predicates need to know about a case."""

    stream: Stream
    subjects: frozenset[UUID]
    appointed: frozenset[UUID]
    assigned: frozenset[UUID]

    @classmethod
    def of(cls, incident: Incident) -> CaseFacts:
        assigned = frozenset(incident.assignees)
        return cls(incident.stream, incident.subjects(), incident.appointed, assigned)


class Reader(msgspec.Struct, frozen=True):
    """What predicates need to know about the reader at one moment.

    `persons` are all the people the reader was ever linked to. `leaders` are all the people that those who
    hold a role at the school at that moment were linked to, for the roles in `LEADERS`.
    """

    user: UUID
    persons: frozenset[UUID]
    leaders: Mapping[Role, frozenset[UUID]] = {}


def roles_named(predicate: Predicate) -> frozenset[Role]:
    """The roles whose holders decide whether `predicate` holds."""
    match predicate:
        case IsAboutHolderOf(role):
            return frozenset({role})
        case Not(inner):
            return roles_named(inner)
        case All(inner) | AnyOf(inner):
            return frozenset().union(*map(roles_named, inner))
        case _:
            return frozenset()


def holds(  # noqa: PLR0911 - one return for each form of predicate
    predicate: Predicate, case: CaseFacts, reader: Reader
) -> bool:
    """Whether `predicate` is true for `reader` and `case`."""
    match predicate:
        case InStream(stream):
            return case.stream is stream
        case IsSubject():
            return not reader.persons.isdisjoint(case.subjects)
        case IsAboutHolderOf(role):
            return not reader.leaders.get(role, frozenset()).isdisjoint(case.subjects)
        case AppointedToCase():
            return reader.user in case.appointed
        case AssignedToCase():
            return reader.user in case.assigned
        case Not(inner):
            return not holds(inner, case, reader)
        case All(inner):
            return all(holds(each, case, reader) for each in inner)
        case AnyOf(inner):
            return any(holds(each, case, reader) for each in inner)
