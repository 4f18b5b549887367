"""Filling in the fields of a step that casework itself knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.declaration import Declaration
from casework.domain.incident import Incident, Step
from casework.domain.incident.contact import ClassifyContact
from casework.domain.incident.outcomes import Debrief
from casework.domain.incident.reporting import IdentifyPerson, InvolvePerson, Report
from casework.domain.person import Person
from casework.domain.vocabulary import Category

S = TypeVar("S", bound=Step)
Found = Mapping[UUID, Aggregate]


def complete(step: S, incident: Incident | None, found: Found) -> S:
    """`step` with what casework knows: categories, declarations, ids. `found` are its references."""
    completer = _COMPLETERS.get(type(step))
    if completer is None:
        return step
    return msgspec.structs.replace(step, **completer(step, incident, found))


def _category(found: Found, person: UUID) -> Category:
    known = found.get(person)
    return known.category if isinstance(known, Person) else Category.UNKNOWN


def _report(step: Report, _: Incident | None, found: Found) -> dict[str, Any]:
    people = (
        msgspec.structs.replace(party, category=_category(found, party.person)) for party in step.people
    )
    return {"people": tuple(people)}


def _involve(step: InvolvePerson, _: Incident | None, found: Found) -> dict[str, Any]:
    return {"category": _category(found, step.person)}


def _identify(step: IdentifyPerson, _: Incident | None, found: Found) -> dict[str, Any]:
    return {"category": _category(found, step.as_)}


def _classify(step: ClassifyContact, incident: Incident | None, found: Found) -> dict[str, Any]:
    if step.declared_relationship is None or incident is None:
        return {"declared_before": None}
    declaration = found.get(step.declared_relationship)
    people = frozenset(party.person for party in incident.people)
    covers = isinstance(declaration, Declaration) and declaration.covers(people, incident.occurred_at)
    return {"declared_before": covers}


def _debrief(step: Debrief, _: Incident | None, __: Found) -> dict[str, Any]:
    numbered = step.numbered()
    return {"lessons": numbered.lessons, "actions": numbered.actions}


_COMPLETERS: dict[type[Step], Callable[[Any, Incident | None, Found], dict[str, Any]]] = {
    Report: _report,
    InvolvePerson: _involve,
    IdentifyPerson: _identify,
    ClassifyContact: _classify,
    Debrief: _debrief,
}
