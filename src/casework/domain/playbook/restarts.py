"""What mistakes about people change in the clocks of an incident: nobody could act before they were found."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from casework.domain.fields import Ref, first_marker, leaves
from casework.domain.incident import Incident, Step
from casework.domain.incident.reporting import InvolvePerson, NamesPeople, Party, WithdrawInvolvement
from casework.domain.vocabulary import Involvement


def involved_in_place_of_others(incident: Incident) -> dict[UUID, datetime]:
    """The people who were involved in the way of others who never were, and when that was recorded."""
    replaced = {each.by.corrects: each.by.recorded_at for each in incident.superseded}
    mistaken = {*_withdrawn(incident), *_corrected(incident)}
    return {
        step.person: replaced.get(step.number, step.recorded_at)
        for step in incident.taken(InvolvePerson)
        if step.involvement in mistaken
    }


def names_others(step: Step, than: Step) -> bool:
    """Whether the two steps name different people."""
    return _people_named(step) != _people_named(than)


def _withdrawn(incident: Incident) -> set[Involvement]:
    """The ways in which people were involved until that was withdrawn."""
    found: set[Involvement] = set()
    if not any(incident.taken(WithdrawInvolvement)):
        return found
    people: tuple[Party, ...] = ()
    for step in incident.taken(NamesPeople):
        after = step.people_after(people)
        if isinstance(step, WithdrawInvolvement):
            found |= {party.involvement for party in people if party not in after}
        people = after
    return found


def _corrected(incident: Incident) -> set[Involvement]:
    """The ways in which people were involved by steps in a form that no longer stands."""
    forms = (each.step for each in incident.superseded)
    return {step.involvement for step in forms if isinstance(step, InvolvePerson)}


def _people_named(step: Step) -> set[UUID]:
    return {
        leaf.value
        for leaf in leaves(step)
        if (ref := first_marker(leaf.markers, Ref)) is not None and "person" in ref.to
    }
