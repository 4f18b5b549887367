"""Whether the adult of an allegation still works at the school, and since when it is known if not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from casework.domain.incident.allegations import ConsultLado, DetermineOutcome, RecordDeparture
from casework.domain.incident.reporting import IdentifyPerson
from casework.domain.vocabulary import Category, Involvement

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident

ALLEGED: Final = Involvement.ALLEGED


def works_here(incident: Incident) -> bool | None:
    """Whether an alleged adult still works at the school; None if nobody is known to be alleged."""
    known = {
        party.person: party for party in incident.involved(ALLEGED) if party.category is not Category.UNKNOWN
    }
    gone = {person for person, _ in _departed(incident)}
    if not known:
        return None
    return any(party.category.works_at_school for person, party in known.items() if person not in gone)


def gone_since(incident: Incident) -> datetime | None:
    """When it became known that an alleged adult left or would have been removed; None if none did.

    The latest such moment counts: that of another adult, or of what is recorded of the same one later.
    """
    first: dict[UUID, datetime] = {}
    for person, moment in _departed(incident):
        first[person] = min(moment, first.get(person, moment), key=datetime.timestamp)
    recorded = (step.happened_at for step in _recorded(incident))
    return max((*first.values(), *recorded), key=datetime.timestamp, default=None)


def _departed(incident: Incident) -> Iterator[tuple[UUID, datetime]]:
    """Each alleged person who is known to have gone, and when that became known, once or more often."""
    alleged = {party.person: party for party in incident.involved(ALLEGED)}
    for person, party in alleged.items():
        if party.left:
            yield person, incident.first_named[person, ALLEGED]
    for step in incident.standing:
        if isinstance(step, ConsultLado | DetermineOutcome):
            yield from ((person, step.happened_at) for person in step.left if person in alleged)
    yield from ((step.person, step.happened_at) for step in _recorded(incident))


def _recorded(incident: Incident) -> Iterator[RecordDeparture]:
    """The departures of people who are alleged, under who those turned out to be who were unknown then."""
    alleged = {party.person for party in incident.involved(ALLEGED)}
    identified = {step.person: step.as_ for step in incident.taken(IdentifyPerson)}
    for step in incident.taken(RecordDeparture):
        person = identified.get(step.person, step.person)
        if person in alleged:
            yield msgspec.structs.replace(step, person=person)
