"""Deciding on a step that needs two people, over HTTP: by whom, until when, and the result."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from tests.api.approving import (
    REPORTED,
    UNKNOWN,
    WEEK,
    Unchanged,
    ask,
    case,
    faults,
    post,
    refused,
    shown,
    waiver,
)
from tests.api.client import REASON, House, Json, body_of, called
from tests.api.test_access_over_http import allegation


class TestDeciding:
    def test_approving_records_the_step_with_both_users(self, house: House) -> None:
        incident = case(house)
        house.clock.set("2026-09-14 11:00")
        approval = house.ask_to_waive(incident, "save_evidence")
        house.clock.set("2026-09-15 09:00")
        answer = house.decide(approval)
        body = body_of(answer)
        assert answer.status_code == 200
        assert (body["id"], body["state"]) == (approval, "approved")
        assert body["result"] | {"links": []} == shown(house, incident, "headteacher")
        assert (body["result"]["version"], body["result"]["approvals"]) == (2, [])
        assert not house.asked(incident, "save_evidence")

        entry = house.get("dsl", f"/incidents/{incident}/steps")["items"][-1]
        users = house.users
        assert (entry["step"], entry["role"]) == ("waive", "dsl")
        assert (entry["by"], entry["approved_by"]) == (users["dsl"], users["headteacher"])
        assert entry["happened_at"] == entry["recorded_at"] == "2026-09-15T09:00:00+01:00"
        trail = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"]
        assert (trail[-1]["by"]["name"], trail[-1]["approved_by"]["name"]) == (
            called("dsl"),
            called("headteacher"),
        )
        assert trail[0]["approved_by"] is None
        lines = house.ask("dsl", "GET", f"/incidents/{incident}/audit-trail", headers={"Accept": "text/csv"})
        *_, last = csv.DictReader(lines.text.splitlines())
        assert last["approved_by"] == called("headteacher")

    def test_refusing_changes_nothing_and_gives_the_reason(self, house: House) -> None:
        incident = case(house)
        before = shown(house, incident)
        approval = house.ask_to_waive(incident, "save_evidence")
        assert body_of(house.decide(approval, approve=False)) == {"id": approval, "state": "refused"}
        assert shown(house, incident) == before
        body = house.get("dsl", f"/approvals/{approval}")
        assert (body["state"], body["decided_by"]) == ("refused", house.users["headteacher"])
        assert body["decision_reason"] == REASON
        assert "result" not in body

    def test_gives_the_asker_the_response_to_the_request(self, house: House) -> None:
        incident = case(house)
        approval = house.ask_to_waive(incident, "save_evidence")
        house.decide(approval)
        answered = shown(house, incident)
        house.take(incident, "add_note", text="Rang home.")
        (item,) = house.get("dsl", "/approvals")["items"]
        assert item == house.get("dsl", f"/approvals/{approval}")
        assert item["result"] | {"links": []} == answered
        assert "result" not in house.get("deputy_dsl", f"/approvals/{approval}")

    def test_keeps_the_moment_that_the_asker_gave(self, house: House) -> None:
        incident = case(house)
        house.clock.set("2026-09-14 12:00")
        done = {"at": "2026-09-14T11:00:00+01:00", "note": "On the telephone."}
        approval = body_of(post(house, incident, waiver(house) | done))["approval"]
        assert house.get("dsl", f"/approvals/{approval}")["step"] == waiver(house) | done
        house.clock.set("2026-09-15 09:00")
        house.decide(approval)
        entry = house.get("dsl", f"/incidents/{incident}/steps")["items"][-1]
        assert (entry["happened_at"], entry["note"]) == (done["at"], done["note"])

    @pytest.mark.parametrize("who", ["dsl", "deputy_dsl"])
    def test_is_forbidden_to_every_user_except_the_named_one(self, house: House, who: str) -> None:
        approval = house.ask_to_waive(case(house), "save_evidence")
        with Unchanged(house):
            for approve in (True, False):
                answer = house.decide(approval, who, approve=approve)
                assert (answer.status_code, body_of(answer)["type"]) == (403, "/problems/forbidden")
        assert house.get("dsl", f"/approvals/{approval}")["state"] == "asked"

    @pytest.mark.parametrize("who", ["reporter", "governor", "admin"])
    def test_returns_404_to_users_who_may_not_read_the_case(self, house: House, who: str) -> None:
        approval = house.ask_to_waive(case(house), "save_evidence")
        with Unchanged(house):
            there, nowhere = (
                [house.decide(each, who), house.ask(who, "GET", f"/approvals/{each}")]
                for each in (approval, UNKNOWN)
            )
        assert [answer.status_code for answer in there] == [404, 404]
        body = [{**body_of(answer), "instance": ""} for answer in there]
        assert body == [{**body_of(answer), "instance": ""} for answer in nowhere]

    def test_is_possible_once(self, house: House) -> None:
        approvals = [house.ask_to_waive(case(house), "save_evidence") for _ in range(2)]
        for approval, approve in zip(approvals, (True, False), strict=True):
            assert house.decide(approval, approve=approve).status_code == 200
            with Unchanged(house):
                assert refused(house.decide(approval)) == "approval-decided"
                assert refused(house.decide(approval, approve=False)) == "approval-decided"

    def test_is_refused_after_seven_days_to_the_second(self, house: House) -> None:
        incident = case(house)
        approvals = [house.ask_to_waive(incident, step) for step in ("save_evidence", "debrief")]
        house.clock.moment += WEEK - timedelta(seconds=1)
        assert house.decide(approvals[0]).status_code == 200
        house.clock.moment += timedelta(seconds=1)
        with Unchanged(house):
            assert refused(house.decide(approvals[1])) == "approval-expired"
        assert house.get("headteacher", f"/approvals/{approvals[1]}")["state"] == "expired"
        assert shown(house, incident)["approvals"] == []

    def test_is_forbidden_to_a_decider_who_became_a_witness(self, house: House) -> None:
        incident, approval, me = self.named(house)
        house.take(incident, "involve_person", person=me, involvement="witness")
        with Unchanged(house):
            answer = house.decide(approval, "named")
        assert (answer.status_code, body_of(answer)["detail"]) == (
            403,
            "The user is involved in the incident.",
        )
        assert house.get("dsl", f"/approvals/{approval}")["state"] == "asked"

    def test_is_hidden_from_a_decider_who_became_a_subject(self, house: House) -> None:
        incident, approval, me = self.named(house)
        assert [each["id"] for each in house.get("named", "/approvals")["items"]] == [approval]
        house.take(incident, "involve_person", person=me, involvement="target")
        with Unchanged(house):
            assert house.decide(approval, "named").status_code == 404
            house.get("named", f"/approvals/{approval}", 404)
            assert house.get("named", "/approvals")["items"] == []

    @staticmethod
    def named(house: House) -> tuple[str, str, str]:
        """A case, an approval that the user `named` must decide, and the person they are."""
        house.clock.set(REPORTED)
        me = house.person("Nadia Named", "staff")
        house.add_user("named", "headteacher", house.school, person=me)
        incident = case(house)
        return incident, house.ask_to_waive(incident, "save_evidence", by="named"), me

    def test_is_refused_if_the_asker_may_no_longer_take_steps(self, house: House) -> None:
        house.clock.set(REPORTED)
        me = house.person("Lena Lead", "staff")
        house.add_user("lead", "dsl", house.school, person=me)
        incident = case(house)
        approval = house.ask_to_waive(incident, "save_evidence", who="lead")
        house.take(incident, "involve_person", person=me, involvement="target")
        with Unchanged(house):
            assert refused(house.decide(approval)) == "approval-asker"
            assert house.get("lead", "/approvals")["items"] == []
        assert house.decide(approval, approve=False).status_code == 200

    def test_judges_the_case_as_it_is_then(self, open_house: Callable[..., House]) -> None:
        house = open_house(pack="headcorn")
        incident = case(house)
        approval = house.ask_to_waive(incident, "debrief")
        house.take(incident, "assess_risk", **no_risk_but("coercion"))
        house.take(incident, "escalate", agency="police", reason=REASON)
        with Unchanged(house):
            assert refused(house.decide(approval)) == "debrief-after-escalation"
        assert [each["id"] for each in shown(house, incident)["approvals"]] == [approval]
        assert house.decide(approval, approve=False).status_code == 200

    def test_is_erased_with_the_case(self, house: House) -> None:
        incident = case(house)
        refused_one = body_of(ask(house, incident, waiver(house)))["id"]
        house.decide(refused_one, approve=False)
        pending = body_of(ask(house, incident, waiver(house)))["id"]
        house.casework.record.commit(destroying=[UUID(incident)])
        body = house.get("headteacher", f"/approvals/{refused_one}")
        assert (body["reason"], body["decision_reason"]) == ("[erased]", "[erased]")
        assert "step" not in body
        assert [each["step"] for each in shown(house, incident)["approvals"]] == ["[erased]"]
        with Unchanged(house):
            for approve in (True, False):
                assert refused(house.decide(pending, approve=approve)) == "erased"

    def test_needs_a_reason(self, house: House) -> None:
        approval = house.ask_to_waive(case(house), "save_evidence")
        path = f"/approvals/{approval}/decision"
        for body, field in (
            ({"approve": True}, "$.reason"),
            ({"approve": True, "reason": "Short."}, "$.reason"),
            ({"approve": "yes", "reason": REASON}, "$.approve"),
            ({"approve": True, "reason": "data:image/png;base64,iVBORw0KGgo="}, "$.reason"),
        ):
            with Unchanged(house):
                assert list(faults(house.ask("headteacher", "POST", path, json=body))) == [field]

    def test_needs_a_token_that_may_write(self, house: House) -> None:
        approval = house.ask_to_waive(case(house), "save_evidence")
        house.tokens["reads"] = house.issued("headteacher", "read")["token"]
        with Unchanged(house):
            assert house.decide(approval, "reads").status_code == 403
        assert house.get("reads", f"/approvals/{approval}")["state"] == "asked"

    def test_is_possible_for_a_lead_assigned_to_an_allegation(self, house: House) -> None:
        incident, _ = allegation(house)
        house.take(incident, "assign", "headteacher", user=house.users["dsl"])
        withdrawal = {"step": "withdraw_report", "reason": REASON}
        answer = post(house, incident, withdrawal, "headteacher")
        assert answer.status_code == 202, answer.text
        approval = body_of(answer)["approval"]
        assert [each["id"] for each in house.get("dsl", "/approvals")["items"]] == [approval]
        house.get("deputy_dsl", f"/approvals/{approval}", 404)
        assert house.decide(approval, "dsl").status_code == 200


def no_risk_but(question: str) -> Json:
    questions = ("adult_involved", "coercion", "violent_or_unusual", "under_13_sexual", "immediate_risk")
    return {each: "yes" if each == question else "no" for each in questions}


class TestTheSameRequestAgain:
    def test_to_ask_gets_the_first_answer_even_after_the_decision(self, house: House) -> None:
        incident, key = case(house), uuid4().hex
        first = post(house, incident, waiver(house), Idempotency_Key=key)
        approval = body_of(first)["approval"]
        for _ in range(2):
            with Unchanged(house):
                again = post(house, incident, waiver(house), Idempotency_Key=key)
            assert (again.status_code, again.data) == (202, first.data)
            assert again.headers["Location"] == first.headers["Location"]
            house.decide(approval)

    def test_to_decide_gets_the_first_answer(self, house: House) -> None:
        incident, headers = case(house), {"Idempotency-Key": uuid4().hex}
        approval = house.ask_to_waive(incident, "save_evidence")
        other = house.ask_to_waive(incident, "debrief")
        body = {"approve": True, "reason": REASON}
        path = f"/approvals/{approval}/decision"
        first = house.ask("headteacher", "POST", path, json=body, headers=headers)
        assert first.status_code == 200
        assert [each["id"] for each in body_of(first)["result"]["approvals"]] == [other]
        house.take(incident, "add_note", text="Rang home.")
        house.decide(other)
        with Unchanged(house):
            again = house.ask("headteacher", "POST", path, json=body, headers=headers)
        assert (again.status_code, again.data) == (200, first.data)

    def test_is_refused_with_the_key_of_another_request(self, house: House) -> None:
        incident, key = case(house), uuid4().hex
        assert post(house, incident, waiver(house), Idempotency_Key=key).status_code == 202
        note = {"step": "add_note", "text": "Rang home."}
        others: list[Callable[[], TestResponse]] = [
            lambda: post(house, incident, note, Idempotency_Key=key),
            lambda: post(house, incident, waiver(house, waived="debrief"), Idempotency_Key=key),
        ]
        for other in others:
            with Unchanged(house):
                answer = other()
            assert (answer.status_code, body_of(answer)["type"]) == (409, "/problems/key-reused")

    def test_to_decide_is_refused_with_the_key_of_a_step(self, house: House) -> None:
        incident, key = case(house), uuid4().hex
        note = {"step": "add_note", "text": "Rang home."}
        assert post(house, incident, note, "deputy_dsl", Idempotency_Key=key).status_code == 201
        approval = house.ask_to_waive(incident, "save_evidence", by="deputy_dsl")
        body, path = {"approve": True, "reason": REASON}, f"/approvals/{approval}/decision"
        with Unchanged(house):
            answer = house.ask("deputy_dsl", "POST", path, json=body, headers={"Idempotency-Key": key})
        assert (answer.status_code, body_of(answer)["type"]) == (409, "/problems/key-reused")

    def test_for_a_step_returns_what_was_pending_then(self, house: House) -> None:
        incident, key = case(house), uuid4().hex
        approval = house.ask_to_waive(incident, "save_evidence")
        note = {"step": "add_note", "text": "Rang home."}
        first = post(house, incident, note, Idempotency_Key=key)
        assert [each["id"] for each in body_of(first)["approvals"]] == [approval]
        later = house.ask_to_waive(incident, "debrief")
        house.decide(approval)
        house.decide(later, approve=False)
        again = post(house, incident, note, Idempotency_Key=key)
        assert (again.status_code, again.data) == (201, first.data)
