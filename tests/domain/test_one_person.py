"""What a user knows of one of several records of a person."""

from __future__ import annotations

from uuid import UUID, uuid4

from casework.domain.event import Stamp, event_of
from casework.domain.one_person import others_named, version_for
from casework.domain.person import (
    Person,
    PersonChanged,
    PersonDistinguished,
    PersonEvent,
    PersonJoined,
    PersonParted,
    PersonRegistered,
    PersonRelated,
    PersonRelationEnded,
    Relationship,
)
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Relation
from tests.domain.casefile import at

NOW = at("2026-09-14 10:20")
ONE, OTHER = uuid4(), uuid4()


def person(*events: tuple[type[PersonEvent], dict[str, object]]) -> Person:
    """A person with these events after the first."""
    person_id = uuid4()

    def stamp(version: int) -> Stamp:
        return Stamp(
            originator_id=person_id,
            originator_version=version,
            by=UUID(int=7),
            role="dsl",
            request_id="",
            request_digest="",
            happened_at=NOW,
            recorded_at=NOW,
        )

    made = event_of(stamp(1), PersonRegistered, school=uuid4(), category=Category.PUPIL, name=Sealed("Ada"))
    found = Person(made)
    found.append(made)
    for number, (kind, fields) in enumerate(events, 2):
        found.append(event_of(stamp(number), kind, **fields))
    return found


RELATION = Relationship(id=uuid4(), relation=Relation.SIBLING_OF, person=ONE)
WHY = {"reason": Sealed("As the birth certificate says.")}


def test_every_event_that_names_only_unknown_records_is_left_out_of_the_version() -> None:
    named = person(
        (PersonDistinguished, {"others": (ONE,)}),
        (PersonRelated, {"relationship": RELATION}),
        (PersonRelationEnded, {"relationship": RELATION.id}),
        (PersonJoined, {"other": ONE, **WHY}),
        (PersonParted, {"other": ONE, **WHY}),
    )
    assert others_named(named) == {ONE}
    assert (version_for(named, {ONE}), version_for(named, {OTHER}), version_for(named, ())) == (6, 1, 1)


def test_an_event_counts_if_any_record_it_names_is_known() -> None:
    named = person((PersonDistinguished, {"others": (ONE, OTHER)}))
    assert (version_for(named, {OTHER}), version_for(named, ())) == (2, 1)


def test_a_change_of_the_person_alone_counts() -> None:
    changed = person()
    again = person((PersonChanged, {"school": changed.school, "details": changed.details, **WHY}))
    assert version_for(again, ()) == 2
