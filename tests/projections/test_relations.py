"""Relations are read from both sides, with names, and the index of them holds neither names nor texts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from msgspec import UNSET
from sqlalchemy import Connection

from casework.domain.person import PersonRelated, Related
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, MayBeContacted, Relation
from casework.storage.observation import count_statements
from casework.usecases.people import ChangePerson
from casework.usecases.relations import RelatePerson
from casework_projections.reading.people import ReadPerson
from casework_projections.reading.person_history import ReadPersonHistory
from casework_projections.reading.relations import RelationBody
from casework_projections.views.catch_up import Views
from casework_projections.views.relations import RelationIndex
from casework_projections.views.view import Batch
from tests.histories import SECRET_WORDS, SchoolHistory
from tests.projections.watching import dump

REASON = Sealed("As the birth certificate says.")


def relate(history: SchoolHistory, person: UUID, to: UUID, relation: Relation, **fields: Any) -> UUID:
    """The id of a relation that the lead records."""
    command = RelatePerson(relation=relation, person=to, **fields)
    return history.app.relations.relate(history.context(history.dsl), person, command).id


def shown(history: SchoolHistory, person: UUID, views: Views | None = None) -> list[RelationBody]:
    """The relations of a person as the lead reads them."""
    relations = history.answer(ReadPerson(person), views=views).relations
    assert relations is not UNSET
    return list(relations)


@pytest.mark.parametrize("relation", Relation)
def test_a_relation_is_read_from_both_sides(history: SchoolHistory, relation: Relation) -> None:
    relation_id = relate(
        history, history.parent, history.target, relation, may_be_contacted=MayBeContacted.ASK_FIRST
    )
    (own,), (theirs,) = shown(history, history.parent), shown(history, history.target)
    assert (own.relation.value, own.person, own.name) == (
        relation.value,
        history.target,
        Sealed("Ada Quillfeather"),
    )
    assert (theirs.relation, theirs.person, theirs.name) == (
        relation.inverse,
        history.parent,
        Sealed("Cora Quillfeather"),
    )
    assert {own.id, theirs.id} == {relation_id}
    assert own.may_be_contacted is theirs.may_be_contacted is MayBeContacted.ASK_FIRST
    assert own.recorded_for == theirs.recorded_for == history.parent


def test_a_relation_given_at_registration_is_read_from_both_sides(history: SchoolHistory) -> None:
    given = (Related(Relation.PARENT_OF, history.target),)
    parent = history.person(Category.PARENT, "Pat", relations=given)
    (own,), (theirs,) = shown(history, parent), shown(history, history.target)
    assert own.id == theirs.id
    assert (theirs.relation.value, theirs.person) == ("child_of", parent)


def test_an_ended_relation_is_on_neither_side(history: SchoolHistory) -> None:
    relation_id = relate(history, history.parent, history.target, Relation.PARENT_OF)
    history.app.relations.end(history.context(history.dsl), history.parent, relation_id)
    assert shown(history, history.parent) == shown(history, history.target) == []


def test_a_changed_name_is_read_on_the_other_side(history: SchoolHistory) -> None:
    relate(history, history.parent, history.target, Relation.PARENT_OF)
    change = ChangePerson(name=history.name("Cordelia"), reason=REASON)
    history.app.people.change(history.context(history.dsl), history.parent, change)
    (theirs,) = shown(history, history.target)
    assert theirs.name == Sealed("Cordelia Quillfeather")


def test_the_index_holds_no_name_and_no_text(history: SchoolHistory, views: Views) -> None:
    relate(history, history.parent, history.target, Relation.PARENT_OF)
    views.catch_up("relations")
    written = repr(dump(history.app, views.relations)).casefold()
    assert str(history.parent.hex) in written.replace("-", "")
    assert not [word for word in SECRET_WORDS if word.casefold() in written]


def test_a_rebuilt_index_is_the_same(history: SchoolHistory, views: Views) -> None:
    given = (Related(Relation.PARENT_OF, history.target),)
    history.person(Category.PARENT, "Pat", relations=given)
    relate(history, history.parent, history.target, Relation.GUARDIAN_OF)
    views.catch_up("relations")
    before = dump(history.app, views.relations)
    views.rebuild("relations")
    assert dump(history.app, views.relations) == before


def test_a_relation_that_the_index_set_aside_is_read(
    history: SchoolHistory, views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(view: RelationIndex, connection: Connection, batch: Batch) -> None:
        if [*batch.of(PersonRelated)]:
            raise ArithmeticError

    monkeypatch.setattr(RelationIndex, "apply", failing)
    relate(history, history.parent, history.target, Relation.PARENT_OF)
    views.catch_up("relations")
    assert views.counts_aside().views == {"relations": 1}
    (theirs,) = shown(history, history.target, views)
    assert (theirs.relation.value, theirs.person) == ("child_of", history.parent)
    assert shown(history, history.alleged, views) == []


def test_any_number_of_relations_costs_as_many_statements_as_one(
    history: SchoolHistory, views: Views
) -> None:
    tallies = []
    for _ in range(2):
        for _ in range(5):
            friend = history.person(Category.PUPIL, "Fay")
            relate(history, friend, history.target, Relation.CLOSE_FRIEND_OF)
        shown(history, history.target, views)
        with count_statements() as tally:
            shown(history, history.target, views)
        tallies.append(len(tally.statements))
    assert tallies[0] == tallies[1]


class TestTheHistoryOfAPerson:
    def test_has_each_change_with_its_values_reason_and_user(self, history: SchoolHistory) -> None:
        change = ChangePerson(name=history.name("Adah"), year_group=5, reason=REASON)
        history.app.people.change(history.context(history.head), history.target, change)
        first, second = history.answer(ReadPersonHistory(history.target)).items
        assert [(each.field, each.before, each.after) for each in second.changes] == [
            ("name", "Ada Quillfeather", "Adah Quillfeather"),
            ("year_group", None, 5),
        ]
        assert (second.what, second.by, second.role) == ("changed", history.head.id, "headteacher")
        assert second.reason == REASON
        assert (first.what, first.by, first.role) == ("registered", history.dsl.id, "dsl")
        assert {each.field: each.after for each in first.changes} == {
            "category": "pupil",
            "name": "Ada Quillfeather",
            "on_roll": True,
        }

    def test_has_the_relations_made_and_ended_on_both_sides(self, history: SchoolHistory) -> None:
        relation_id = relate(history, history.parent, history.target, Relation.PARENT_OF)
        history.app.relations.end(history.context(history.dsl), history.parent, relation_id)
        for person, other, word in (
            (history.parent, history.target, "parent_of"),
            (history.target, history.parent, "child_of"),
        ):
            _, made, ended = history.answer(ReadPersonHistory(person)).items
            assert (made.what, ended.what) == ("related", "relation_ended")
            for entry in (made, ended):
                assert entry.relation is not None
                assert (entry.relation.relation, entry.relation.person) == (word, other)
                assert entry.by == history.dsl.id

    def test_does_not_name_who_registered_a_person_made_for_a_case(self, history: SchoolHistory) -> None:
        given = (Related(Relation.PARENT_OF, history.target),)
        parent = history.person(Category.PARENT, "Pat", relations=given)
        entries = history.answer(ReadPersonHistory(parent)).items
        assert [(entry.what, entry.by, entry.role) for entry in entries] == [
            ("registered", None, None),
            ("related", None, None),
        ]
        (_, theirs) = history.answer(ReadPersonHistory(history.target)).items
        assert (theirs.what, theirs.by, theirs.role) == ("related", None, None)
