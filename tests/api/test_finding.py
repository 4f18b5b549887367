"""Who finds whom: the roll is the register of the school, and other records tell of cases."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

import pytest

from tests.api.client import House, Json
from tests.api.test_recusal import NAMES, School

WHY: Final = {"reason": "Both are the same person."}
CHANGE: Final = {"employer": "A company", "reason": "She told us so."}
NEWCOMER: Final = {"category": "parent", "name": "Nell Newcomer", "distinct": True}


def related(person: str) -> Json:
    return {"relation": "relative_of", "person": person}


def kin(person: str) -> Json:
    return {"relations": [related(person)]}


def same_as(person: str) -> Json:
    return {"person": person, **WHY}


def found(house: House, who: str, name: str) -> list[str]:
    return [each["id"] for each in house.get(who, f"/people?name={name}")["items"]]


@pytest.fixture
def school(house: House) -> School:
    return School(house)


class TestTheRoll:
    @pytest.mark.parametrize("who", [*NAMES, "assistant", "governor"])
    def test_is_found_by_all_staff_with_nothing_but_the_register(self, school: School, who: str) -> None:
        house = school.house
        if who == "governor":
            house.add_user(who, who, school.id, name="Gus Governor")
        (item,) = house.get(who, "/people?name=petra")["items"]
        assert item == {
            "id": school.pupil,
            "school": school.id,
            "category": "pupil",
            "name": "Petra Pupil",
            "year_group": None,
        }

    def test_is_read_in_full_only_by_leads(self, school: School) -> None:
        status = {who: school.house.ask(who, "GET", f"/people/{school.pupil}").status_code for who in NAMES}
        assert status == {"lead": 200, "deputy": 200, "head": 200, "chair": 403, "vice": 403}

    def test_does_not_tell_other_staff_which_records_are_one_person(self, school: School) -> None:
        other = school.made("lead", "Petra Pupill", "pupil")
        body = {"person": other, "reason": "Both are the same child."}
        school.house.created("lead", f"/people/{school.pupil}/same-as", body)
        assert len(found(school.house, "lead", "petra")) == 1
        assert len(found(school.house, "assistant", "petra")) == 2


class TestARecordMadeForACase:
    def test_of_the_head_is_never_found_by_the_head(self, school: School) -> None:
        house = school.house
        before = found(house, "head", "heddle")
        record = school.made("assistant", "Harriet Heddle")
        assert found(house, "head", "heddle") == before == [school.people["head"]]
        incident = school.report({"person": record, "involvement": "alleged"})
        assert school.readers(incident) == {"chair"}
        for who in ("head", "lead", "deputy", "vice"):
            assert found(house, who, "heddle") == before
            for path in ("", "/history", "/chronology"):
                assert house.ask(who, "GET", f"/people/{record}{path}").status_code in {403, 404}
        assert set(found(house, "chair", "heddle")) == {*before, record}

    def test_is_changed_joined_and_related_by_nobody_who_may_not_know_it(self, school: School) -> None:
        """As if there were no such record."""
        house, record, nobody = school.house, school.made("assistant", "Harriet Heddle"), str(uuid4())
        school.report({"person": record, "involvement": "alleged"})
        for who in ("lead", "head"):
            for each in (record, nobody):
                for answer in (
                    house.ask(who, "PATCH", f"/people/{each}", json=CHANGE, headers={"If-Match": "*"}),
                    house.ask(who, "POST", f"/people/{each}/relations", json=related(school.pupil)),
                    house.ask(who, "POST", f"/people/{each}/same-as", json=same_as(school.pupil)),
                    house.ask(who, "DELETE", f"/people/{school.pupil}/same-as/{each}", json=WHY),
                ):
                    assert answer.status_code == 404, answer.text
                for answer in (
                    house.ask(who, "POST", f"/people/{school.pupil}/relations", json=related(each)),
                    house.ask(who, "POST", f"/people/{school.pupil}/same-as", json=same_as(each)),
                    house.ask(who, "POST", "/people", json={**NEWCOMER, "school": school.id, **kin(each)}),
                ):
                    assert answer.status_code == 422, answer.text

    def test_is_read_by_the_chair_who_manages_a_case_it_is_in(self, school: School) -> None:
        house, record = school.house, school.made("lead", "Wanda Witness", "external")
        incident = school.about("head")
        paths = [f"/people/{each}" for each in (record, school.pupil, school.people["head"])]
        assert [house.ask("chair", "GET", path).status_code for path in paths] == [404, 200, 200]
        house.take(incident, "involve_person", "chair", person=record, involvement="witness")
        assert house.get("chair", paths[0])["name"] == "Wanda Witness"
        assert [house.ask("chair", "GET", path).status_code for path in paths] == [200, 200, 200]
        assert [house.ask("vice", "GET", path).status_code for path in paths] == [404, 403, 403]
        (item,) = house.get("chair", f"{paths[0]}/chronology")["items"]
        assert item["incident"]["id"] == incident

    def test_is_in_no_history_for_those_who_may_not_know_it(self, school: School) -> None:
        """A join and a relation that the head records tell nobody else of the record."""
        house, record = school.house, school.made("assistant", "Dana Leadly")
        school.report({"person": record, "involvement": "alleged"}, about_leader=False)
        path = f"/people/{school.people['lead']}/history"
        before = house.get("deputy", path)["items"]
        body = {"person": record, "reason": "Both are the lead."}
        house.created("head", f"/people/{school.people['lead']}/same-as", body)
        for who in ("lead", "deputy"):
            assert house.get(who, path)["items"] == before
        assert house.get("head", path)["items"][-1]["what"] == "joined"

    def test_is_found_by_the_user_who_registered_it(self, school: School) -> None:
        record = school.made("assistant", "Sam Stranger", "unknown")
        assert found(school.house, "assistant", "stranger") == [record]
        assert found(school.house, "lead", "stranger") == []

    def test_is_found_by_those_who_read_a_case_it_is_in(self, school: School) -> None:
        house, record = school.house, school.made("assistant", "Sam Stranger", "unknown")
        said: Json = {"kind": "cyberbullying", "summary": "Unkind.", "confidential_reporter": False}
        school.report({"person": record, "involvement": "alleged"}, **said)
        for who in ("lead", "deputy", "head"):
            assert found(house, who, "stranger") == [record]
            assert house.get(who, f"/people/{record}")["name"] == "Sam Stranger"
        for who in ("chair", "vice"):
            assert found(house, who, "stranger") == []

    def test_is_no_relation_for_those_who_may_not_know_it(self, school: School) -> None:
        house, record = school.house, school.made("lead", "Sam Stranger", "external")
        relation = school.related(school.pupil, "relative_of", record)
        path = f"/people/{school.pupil}/relations/{relation}"
        assert house.ask("deputy", "DELETE", path).status_code == 404
        seen = {who: house.get(who, f"/people/{school.pupil}")["relations"] for who in ("lead", "deputy")}
        assert {who: len(relations) for who, relations in seen.items()} == {"lead": 1, "deputy": 0}

    def test_of_a_parent_is_known_to_leads_beside_the_child(self, school: School) -> None:
        house, parent = school.house, school.made("lead", "Pat Parent", "parent")
        school.related(parent, "parent_of", school.pupil)
        for who in ("lead", "deputy", "head"):
            assert found(house, who, "parent") == [parent]
            (relation,) = house.get(who, f"/people/{school.pupil}")["relations"]
            assert (relation["person"], relation["name"]) == (parent, "Pat Parent")
        assert found(house, "assistant", "parent") == []


class TestOtherNames:
    def test_known_as_finds_a_person_for_all_staff(self, school: School) -> None:
        house = school.house
        pupil = house_person(school, "Bartholomew Quill", known_as="Tolly Quill")
        for who in ("lead", "assistant"):
            assert found(house, who, "tolly") == found(house, who, "bartholomew") == [pupil]
            (item,) = house.get(who, "/people?name=tolly")["items"]
            assert item["name"] == "Bartholomew Quill"

    def test_a_former_name_finds_a_person_only_for_those_who_may_read_people(self, school: School) -> None:
        house = school.house
        pupil = house_person(school, "Bartholomew Quill", known_as="Tolly Quill")
        for fields in ({"name": "Barney Feather"}, {"known_as": "Bo"}, {"employer": "Nobody"}):
            change = {**fields, "reason": "The family asked for it."}
            answer = house.ask("lead", "PATCH", f"/people/{pupil}", json=change, headers={"If-Match": "*"})
            assert answer.status_code == 200, answer.text
        for who in ("lead", "deputy", "head"):
            for name in ("bartholomew", "tolly", "barney", "quill", "bo"):
                assert found(house, who, name) == [pupil]
        for name, expected in (("bartholomew", []), ("tolly", []), ("barney", [pupil]), ("bo", [pupil])):
            assert found(house, "assistant", name) == expected

    def test_a_former_name_is_no_better_match_for_those_it_does_not_find(self, school: School) -> None:
        house = school.house
        renamed, other = house_person(school, "Quill"), house_person(school, "Aa Quill")
        change = {"name": "Zz Quill", "reason": "The family asked for it."}
        house.ask("lead", "PATCH", f"/people/{renamed}", json=change, headers={"If-Match": "*"})
        assert found(house, "lead", "quill") == [renamed, other]
        assert found(house, "assistant", "quill") == [other, renamed]


def house_person(school: School, name: str, **fields: Json) -> str:
    """A pupil on the roll."""
    body = {"school": school.id, "category": "pupil", "name": name, "distinct": True, **fields}
    return str(school.house.created("lead", "/people", body)["id"])
