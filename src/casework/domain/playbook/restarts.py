"""What mistakes about people change in the clocks of an incident: nobody could act before they were found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from casework.domain.fields import Leaf, Ref, first_marker, leaves
from casework.domain.incident import Incident, Step
from casework.domain.incident.reporting import IdentifyPerson
from casework.domain.vocabulary import Involvement


def involved_in_place_of_others(incident: Incident) -> dict[UUID, datetime]:
    """The people who were first named after another who never was involved in that way, and when.

    Not those whom the case was about before, in any way, even if they were taken out of it for a while: the
    school knew of them.
    """
    now = {(party.person, party.involvement) for party in incident.people}
    identified = {step.person for step in incident.taken(IdentifyPerson)}
    mistaken: dict[Involvement, datetime] = {}
    first: dict[UUID, tuple[Involvement, datetime]] = {}
    for (person, involvement), since in incident.first_named.items():
        if (person, involvement) in now:
            first.setdefault(person, (involvement, since))
        elif person not in identified:
            mistaken.setdefault(involvement, since)
    return {
        person: since
        for person, (involvement, since) in first.items()
        if involvement in mistaken and mistaken[involvement].timestamp() < since.timestamp()
    }


def names_others(step: Step, than: Step) -> bool:
    """Whether a field that both steps have names another person in the one than in the other."""
    one, other = _people_named(step), _people_named(than)
    return any(one[path] != other[path] for path in one.keys() & other.keys())


def _people_named(step: Step) -> dict[str, UUID]:
    return {leaf.path: leaf.value for leaf in leaves(step) if leaf.value is not None and _is_person(leaf)}


def _is_person(leaf: Leaf) -> bool:
    ref = first_marker(leaf.markers, Ref)
    return ref is not None and "person" in ref.to
