"""Filling in the fields of a step that casework itself knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.clocks import LONDON
from casework.domain.dated import school_year
from casework.domain.errors import Invalid
from casework.domain.incident import Incident, Step
from casework.domain.incident.allegations import AppointCaseManager
from casework.domain.incident.contact import ClassifyContact
from casework.domain.incident.outcomes import Debrief
from casework.domain.incident.record import Rebase, Reclassify
from casework.domain.incident.reporting import Assign, IdentifyPerson, InvolvePerson, Policy, Report
from casework.domain.incident.technology import CheckAge, CheckConsent
from casework.domain.person import Person
from casework.domain.registers.declaration import Declaration
from casework.domain.user import User
from casework.domain.vocabulary import Category, Stream
from casework.library import Library

S = TypeVar("S", bound=Step)
Found = Mapping[UUID, Aggregate]


def complete(step: S, incident: Incident | None, found: Found, library: Library) -> S:
    """`step` with what casework knows: categories, declarations, ids. `found` are its references."""
    completer = _COMPLETERS.get(type(step))
    if completer is None:
        return step
    return msgspec.structs.replace(step, **completer(step, incident, found, library))


def _category(found: Found, person: UUID) -> Category:
    known = found.get(person)
    return known.category if isinstance(known, Person) else Category.UNKNOWN


def _report(step: Report, _: Incident | None, found: Found, library: Library) -> dict[str, Any]:
    people = (
        msgspec.structs.replace(party, category=_category(found, party.person)) for party in step.people
    )
    return {"people": tuple(people), "kind_stream": _stream(step.kind, step.policy, library)}


def _reclassify(step: Reclassify, incident: Incident | None, _: Found, library: Library) -> dict[str, Any]:
    return {} if incident is None else {"kind_stream": _stream(step.kind, incident.policy, library)}


def _stream(kind: str, policy: Policy, library: Library) -> Stream:
    known = library.playbook(policy.floor, policy.pack).kinds.get(kind)
    # A kind that is not known is refused by the playbook.
    return Stream.CHILD if known is None else known.stream


def _involve(step: InvolvePerson, _: Incident | None, found: Found, _library: Library) -> dict[str, Any]:
    return {"category": _category(found, step.person)}


def _identify(step: IdentifyPerson, _: Incident | None, found: Found, _library: Library) -> dict[str, Any]:
    return {"category": _category(found, step.as_)}


def _classify(
    step: ClassifyContact, incident: Incident | None, found: Found, _library: Library
) -> dict[str, Any]:
    if step.declared_relationship is None or incident is None:
        return {"declared_before": None}
    declaration = found.get(step.declared_relationship)
    people = frozenset(party.person for party in incident.people)
    covers = isinstance(declaration, Declaration) and declaration.covers(people, incident.occurred_at)
    return {"declared_before": covers}


def _appoint(
    step: Assign | AppointCaseManager, incident: Incident | None, found: Found, _library: Library
) -> dict[str, Any]:
    user = found.get(step.user)
    subjects = frozenset[UUID]() if incident is None else incident.subjects()
    return {"user_is_subject": isinstance(user, User) and user.person in subjects}


def _check_age(step: CheckAge, incident: Incident | None, _: Found, library: Library) -> dict[str, Any]:
    if incident is None:
        return {}
    day = incident.occurred_at.astimezone(LONDON).date()
    return {"minimum_age": library.platforms.minimum_age(step.platform, day)}


def _check_consent(step: CheckConsent, incident: Incident | None, _: Found, __: Library) -> dict[str, Any]:
    if incident is None or step.consent_date is None:
        return {"given_in_school_year": None}
    posted = incident.occurred_at.astimezone(LONDON).date()
    return {"given_in_school_year": school_year(step.consent_date) == school_year(posted)}


def _rebase(step: Rebase, incident: Incident | None, _: Found, library: Library) -> dict[str, Any]:
    if incident is None or step.pack not in library.pack_ids():
        raise Invalid.at("$.pack", f"must be one of {', '.join(library.pack_ids())}")
    edition = library.latest_pack(step.pack).edition
    return {"policy": Policy(floor=incident.policy.floor, pack=edition)}


def _debrief(step: Debrief, _: Incident | None, __: Found, _library: Library) -> dict[str, Any]:
    numbered = step.numbered()
    return {"lessons": numbered.lessons, "actions": numbered.actions}


_COMPLETERS: dict[type[Step], Callable[[Any, Incident | None, Found, Library], dict[str, Any]]] = {
    Report: _report,
    Reclassify: _reclassify,
    InvolvePerson: _involve,
    IdentifyPerson: _identify,
    ClassifyContact: _classify,
    Debrief: _debrief,
    Assign: _appoint,
    AppointCaseManager: _appoint,
    CheckAge: _check_age,
    CheckConsent: _check_consent,
    Rebase: _rebase,
}
