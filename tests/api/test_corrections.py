"""Putting a record right over HTTP: voiding, replacing and withdrawing, and what takes two people."""

from __future__ import annotations

from typing import Final

import pytest
from werkzeug.test import TestResponse

from tests.api.approving import Unchanged, faults, refused
from tests.api.client import REASON, House, Json, body_of

REPORTED: Final = "2026-09-14 10:20"
WRONG: Final = {"reason": "It was recorded by mistake."}


def correct(house: House, incident: str, number: int, who: str = "dsl", **fields: Json) -> TestResponse:
    return house.step(incident, "correct", who, corrects=number, **WRONG, **fields)


def corrected(house: House, incident: str, number: int, who: str = "dsl", **fields: Json) -> Json:
    answer = correct(house, incident, number, who, **fields)
    assert answer.status_code == 201, answer.text
    return body_of(answer)


def last_step(house: House, incident: str, step: str, who: str = "dsl") -> Json:
    """The last step of this name on the timeline."""
    items = house.get(who, f"/incidents/{incident}/steps", query_string={"limit": 100})["items"]
    return [each for each in items if each["step"] == step][-1]


@pytest.fixture
def case(house: House) -> str:
    return str(house.bullying(REPORTED)["id"])


class TestWhatItDoes:
    def test_a_wrong_pupil_is_out_of_the_case_and_its_duties(self, house: House, case: str) -> None:
        other = house.person("Nora Namesake")
        house.take(case, "involve_person", person=other, involvement="alleged")
        assert house.asked(case, "inform_parents", child=other)
        number = last_step(house, case, "involve_person")["number"]
        body = corrected(house, case, number, void=True)
        assert other not in {party["person"] for party in body["people"]}
        assert not house.asked(case, "inform_parents", child=other)
        assert house.get("dsl", f"/people/{other}/chronology")["items"] == []
        assert house.get("dsl", "/incidents", query_string={"person": other})["items"] == []

    def test_a_colleague_added_by_mistake_gives_the_dsl_the_case_back(self, house: House, case: str) -> None:
        colleague = house.person("Colin Colleague", "staff")
        house.take(case, "involve_person", person=colleague, involvement="alleged")
        house.get("dsl", f"/incidents/{case}", 404)
        number = last_step(house, case, "involve_person", "headteacher")["number"]
        assert corrected(house, case, number, "headteacher", void=True)["stream"] == "child"
        house.get("dsl", f"/incidents/{case}")

    def test_both_stay_on_the_timeline(self, house: House, case: str) -> None:
        house.take(case, "triage", timing="in_school", critical=False, rationale=REASON)
        corrected(house, case, 2, fields={"jurisdiction": ["reputation"]})
        triage = last_step(house, case, "triage")
        assert (triage["fields"]["jurisdiction"], triage["corrected_by"]) == ([], 3)
        correction = last_step(house, case, "correct")
        assert correction["fields"]["fields"] == {"jurisdiction": ["reputation"]}

    def test_texts_are_replaced_and_shown(self, house: House, case: str) -> None:
        corrected(house, case, 1, fields={"summary": "It was one message, on Tuesday.", "platform": "Signal"})
        shown = house.get("dsl", f"/incidents/{case}")
        assert (shown["summary"], shown["platform"]) == ("It was one message, on Tuesday.", "Signal")

    def test_the_person_who_reported_still_reads_what_they_submitted(self, house: House, case: str) -> None:
        before = house.get("reporter", f"/incidents/{case}")
        (listed,) = house.get("reporter", "/incidents")["items"]
        earlier = "2026-09-11T09:00:00+01:00"
        fields = {
            "summary": "It was one message.",
            "platform": "Signal",
            "setting": "off_site",
            "occurred_at": earlier,
            "reported_at": "2026-09-14T09:00:00+01:00",
        }
        corrected(house, case, 1, fields=fields)
        after = house.get("reporter", f"/incidents/{case}")
        (relisted,) = house.get("reporter", "/incidents")["items"]
        changed = {"version", "ETag"}
        assert {k: v for k, v in after.items() if k not in changed} == {
            k: v for k, v in before.items() if k not in changed
        }
        assert {k: v for k, v in relisted.items() if k != "version"} == {
            k: v for k, v in listed.items() if k != "version"
        }

    def test_when_it_was_done_is_put_right(self, house: House, case: str) -> None:
        house.clock.set("2026-09-14 15:00")
        house.take(case, "acknowledge")
        body = corrected(house, case, 2, fields={"at": "2026-09-14T10:40:00+01:00"})
        assert body["received"]
        assert last_step(house, case, "correct")["fields"]["fields"] == {"at": "2026-09-14T10:40:00+01:00"}

    def test_words_alone_change_nothing(self, house: House, case: str) -> None:
        house.take(case, "triage", timing="in_school", critical=True, rationale=REASON)
        body = corrected(house, case, 2, correction="It was the other playground.")
        assert body["critical"]

    def test_a_retry_records_it_once(self, house: House, case: str) -> None:
        headers = {"If-Match": "*", "Idempotency-Key": "one-correction"}
        house.take(case, "triage", timing="in_school", critical=False, rationale=REASON)
        body = {"step": "correct", "corrects": 2, "fields": {"critical": True}, **WRONG}
        answers = [
            house.ask("dsl", "POST", f"/incidents/{case}/steps", json=body, headers=headers) for _ in range(2)
        ]
        assert [each.status_code for each in answers] == [201, 201]
        assert answers[0].json == answers[1].json
        assert house.get("dsl", f"/incidents/{case}")["version"] == 3


