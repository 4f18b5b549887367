"""A user's own person and those close to them, under every record: a colleague changes them."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from tests.api.client import REASON, House, Json, body_of
from tests.api.people import patch
from tests.api.test_joins import joined, parted, same
from tests.api.test_recusal import School

OWN = "Nobody changes the record of their own person."
CLOSE = "Nobody changes the record of a person to whom they are close; a colleague does."


@pytest.fixture
def school(house: House) -> School:
    return School(house)


def relate(house: House, who: str, one: str, other: str, relation: str = "relative_of") -> TestResponse:
    body = {"relation": relation, "person": other}
    return house.ask(who, "POST", f"/people/{one}/relations", json=body)


def end(house: House, who: str, person: str, relation: str) -> TestResponse:
    return house.ask(who, "DELETE", f"/people/{person}/relations/{relation}")


def part(house: House, who: str, one: str, other: str) -> TestResponse:
    return house.ask(who, "DELETE", f"/people/{one}/same-as/{other}", json={"reason": REASON})


def refused(answer: TestResponse, why: str) -> None:
    assert (answer.status_code, body_of(answer).get("detail")) == (403, why), answer.text


class Changes:
    """Every change that a user may try at a record, with somebody else and a relation of the record."""

    def __init__(self, school: School, record: str, beside: str, relation: str) -> None:
        self.house = school.house
        self.record, self.beside, self.relation = record, beside, relation
        self.other = school.made("deputy", "Olga Other", "pupil")

    def by(self, who: str) -> list[TestResponse]:
        house, record = self.house, self.record
        return [
            patch(house, record, who=who, name="Somebody Else"),
            relate(house, who, record, self.other),
            relate(house, who, self.other, record),
            end(house, who, record, self.relation),
            same(house, record, self.other, who),
            same(house, self.other, record, who),
            part(house, who, record, self.beside),
            part(house, who, self.beside, record),
        ]


class TestOnesOwnPerson:
    def test_is_not_changed_through_a_record_joined_to_it(self, school: School) -> None:
        house, own = school.house, school.people["lead"]
        record, between = school.made("deputy", "Dee Maiden"), school.made("deputy", "Dan Between")
        relation = school.related(record, "spouse_of", school.pupil, by="deputy")
        joined(house, own, between, "deputy")
        joined(house, between, record, "deputy")
        changes = Changes(school, record, between, relation)
        before = house.events()
        for answer in changes.by("lead"):
            refused(answer, OWN)
        assert house.events() == before
        assert patch(house, record, who="deputy", name="Dee Marden").status_code == 200

    def test_is_not_changed_by_another_account_of_the_same_person(self, school: School) -> None:
        house, own = school.house, school.people["lead"]
        second = house.on_roll("Dora Second", school.id)
        house.add_user("second", "deputy_dsl", school.id, name="Dora Second", person=second)
        joined(house, second, own, "deputy")
        relation = school.related(own, "relative_of", school.pupil, by="deputy")
        for answer in Changes(school, own, second, relation).by("second"):
            refused(answer, OWN)

    def test_is_not_changed_under_the_record_of_an_account_of_the_same_person(self, school: School) -> None:
        """The lead's second account is linked to the lead's person and, at another school, to one more."""
        house, own = school.house, school.people["lead"]
        elsewhere = house.open_school("headcorn")
        house.add_user("second", "dsl", elsewhere, name="Dora Elsewhere")
        (linked,) = house.get("second", "/me")["user"]["persons"]
        there = str(linked["person"])
        house.add_user("helper", "deputy_dsl", elsewhere, name="Hal Helper")
        house.appoint("second", "reporter", school.id)
        change = {"json": {"person": own}, "headers": {"If-Match": "*"}}
        house.agreed(house.ask("admin", "PATCH", f"/users/{house.users['second']}", **change))
        house.add_school("lead", "deputy_dsl", elsewhere)
        refused(patch(house, there, who="lead", name="Somebody Else"), OWN)
        assert patch(house, there, who="helper", name="Dora Ellis").status_code == 200

    def test_is_not_related_to_somebody_as_they_are_registered(self, school: School) -> None:
        given = [{"relation": "spouse_of", "person": school.people["lead"]}]
        body = {"school": school.id, "category": "parent", "name": "Pat Partner", "relations": given}
        refused(school.house.ask("lead", "POST", "/people", json=body), OWN)
        assert school.house.ask("deputy", "POST", "/people", json=body).status_code == 201


class TestPeopleCloseToTheUser:
    @pytest.mark.parametrize("recorded_for", ["parent", "child"])
    def test_are_not_changed_under_any_of_their_records(self, school: School, recorded_for: str) -> None:
        house, own, child = school.house, school.people["lead"], school.pupil
        record = school.made("deputy", "Penny Pupil", "pupil")
        pair = (own, child) if recorded_for == "parent" else (child, own)
        school.related(pair[0], "parent_of" if recorded_for == "parent" else "relative_of", pair[1], "deputy")
        sibling = school.made("deputy", "Sib Pupil", "pupil")
        relation = school.related(record, "sibling_of", sibling, by="deputy")
        joined(house, child, record, "deputy")
        before, changes = house.events(), Changes(school, record, child, relation)
        for answer in changes.by("lead"):
            refused(answer, CLOSE)
        refused(end(house, "lead", sibling, relation), CLOSE)
        assert house.events() == before + 1
        parted(house, record, child, "deputy")

    def test_are_close_through_another_record_of_the_user_too(self, school: School) -> None:
        house = school.house
        record = school.made("deputy", "Dee Maiden")
        school.related(record, "parent_of", school.pupil, by="deputy")
        joined(house, record, school.people["lead"], "deputy")
        refused(patch(house, school.pupil, who="lead", name="Petra Palmer"), CLOSE)

    def test_a_new_case_about_the_other_record_stays_shut(self, school: School) -> None:
        house = school.house
        record = school.made("deputy", "Penny Pupil", "pupil")
        school.related(school.people["lead"], "parent_of", school.pupil, by="deputy")
        joined(house, school.pupil, record, "deputy")
        for one, other in ((record, school.pupil), (school.pupil, record)):
            refused(part(house, "lead", one, other), CLOSE)
        said: Json = {"kind": "cyberbullying", "summary": "Unkind.", "confidential_reporter": False}
        house.clock.set("2026-10-12 09:00")
        people = [{"person": record, "involvement": "target"}]
        incident = house.report("assistant", school=school.id, people=people, **said)["id"]
        assert "lead" not in school.readers(incident)

    def test_is_not_told_by_a_record_that_the_user_may_not_know(self, school: School) -> None:
        """A record of the pupil was made for a case about the lead, who is related to it there."""
        house = school.house
        hidden = school.made("assistant", "Some Nick", "unknown")
        school.report(
            {"person": hidden, "involvement": "target"},
            {"person": school.people["lead"], "involvement": "target"},
            kind="cyberbullying",
            confidential_reporter=False,
        )
        relation = school.related(hidden, "close_friend_of", school.people["lead"], by="deputy")
        joined(house, hidden, school.pupil, "deputy")
        assert patch(house, school.pupil, who="lead", name="Petra Palmer").status_code == 200
        assert patch(house, hidden, who="lead", name="Nick").status_code == 404
        assert relate(house, "lead", school.pupil, hidden).status_code == 422
        assert end(house, "lead", school.pupil, relation).status_code == 404
        assert end(house, "lead", school.people["chair"], relation).status_code == 404


class TestUsersAndPupils:
    WHY = "is or was a pupil"

    def test_are_never_one_whichever_comes_first(self, school: School) -> None:
        house = school.house
        record = house.on_roll("Xan Staff", school.id)
        joined(house, record, school.pupil, "lead")
        new = {"name": "Xan Staff", "email": "xan@school.example", "person": record}
        answer = house.ask("admin", "POST", "/users", json=new)
        assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.person": [self.WHY]})
        house.created("admin", "/users", {"name": "Xan Staff", "email": "xan@school.example"})
        user = house.users["assistant"]
        change = {"json": {"person": record}, "headers": {"If-Match": "*"}}
        answer = house.ask("admin", "PATCH", f"/users/{user}", **change)
        assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.person": [self.WHY]})
        parted(house, record, school.pupil, "lead")
        assert house.ask("admin", "PATCH", f"/users/{user}", **change).status_code == 200
        assert same(house, record, school.pupil, "lead").status_code == 422


class TestAPupilOfPrimaryAge:
    WHY = "would make a pupil of primary age a parent"

    def test_becomes_no_parent_by_a_join(self, house: House) -> None:
        young, child = house.person("Yan Young", year_group=3), house.person("Kit Kid")
        adult = house.person("Ada Adult", "external")
        house.created("dsl", f"/people/{adult}/relations", {"relation": "parent_of", "person": child})
        for pair in ((young, adult), (adult, young)):
            answer = same(house, *pair)
            assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.person": [self.WHY]})

    def test_becomes_no_parent_under_a_joined_record(self, house: House) -> None:
        young, child = house.person("Yan Young", year_group=3), house.person("Kit Kid")
        adult = house.person("Ada Adult", "external")
        joined(house, young, adult)
        answer = relate(house, "dsl", adult, child, "parent_of")
        assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.relation": [self.WHY]})
        answer = relate(house, "dsl", adult, young)
        assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.person": ["is the same person"]})

    def test_is_not_made_of_a_parent_under_a_joined_record(self, house: House) -> None:
        older, child = house.person("Olly Older", year_group=12), house.person("Kit Kid")
        adult = house.person("Ada Adult", "external")
        house.created("dsl", f"/people/{adult}/relations", {"relation": "parent_of", "person": child})
        joined(house, older, adult)
        answer = patch(house, older, year_group=3)
        assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.year_group": [self.WHY]})


class TestARelation:
    def test_is_ended_from_either_side_and_under_any_record(self, house: House) -> None:
        child, mother = house.person("Petra Pupil"), house.person("Mo Mother", "parent")
        record = house.person("Penny Pupil")
        joined(house, child, record)
        for person in (child, record, mother):
            made = house.created(
                "dsl", f"/people/{mother}/relations", {"relation": "parent_of", "person": child}
            )["id"]
            assert end(house, "dsl", person, made).status_code == 204
            assert house.get("dsl", f"/people/{child}")["relations"] == []
            assert end(house, "dsl", person, made).status_code == 404

    def test_ended_from_the_other_side_is_ended_once_by_a_retry(self, house: House) -> None:
        child, mother = house.person("Petra Pupil"), house.person("Mo Mother", "parent")
        made = house.created("dsl", f"/people/{mother}/relations", {"relation": "parent_of", "person": child})
        path, headers = f"/people/{child}/relations/{made['id']}", {"Idempotency-Key": "once"}
        answers = [house.ask("dsl", "DELETE", path, headers=headers).status_code for _ in range(2)]
        assert answers == [204, 204]
        ended = [
            each["what"]
            for each in house.get("dsl", f"/people/{mother}/history")["items"]
            if each["what"] == "relation_ended"
        ]
        assert ended == ["relation_ended"]

    def test_is_not_ended_at_somebody_else(self, house: House) -> None:
        child, mother = house.person("Petra Pupil"), house.person("Mo Mother", "parent")
        made = house.created("dsl", f"/people/{mother}/relations", {"relation": "parent_of", "person": child})
        assert end(house, "dsl", house.person("Oli Other"), made["id"]).status_code == 404
