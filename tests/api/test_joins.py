"""Two records that are one person: joined, read as one by those who may, and parted again."""

from __future__ import annotations

from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from tests.api.client import REASON, House, Json, body_of
from tests.api.people import history, related, relations
from tests.api.test_recusal import School


def same(house: House, one: str, other: str, who: str = "dsl", **headers: str) -> TestResponse:
    body = {"person": other, "reason": REASON}
    return house.ask(who, "POST", f"/people/{one}/same-as", json=body, headers=headers)


def joined(house: House, one: str, other: str, who: str = "dsl") -> None:
    answer = same(house, one, other, who)
    assert answer.status_code == 201, answer.text


def parted(house: House, one: str, other: str, who: str = "dsl") -> None:
    answer = house.ask(who, "DELETE", f"/people/{one}/same-as/{other}", json={"reason": REASON})
    assert answer.status_code == 204, answer.text


class TestOnePerson:
    def test_either_record_answers_for_both(self, house: House) -> None:
        one, other = house.person("Petra Pupil"), house.person("Petra Pupill")
        parent, brother = house.person("Pat Parent", "parent"), house.person("Bo Pupil")
        related(house, parent, "parent_of", one)
        related(house, other, "sibling_of", brother)
        joined(house, one, other)
        for record, beside in ((one, other), (other, one)):
            shown = house.get("dsl", f"/people/{record}")
            assert shown["same_as"] == [beside]
            assert {each["person"] for each in shown["relations"]} == {parent, brother}
        assert house.get("dsl", f"/people/{one}")["former_names"] == ["Petra Pupill"]

    def test_has_one_chronology_and_is_found_under_both_ids(self, house: House) -> None:
        one, other = house.person("Petra Pupil"), house.person("Petra Pupill")
        cases = [
            house.report(people=[{"person": each, "involvement": "target"}])["id"] for each in (one, other)
        ]
        joined(house, one, other)
        for record in (one, other):
            found = house.get("dsl", f"/people/{record}/chronology")["items"]
            assert {each["incident"]["id"] for each in found} == set(cases)
            listed = house.get("dsl", f"/incidents?person={record}")["items"]
            assert {each["id"] for each in listed} == set(cases)
        # The person who reported knows of the records and not of the join.
        assert [each["id"] for each in house.get("reporter", f"/incidents?person={one}")["items"]] == [
            cases[0]
        ]

    def test_is_involved_once_in_one_way(self, house: House) -> None:
        one, other = house.person("Petra Pupil"), house.person("Petra Pupill")
        case = str(house.report(people=[{"person": one, "involvement": "target"}])["id"])
        joined(house, one, other)
        answer = house.step(case, "involve_person", person=other, involvement="target")
        assert body_of(answer)["errors"] == {"$.person": ["is already involved in this way"]}
        house.take(case, "involve_person", person=other, involvement="witness")
        unknown = house.person("Somebody", "unknown")
        house.take(case, "involve_person", person=unknown, involvement="target")
        answer = house.step(case, "identify_person", person=unknown, **{"as": other})
        assert body_of(answer)["errors"] == {"$.as": ["is already involved in this way"]}

    def test_is_found_once_by_any_of_their_names(self, house: House) -> None:
        one, other = house.person("Petra Quince"), house.person("Petra Quincey")
        joined(house, one, other)
        (found,) = house.get("dsl", "/people?name=quince")["items"]
        assert found["id"] == one
        (found,) = house.get("dsl", "/people?name=quincey")["items"]
        assert found["id"] == other

    def test_is_one_person_through_a_third_record(self, house: House) -> None:
        first, second, third = (house.person(f"Petra {name}") for name in ("One", "Two", "Three"))
        joined(house, first, second)
        joined(house, second, third)
        assert house.get("dsl", f"/people/{first}")["same_as"] == sorted([second, third])
        parted(house, second, first)
        assert house.get("dsl", f"/people/{first}")["same_as"] == []
        assert house.get("dsl", f"/people/{third}")["same_as"] == [second]

    def test_the_history_says_who_joined_and_parted_them_and_why(self, house: House) -> None:
        one, other = house.person("Petra Pupil"), house.person("Petra Pupill")
        joined(house, one, other)
        parted(house, other, one, "headteacher")
        recorded = [
            (each["what"], each["by"], each["reason"])
            for each in history(house, one)["items"]
            if each["what"] in {"joined", "parted"}
        ]
        assert recorded == [
            ("joined", house.users["dsl"], REASON),
            ("parted", house.users["headteacher"], REASON),
        ]

    def test_is_two_again_once_parted(self, house: House) -> None:
        one, other = house.person("Petra Pupil"), house.person("Petra Pupill")
        parent = house.person("Pat Parent", "parent")
        related(house, parent, "parent_of", one)
        joined(house, one, other)
        parted(house, one, other)
        assert (len(relations(house, one)), relations(house, other)) == (1, [])
        assert len(house.get("dsl", "/people?name=petra")["items"]) == 2

    def test_a_retried_parting_is_answered_as_before(self, house: House) -> None:
        one, other = house.person("Petra Pupil"), house.person("Petra Pupill")
        joined(house, one, other)
        key = {"Idempotency-Key": uuid4().hex}
        path, body = f"/people/{one}/same-as/{other}", {"reason": REASON}
        answers = [house.ask("dsl", "DELETE", path, json=body, headers=key).status_code for _ in range(2)]
        assert answers == [204, 204]
        assert house.ask("dsl", "DELETE", path, json=body).status_code == 404


