"""Bullying over HTTP under each school's policy, with exact days and clauses; every kind until closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from casework.library import Library
from tests.api.client import REASON, House, Json, body_of
from tests.domain.casefile import PACKS

OpenHouse = Callable[..., House]
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

BY_DEFAULT = "casework default; KCSIE part 2, record keeping"
EARLY: dict[str, dict[str, Any]] = {
    "debrief": {"summary": "Too early.", "lessons": [], "actions": []},
    "close": {"outcome": "Too early.", "rationale": REASON},
}


def test_bullying_in_school_goes_from_report_to_close_under_st_thomas(open_house: OpenHouse) -> None:
    house = open_house("st_thomas")
    incident = house.bullying("2026-09-14 10:20", occurred_at="2026-09-14T10:05:00+01:00")["id"]
    house.clock.set("2026-09-14 11:00")
    house.take(incident, "triage", timing="in_school", critical=False, rationale=REASON)

    for step, fields in EARLY.items():
        refused = house.refused(incident, step, **fields)
        assert (refused["rule"], refused["clause"]) == ("st-thomas-bullying-evidence", "004 §8.5")

    evidence: dict[str, Any] = {
        "form": "screenshot",
        "description": "The messages.",
        "captured_at": "2026-09-14T10:50:00+01:00",
    }
    untimed = house.step(incident, "save_evidence", **evidence)
    assert untimed.status_code == 422
    assert body_of(untimed)["errors"] == {"$.incident_at": ["is required"]}
    shown = house.take(
        incident, "save_evidence", **evidence, incident_at="2026-09-14T10:05:00+01:00", content=["racist"]
    )
    assert shown["state"] == "evidence_saved"
    assert house.due(incident, "inform_parents")[:10] == "2026-09-15"

    debrief: dict[str, Any] = {"summary": "What was learnt.", "lessons": [], "actions": []}
    assert house.refused(incident, "debrief", **debrief)["clause"] == "004 §8.8"
    house.take(incident, "consider_police", refer=False, reason=REASON)
    house.answer_everything(incident)

    house.clock.set("2026-09-21 15:00")
    house.take(incident, "complete_investigation", findings="As it was reported.")
    assert house.due(incident, "debrief")[:10] == "2026-10-05"
    house.clock.set("2026-10-05 16:00")
    house.take(incident, "debrief", **debrief)
    assert house.take(incident, "close", outcome="Settled.", rationale=REASON)["state"] == "closed"


@on_sqlite
@pytest.mark.parametrize(
    ("pack", "triaged_by", "told", "parents", "debriefed"),
    [
        ("tow_law", "000 General use", ["slt"], "000 Pupil use", ("may", "casework default")),
        ("todwick", "001 D", ["dsl", "slt"], BY_DEFAULT, ("may", "casework default")),
        ("headcorn", "002 §3, §6", ["dsl"], "002 §6", ("must", "002 §8")),
        (
            "hr_cooperative",
            "casework default; EIA 2006 s.89",
            ["dsl", "slt"],
            BY_DEFAULT,
            ("may", "casework default"),
        ),
    ],
)
def test_bullying_in_school_goes_to_close_under_the_other_policies(
    open_house: OpenHouse,
    pack: str,
    triaged_by: str,
    told: list[str],
    parents: str,
    debriefed: tuple[str, str],
) -> None:
    house = open_house(pack)
    incident = house.bullying("2026-09-14 10:20", occurred_at="2026-09-14T10:05:00+01:00")["id"]
    (asked,) = house.asked(incident, "triage")
    assert (asked["clause"], asked["told"], asked["due_at"][:10]) == (triaged_by, told, "2026-09-15")
    house.clock.set("2026-09-14 11:00")
    house.take(incident, "triage", timing="in_school", critical=False, rationale=REASON)

    for step, fields in EARLY.items():
        refused = house.refused(incident, step, **fields)
        assert (refused["rule"], refused["clause"]) == ("bullying-evidence", "casework default")
    evidence: dict[str, Any] = {"form": "screenshot", "description": "The messages."}
    evidence |= {"captured_at": "2026-09-14T10:50:00+01:00", "content": ["racist"]}
    assert house.step(incident, "save_evidence", **evidence).status_code == 422
    house.take(incident, "save_evidence", **evidence, incident_at="2026-09-14T10:05:00+01:00")

    asked_of = house.asked(incident, "inform_parents")
    assert [(item["clause"], item["due_at"][:10]) for item in asked_of] == [(parents, "2026-09-15")] * 2
    refused = house.refused(incident, "debrief", **EARLY["debrief"])
    assert (refused["rule"], refused["clause"]) == ("bullying-police", "KCSIE part 5")
    house.take(incident, "consider_police", refer=False, reason=REASON)
    house.answer_everything(incident, but=frozenset({"debrief"}))

    house.clock.set("2026-09-21 15:00")
    house.take(incident, "complete_investigation", findings="As it was reported.")
    (asked,) = house.asked(incident, "debrief")
    assert (asked["modality"], asked["clause"], asked["due_at"][:10]) == (*debriefed, "2026-10-05")
    house.clock.set("2026-10-05 16:00")
    if debriefed[0] == "must":
        assert house.refused(incident, "close", **EARLY["close"])["clause"] == debriefed[1]
        house.take(incident, "debrief", **EARLY["debrief"])
    assert house.take(incident, "close", outcome="Settled.", rationale=REASON)["state"] == "closed"


def out_of_school(house: House) -> str:
    """Racist messages on a Saturday evening, reported on Mon 14 Sep."""
    when = {"occurred_at": "2026-09-12T19:00:00+01:00", "setting": "online_at_home"}
    return str(house.bullying("2026-09-14 10:20", **when, content=["racist"])["id"])


def child_alleged(house: House, incident: str) -> str:
    people = house.get("dsl", f"/incidents/{incident}")["people"]
    return next(str(each["person"]) for each in people if each["involvement"] == "alleged")


TRIAGED: dict[str, Any] = {"timing": "out_of_school", "critical": False, "rationale": REASON}


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
def test_bullying_out_of_school_needs_a_ground_under_todwick(open_house: OpenHouse, pack: str) -> None:
    house = open_house(pack)
    incident = out_of_school(house)
    sanction = {"person": child_alleged(house, incident), "what": "Two lunchtimes inside."}
    house.take(incident, "triage", **TRIAGED)
    if pack == "todwick":
        refused = house.refused(incident, "apply_sanction", **sanction)
        assert (refused["rule"], refused["clause"]) == ("todwick-sanction-ground", "001 D")
    for ground in ("orderly_running", "threat_to_member", "reputation"):
        house.take(incident, "triage", **TRIAGED, jurisdiction=[ground])
    house.take(incident, "triage", **{**TRIAGED, "critical": True})
    house.take(incident, "apply_sanction", **sanction)


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
def test_under_st_thomas_the_family_decides_and_the_school_may_call_police(
    open_house: OpenHouse, pack: str
) -> None:
    house = open_house(pack)
    incident = out_of_school(house)
    house.take(incident, "triage", **TRIAGED, jurisdiction=["threat_to_member"])
    target = house.get("dsl", f"/incidents/{incident}")["people"][0]["person"]
    (parents,) = house.asked(incident, "inform_parents", child=target)
    assert (parents["clause"] == "004 §8.3") is (pack == "st_thomas")
    assert parents["due_at"][:10] == "2026-09-15"
    assert not house.asked(incident, "family_decision")

    house.answer_everything(incident, but=frozenset({"family_decision", "consider_police", "debrief"}))
    family = [(item["modality"], item["clause"]) for item in house.asked(incident, "family_decision")]
    assert family == ([("must", "004 §8.3")] * 2 if pack == "st_thomas" else [])
    if pack == "st_thomas":
        outstanding = house.refused(incident, "close", **EARLY["close"])["outstanding"]
        assert set(outstanding) == {"st-thomas-out-of-school-family", "st-thomas-bullying-police"}

    for child in (each["person"] for each in house.get("dsl", f"/incidents/{incident}")["people"]):
        house.take(
            incident, "family_decision", child=child, decision="They want no police.", by="both parents"
        )
    assert house.asked(incident, "consider_police")
    house.take(incident, "consider_police", refer=True, reason=REASON)
    assert house.refused(incident, "close", **EARLY["close"])["rule"] == "referral-decided"
    assert house.take(incident, "escalate", agency="police", reason=REASON)["state"] == "escalated"


def test_the_assistants_words_are_never_changed_only_corrected(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20")["id"]
    house.take(incident, "add_note", who="reporter", text="It was before registration.")
    for method in ("PUT", "PATCH", "DELETE"):
        path = f"/incidents/{incident}/steps"
        assert house.ask("dsl", method, path, json={}, headers={"If-Match": "*"}).status_code == 405
    house.take(incident, "correct", corrects=2, correction="It was after registration.", reason=REASON)
    trail = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"]
    assert [entry["step"] for entry in trail] == ["report", "add_note", "correct"]
    assert trail[1]["corrected_by"] == 3
    assert "before registration" in trail[1]["what"]


KINDS = Library.own().kinds()
ADULTS = {"staff_misuse", "staff_allegation"}
CLOSING = {"outcome": "Settled.", "rationale": REASON}
DEBRIEF: dict[str, Any] = {
    "summary": "What was learnt.",
    "lessons": [{"text": "Teach it earlier.", "changes": "curriculum"}],
    "actions": [{"text": "Plan it.", "owner": "Computing lead", "due_on": "2027-01-29", "lesson": 0}],
}
PEOPLE: dict[str, dict[str, str]] = {
    "unsolicited_contact": {"target": "staff", "alleged": "pupil"},
    "online_grooming": {"target": "pupil", "alleged": "external"},
    "adult_image": {"target": "staff", "alleged": "pupil"},
    "parent_post": {"target": "staff", "alleged": "parent"},
    "underage_use": {"target": "pupil"},
    "image_without_consent": {"target": "pupil", "alleged": "parent"},
    "inappropriate_content": {"target": "pupil"},
    "staff_misuse": {"alleged": "staff"},
    "staff_allegation": {"target": "pupil", "alleged": "staff"},
}
"""Who is involved and how, for the kinds that do not involve two pupils."""


def reported(house: House, kind: str) -> str:
    """A case of `kind`, with the people that such a case involves."""
    involved = PEOPLE.get(kind, {"target": "pupil", "alleged": "pupil"})
    house.clock.set("2026-09-14 10:20")
    people: list[Json] = [
        {"person": house.person(f"Robin {side.title()}", category), "involvement": side}
        for side, category in involved.items()
    ]
    direction: Json = {"direction": "pupil_to_staff"} if kind == "unsolicited_contact" else {}
    return str(house.report(kind=kind, people=people, **direction)["id"])


def walked(house: House, kind: str) -> tuple[str, Json]:
    """A case of `kind` taken through every required step until closed; returns it and the last answer."""
    who = "headteacher" if kind in ADULTS else "dsl"
    incident = reported(house, kind)
    undone = house.refused(incident, "close", who, **CLOSING)
    assert undone["outstanding"]
    house.answer_everything(incident, frozenset({"debrief"}), who)
    house.take(incident, "complete_investigation", who, findings="As it was reported.")
    ceop: Json = {"where_enquiries_stand": "CEOP has the account."} if kind == "online_grooming" else {}
    house.take(incident, "debrief", who, **DEBRIEF, **ceop)
    house.answer_everything(incident, who=who)
    return incident, house.take(incident, "close", who, **CLOSING)


REPORTS: Final = ("lessons-learnt", "governor-summary")


def shows_in_the_reports(house: House, kind: str, incident: str, shown: Json) -> None:
    """Assert that the trail is complete, that leads see a lesson and a number, and governors see neither."""
    assert (shown["state"], shown["next_steps"]) == ("closed", [])
    who = "headteacher" if kind in ADULTS else "dsl"
    trail = house.get(who, f"/incidents/{incident}/audit-trail")["entries"]
    assert [entry["number"] for entry in trail] == list(range(1, shown["version"] + 1))
    assert any(entry["answers"] and entry["answers"]["clause"] for entry in trail)
    reports = [f"/schools/{house.school}/{report}?term=2026-autumn" for report in REPORTS]
    lessons, summary = (house.get(who, report) for report in reports)
    assert [lesson["actions"][0]["state"] for lesson in lessons["items"]] == ["done"]
    assert [lesson["incident"] for lesson in lessons["items"]] == [incident]
    assert summary["incidents"]["by_kind"][kind] == "<5"
    for report in reports:
        house.get("governor", report, 403)


@on_sqlite
@pytest.mark.parametrize("pack", ["st_thomas", "todwick"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_walked_to_closed_and_shows_in_the_reports(
    open_house: OpenHouse, kind: str, pack: str
) -> None:
    house = open_house(pack)
    incident, shown = walked(house, kind)
    shows_in_the_reports(house, kind, incident, shown)


@pytest.mark.parametrize("kind", ["sexting", "staff_allegation"])
def test_a_walk_ends_on_either_engine(open_house: OpenHouse, kind: str) -> None:
    house = open_house("headcorn")
    incident, shown = walked(house, kind)
    shows_in_the_reports(house, kind, incident, shown)
