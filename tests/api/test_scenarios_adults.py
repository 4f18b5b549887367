"""Adults at the school, over HTTP: an allegation reported in confidence, which its subject never sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from icalendar import Calendar

from tests.api.client import NO_RISK, REASON, House, Json, body_of, called, london

OpenHouse = Callable[..., House]
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
HEAD = "headteacher"
HEARD = "the teacher messaged a pupil at night"
LESSON = {"text": "Say again which channel is for school.", "changes": "training"}
DEBRIEF: dict[str, Any] = {
    "summary": "What was learnt.",
    "lessons": [LESSON],
    "actions": [{"text": "Plan it.", "owner": "The head", "due_on": "2027-01-29", "lesson": 0}],
}
CLOSING = {"outcome": "No case to answer.", "rationale": REASON}


class Case:
    """A colleague reports in confidence, Thu 8 Oct 16:40, that a teacher messaged a pupil."""

    def __init__(self, house: House, role: str | None = None, **fields: Any) -> None:
        self.house = house
        # An allegation against a user who leads the school comes to the chair.
        self.manager = "chair" if role == HEAD else HEAD
        if role == HEAD:
            house.add_user("chair", "chair_of_governors", house.school)
        self.teacher = house.person("Tara Teacher", "staff")
        self.pupil = house.person("Petra Pupil")
        self.parent = house.person("Pat Parent", "parent")
        if role is not None:
            house.add_user("subject", role, house.school, person=self.teacher)
        house.clock.set("2026-10-08 16:40")
        body = {"kind": "staff_allegation", "summary": HEARD, "confidential_reporter": True, **fields}
        people = [
            {"person": self.pupil, "involvement": "target"},
            {"person": self.teacher, "involvement": "alleged"},
        ]
        self.incident = str(house.report(people=people, **body)["id"])

    def take(self, step: str, **fields: Any) -> Json:
        return self.house.take(self.incident, step, self.manager, **fields)

    def due(self, step: str) -> str:
        return self.house.due(self.incident, step, self.manager)[:10]

    def telling(self) -> dict[str, tuple[str, Json]]:
        """Every step that would inform the teacher or the parents."""
        teacher = {"person": self.teacher}
        parent = {"parent": self.parent, "relation_confirmed": "The mother, who brought the pupil in."}
        return {
            "subject-told": ("tell_subject", {"method": "in person"}),
            "subject-advised": ("advise", {**teacher, "about": "other", "text": "Send no messages."}),
            "subject-supported": ("offer_support", {**teacher, "what": "Somebody to talk to."}),
            "parents-told": (
                "inform_parents",
                {**parent, "child": self.pupil, "method": "telephone", "summary": "What happened."},
            ),
            "parents-invited": (
                "invite_parent",
                {
                    **parent,
                    "meeting_at": "2026-10-12T16:00:00+01:00",
                    "method": "letter",
                    "purpose": "To say what happened.",
                },
            ),
            "family-asked": (
                "family_decision",
                {"child": self.pupil, "decision": "No police.", "by": "both parents"},
            ),
        }

    def refusals(self) -> dict[str, tuple[str, str]]:
        """The rule and clause that refuse each of these steps."""
        found = {}
        for name, (step, fields) in self.telling().items():
            refused = self.house.refused(self.incident, step, self.manager, **fields)
            found[name] = (refused["rule"], refused["clause"])
        return found

    def taken_on(self) -> None:
        """The head manages it; the child is safe; the threshold may be met; all on the Thursday."""
        self.house.clock.set("2026-10-08 17:10")
        self.take("acknowledge")
        self.take("appoint_case_manager", user=self.house.users[self.manager])
        self.take("make_safe", how="The teacher has no phone in school and no lessons with the pupil.")
        self.take("decide_threshold", met=True, limbs=["may_pose_risk"], rationale=REASON)

    def consulted(self, *, subject: bool = True, parents: bool = True) -> Json:
        """The LADO consulted on Fri 9 Oct at 11:00."""
        self.house.clock.set("2026-10-09 11:00")
        allowed = {"may_tell_subject": subject, "may_tell_parents": parents}
        return self.take("consult_lado", advice="Look into it and come back.", **allowed)


def test_no_person_is_informed_before_the_lado_agrees(house: House) -> None:
    case = Case(house)
    assert house.get(HEAD, f"/incidents/{case.incident}")["stream"] == "allegation"
    for step in ("acknowledge", "appoint_case_manager", "make_safe", "decide_threshold"):
        assert case.due(step) == "2026-10-08"
    (lado,) = house.asked(case.incident, "consult_lado", HEAD)
    assert (lado["due_at"][:19], lado["told"]) == ("2026-10-09T23:59:59", ["lado"])
    assert (lado["rule"], lado["clause"]) == ("allegation-lado", "KCSIE part 4; WTSC")

    before = {
        "subject-told": "allegation-subject-not-told",
        "subject-advised": "allegation-subject-not-advised",
        "subject-supported": "allegation-subject-not-supported",
        "parents-told": "allegation-parents-not-told",
        "parents-invited": "allegation-parents-not-invited",
        "family-asked": "allegation-family-not-asked",
    }
    refused_by = {name: (rule, "KCSIE part 4") for name, rule in before.items()}
    assert case.refusals() == refused_by
    case.taken_on()
    assert case.refusals() == refused_by
    for step, rule, fields in (
        ("complete_investigation", "allegation-no-investigation-before-lado", {"findings": "None."}),
        (
            "determine_outcome",
            "allegation-no-outcome-before-lado",
            {"outcome": "malicious", "rationale": REASON},
        ),
        ("reclassify", "allegation-not-filed-away", {"kind": "staff_misuse", "reason": REASON}),
    ):
        refused = house.refused(case.incident, step, HEAD, **fields)
        assert (refused["rule"], refused["clause"]) == (rule, "KCSIE part 4")

    shown = case.consulted(subject=False, parents=False)
    assert shown["state"] == "escalated"
    assert datetime.fromisoformat(shown["milestones"]["escalated"]) == london("2026-10-09 11:00")
    assert not house.asked(case.incident, "consult_lado", HEAD)
    assert case.due("decide_suspension") == "2026-10-12"
    assert case.refusals() == refused_by
    case.consulted(parents=False)
    hidden = {"parents-told", "parents-invited", "family-asked"}
    for name, (step, fields) in case.telling().items():
        if name in hidden:
            assert house.refused(case.incident, step, HEAD, **fields)["rule"] == before[name]
        else:
            case.take(step, **fields)
    case.consulted()
    for name in hidden:
        step, fields = case.telling()[name]
        case.take(step, **fields)


def test_a_message_to_a_pupil_is_an_allegation_timed_from_the_report(
    house: House,
) -> None:
    case = Case(house, kind="unsolicited_contact", direction="staff_to_pupil")
    (asked,) = house.asked(case.incident, "decide_threshold", HEAD)
    assert (asked["clause"], asked["told"]) == ("004 §6.4", ["headteacher", "chair_of_governors"])
    assert asked["due_at"][:10] == "2026-10-08"
    before = {
        "subject-told": "subject-not-formally-told",
        "subject-advised": "threshold-before-adult-advised",
        "subject-supported": "threshold-before-adult-supported",
        "parents-told": "threshold-before-parents-told",
        "parents-invited": "threshold-before-parents-invited",
        "family-asked": "threshold-before-family-decides",
    }
    assert {name: rule for name, (rule, _) in case.refusals().items()} == before

    house.clock.set("2026-10-08 17:10")
    case.take("decide_threshold", met=True, limbs=["possible_offence"], rationale=REASON)
    before = {name: rule.replace("threshold-before", "lado-before") for name, rule in before.items()}
    assert {name: rule for name, (rule, _) in case.refusals().items()} == before

    (asked,) = house.asked(case.incident, "reclassify", HEAD)
    assert (asked["preset"], asked["due_at"][:10]) == ({"kind": "staff_allegation"}, "2026-10-08")
    case.take("reclassify", kind="staff_allegation", reason=REASON)
    assert case.due("consult_lado") == "2026-10-09"
    steps = [entry["step"] for entry in house.get(HEAD, f"/incidents/{case.incident}/steps")["items"]]
    assert steps == ["report", "decide_threshold", "reclassify"]
    away = {"kind": "staff_misuse", "reason": REASON}
    refused = house.refused(case.incident, "reclassify", HEAD, **away)
    assert refused["rule"] == "allegation-not-filed-away"
    case.consulted()
    case.take("tell_subject", method="in person")


def test_a_malicious_allegation_is_closed_and_keeps_every_step(house: House) -> None:
    case = Case(house)
    case.taken_on()
    case.consulted()
    case.take("tell_subject", method="in person")
    case.take("decide_suspension", suspend=False, alternatives="Other duties.", reason=REASON)
    house.clock.set("2026-11-30 10:00")
    undetermined = house.refused(case.incident, "close", HEAD, **CLOSING)["outstanding"]
    assert {"allegation-outcome", "allegation-debrief", "enquiry-closed-lado"} <= set(undetermined)

    case.take("complete_investigation", findings="The messages were made up.")
    case.take("determine_outcome", outcome="malicious", rationale=REASON)
    assert case.due("debrief") == "2026-12-14"
    assert not house.asked(case.incident, "decide_regulatory_referral", HEAD)
    assert house.asked(case.incident, "give_outcome_copy", HEAD)
    house.answer_everything(case.incident, frozenset({"give_outcome_copy"}), HEAD)
    copy_withheld = house.refused(case.incident, "close", HEAD, **CLOSING)
    assert (copy_withheld["rule"], copy_withheld["clause"]) == ("allegation-outcome-copy", "KCSIE part 4")
    case.take("give_outcome_copy", to="the teacher")
    shown = case.take("close", **CLOSING)
    assert (shown["state"], shown["next_steps"]) == ("closed", [])
    assert shown["milestones"]["closed"] == "2026-11-30T10:00:00Z"
    trail = house.get(HEAD, f"/incidents/{case.incident}/audit-trail")["entries"]
    assert [entry["number"] for entry in trail] == list(range(1, shown["version"] + 1))


@on_sqlite
def test_a_case_about_the_head_is_managed_by_the_chair_and_no_subject(house: House) -> None:
    house.add_user("chair", "chair_of_governors", house.school)
    about_a_teacher = Case(house)
    house.get("chair", f"/incidents/{about_a_teacher.incident}", 404)

    case = Case(house, role=HEAD)
    assert house.get("chair", f"/incidents/{case.incident}")["id"] == case.incident
    told = {item["step"]: item["told"] for item in house.next_steps(case.incident, "chair") if "told" in item}
    assert told["appoint_case_manager"] == told["decide_threshold"] == ["chair_of_governors"]
    to_themselves = {"user": house.users["subject"]}
    for step in ("appoint_case_manager", "assign"):
        refused = house.refused(case.incident, step, "chair", **to_themselves)
        assert refused["rule"] == f"not-about-yourself-{step.replace('_', '-')}"
    house.take(case.incident, "appoint_case_manager", "chair", user=house.users["chair"])
    assert house.get("chair", f"/incidents/{case.incident}")["assigned_to"] == [house.users["chair"]]


@pytest.mark.parametrize("linked", [False, True], ids=["a user", "a user who is a person"])
@on_sqlite
def test_the_person_who_reported_is_never_named(house: House, linked: bool) -> None:
    me = house.person("Cora Colleague", "staff")
    house.add_user("colleague", "reporter", house.school, **({"person": me} if linked else {}))
    house.clock.set("2026-10-08 16:40")
    case = Case(house)
    people = [{"person": case.teacher, "involvement": "alleged"}]
    body: Json = {"kind": "staff_allegation", "people": people, "confidential_reporter": True}
    incident = house.report("colleague", **body)["id"]
    house.take(incident, "add_note", "colleague", text="It was the evening before.")
    house.take(incident, "acknowledge", HEAD)
    for path in ("", "/steps", "/next-steps", "/audit-trail", "/guidance"):
        text = house.ask(HEAD, "GET", f"/incidents/{incident}{path}").text
        for name in (house.users["colleague"], called("colleague"), me):
            assert name not in text
    shown = house.get("colleague", f"/incidents/{incident}")
    assert (shown["received"], shown["closed"], shown["next_steps"]) == (True, False, [])


@on_sqlite
@pytest.mark.parametrize("who", ["reporter", "dsl", "governor", "admin"])
def test_an_allegation_is_managed_by_the_head_or_the_chair(house: House, who: str) -> None:
    case = Case(house)
    answer = house.step(case.incident, "appoint_case_manager", HEAD, user=house.users[who])
    assert (answer.status_code, list(body_of(answer)["errors"])) == (422, ["$.user"])


@on_sqlite
def test_a_former_head_manages_no_allegation(house: House) -> None:
    case = Case(house)
    house.add_user("former", HEAD, house.school)
    (held,) = house.get("former", "/me")["appointments"]
    path = f"/schools/{house.school}/appointments/{held['id']}"
    assert house.ask("admin", "DELETE", path).status_code == 204
    answer = house.step(case.incident, "appoint_case_manager", HEAD, user=house.users["former"])
    assert answer.status_code == 422
    assert body_of(answer)["errors"] == {"$.user": ["holds no role that may manage an allegation"]}


@on_sqlite
def test_a_pattern_ignores_cases_that_the_user_may_not_see(house: House) -> None:
    hidden, seen = Case(house).incident, house.bullying("2026-10-09 09:00")["id"]
    for earlier in (hidden, house.school):
        pattern = {"person": house.person("Alan Alleged"), "earlier": [earlier], "conclusion": REASON}
        answer = house.step(seen, "check_pattern", "dsl", **pattern)
        assert body_of(answer)["errors"]["$.earlier[0]"] == ["names no incident of this school"]


class TestTheSubject:
    """The teacher, with each role in turn, on every route that could show the case."""

    @on_sqlite
    @pytest.mark.parametrize("role", ["reporter", "dsl", "deputy_dsl", "headteacher"])
    def test_finds_no_such_case(self, house: House, role: str) -> None:
        case = Case(house, role)
        self.finds_nothing(case)
        case.taken_on()
        file = house.uploaded(case.incident, b"What was sent, in words.\n", case.manager, form="document")[
            "id"
        ]
        case.consulted()
        self.finds_nothing(case, file)
        case.take("tell_subject", method="in person")
        case.take("complete_investigation", findings="The messages were made up.")
        case.take("determine_outcome", outcome="malicious", rationale=REASON)
        case.take("debrief", **DEBRIEF, cannot_wait="Staff meet today; the LADO answers next week.")
        self.finds_nothing(case, file)
        house.answer_everything(case.incident, who=case.manager)
        case.take("close", **CLOSING)
        self.finds_nothing(case, file)

    def finds_nothing(self, case: Case, file: str | None = None) -> None:
        house, incident = case.house, case.incident
        none = house.get("subject", f"/incidents/{case.pupil}", 404)
        paths = ["", "/next-steps", "/steps", "/audit-trail", "/guidance", f"/evidence/{file or case.pupil}"]
        if file is not None:
            paths.append(f"/evidence/{file}/content")
        for path in paths:
            problem = house.get("subject", f"/incidents/{incident}{path}", 404)
            assert {**problem, "instance": ""} == {**none, "instance": ""}
        assert house.step(incident, "add_note", "subject", text="What is it?").status_code == 404
        assert house.step(incident, "assess_risk", "subject", **NO_RISK).status_code == 404
        assert house.upload(incident, b"Words of mine.\n", "subject").status_code == 404

        for query in ("", "kind=staff_allegation", "overdue=true", "term=2026-autumn", "state=closed"):
            listed = house.get("subject", f"/incidents?{query}")
            assert listed == {"items": [], "next": None}
        for query in (
            f"person={case.teacher}",
            f"person={case.pupil}",
            f"assigned_to={house.users[case.manager]}",
        ):
            assert house.get("subject", f"/incidents?{query}") == {"items": [], "next": None}

        calendar = house.own_token("subject", "calendar")
        feed = house.http.get(f"/api/v1/calendar/{calendar['token']}")
        assert Calendar.from_ical(feed.text).walk("VEVENT") == []
        self.searches_in_vain(case)

    def searches_in_vain(self, case: Case) -> None:
        """By name and in the reports: 403 for a role without permission, otherwise without the case."""
        house, incident = case.house, case.incident
        may_ask = "reporter" not in {held["role"] for held in house.get("subject", "/me")["appointments"]}
        for name, person in (("Tara Teacher", case.teacher), ("Petra Pupil", case.pupil)):
            status = 200 if may_ask else 403
            found = house.get("subject", f"/people?name={name}")
            assert [each["id"] for each in found["items"]] == [person]
            chronology = house.get("subject", f"/people/{person}/chronology", status)
            if may_ask:
                assert chronology == {"items": [], "next": None}
        school = f"/schools/{house.school}"
        for path in (
            f"{school}/breaches",
            f"{school}/lessons-learnt",
            f"{school}/playbook-comparison?pack=headcorn",
        ):
            answer = house.ask("subject", "GET", path)
            assert answer.status_code == (200 if may_ask else 403)
            assert incident not in answer.text
        if may_ask:
            assert house.get("subject", f"{school}/lessons-learnt")["items"] == []
            counted = house.get("subject", f"{school}/governor-summary?term=2026-autumn")
            assert (counted["incidents"]["new"], counted["lessons"]) == (0, [])
            assert not any(counted["allegations"].values())
            assert house.get(HEAD, f"{school}/governor-summary?term=2026-autumn")["incidents"]["new"] == "<5"