class TestRecusal:
    @pytest.fixture
    def school(self, house: House) -> School:
        return School(house)

    @pytest.mark.parametrize("when", ["before the report", "after it"])
    def test_follows_a_joined_record_also_once_it_is_parted(self, school: School, when: str) -> None:
        house, head = school.house, school.people["head"]
        record = school.made("lead", "Sam Other")
        if when == "before the report":
            joined(house, head, record, "lead")
        incident = school.report({"person": record, "involvement": "alleged"})
        if when == "after it":
            assert school.readers(incident) == {"head"}
            joined(house, head, record, "lead")
        assert school.readers(incident) == {"chair"}
        house.clock.set("2026-10-12 09:00")
        parted(house, record, head, "lead")
        assert school.readers(incident) == {"chair"}
        later = school.report({"person": record, "involvement": "alleged"}, at="2026-10-13 09:00")
        assert school.readers(later) == {"head"}

    def test_follows_people_close_to_a_joined_record(self, school: School) -> None:
        record = school.made("lead", "Sam Other")
        incident = school.report({"person": record, "involvement": "alleged"})
        school.related(school.people["chair"], "close_friend_of", school.people["head"])
        joined(school.house, record, school.people["head"], "lead")
        assert school.readers(incident) == {"vice"}


class TestWhatBadInputGets:
    def fault(self, answer: TestResponse) -> Json:
        assert answer.status_code == 422, answer.text
        return body_of(answer)["errors"]

    def test_a_record_with_itself(self, house: House) -> None:
        pupil = house.person("Petra Pupil")
        assert self.fault(same(house, pupil, pupil)) == {"$.person": ["is the same record"]}

    def test_a_ring(self, house: House) -> None:
        first, second, third = (house.person(f"Petra {name}") for name in ("One", "Two", "Three"))
        joined(house, first, second)
        joined(house, second, third)
        for one, other in ((first, second), (third, first)):
            assert self.fault(same(house, one, other)) == {"$.person": ["is the same person already"]}

    def test_a_record_of_another_school(self, house: House) -> None:
        school = School(house)
        pupil = house.person("Petra Pupil")
        assert self.fault(same(house, pupil, school.pupil)) == {
            "$.person": ["names no person of this school"]
        }

    def test_a_user_with_a_pupil(self, house: House) -> None:
        school = School(house)
        record = school.made("lead", "Sam Other", "visitor")
        joined(house, record, school.people["head"], "lead")
        former = school.made("lead", "Faye Former", "former_pupil")
        for one, other in (
            (school.pupil, school.people["head"]),
            (record, school.pupil),
            (former, school.people["head"]),
            (record, former),
        ):
            fault = self.fault(same(house, one, other, "lead"))
            assert fault == {"$.person": ["would make a pupil and a user of casework one person"]}

    @pytest.mark.parametrize("turned", [False, True])
    def test_a_parent_with_their_child(self, house: House, turned: bool) -> None:
        child, parent = house.person("Petra Pupil"), house.person("Pat Parent", "parent")
        related(house, parent, "parent_of", child)
        pair = (child, parent) if turned else (parent, child)
        answer = same(house, *pair)
        assert answer.status_code == 422
        assert body_of(answer)["errors"] == {
            "$.person": ["is a relation of this person; end the relation first"]
        }

    def test_a_person_to_whom_the_user_is_close(self, house: House) -> None:
        """Who reads a case about her child is not for a lead to decide."""
        own = house.get("dsl", "/me")["user"]["person"]
        child, other = house.person("Ned Usher"), house.person("Kim Pupil")
        body = {"relation": "parent_of", "person": child}
        house.created("headteacher", f"/people/{own}/relations", body)
        for pair in ((child, other), (other, child)):
            assert same(house, *pair).status_code == 403
        change = {"name": "Kim Pupil", "reason": REASON}
        path, headers = f"/people/{child}", {"If-Match": "*"}
        assert house.ask("dsl", "PATCH", path, json=change, headers=headers).status_code == 403
        assert house.ask("headteacher", "PATCH", path, json=change, headers=headers).status_code == 200

    def test_ones_own_person(self, house: House) -> None:
        school = School(house)
        record = school.made("lead", "Sam Other")
        for one, other in ((record, school.people["lead"]), (school.people["lead"], record)):
            assert same(house, one, other, "lead").status_code == 403
        assert house.get("lead", f"/people/{record}")["same_as"] == []

    def test_no_reason(self, house: House) -> None:
        one, other = house.person("Petra Pupil"), house.person("Petra Pupill")
        answer = house.ask("dsl", "POST", f"/people/{one}/same-as", json={"person": other, "reason": "No."})
        assert list(self.fault(answer)) == ["$.reason"]
