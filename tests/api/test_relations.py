"""Relations over HTTP: read from both sides, made and ended at any time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import House, body_of
from tests.api.people import history, related, relations

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


class TestRelations:
    def test_are_read_from_both_sides_with_names(self, house: House) -> None:
        child, mother = house.person("Petra Pupil"), house.person("Mo Mother", "parent")
        fields = {
            "parental_responsibility": True,
            "may_be_contacted": "ask_first",
            "from": "2016-01-02",
            "until": None,
        }
        made = related(house, mother, "parent_of", child, **fields)
        both = {"id": made["id"], **fields, "recorded_for": mother}
        assert made == {**both, "relation": "parent_of", "person": child}
        assert relations(house, mother) == [
            {**both, "relation": "parent_of", "person": child, "name": "Petra Pupil"}
        ]
        assert relations(house, child) == [
            {**both, "relation": "child_of", "person": mother, "name": "Mo Mother"}
        ]

    def test_that_are_ended_stay_in_the_history(self, house: House) -> None:
        child, mother = house.person("Petra Pupil"), house.person("Mo Mother", "parent")
        made = related(house, mother, "parent_of", child)
        answer = house.ask("dsl", "DELETE", f"/people/{mother}/relations/{made['id']}")
        assert answer.status_code == 204
        assert relations(house, child) == relations(house, mother) == []
        for person in (child, mother):
            entries = history(house, person)["items"]
            assert [each["what"] for each in entries] == ["registered", "related", "relation_ended"]

    @on_sqlite
    def test_given_at_registration_can_be_ended(self, house: House) -> None:
        child = house.person("Petra Pupil")
        given = [{"relation": "parent_of", "person": child}]
        mother = house.person("Mo Mother", "parent", relations=given)
        (theirs,) = relations(house, child)
        path = f"/people/{theirs['recorded_for']}/relations/{theirs['id']}"
        assert house.ask("dsl", "DELETE", path).status_code == 204
        assert relations(house, mother) == []

    @on_sqlite
    def test_are_not_named_to_whoever_registers_a_person(self, house: House) -> None:
        child = house.person("Petra Pupil")
        given = [{"relation": "parent_of", "person": child}]
        body = {"school": house.school, "category": "parent", "name": "Mo Mother", "relations": given}
        assert "Petra" not in str(house.created("reporter", "/people", body))

    @on_sqlite
    @pytest.mark.parametrize(
        ("relation", "fields", "path", "message"),
        [
            ("sibling_of", {"person": "self"}, "$.person", "is the same person"),
            (
                "close_friend_of",
                {},
                "$.relation",
                "is recorded already for this person and these days",
            ),
            ("parent_of", {}, "$.relation", "would make a pupil of primary age a parent"),
            (
                "sibling_of",
                {"from": "2026-09-02", "until": "2026-09-01"},
                "$.until",
                "is before from",
            ),
        ],
        ids=["oneself", "twice", "a parent of primary age", "until before from"],
    )
    def test_that_cannot_be_are_refused_and_change_nothing(
        self, house: House, relation: str, fields: dict[str, Any], path: str, message: str
    ) -> None:
        pupil, other = house.person("Petra Pupil", year_group=6), house.person("Oli Other")
        related(house, pupil, "close_friend_of", other)
        events = house.events()
        body = {"relation": relation, "person": other, **fields}
        if body["person"] == "self":
            body["person"] = pupil
        answer = house.ask("dsl", "POST", f"/people/{pupil}/relations", json=body)
        assert (answer.status_code, body_of(answer)["errors"]) == (422, {path: [message]})
        assert house.events() == events
