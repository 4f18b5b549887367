"""Steps that are taken together over HTTP: all of them or none, in one commit."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from casework.storage.observation import count_statements
from tests.api.approving import faults
from tests.api.client import REASON, House, Json, body_of, called

REPORTED = "2026-09-14 10:20"
NOTE = {"step": "add_note", "text": "Something worth keeping."}
TRIAGE = {"step": "triage", "timing": "in_school", "critical": False, "rationale": REASON}


@pytest.fixture
def case(house: House) -> str:
    return str(house.bullying(REPORTED)["id"])


def take(
    house: House, incident: str, *steps: Json, who: str = "dsl", version: str = "*", key: str | None = None
) -> TestResponse:
    headers = {"If-Match": version} | ({} if key is None else {"Idempotency-Key": key})
    return house.ask(who, "POST", f"/incidents/{incident}/steps", json=[*steps], headers=headers)


def taken(house: House, incident: str, *steps: Json, **options: Any) -> Json:
    answer = take(house, incident, *steps, **options)
    assert answer.status_code == 201, answer.text
    return body_of(answer)


def declined(house: House, incident: str, *steps: Json, who: str = "dsl") -> TestResponse:
    """The answer to a list of which nothing was taken."""
    before = house.events()
    answer = take(house, incident, *steps, who=who)
    assert house.events() == before
    return answer


def timeline(house: House, incident: str, who: str = "dsl") -> list[str]:
    items = house.get(who, f"/incidents/{incident}/steps", query_string={"limit": 100})["items"]
    return [item["step"] for item in items]


class TestAllOrNone:
    def test_all_are_taken_in_order(self, house: House, case: str) -> None:
        answer = take(house, case, {"step": "acknowledge"}, TRIAGE, NOTE)
        assert answer.status_code == 201
        assert answer.headers["ETag"] == '"4"'
        shown = house.get("dsl", f"/incidents/{case}")
        assert {**shown, **body_of(answer)} == shown
        assert timeline(house, case) == ["report", "acknowledge", "triage", "add_note"]

    def test_one_is_as_one_step(self, house: House, case: str) -> None:
        assert taken(house, case, NOTE)["version"] == 2

    def test_each_is_judged_after_those_before_it(self, house: House, case: str) -> None:
        newcomer = house.person("Wilf Witness")
        voice = {"step": "record_child_voice", "person": newcomer, "voice": "I saw it."}
        answer = declined(house, case, voice)
        assert faults(answer) == {"$[0].person": ["is not involved in this incident"]}
        taken(house, case, {"step": "involve_person", "person": newcomer, "involvement": "witness"}, voice)

    def test_one_that_is_refused_takes_all_with_it(self, house: House, case: str) -> None:
        close = {"step": "close", "outcome": "Settled.", "rationale": REASON}
        answer = declined(house, case, NOTE, close, NOTE)
        assert answer.status_code == 409
        problem = body_of(answer)
        assert problem["failed"] == {"index": 1, "step": "close"}
        assert {"rule", "clause", "outstanding"} <= problem.keys()

    def test_fields_are_named_by_their_place(self, house: House, case: str) -> None:
        answer = declined(house, case, NOTE, NOTE, {"step": "add_note", "text": ""})
        assert answer.status_code == 422
        assert faults(answer) == {"$[2].text": ["must not be empty"]}
        assert body_of(answer)["failed"] == {"index": 2, "step": "add_note"}

    def test_what_only_the_case_tells_is_named_by_its_place_too(self, house: House, case: str) -> None:
        answer = declined(house, case, NOTE, {**NOTE, "at": "2026-09-13T10:00:00+01:00"})
        assert faults(answer) == {"$[1].at": ["is before the incident took place"]}

    @pytest.mark.parametrize("count", [0, 101])
    def test_a_list_has_one_to_a_hundred_steps(self, house: House, case: str, count: int) -> None:
        answer = declined(house, case, *[NOTE] * count)
        assert faults(answer) == {"$": ["must hold 1 to 100 items"]}

    @pytest.mark.parametrize("item", [None, [], [NOTE], "add_note", {"step": "report"}, {"text": "A note."}])
    def test_what_is_no_step(self, house: House, case: str, item: Json) -> None:
        answer = declined(house, case, NOTE, item)
        assert answer.status_code == 422
        assert body_of(answer)["failed"]["index"] == 1

    def test_a_step_that_takes_two_is_taken_alone(self, house: House, case: str) -> None:
        waive = {"waived": "save_evidence", "reason": REASON, "authorised_by": house.users["headteacher"]}
        answer = declined(house, case, NOTE, {"step": "waive", **waive})
        assert (answer.status_code, body_of(answer)["type"]) == (422, "/problems/takes-two")
        assert body_of(answer)["failed"] == {"index": 1, "step": "waive"}

    @pytest.mark.parametrize(("who", "status"), [("reporter", 403), ("governor", 404)])
    def test_who_may_not_take_a_step_may_take_no_list(
        self, house: House, case: str, who: str, status: int
    ) -> None:
        assert declined(house, case, TRIAGE, who=who).status_code == status


class TestConventions:
    def test_a_retry_gets_the_first_answer(self, house: House, case: str) -> None:
        first = take(house, case, NOTE, TRIAGE, key="k")
        house.take(case, "add_note", text="Something since.")
        again = take(house, case, NOTE, TRIAGE, key="k")
        assert (again.status_code, again.json) == (201, first.json)
        assert timeline(house, case).count("add_note") == 2
        assert take(house, case, NOTE, key="k").status_code == 409

    def test_a_retry_of_links_alone(self, house: House, case: str) -> None:
        others = [house.bullying(REPORTED)["id"] for _ in range(2)]
        links = [{"step": "link", "incident": each, "as": "follows"} for each in others]
        first, again = (take(house, case, *links, key="k") for _ in range(2))
        assert (again.status_code, again.json) == (201, first.json)
        assert timeline(house, case).count("link") == 2

    def test_a_stale_version_takes_nothing(self, house: House, case: str) -> None:
        assert take(house, case, NOTE, version='"9"').status_code == 412
        assert taken(house, case, NOTE, NOTE, version='"1"')["version"] == 3


class TestStepsThatReachFurther:
    def test_a_correction_counts_for_the_steps_after_it(self, house: House, case: str) -> None:
        house.take(case, "acknowledge")
        void = {"step": "correct", "corrects": 2, "void": True, "reason": REASON}
        taken(house, case, void, {"step": "acknowledge"})
        answer = declined(house, case, NOTE, void)
        assert faults(answer) == {"$[1].corrects": ["is voided already"]}

    def test_what_a_correction_names_is_checked_by_its_place(self, house: House, case: str) -> None:
        correct = {"step": "correct", "corrects": 1, "fields": {"x": 1}, "reason": REASON}
        answer = declined(house, case, NOTE, correct)
        assert [*faults(answer)] == ["$[1].fields.x"]

    def test_links_and_a_duplicate(self, house: House) -> None:
        people = house.two_pupils()
        house.clock.set(REPORTED)
        one, other = (house.report(people=people)["id"] for _ in range(2))
        link = {"step": "link", "incident": other, "as": "follows"}
        duplicate = {"step": "close_as_duplicate", "of": other, "reason": REASON}
        shown = taken(house, one, link, NOTE, duplicate)
        assert shown["state"] == "closed"
        assert "take_up_duplicate" in timeline(house, other)

    def test_a_duplicate_that_is_reopened_and_closed_again(self, house: House) -> None:
        people = house.two_pupils()
        house.clock.set(REPORTED)
        one, other = (house.report(people=people)["id"] for _ in range(2))
        duplicate = {"step": "close_as_duplicate", "of": other, "reason": REASON}
        taken(house, one, duplicate, {"step": "reopen", "reason": REASON}, duplicate)
        assert timeline(house, other) == [
            *("report", "take_up_duplicate", "release_duplicate", "take_up_duplicate"),
        ]

    def test_a_link_that_a_later_step_takes_back(self, house: House, case: str) -> None:
        other = house.bullying(REPORTED)["id"]
        link = {"step": "link", "incident": other, "as": "follows"}
        taken(house, case, link, {**link, "step": "unlink", "reason": REASON})
        assert declined(house, case, link, link).status_code == 422

    def test_who_shuts_themselves_out_takes_no_later_step(self, house: House, case: str) -> None:
        own = next(p for p in house.get("dsl", "/people?name=Dsl")["items"] if p["name"] == called("dsl"))
        involve = {"step": "involve_person", "person": own["id"], "involvement": "alleged"}
        answer = declined(house, case, involve, NOTE)
        assert (answer.status_code, body_of(answer)["rule"]) == (409, "not-about-yourself")
        assert body_of(answer)["failed"] == {"index": 1, "step": "add_note"}
        assert house.get("dsl", f"/incidents/{case}")["version"] == 1


def test_a_list_costs_little_more_than_one_step(house: House, case: str) -> None:
    people = [house.person(f"Wilf {chr(97 + each)}") for each in range(12)]
    involve = [{"step": "involve_person", "person": each, "involvement": "witness"} for each in people]
    several = involve + [NOTE] * 24
    counts = []
    for steps in ([NOTE], several):
        house.get("dsl", f"/incidents/{case}")
        with count_statements() as tally:
            taken(house, case, *steps)
        assert tally.commits == 1
        # An engine that stores one event at a time counts a statement for each.
        counts.append(sum(not each.startswith("INSERT") for each in tally.statements))
    assert counts[1] <= counts[0] + 2, "\n".join(tally.statements)
