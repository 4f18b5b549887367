"""What the next in the route decides without reading the case, where nobody else may read it."""

from __future__ import annotations

from typing import Final

import pytest
from werkzeug.test import TestResponse

from tests.api.approving import UNKNOWN, Unchanged, ask, refused, shown
from tests.api.client import REASON, House, Json, body_of
from tests.api.test_account_approvals import change
from tests.api.test_notices import notices

SECRET: Final = "Something that only a reader may know."
WITHDRAW: Final = {"step": "withdraw_report", "reason": REASON, "note": SECRET}
KEY: Final = {"Idempotency-Key": "decided-once"}


@pytest.fixture
def led(house: House) -> House:
    """A school with a chair and a vice-chair of governors."""
    house.add_user("chair", "chair_of_governors", house.school)
    house.add_user("vice", "vice_chair", house.school)
    house.clock.set("2026-10-08 16:40")
    return house


def allegation(house: House, *more: Json) -> str:
    """An allegation that only the head may read."""
    staff = house.person("Sam Subject", "staff")
    people = [{"person": staff, "involvement": "alleged"}, *more]
    return str(house.report(who="governor", kind="staff_allegation", people=people, summary=SECRET)["id"])


def asked(house: House, incident: str, who: str = "headteacher") -> str:
    answer = ask(house, incident, WITHDRAW, who)
    assert answer.status_code == 201, answer.text
    return str(body_of(answer)["id"])


def listed(house: House, who: str) -> list[Json]:
    items: list[Json] = house.get(who, "/approvals")["items"]
    return items


def not_for(house: House, approval: str, *users: str) -> None:
    """None of these users can find, read or decide it, as if there were none."""
    for who in users:
        assert listed(house, who) == []
        assert notices(house, who, "case_waits_for_decision") == []
        with Unchanged(house):
            answer = house.decide(approval, who)
            other = house.decide(UNKNOWN, who)
        assert (answer.status_code, other.status_code) == (404, 404), who
        assert told(answer) == told(other)
        house.get(who, f"/approvals/{approval}", 404)


def told(answer: TestResponse) -> Json:
    return {name: value for name, value in body_of(answer).items() if name != "instance"}


def test_the_next_in_the_route_sees_the_question_and_the_reason_alone(led: House) -> None:
    incident = allegation(led)
    approval = asked(led, incident)
    (item,) = listed(led, "chair")
    assert item == {
        "id": approval,
        "what": "step",
        "question": "withdraw_report",
        "reason": "The head should see it.",
        "asked_by": led.users["headteacher"],
        "asked_at": item["asked_at"],
        "until": item["until"],
    }
    assert led.get("chair", f"/approvals/{approval}") == item
    (notice,) = notices(led, "chair", "case_waits_for_decision")
    assert (notice["approval"], "incident" in notice) == (approval, False)
    for answer in (led.ask("chair", "GET", "/approvals"), led.ask("chair", "GET", "/me/notices")):
        assert incident not in answer.text
        assert SECRET not in answer.text
    led.get("chair", f"/incidents/{incident}", 404)


def test_nobody_else_knows_of_it(led: House) -> None:
    approval = asked(led, allegation(led))
    not_for(led, approval, "vice", "dsl", "deputy_dsl", "reporter", "governor")
    assert led.decide(approval, "headteacher").status_code == 403


@pytest.mark.parametrize("approve", [True, False])
def test_the_decision_is_answered_with_its_state_alone(led: House, approve: bool) -> None:
    incident = allegation(led)
    approval = asked(led, incident)
    body = {"approve": approve, "reason": REASON}
    path = f"/approvals/{approval}/decision"
    answer = led.ask("chair", "POST", path, json=body, headers=KEY)
    assert answer.status_code == 200, answer.text
    state = "approved" if approve else "refused"
    assert answer.json == {"id": approval, "state": state}
    with Unchanged(led):
        again = led.ask("chair", "POST", path, json=body, headers=KEY)
    assert (again.status_code, again.json) == (200, answer.json)
    seen = led.get("headteacher", f"/approvals/{approval}")
    assert (seen["state"], seen["decided_by"]) == (state, led.users["chair"])
    assert shown(led, incident, "headteacher")["closed"] is approve
    assert listed(led, "chair") == []
    assert notices(led, "chair", "case_waits_for_decision") == []
    led.get("chair", f"/approvals/{approval}", 404)


def test_a_refusal_says_nothing_of_the_case(led: House) -> None:
    incident = allegation(led)
    approval = asked(led, incident)
    advice = {"advice": SECRET, "may_tell_subject": False, "may_tell_parents": False}
    led.take(incident, "consult_lado", "headteacher", **advice)
    with Unchanged(led):
        answer = led.decide(approval, "chair")
    assert refused(answer) == "approval-outdated"
    assert "LADO" not in answer.text
    assert "open" not in body_of(answer)


