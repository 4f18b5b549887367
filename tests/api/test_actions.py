"""Actions that are added at any time, and the users who own actions."""

from __future__ import annotations

import pytest

from tests.api.approving import Unchanged, faults, refused
from tests.api.client import REASON, House, Json, called

TEXT = "Put group chats on the agenda of the next staff meeting."


@pytest.fixture
def case(house: House) -> str:
    house.clock.set("2026-09-14 10:20")
    return str(house.report(people=house.two_pupils())["id"])


def added(house: House, case: str, owner: str = "Computing lead", **fields: str) -> Json:
    answer = house.take(case, "add_action", text=TEXT, owner=owner, due_on="2026-09-28", **fields)
    (due,) = [item for item in answer["next_steps"] if item["step"] == "complete_action"]
    return due


def lessons(house: House) -> list[Json]:
    return list(house.get("dsl", f"/schools/{house.school}/lessons-learnt")["items"])


def test_an_action_is_added_before_any_debrief_and_done_before_the_end(house: House, case: str) -> None:
    due = added(house, case)
    assert due["due_at"].startswith("2026-09-28")
    (item,) = lessons(house)
    assert (item["lesson"], item["text"]) == (None, None)
    (action,) = item["actions"]
    assert (action["action"], action["text"]) == (due["preset"]["action"], TEXT)
    assert (action["owner"], action["owner_user"], action["state"]) == ("Computing lead", None, "open")

    house.answer_everything(case, frozenset({"complete_action"}))
    close = {"outcome": "Settled.", "rationale": REASON}
    assert refused(house.step(case, "close", **close)) == "actions-done"
    house.take(case, "complete_action", action=due["preset"]["action"], effect="Fewer reports since.")
    house.take(case, "close", **close)
    with Unchanged(house):
        body = {"text": TEXT, "owner": "Computing lead", "due_on": "2026-09-28"}
        assert refused(house.step(case, "add_action", **body)) == "closed"


def test_it_is_shown_with_the_lesson_it_is_about(house: House, case: str) -> None:
    house.answer_everything(case, frozenset({"debrief"}))
    house.take(case, "complete_investigation", findings="It happened as it was reported.")
    lesson = {"text": "Talk about group chats earlier.", "changes": "curriculum"}
    house.take(case, "debrief", summary="What worked.", lessons=[lesson], actions=[])
    (item,) = lessons(house)
    added(house, case, lesson=item["lesson"])
    (item,) = lessons(house)
    assert (item["text"], [action["text"] for action in item["actions"]]) == (lesson["text"], [TEXT])

    debrief = house.get("dsl", f"/incidents/{case}/steps")["items"][-2]
    assert debrief["step"] == "debrief"
    house.take(case, "correct", corrects=debrief["number"], void=True, reason=REASON)
    (item,) = lessons(house)
    assert (item["lesson"], [action["text"] for action in item["actions"]]) == (None, [TEXT])


def test_a_voided_one_need_not_be_done(house: House, case: str) -> None:
    added(house, case)
    number = house.get("dsl", f"/incidents/{case}")["version"]
    answer = house.take(case, "correct", corrects=number, void=True, reason=REASON)
    assert "complete_action" not in {item["step"] for item in answer["next_steps"]}
    assert lessons(house) == []


class TestOwners:
    def test_a_user_is_shown_by_name(self, house: House, case: str) -> None:
        head = house.users["headteacher"]
        added(house, case, head)
        (action,) = lessons(house)[0]["actions"]
        assert (action["owner"], action["owner_user"]) == (called("headteacher"), head)

    def test_so_is_one_of_an_action_of_a_debrief(self, house: House, case: str) -> None:
        house.answer_everything(case, frozenset({"debrief"}))
        house.take(case, "complete_investigation", findings="It happened as it was reported.")
        planned = {"text": TEXT, "owner": house.users["headteacher"], "due_on": "2026-09-28"}
        house.take(case, "debrief", summary="What worked.", lessons=[], actions=[planned])
        (action,) = lessons(house)[0]["actions"]
        assert action["owner"] == called("headteacher")

    def test_nobody_to_whom_the_case_is_closed(self, house: House, case: str) -> None:
        (linked,) = house.get("headteacher", "/me")["user"]["persons"]
        house.take(case, "involve_person", person=linked["person"], involvement="target")
        body = {"text": TEXT, "owner": house.users["headteacher"], "due_on": "2026-09-28"}
        with Unchanged(house):
            answer = house.step(case, "add_action", **body)
            assert faults(answer) == {"$.owner": ["is a user to whom this case is closed"]}

    def test_no_id_of_somebody_else(self, house: House, case: str) -> None:
        body = {"text": TEXT, "owner": house.person("Nora Newcomer"), "due_on": "2026-09-28"}
        with Unchanged(house):
            answer = house.step(case, "add_action", **body)
            assert faults(answer) == {"$.owner": ["is no user of this school"]}

    def test_no_name_of_somebody_in_the_case(self, house: House, case: str) -> None:
        child = house.person("Zebedee Quill")
        house.take(case, "involve_person", person=child, involvement="witness")
        body = {"text": "Ring Zebedee Quill again.", "owner": "Computing lead", "due_on": "2026-09-28"}
        assert set(faults(house.step(case, "add_action", **body))) == {"$.text"}


def test_a_lesson_of_another_case_is_refused(house: House, case: str) -> None:
    body = {"text": TEXT, "owner": "Computing lead", "due_on": "2026-09-28", "lesson": case}
    assert faults(house.step(case, "add_action", **body)) == {
        "$.lesson": ["is not a lesson of this incident"]
    }