class TestWhatTakesTwo:
    """What protects a child is taken back by two people; anything else by one."""

    @pytest.mark.parametrize(
        ("step", "fields", "to_none"),
        [
            ("triage", {"timing": "in_school", "critical": True, "rationale": REASON}, {"critical": False}),
            ("escalate", {"agency": "childrens_social_care", "reason": REASON}, {"agency": "early_help"}),
            (
                "record_agency_response",
                {"agency": "police", "outcome": "Wait.", "enquiry": "open", "hold_parents": True},
                {"hold_parents": False},
            ),
            (
                "assess_risk",
                {
                    **dict.fromkeys(("adult_involved", "coercion", "violent_or_unusual"), "no"),
                    "under_13_sexual": "no",
                    "immediate_risk": "unknown",
                },
                {"immediate_risk": "no"},
            ),
            ("record_content", {"content": ["sexual"], "how": REASON}, {"content": ["abusive"]}),
        ],
        ids=["critical", "referral", "hold", "risk", "content"],
    )
    def test_two_decide(self, house: House, case: str, step: str, fields: Json, to_none: Json) -> None:
        if step == "record_agency_response":
            house.take(case, "escalate", agency="police", reason=REASON)
        number = house.take(case, step, **fields)["version"]
        with_void = correct(house, case, number, void=True)
        assert with_void.status_code == 202, with_void.text
        assert correct(house, case, number, fields=to_none).status_code == 202
        assert house.get("dsl", f"/incidents/{case}")["version"] == number
        decided = house.decide(body_of(with_void)["approval"])
        assert decided.status_code == 200, decided.text
        assert house.get("dsl", f"/incidents/{case}")["version"] == number + 1
        assert last_step(house, case, "correct")["approved_by"] == house.users["headteacher"]

    def test_a_yes_that_becomes_unknown(self, house: House, case: str) -> None:
        """An unknown is answered later by one user, and a yes would end in two steps."""
        answers: Json = dict.fromkeys(("adult_involved", "violent_or_unusual", "under_13_sexual"), "no")
        house.take(case, "assess_risk", **answers, coercion="yes", immediate_risk="unknown")
        assert correct(house, case, 2, fields={"coercion": "unknown"}).status_code == 202
        corrected(house, case, 2, fields={"immediate_risk": "yes"})

    @pytest.mark.parametrize(("given", "then"), [("yes", "unknown"), ("yes", "no"), ("unknown", "no")])
    def test_that_a_child_may_be_at_risk_now(self, house: House, case: str, given: str, then: str) -> None:
        child = house.get("dsl", f"/incidents/{case}")["people"][0]["person"]
        answers: Json = {"at_risk_now": given, "health_told": False, "plan": "Seen twice a day."}
        house.take(case, "assess_welfare", person=child, **answers)
        assert correct(house, case, 2, fields={"at_risk_now": then}).status_code == 202
        corrected(house, case, 2, fields={"plan": "Seen three times a day."})

    def test_the_time_since_which_it_is_critical(self, house: House, case: str) -> None:
        house.clock.set("2026-09-14 16:00")
        triage: Json = {"timing": "in_school", "critical": True, "rationale": REASON}
        house.take(case, "triage", at="2026-09-14T10:30:00+01:00", **triage)
        assert correct(house, case, 2, fields={"at": "2026-09-14T15:55:00+01:00"}).status_code == 202
        corrected(house, case, 2, fields={"at": "2026-09-14T10:25:00+01:00"})

    def test_a_threshold_that_was_met(self, house: House) -> None:
        adult = {"person": house.person("Colin Colleague", "staff"), "involvement": "alleged"}
        house.clock.set(REPORTED)
        child = {"person": house.person("Tess Target"), "involvement": "target"}
        case = house.report(kind="staff_misuse", people=[child, adult])["id"]
        head = "headteacher"
        house.take(case, "decide_threshold", head, limbs=["harmed"], met=True, rationale=REASON)
        assert correct(house, case, 2, head, void=True).status_code == 202
        not_met = {"limbs": [], "met": False, "rationale": REASON}
        answer = house.step(case, "decide_threshold", head, **not_met)
        assert answer.status_code == 202, answer.text
        house.take(case, "decide_threshold", head, limbs=["possible_offence"], met=True, rationale=REASON)

    def test_a_report_moved_to_a_later_time(self, house: House, case: str) -> None:
        """Everything that is due from the report would be due later."""
        earlier = {"occurred_at": "2026-09-14T08:00:00+01:00", "reported_at": "2026-09-14T09:00:00+01:00"}
        corrected(house, case, 1, fields=earlier)
        later = {"reported_at": "2026-09-14T10:00:00+01:00"}
        assert correct(house, case, 1, fields=later).status_code == 202
        number = last_step(house, case, "correct")["number"]
        assert correct(house, case, number, void=True).status_code == 202

    def test_what_revives_a_waiver(self, house: House, case: str) -> None:
        house.waive(case, "save_evidence")
        corrected(house, case, 2, void=True)
        assert house.asked(case, "offer_support")
        assert correct(house, case, 3, void=True).status_code == 202

    def test_new_words_for_what_two_decided(self, house: House, case: str) -> None:
        house.waive(case, "save_evidence")
        assert correct(house, case, 2, fields={"reason": "Quite another reason."}).status_code == 202

    def test_other_corrections_one_decides(self, house: House, case: str) -> None:
        house.take(case, "escalate", agency="police", reason=REASON)
        corrected(house, case, 2, fields={"reference": "Log 311"})
        house.take(case, "triage", timing="in_school", critical=False, rationale=REASON)
        corrected(house, case, 4, void=True)

    def test_it_is_not_asked_for_twice(self, house: House, case: str) -> None:
        house.take(case, "escalate", agency="police", reason=REASON)
        assert correct(house, case, 2, void=True).status_code == 202
        again = correct(house, case, 2, void=True)
        assert refused(again) == "approval-asked"

    def test_approval_is_requested_at_approvals_too(self, house: House, case: str) -> None:
        house.take(case, "triage", timing="in_school", critical=True, rationale=REASON)
        step = {"step": "correct", "corrects": 2, "fields": {"critical": False}, **WRONG}
        body = {"what": "step", "about": {"incident": case}, "reason": REASON, "step": step}
        approval = house.created("dsl", "/approvals", body)["id"]
        assert house.decide(approval).status_code == 200
        assert not house.get("dsl", f"/incidents/{case}")["critical"]


