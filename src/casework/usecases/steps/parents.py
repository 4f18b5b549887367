"""The parent to whom a step is addressed: who they are to the child, and whether they are alleged."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from casework.domain.aggregate import Aggregate
from casework.domain.clocks import day_of
from casework.domain.incident.families import FamilyDecision, InformParents, InviteParent, RecordMeeting
from casework.domain.person import Person
from casework.domain.vocabulary import Involvement, Relation
from casework.usecases.steps.surroundings import Surroundings

Addressed = InformParents | InviteParent | RecordMeeting | FamilyDecision

_BRINGS_UP: Final = frozenset({Relation.PARENT_OF, Relation.GUARDIAN_OF, Relation.CARER_OF})
_STANDS_FOR_A_CHILD: Final = _BRINGS_UP | {Relation.SOCIAL_WORKER_OF}
_UNRELATED: Final = (
    "is not recorded as parent, guardian, carer or social worker of the child: record that, or say in "
    "relation_confirmed who they are"
)


def addressed(step: Addressed, _: Mapping[UUID, Aggregate]) -> Collection[UUID]:
    """The parent, whose other records are needed."""
    return () if step.parent is None else (step.parent,)


def alleged_as(step: Addressed, around: Surroundings) -> dict[str, Any]:
    """The categories in which the parent is alleged in the case."""
    if step.parent is None:
        return {"parent_alleged_as": ()}
    parent, alleged = around.first_record(step.parent), around.reported.involved(Involvement.ALLEGED)
    found = {each.category for each in alleged if around.first_record(each.person) == parent}
    return {"parent_alleged_as": tuple(sorted(found))}


def parent_of_child(step: InformParents | InviteParent, around: Surroundings) -> dict[str, str]:
    """A fault unless the person stands for the child, or the step says in words who they are.

    An invitation that names no child is for the parent of any child of the case, or for somebody whom the
    case is about.
    """
    if step.relation_confirmed is not None:
        return {}
    incident, parent = around.reported, around.first_record(step.parent)
    children = {around.first_record(child) for child in _children(step, around)}
    if not children.isdisjoint(_stood_for(parent, around)):
        return {}
    parties = {around.first_record(each.person) for each in incident.people}
    return {} if step.child is None and parent in parties else {"$.parent": _UNRELATED}


def _children(step: InformParents | InviteParent, around: Surroundings) -> Collection[UUID]:
    if step.child is not None:
        return (step.child,)
    return [party.person for party in around.reported.people if party.category.is_or_was_pupil]


def _stood_for(parent: UUID, around: Surroundings) -> Iterator[UUID]:
    """Those for whom any record of the person stands today."""
    related = _related_to(parent, around, _STANDS_FOR_A_CHILD)
    return (around.first_record(child) for child in related)


def children_of_alleged(
    person: UUID, involvements: Collection[Involvement], around: Surroundings
) -> tuple[UUID, ...]:
    """The people of whom a person who is alleged is parent, guardian or carer today; else none."""
    if Involvement.ALLEGED not in involvements:
        return ()
    return tuple(sorted(set(_related_to(around.first_record(person), around, _BRINGS_UP))))


def _related_to(person: UUID, around: Surroundings, relations: Collection[Relation]) -> Iterator[UUID]:
    """The people to whom any record of the person has one of `relations` today."""
    today: date = day_of(around.moment)
    for record in around.found.values():
        if isinstance(record, Person) and around.first_record(record.id) == person:
            for each in record.relations.values():
                begun = each.from_ is None or each.from_ <= today
                if each.relation in relations and begun and (each.until is None or each.until >= today):
                    yield each.person
