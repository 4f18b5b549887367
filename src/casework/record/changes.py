"""Who changed what decides to whom a case is closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from casework.domain.incident import Incident
from casework.domain.incident.amending import Correct
from casework.domain.incident.reporting import IdentifyPerson, WithdrawInvolvement
from casework.domain.person import Person, PersonChanged, PersonParted, PersonRelationEnded
from casework.domain.user import User
from casework.record.port import Record

_ENDING: Final = (PersonChanged, PersonParted, PersonRelationEnded)
"""The changes of a person by which something that shut a user out may have ended."""

_ENDING_IN_CASE: Final = (IdentifyPerson, WithdrawInvolvement, Correct)
"""The steps that may end a person's involvement."""


def who_changed(record: Record, incident: Incident, users: Iterable[UUID]) -> set[UUID]:
    """The users who, since `incident` was recorded, changed the people it is about or whom `users` are.

    Including those who identified a person of it, withdrew an involvement or corrected a step, even if that
    was corrected since.
    """
    found = record.load_many(users)
    persons = {person for user in found.values() if isinstance(user, User) for person in user.persons}
    people = _people(record, persons | incident.concerned)
    since = incident.recorded_at
    changed = {by for person in people for by in _who_changed(person, since)}
    return changed | {step.by for step in incident.timeline if isinstance(step, _ENDING_IN_CASE)}


def _people(record: Record, ids: Iterable[UUID]) -> Iterator[Person]:
    """These people, and all whose records are or were joined to theirs."""
    known: set[UUID] = set()
    waiting = set(ids)
    while waiting:
        known |= waiting
        people = [each for each in record.load_many(waiting).values() if isinstance(each, Person)]
        yield from people
        parted = {event.other for each in people for event in each.history if isinstance(event, PersonParted)}
        waiting = parted.union(*(each.joined for each in people)) - known


def _who_changed(person: Person, since: datetime) -> Iterator[UUID]:
    return (each.by for each in person.history if isinstance(each, _ENDING) and each.recorded_at >= since)
