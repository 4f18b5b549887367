"""A person changes by events, and events of earlier versions are read as they were meant."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.event import Stamp, event_of
from casework.domain.person import (
    Contact,
    Details,
    Person,
    PersonChanged,
    PersonEvent,
    PersonRegistered,
    PersonRelated,
    PersonRelationEnded,
    Related,
    Relationship,
)
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, EitherRelation, Relation
from casework.record.memory import MemoryRecord

PERSON: Final = UUID(int=7)
OTHER: Final = UUID(int=8)
SCHOOL: Final = UUID(int=9)
NOW: Final = datetime(2026, 9, 14, 9, 20, tzinfo=UTC)
REASON: Final = Sealed("As the birth certificate says.")


def stamp(number: int) -> Stamp:
    return Stamp(
        originator_id=PERSON,
        originator_version=number,
        by=UUID(int=1),
        role="dsl",
        request_id=str(number),
        happened_at=NOW,
        recorded_at=NOW,
    )


def registered(name: str = "Ada", **fields: Any) -> PersonRegistered:
    given = {"school": SCHOOL, "category": Category.PUPIL, "name": Sealed(name), **fields}
    return event_of(stamp(1), PersonRegistered, **given)


def changed(number: int, details: Details) -> PersonChanged:
    return event_of(stamp(number), PersonChanged, school=SCHOOL, details=details, reason=REASON)


def related(number: int, relationship: Relationship) -> PersonRelated:
    return event_of(stamp(number), PersonRelated, relationship=relationship)


def ended(number: int, relation_id: UUID) -> PersonRelationEnded:
    return event_of(stamp(number), PersonRelationEnded, relationship=relation_id)


def replayed(*events: PersonEvent) -> Person:
    person = Person.replay(events)
    assert person is not None
    return person


def named(name: str) -> Details:
    return Details(category=Category.PUPIL, name=Sealed(name))


def test_a_change_replaces_the_details_and_clears_what_it_leaves_out() -> None:
    first = registered(known_as=Sealed("Addie"), contact=Contact(phone=Sealed("01632 960000")))
    person = replayed(first, changed(2, msgspec.structs.replace(first.details, contact=None)))
    assert person.details == msgspec.structs.replace(first.details, contact=None)
    assert person.details.known_as == Sealed("Addie")
    assert person.version == 2


@pytest.mark.parametrize(
    ("names", "former"),
    [
        (["Ada"], []),
        (["Ada", "Ada"], []),
        (["Ada", "Bea"], ["Ada"]),
        (["Ada", "Bea", "Ada"], ["Bea"]),
        (["Ada", "Bea", "Ada", "Cleo"], ["Ada", "Bea"]),
    ],
)
def test_former_names_are_every_other_name_once(names: list[str], former: list[str]) -> None:
    later = (changed(number, named(name)) for number, name in enumerate(names[1:], 2))
    person = replayed(registered(names[0]), *later)
    assert [name.text for name in person.former_names] == former


def test_a_relation_given_at_registration_has_an_id_that_never_changes() -> None:
    given = (Related(Relation.PARENT_OF, OTHER), Related(Relation.PARENT_OF, OTHER))
    ids = [list(replayed(registered(relations=given)).relations) for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 2


def test_an_ended_relation_is_known_but_not_in_force() -> None:
    relationship = Relationship(id=UUID(int=5), relation=Relation.SIBLING_OF, person=OTHER)
    person = replayed(registered(), related(2, relationship), ended(3, relationship.id))
    assert person.relations == {}
    assert person.relations_ever == {relationship.id: relationship}
    assert not person.holds(relationship)


@pytest.mark.parametrize(
    ("first", "second", "repeats"),
    [
        ({}, {}, True),
        ({}, {"relation": Relation.PARTNER_OF}, False),
        ({}, {"person": SCHOOL}, False),
        ({"until": date(2026, 1, 1)}, {"from_": date(2026, 1, 2)}, False),
        ({"until": date(2026, 1, 1)}, {"from_": date(2026, 1, 1)}, True),
        ({"from_": date(2026, 1, 2)}, {"until": date(2026, 1, 1)}, False),
    ],
)
def test_a_relation_repeats_another_that_says_the_same_for_some_of_its_days(
    first: dict[str, Any], second: dict[str, Any], repeats: bool
) -> None:
    one, two = (
        Relationship(**{"id": UUID(int=n), "relation": Relation.SPOUSE_OF, "person": OTHER, **fields})
        for n, fields in enumerate((first, second))
    )
    assert one.repeats(two) is two.repeats(one) is repeats


@pytest.mark.parametrize(
    ("fields", "primary"),
    [
        ({}, False),
        ({"year_group": 6}, True),
        ({"year_group": 7}, False),
        ({"year_group": 0}, True),
        ({"born_on": Sealed("2014-09-14")}, False),
        ({"born_on": Sealed("2014-09-15")}, True),
        ({"born_on": Sealed("2014-09-15"), "category": Category.PARENT}, False),
        ({"year_group": 3, "category": Category.STAFF}, False),
        ({"year_group": 6, "category": Category.FORMER_PUPIL}, False),
        ({"born_on": Sealed("2014-09-15"), "category": Category.FORMER_PUPIL}, True),
    ],
)
def test_a_pupil_of_primary_age_is_in_year_6_or_below_or_under_12(
    fields: dict[str, Any], primary: bool
) -> None:
    details = Details(**{"category": Category.PUPIL, "name": Sealed("Ada"), **fields})
    assert details.is_of_primary_age(NOW.date()) is primary


def test_every_relation_has_a_word_for_the_other_side() -> None:
    assert {each.value: each.inverse.value for each in Relation} == {
        "parent_of": "child_of",
        "guardian_of": "ward_of",
        "carer_of": "cared_for_by",
        "social_worker_of": "client_of",
        "sibling_of": "sibling_of",
        "spouse_of": "spouse_of",
        "partner_of": "partner_of",
        "relative_of": "relative_of",
        "close_friend_of": "close_friend_of",
        "line_manager_of": "managed_by",
    }
    assert {each.value for each in Relation} <= {each.value for each in EitherRelation}


class TestEarlierVersions:
    @pytest.mark.parametrize("version", [1, 2])
    @pytest.mark.parametrize(
        ("role", "category", "on_roll"),
        [
            *((role, "pupil", True) for role in ("dsl", "deputy_dsl", "headteacher", "admin")),
            *((role, "pupil", False) for role in ("reporter", "governor", "chair_of_governors")),
            *(("dsl", category, True) for category in ("staff", "governor", "volunteer", "contractor")),
            *(("dsl", category, False) for category in ("parent", "visitor", "external", "unknown")),
        ],
    )
    def test_the_roll_is_whom_a_lead_registered(
        self, version: int, role: str, category: str, on_roll: bool
    ) -> None:
        state = {"role": role, "category": category, "year_group": 4}
        assert PersonRegistered.upcast(state, version) == {**state, "on_roll": on_roll}

    def test_version_2_keeps_its_year_group(self) -> None:
        state = {"role": "dsl", "category": "pupil", "year_group": 99}
        assert PersonRegistered.upcast(state, 2)["year_group"] == 99

    def test_the_current_version_stays_as_it_is(self) -> None:
        assert PersonRegistered.upcast({"on_roll": True}, 3) == {"on_roll": True}

    def test_a_later_version_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no upcast"):
            PersonRegistered.upcast({}, 4)


NAMES: Final = st.sampled_from([*map(Sealed, ("Ada", "Bea", "Cleo"))])
DETAILS: Final = st.builds(
    Details,
    category=st.sampled_from(Category),
    name=NAMES,
    known_as=st.none() | NAMES,
    year_group=st.none() | st.integers(-2, 14),
    on_roll=st.booleans(),
    employer=st.none() | NAMES,
    contact=st.none() | st.builds(Contact, phone=st.none() | NAMES),
    born_on=st.none() | st.just(Sealed("2016-01-02")),
)
RELATIONSHIPS: Final = st.builds(
    Relationship,
    id=st.uuids(),
    relation=st.sampled_from(Relation),
    person=st.sampled_from([OTHER, SCHOOL]),
)
ACTS: Final = st.lists(DETAILS | RELATIONSHIPS | st.integers(0, 3), max_size=12)
"""New details, a new relation, or the number of a relation to end."""


def stored(*events: PersonEvent) -> Person:
    """The person with these events, once they were stored and read again."""
    record, person = MemoryRecord(), Person(registered())
    for event in events:
        person.append(event)
    record.commit(person)
    found = record.load(Person, PERSON)
    assert found is not None
    return found


class Model:
    """What is recorded of a person, as plain values."""

    def __init__(self, details: Details) -> None:
        self.states = [details]
        self.relations: list[Relationship] = []
        self.past: list[UUID] = []

    @property
    def former(self) -> list[Sealed]:
        found: list[Sealed] = []
        for state in self.states:
            if state.name not in [*found, self.states[-1].name]:
                found.append(state.name)
        return found

    def events(self, acts: Iterable[Any]) -> Iterable[PersonEvent]:
        """Do `acts`, and return the event of each."""
        number = 1
        for act in acts:
            number += 1
            match act:
                case Details():
                    self.states.append(act)
                    yield changed(number, act)
                case Relationship():
                    self.relations.append(act)
                    yield related(number, act)
                case _ if act < len(self.relations):
                    gone = self.relations.pop(act)
                    yield ended(number, gone.id)
                case _:
                    number -= 1


@given(first=NAMES, acts=ACTS)
def test_a_replayed_history_equals_a_plain_model(first: Sealed, acts: list[Any]) -> None:
    begun = registered(first.text)
    model = Model(begun.details)
    events = [begun, *model.events(acts)]
    person = stored(*events)
    assert person.details == model.states[-1]
    assert list(person.relations.values()) == model.relations
    assert list(person.former_names) == model.former
    assert person.history == events
    assert person.version == len(events)
