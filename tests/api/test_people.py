"""People over HTTP: changed with the version the client read, on the roll or made for a case."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.client import House, Json, body_of, logged
from tests.api.people import changed, patch

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
PRIVATE: Final = {
    "known_as",
    "born_on",
    "employer",
    "contact",
    "left_on",
    "died_on",
    "former_names",
    "relations",
}


class TestTheVersion:
    def test_is_the_entity_tag_of_every_answer(self, house: House) -> None:
        body = {"school": house.school, "category": "pupil", "name": "Petra Pupil"}
        made = house.ask("dsl", "POST", "/people", json=body)
        person = body_of(made)["id"]
        read = house.ask("dsl", "GET", f"/people/{person}")
        later = patch(house, person, name="Petra Palmer")
        assert [each.headers["ETag"] for each in (made, read, later)] == ['"1"', '"1"', '"2"']
        assert [body_of(each)["version"] for each in (made, read, later)] == [1, 1, 2]

    @on_sqlite
    def test_must_be_sent_with_a_change(self, house: House) -> None:
        person = house.person("Petra Pupil")
        assert patch(house, person, None, name="Petra Palmer").status_code == 428
        assert house.get("dsl", f"/people/{person}")["name"] == "Petra Pupil"

    def test_that_is_outdated_is_answered_with_the_present_one(self, house: House) -> None:
        person = house.person("Petra Pupil")
        changed(house, person, name="Petra Palmer")
        answer = patch(house, person, '"1"', name="Petra Potter")
        assert (answer.status_code, body_of(answer)["version"]) == (412, 2)
        assert answer.headers["ETag"] == '"2"'
        assert house.get("dsl", f"/people/{person}")["name"] == "Petra Palmer"

    @on_sqlite
    def test_stays_if_nothing_changes(self, house: House) -> None:
        person = house.person("Petra Pupil")
        events = house.events()
        answer = patch(house, person, '"1"', name=" Petra Pupil ", category="pupil", known_as=None)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
        assert house.events() == events


class TestAChange:
    def test_is_read_back_with_the_former_names(self, house: House) -> None:
        person = house.person("Petra Pupil", year_group=5)
        fields = {
            "name": "Petra Palmer",
            "known_as": "Pet",
            "category": "external",
            "year_group": 6,
            "born_on": "2016-01-02",
            "on_roll": False,
            "employer": "A Firm",
            "contact": {"phone": "01632 960000", "email": None, "address": "1 High Street"},
            "identifiers": {"upn": "B801200005001", "nhs_number": "9434765919"},
            "left_on": "2026-08-31",
            "died_on": "2026-09-01",
        }
        answer = changed(house, person, **fields)
        read = house.get("dsl", f"/people/{person}")
        assert read == {**answer, "relations": [], "same_as": []}
        assert {name: read[name] for name in fields} == fields
        assert read["former_names"] == ["Petra Pupil"]

    @on_sqlite
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("known_as", "Pet"),
            ("year_group", 6),
            ("born_on", "2016-01-02"),
            ("employer", "A Firm"),
            ("contact", {"phone": "01632 960000"}),
            ("identifiers", {"nhs_number": "943 476 5919"}),
            ("left_on", "2026-08-31"),
            ("died_on", "2026-09-01"),
        ],
    )
    def test_to_null_clears(self, house: House, field: str, value: Json) -> None:
        person = house.person("Petra Pupil")
        assert changed(house, person, **{field: value})[field] is not None
        assert changed(house, person, **{field: None})[field] is None

    @on_sqlite
    @pytest.mark.parametrize("field", ["name", "category", "on_roll", "reason"])
    def test_to_null_is_refused_where_there_must_be_a_value(self, house: House, field: str) -> None:
        person = house.person("Petra Pupil")
        cleared: Json = {field: None}
        answer = patch(house, person, **cleared)
        assert (answer.status_code, body_of(answer)["errors"]) == (422, {f"$.{field}": ["must not be null"]})

    @on_sqlite
    def test_of_identifiers_is_stored_without_spaces(self, house: House) -> None:
        person = house.person("Petra Pupil", identifiers={"upn": "b8012 0000 5001"})
        assert house.get("dsl", f"/people/{person}")["identifiers"] == {
            "upn": "B801200005001",
            "nhs_number": None,
        }
        spaced = {"nhs_number": "943 476 5919"}
        assert changed(house, person, identifiers=spaced)["identifiers"] == {
            "upn": None,
            "nhs_number": "9434765919",
        }

    @on_sqlite
    def test_by_an_administrator_shows_them_only_what_the_roll_shows(self, house: House) -> None:
        person = house.person("Petra Pupil", born_on="2016-01-02", contact={"phone": "01632 960000"})
        answer = patch(house, person, who="admin", year_group=6)
        shown = body_of(answer)
        assert (answer.status_code, shown["year_group"]) == (200, 6)
        assert not PRIVATE & set(shown)

    @on_sqlite
    def test_of_a_person_made_for_a_case_is_not_for_an_administrator(self, house: House) -> None:
        person = house.person("Pat Parent", "parent")
        assert patch(house, person, who="admin", on_roll=True).status_code == 404

    @on_sqlite
    def test_of_ones_own_person_is_refused(self, house: House) -> None:
        person = house.person("Dee Deputy", "staff")
        house.add_user("own", "deputy_dsl", house.school, person=person)
        answer = patch(house, person, who="own", name="Dee Dean")
        assert answer.status_code == 403
        assert body_of(answer)["detail"] == "Nobody changes the record of their own person."

    @on_sqlite
    def test_leaves_no_value_in_the_log_or_an_answer_to_a_bad_request(self, house: House) -> None:
        person = house.person("Petra Pupil")
        with logged() as stream:
            changed(house, person, name="Petra Marzipan", contact={"phone": "01632 960000"})
            refused = patch(house, person, name="Marzipan" * 40)
        written = stream.getvalue() + refused.text
        assert refused.status_code == 422
        assert "arzipan" not in written
        assert "01632" not in written


class TestTheRoll:
    @on_sqlite
    @pytest.mark.parametrize(("who", "status"), [("dsl", 201), ("admin", 201), ("reporter", 403)])
    def test_leads_and_administrators_say_who_is_on_it(self, house: House, who: str, status: int) -> None:
        body = {"school": house.school, "category": "parent", "name": "Pat Parent", "on_roll": True}
        assert house.ask(who, "POST", "/people", json=body).status_code == status

    @on_sqlite
    @pytest.mark.parametrize(("who", "on_roll"), [("dsl", True), ("admin", True), ("reporter", False)])
    def test_has_a_pupil_if_they_register_one(self, house: House, who: str, on_roll: bool) -> None:
        body = {"school": house.school, "category": "pupil", "name": "Petra Pupil"}
        assert house.created(who, "/people", body)["on_roll"] is on_roll


class TestAFormerPupil:
    def test_is_not_on_the_roll_unless_somebody_says_so(self, house: House) -> None:
        for more, expected in (({}, False), ({"on_roll": True}, True)):
            body = {"school": house.school, "category": "former_pupil", "name": "Faye Former", **more}
            assert house.created("dsl", "/people", {**body, "distinct": True})["on_roll"] is expected

    def test_is_a_pupil_who_was_changed(self, house: House) -> None:
        pupil = house.person("Faye Former", year_group=6)
        gone: Json = {
            "category": "former_pupil",
            "on_roll": False,
            "left_on": "2026-07-22",
            "year_group": None,
        }
        answer = patch(house, pupil, **gone)
        assert {name: body_of(answer)[name] for name in gone} == gone
        assert house.get("dsl", f"/people/{pupil}")["category"] == "former_pupil"
        items = house.get("dsl", "/people?name=faye&category=former_pupil")["items"]
        assert [each["id"] for each in items] == [pupil]
        assert house.get("reporter", "/people?name=faye")["items"] == []

    @pytest.mark.parametrize(("category", "is_child"), [("pupil", True), ("former_pupil", False)])
    def test_in_a_case_is_none_of_the_children_whose_parents_are_informed(
        self, house: House, category: str, is_child: bool
    ) -> None:
        person = house.person("Faye Former", category)
        incident = house.report(people=[{"person": person, "involvement": "target"}])["id"]
        shown = house.get("dsl", f"/incidents/{incident}")
        assert [party["category"] for party in shown["people"]] == [category]
        duties = [item["step"] for item in house.next_steps(incident)]
        assert ("inform_parents" in duties) is is_child


class TestAUser:
    @pytest.mark.parametrize("category", ["pupil", "former_pupil"])
    def test_does_not_become_a_pupil(self, house: House, category: str) -> None:
        house.add_user("linked", "deputy_dsl", house.school, name="Lena Linked")
        (linked,) = house.get("linked", "/me")["user"]["persons"]
        before = house.events()
        answer = patch(house, linked["person"], who="headteacher", category=category)
        assert answer.status_code == 422
        assert body_of(answer)["errors"] == {
            "$.category": ["would make a pupil and a user of casework one person"]
        }
        assert house.events() == before
        assert changed(house, linked["person"], category="governor")["category"] == "governor"