class TestTheTimeOfTheIncident:
    """What casework found out for the day of the incident is found out again, beside the correction."""

    def test_the_minimum_age_of_that_day(self, house: House) -> None:
        house.clock.set(REPORTED)
        child = {"person": house.person("Tess Target"), "involvement": "target"}
        fields: Json = {"kind": "underage_use", "people": [child], "occurred_at": "2024-03-01T10:00:00Z"}
        case = house.report(**fields)["id"]
        house.take(case, "check_age", person=child["person"], platform="WhatsApp", age=14)
        assert house.asked(case, "advise", about="safe_use")
        shown = corrected(house, case, 1, fields={"occurred_at": "2024-06-01T10:00:00+01:00"})
        assert shown["version"] == 4
        assert not house.asked(case, "advise", about="safe_use")
        entry = last_step(house, case, "correct")
        assert (entry["fields"]["corrects"], entry["fields"]["fields"]) == (2, {"minimum_age": 13})
        corrected(house, case, 3, void=True)
        assert house.asked(case, "advise", about="safe_use")

    def test_what_follows_opens_nothing_in_a_closed_case(self, house: House) -> None:
        house.clock.set(REPORTED)
        child = {"person": house.person("Tess Target"), "involvement": "target"}
        fields: Json = {"kind": "underage_use", "people": [child], "occurred_at": "2024-06-01T10:00:00+01:00"}
        case = house.report(**fields)["id"]
        house.take(case, "check_age", person=child["person"], platform="WhatsApp", age=14)
        house.answer_everything(case)
        house.take(case, "close", outcome="Settled.", rationale=REASON)
        earlier = {"occurred_at": "2024-03-01T10:00:00Z"}
        with Unchanged(house):
            assert refused(correct(house, case, 1, fields=earlier)) == "reopen-first"
        house.take(case, "reopen", reason=REASON)
        corrected(house, case, 1, fields=earlier)

    def test_whether_somebody_was_on_the_staff(self, house: House, case: str) -> None:
        adult = house.person("Colin Colleague", "staff")
        house.clock.set("2026-10-06 09:00")
        change = {"category": "parent", "reason": REASON}
        path, headers = f"/people/{adult}", {"If-Match": "*"}
        assert house.ask("headteacher", "PATCH", path, json=change, headers=headers).status_code == 200
        house.take(case, "involve_person", person=adult, involvement="alleged")
        answer = correct(house, case, 1, "headteacher", fields={"occurred_at": "2026-09-14T09:00:00+01:00"})
        assert answer.status_code == 202, answer.text