def test_one_who_reads_the_case_now_decides_as_a_reader(led: House) -> None:
    incident = allegation(led)
    approval = asked(led, incident)
    led.created("headteacher", f"/incidents/{incident}/conflicts", {"reason": REASON})
    (item,) = listed(led, "chair")
    assert (item["about"], item["state"]) == ({"incident": incident}, "asked")
    assert refused(led.decide(approval, "chair")) == "approval-asker"


def test_one_who_is_shut_out_or_involved_never_decides(led: House) -> None:
    chair = {"user": led.users["chair"], "involvement": "target"}
    approval = asked(led, allegation(led, chair))
    assert [each["id"] for each in listed(led, "vice")] == [approval]
    not_for(led, approval, "chair")
    witness = {"user": led.users["chair"], "involvement": "witness"}
    approval = asked(led, allegation(led, witness))
    assert approval in [each["id"] for each in listed(led, "vice")]
    not_for(led, approval, "chair")
    assert led.decide(approval, "vice").status_code == 200


def test_another_reader_decides_as_before(led: House) -> None:
    incident = allegation(led)
    approval = asked(led, incident)
    assert len(listed(led, "chair")) == 1
    led.take(incident, "assign", "headteacher", user=led.users["deputy_dsl"])
    not_for(led, approval, "chair", "vice")
    answer = led.decide(approval, "deputy_dsl")
    assert answer.status_code == 200, answer.text
    assert body_of(answer)["result"]["id"] == incident


def test_a_second_head_takes_over(led: House) -> None:
    incident = allegation(led)
    approval = asked(led, incident)
    led.add_user("second head", "headteacher", led.school)
    not_for(led, approval, "chair")
    assert led.decide(approval, "second head").status_code == 200


def test_accounts_of_the_asker_are_no_other_reader(led: House) -> None:
    led.add_user("twin", "headteacher", led.school)
    incident = allegation(led)
    approval = asked(led, incident)
    assert listed(led, "chair") == []
    twin, head = (led.get("admin", f"/users/{led.users[who]}")["person"] for who in ("twin", "headteacher"))
    led.created("dsl", f"/people/{twin}/same-as", {"person": head, "reason": REASON})
    assert [each["id"] for each in listed(led, "chair")] == [approval]
    assert led.decide(approval, "twin").status_code == 403
    assert led.decide(approval, "chair").status_code == 200


def test_a_child_case_with_one_lead_goes_to_the_chair(led: House) -> None:
    for who in ("deputy_dsl", "headteacher"):
        led.agreed(change(led, who, active=False))
    incident = str(led.report(people=led.two_pupils())["id"])
    approval = asked(led, incident, "dsl")
    assert [each["question"] for each in listed(led, "chair")] == ["withdraw_report"]
    not_for(led, approval, "vice", "reporter")
    assert led.decide(approval, "chair").status_code == 200
    assert shown(led, incident)["closed"] is True


def test_only_the_user_named_in_a_waiver_decides_it(led: House) -> None:
    incident = str(led.report(people=led.two_pupils())["id"])
    approval = led.ask_to_waive(incident, "save_evidence")
    for who in ("deputy_dsl", "headteacher"):
        led.agreed(change(led, who, active=False))
    not_for(led, approval, "chair", "vice")


def test_letting_somebody_in_is_decided_without_their_name(led: House) -> None:
    incident = allegation(led)
    led.take(incident, "assign", "headteacher", user=led.users["deputy_dsl"])
    led.created("deputy_dsl", f"/incidents/{incident}/conflicts", {"reason": REASON})
    about = {"incident": incident, "user": led.users["deputy_dsl"]}
    body = {"what": "let_in", "about": about, "reason": REASON}
    approval = led.created("headteacher", "/approvals", body)["id"]
    (item,) = listed(led, "chair")
    assert (item["what"], item["question"]) == ("let_in", "let_in")
    assert led.users["deputy_dsl"] not in str(item)
    not_for(led, approval, "deputy_dsl", "vice")
    assert led.decide(approval, "chair").json == {"id": approval, "state": "approved"}
    assert led.get("deputy_dsl", f"/incidents/{incident}")["id"] == incident


def test_an_expired_request_is_gone(led: House) -> None:
    approval = asked(led, allegation(led))
    led.clock.set("2026-10-16 16:40")
    assert listed(led, "chair") == []
    led.get("chair", f"/approvals/{approval}", 404)
    assert refused(led.decide(approval, "chair")) == "approval-expired"
