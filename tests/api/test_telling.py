"""Telling somebody of a case over HTTP: whom it may reach, and a parent who was told by mistake."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.approving import faults
from tests.api.client import REASON, House, Json
from tests.api.people import related

REPORTED = "2026-09-14 10:20"
SAID = {"method": "in person", "summary": "What was reported, and who deals with it."}
RECUSED = ("tell-not-the-recused", "KCSIE part 4; WTSC")
SUBJECT = ("tell-not-the-subject", "KCSIE part 4; WTSC")


@pytest.fixture
def case(house: House) -> str:
    return str(house.bullying(REPORTED)["id"])


def rule_of(problem: Json) -> tuple[str, str]:
    return problem["rule"], problem["clause"]


def person_of_head(house: House) -> str:
    (found,) = house.get("dsl", "/people?name=Head Porter")["items"]
    return str(found["id"])


def told(house: House, incident: str) -> list[Json]:
    items = house.get("dsl", f"/incidents/{incident}/steps")["items"]
    return [item["fields"] for item in items if item["step"] == "tell"]


class TestWhoIsTold:
    def test_the_holder_of_a_role(self, house: House, case: str) -> None:
        house.take(case, "tell", role="headteacher", **SAID)
        (fields,) = told(house, case)
        assert {**fields, **SAID, "role": "headteacher"} == fields

    def test_a_role_that_nobody_holds_here(self, house: House, case: str) -> None:
        house.take(case, "tell", role="vice_chair", **SAID)

    def test_a_user_or_a_person(self, house: House, case: str) -> None:
        worker = house.person("Sol Worker", "external")
        house.take(case, "tell", user=house.users["headteacher"], **SAID)
        house.take(case, "tell", person=worker, **SAID)
        assert [fields.get("user") or fields["person"] for fields in told(house, case)] == [
            house.users["headteacher"],
            worker,
        ]

    def test_is_one_of_them(self, house: House, case: str) -> None:
        answer = house.step(case, "tell", role="headteacher", user=house.users["headteacher"], **SAID)
        assert answer.status_code == 422
        assert faults(answer) == {"$.role": ["give exactly one of role, user and person"]}

    @pytest.mark.parametrize("who", ["reporter", "governor"])
    def test_is_for_those_who_handle_the_case_to_record(self, house: House, case: str, who: str) -> None:
        assert house.step(case, "tell", who, role="headteacher", **SAID).status_code in {403, 404}


class TestWhoIsNot:
    @pytest.fixture
    def of_the_heads_child(self, house: House) -> str:
        """A case about a child whose parent is the head."""
        people = house.bullying(REPORTED)
        related(house, person_of_head(house), "parent_of", people["people"][0]["person"])
        return str(people["id"])

    @pytest.fixture
    def about_the_head(self, house: House) -> str:
        house.clock.set(REPORTED)
        people = [{"user": house.users["headteacher"], "involvement": "target"}]
        return str(house.report(people=people)["id"])

    def whom(self, house: House) -> list[dict[str, Any]]:
        return [
            {"role": "headteacher"},
            {"user": house.users["headteacher"]},
            {"person": person_of_head(house)},
        ]

    def test_somebody_recused(self, house: House, of_the_heads_child: str) -> None:
        for whom in self.whom(house):
            assert rule_of(house.refused(of_the_heads_child, "tell", **whom, **SAID)) == RECUSED

    def test_the_subject(self, house: House, about_the_head: str) -> None:
        for whom in self.whom(house):
            assert rule_of(house.refused(about_the_head, "tell", **whom, **SAID)) == SUBJECT

    def test_a_user_who_declared_a_conflict(self, house: House, case: str) -> None:
        house.ask("deputy_dsl", "POST", f"/incidents/{case}/conflicts", json={"reason": REASON})
        problem = house.refused(case, "tell", user=house.users["deputy_dsl"], **SAID)
        assert rule_of(problem) == RECUSED

    def test_a_role_is_told_if_one_of_its_holders_may_know(self, house: House, case: str) -> None:
        house.add_user("second deputy", "deputy_dsl", house.school)
        house.ask("deputy_dsl", "POST", f"/incidents/{case}/conflicts", json={"reason": REASON})
        house.take(case, "tell", role="deputy_dsl", **SAID)

    def test_the_pupil_it_is_about(self, house: House, case: str) -> None:
        target = house.get("dsl", f"/incidents/{case}")["people"][0]["person"]
        assert rule_of(house.refused(case, "tell", person=target, **SAID)) == SUBJECT


class TestAParentToldByMistake:
    def test_is_told_of_it_although_they_are_recused(self, house: House, case: str) -> None:
        child = house.get("dsl", f"/incidents/{case}")["people"][1]["person"]
        mother = house.person("Mo Alleged", "parent")
        related(house, mother, "parent_of", child)
        house.take(
            case, "inform_parents", parent=mother, child=child, method="telephone", summary="What happened."
        )
        assert rule_of(house.refused(case, "tell", person=mother, **SAID)) == RECUSED

        house.take(case, "withdraw_involvement", person=child, reason=REASON)

        (item,) = house.asked(case, "tell")
        assert item["preset"] == {"person": mother}
        assert (item["rule"], item["clause"], item["modality"]) == ("tell-wrongly-told", "DPA 2018", "must")
        house.take(case, "tell", person=mother, **SAID)
        assert house.asked(case, "tell") == []

    def test_is_due_in_a_closed_case_only_after_it_is_reopened(self, house: House) -> None:
        case = house.bullying(REPORTED)["id"]
        house.answer_everything(case, frozenset({"close"}))
        house.take(case, "close", outcome="Settled.", rationale=REASON)
        items = house.get("dsl", f"/incidents/{case}/steps", query_string={"limit": 100})["items"]
        number = next(each["number"] for each in items if each["step"] == "inform_parents")
        problem = house.refused(case, "correct", corrects=number, void=True, reason=REASON)
        assert problem["rule"] == "reopen-first"