class TestBadInput:
    @pytest.mark.parametrize(
        ("sent", "found"),
        [
            ({"corrects": 9, "void": True}, {"$.corrects": ["is not the number of a step of this incident"]}),
            (
                {"corrects": 9, "fields": {"critical": True}},
                {"$.corrects": ["is not the number of a step of this incident"]},
            ),
            (
                {"corrects": 1, "void": True},
                {"$.corrects": ["cannot be voided: is the report: give other values for its fields"]},
            ),
            ({"corrects": 2, "fields": {"criticle": True}}, {"$.fields.criticle": ["is not a known field"]}),
            (
                {"corrects": 2, "fields": {"critical": "yes"}},
                {"$.fields.critical": ["must be true or false"]},
            ),
            (
                {"corrects": 2, "fields": {"critical": False}},
                {"$.fields.critical": ["has this value already"]},
            ),
            ({"corrects": 2, "fields": {}}, {"$.fields": ["must name at least one field"]}),
            ({"corrects": 2, "fields": [1]}, {"$.fields": ["must be an object"]}),
            ({"corrects": 2}, {"$.void": ["give void, fields, or the correction in words"]}),
            ({"corrects": 1, "fields": {"kind": "sexting"}}, {"$.fields.kind": ["is not a known field"]}),
            ({"corrects": 1, "fields": {"people": []}}, {"$.fields.people": ["is not a known field"]}),
            (
                {"corrects": 2, "fields": {"at": "2031-01-01T09:00:00+00:00"}},
                {"$.fields.at": ["is in the future"]},
            ),
            (
                {"corrects": 2, "fields": {"rationale": "Short."}},
                {"$.fields.rationale": ["must be at least 10 characters"]},
            ),
        ],
    )
    def test_is_named_and_nothing_changes(
        self, house: House, case: str, sent: Json, found: dict[str, list[str]]
    ) -> None:
        house.take(case, "triage", timing="in_school", critical=False, rationale=REASON)
        with Unchanged(house):
            assert faults(house.step(case, "correct", **WRONG, **sent)) == found

    def test_a_step_voided_already(self, house: House, case: str) -> None:
        house.take(case, "acknowledge")
        corrected(house, case, 2, void=True)
        assert faults(correct(house, case, 2, void=True)) == {"$.corrects": ["is voided already"]}

    def test_a_person_of_another_school(self, house: House, case: str) -> None:
        house.take(case, "involve_person", person=house.person("Nora Namesake"), involvement="witness")
        other = house.open_school("todwick")
        house.add_user("other lead", "dsl", other)
        stranger = house.created(
            "other lead", "/people", {"school": other, "category": "pupil", "name": "Sam Stranger"}
        )["id"]
        found = faults(correct(house, case, 2, fields={"person": stranger}))
        assert found == {"$.fields.person": ["names no person of this school"]}

    def test_a_reporter_may_not(self, house: House, case: str) -> None:
        house.take(case, "acknowledge")
        assert correct(house, case, 2, "reporter", void=True).status_code == 403
        assert correct(house, case, 2, "reporter", fields={"note": "Other."}).status_code == 403

    def test_nor_can_anybody_who_may_not_know_the_case(self, house: House, case: str) -> None:
        assert correct(house, case, 1, "governor", fields={"platform": "X"}).status_code == 404

    def test_a_closed_case_is_reopened_first(self, house: House, case: str) -> None:
        house.answer_everything(case)
        house.take(case, "close", outcome="Settled.", rationale=REASON)
        informed = last_step(house, case, "inform_parents")["number"]
        with Unchanged(house):
            assert refused(correct(house, case, informed, void=True)) == "reopen-first"
        house.take(case, "reopen", reason=REASON)
        corrected(house, case, informed, void=True)


class TestWithdrawal:
    def test_nobody_is_let_in_who_was_named_by_mistake(self, house: House, case: str) -> None:
        """The head was named and withdrawn: for this case that takes effect when two people say so."""
        (linked,) = house.get("headteacher", "/me")["user"]["persons"]
        house.take(case, "involve_person", person=linked["person"], involvement="witness")
        house.get("headteacher", f"/incidents/{case}")
        house.add_user("chair", "chair_of_governors", house.school)
        house.take(case, "involve_person", person=linked["person"], involvement="alleged")
        house.get("headteacher", f"/incidents/{case}", 404)
        answer = house.step(
            case, "withdraw_involvement", "chair", person=linked["person"], involvement="alleged", **WRONG
        )
        assert answer.status_code == 201, answer.text
        house.get("headteacher", f"/incidents/{case}", 404)
        house.get("dsl", f"/incidents/{case}")

    def test_the_last_child_of_nudes(self, house: House) -> None:
        house.clock.set(REPORTED)
        child = house.person("Tess Target")
        case = house.report(kind="sexting", people=[{"person": child, "involvement": "target"}])["id"]
        answer = house.step(case, "withdraw_involvement", person=child, **WRONG)
        assert refused(answer) == "sexting-last-child-withdrawn"
        right = house.person("Rita Right")
        house.take(case, "involve_person", person=right, involvement="target")
        house.take(case, "withdraw_involvement", person=child, **WRONG)

    def test_somebody_who_is_not_in_the_case(self, house: House, case: str) -> None:
        answer = house.step(case, "withdraw_involvement", person=house.person("Nora Namesake"), **WRONG)
        assert faults(answer) == {"$.person": ["is not involved in this incident"]}


def test_scenario_8_the_wrong_child(house: House) -> None:
    house.clock.set(REPORTED)
    target, wrong, right = (house.person(name) for name in ("Tess Target", "Alex Field", "Alex Field"))
    theirs = [{"relation": "parent_of", "person": wrong}, {"relation": "guardian_of", "person": right}]
    mother = house.person("Mo Field", "parent", relations=theirs)
    people = [{"person": target, "involvement": "target"}, {"person": wrong, "involvement": "alleged"}]
    case = house.report(people=people)["id"]
    house.clock.set("2026-09-14 15:00")
    told = {"parent": mother, "child": wrong, "method": "telephone", "summary": "What happened."}
    house.take(case, "inform_parents", **told)
    number = last_step(house, case, "inform_parents")["number"]

    house.clock.set("2026-09-17 09:30")
    house.take(case, "involve_person", person=right, involvement="alleged")
    house.take(case, "withdraw_involvement", person=wrong, **WRONG)
    corrected(house, case, number, void=True)

    assert house.get("dsl", f"/people/{wrong}/chronology")["items"] == []
    assert [each["incident"]["id"] for each in house.get("dsl", f"/people/{right}/chronology")["items"]] == [
        case
    ]
    assert not house.asked(case, "inform_parents", child=wrong)
    assert house.due(case, "inform_parents", child=right) == "2026-09-18T23:59"
    assert house.due(case, "tell", person=mother) == "2026-09-18T23:59"
    house.take(case, "tell", person=mother, method="telephone", summary="It was another pupil.")
    assert not house.asked(case, "tell")
    trail = house.get("dsl", f"/incidents/{case}/audit-trail")["entries"]
    assert [each["step"] for each in trail] == [
        *("report", "inform_parents", "involve_person", "withdraw_involvement", "correct", "tell"),
    ]
    assert trail[5]["answers"]["rule"] == "tell-wrongly-told"
    assert trail[1]["corrected_by"] == 5
