"""Nudes and semi-nudes over HTTP, under each school's policy: no image, the risk, the police, closing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.client import NO_RISK, REASON, House, body_of
from tests.domain.casefile import PACKS

OpenHouse = Callable[..., House]
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

EARLY: dict[str, dict[str, Any]] = {
    "debrief": {"summary": "Too early.", "lessons": [], "actions": []},
    "close": {"outcome": "Too early.", "rationale": REASON},
}

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)
PDF = b"%PDF-1.7\n" + PNG
ZIP = b"PK\x03\x04" + bytes(200)


@pytest.mark.parametrize("content", [JPEG, PDF, ZIP], ids=["jpg", "png in pdf", "zip"])
def test_no_file_of_any_type_is_accepted_in_a_nudes_case(open_house: OpenHouse, content: bytes) -> None:
    house = open_house("headcorn")
    incident = nudes(house)
    metadata = {
        "form": "device_secured",
        "description": "image believed to be on the phone, not viewed",
        "captured_at": "2026-11-10T09:15:00+00:00",
        "incident_at": "2026-11-10T08:50:00+00:00",
    }
    answer = house.ask(
        "dsl",
        "POST",
        f"/incidents/{incident}/evidence",
        data={"metadata": json.dumps(metadata), "file": (io.BytesIO(content), "a.bin")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 409
    problem = body_of(answer)
    assert (problem["rule"], problem["clause"][:5]) == ("sexting-no-imagery", "UKCIS")
    assert "written_account" in problem["detail"]
    assert not list(house.casework.vault._folder.rglob("*"))
    assert house.get("dsl", f"/incidents/{incident}")["version"] == 1


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("add_note", {"text": "See data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="}),
        ("attest_no_copy", {"statement": "Nobody has DATA:image/jpeg;base64,/9j/4AAQ"}),
        ("acknowledge", {"note": "data:,x"}),
    ],
)
def test_no_text_can_carry_an_image_into_a_nudes_case(
    house: House, step: str, fields: dict[str, Any]
) -> None:
    refused = house.refused(nudes(house), step, **fields)
    assert refused["rule"] == "no-file-in-text"


def nudes(house: House) -> str:
    """A nude of one 14-year-old, passed on by another, reported Tue 10 Nov at 09:05."""
    house.clock.set("2026-11-10 09:05")
    return str(house.report(kind="sexting", people=house.two_pupils(), content=["indecent_image"])["id"])


def test_a_nude_passed_on_at_14_goes_to_police_and_social_care(open_house: OpenHouse) -> None:
    house = open_house("st_thomas")
    incident = nudes(house)
    house.clock.set("2026-11-10 09:30")
    shown = house.take(
        incident,
        "save_evidence",
        form="device_secured",
        description="image believed to be on the phone, not viewed",
        captured_at="2026-11-10T09:15:00+00:00",
        incident_at="2026-11-10T08:50:00+00:00",
        at="2026-11-10T09:15:00+00:00",
    )
    assert shown["milestones"]["evidence_saved"] == "2026-11-10T09:15:00Z"

    house.take(incident, "assess_risk", **{**NO_RISK, "coercion": "unknown"})
    decision = {"decision": "In school.", "rationale": REASON, "topic": "managed_in_school"}
    assert house.refused(incident, "decide", **decision)["rule"] == "sexting-risk-not-managed-in-school"
    asked = {item["preset"]["agency"] for item in house.next_steps(incident) if item["step"] == "escalate"}
    assert asked == {"police", "childrens_social_care"}

    house.clock.set("2026-11-10 12:00")
    house.take(incident, "request_removal", addressee="report_remove")
    assert house.due(incident, "record_removal") == "2026-11-12T12:00"

    house.answer_everything(incident, but=frozenset({"escalate", "record_agency_response"}))
    assert house.refused(incident, "close", outcome="Done.", rationale=REASON)["clause"] == "004 §9.1"
    house.take(incident, "escalate", agency="police", reason=REASON)
    house.take(incident, "escalate", agency="childrens_social_care", reason=REASON)
    for agency in ("police", "childrens_social_care"):
        house.take(incident, "record_agency_response", agency=agency, outcome="Outcome 21", enquiry="closed")
    house.answer_everything(incident)
    assert house.take(incident, "close", outcome="Done.", rationale=REASON)["state"] == "closed"


def test_five_times_no_is_managed_by_the_dsl_under_headcorn(open_house: OpenHouse) -> None:
    house = open_house("headcorn")
    managed_by_the_dsl(house, nudes(house))


def managed_by_the_dsl(house: House, incident: str) -> None:
    """Five times no, a reason, and a case closed without notifying any agency."""
    unassessed = house.refused(incident, "decide", **IN_SCHOOL)
    assert unassessed["rule"] == "sexting-unassessed-not-managed-in-school"
    house.take(incident, "assess_risk", **NO_RISK)
    house.take(incident, "decide", **IN_SCHOOL)
    asked = {item["step"] for item in house.next_steps(incident)}
    assert asked.isdisjoint({"consider_police", "escalate"})
    house.take(incident, "complete_investigation", findings="As it was reported.")
    house.answer_everything(incident)
    shown = house.take(incident, "close", outcome="Done.", rationale=REASON)
    assert shown["state"] == "closed"
    assert "escalated" not in shown["milestones"]


@on_sqlite
@pytest.mark.parametrize("pack", ["tow_law", "todwick", "hr_cooperative"])
def test_without_a_police_rule_the_dsl_decides_after_five_times_no(open_house: OpenHouse, pack: str) -> None:
    house = open_house(pack)
    managed_by_the_dsl(house, nudes(house))


@on_sqlite
def test_five_times_no_does_not_rule_out_the_police_under_st_thomas(open_house: OpenHouse) -> None:
    house = open_house("st_thomas")
    incident = nudes(house)
    house.take(incident, "assess_risk", **NO_RISK)
    house.take(incident, "decide", **IN_SCHOOL)
    (police,) = house.asked(incident, "escalate", agency="police")
    told = (police["modality"], police["clause"], police["told"], police["due_at"][:10])
    assert told == ("must", "004 §9.1", ["police"], "2026-11-10")
    house.answer_everything(incident, but=frozenset({"escalate"}))
    for step, fields in EARLY.items():
        refused = house.refused(incident, step, **fields)
        assert (refused["rule"], refused["clause"]) == ("st-thomas-sexting-police", "004 §9.1")


IN_SCHOOL: dict[str, Any] = {"decision": "In school.", "rationale": REASON, "topic": "managed_in_school"}
PARENTS_TOLD_BY = {
    "tow_law": "000 Pupil use",
    "todwick": "UKCIS; KCSIE part 2, record keeping",
    "headcorn": "002 §6",
    "hr_cooperative": "UKCIS; KCSIE part 2, record keeping",
    "st_thomas": "004 §9.1",
}


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
def test_no_policy_accepts_a_file_or_an_encoded_file(open_house: OpenHouse, pack: str) -> None:
    house = open_house(pack)
    incident = nudes(house)
    house.clock.set("2026-11-10 09:30")
    seen = {
        "form": "device_secured",
        "description": "image believed to be on the phone, not viewed",
        "captured_at": "2026-11-10T09:15:00+00:00",
        "incident_at": "2026-11-10T08:50:00+00:00",
    }
    for content in (JPEG, PDF, ZIP):
        answer = house.upload(incident, content, **seen)
        assert answer.status_code == 409
        assert body_of(answer)["rule"] == "sexting-no-imagery"
    encoded = {**seen, "description": "Kept here: data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="}
    assert house.refused(incident, "save_evidence", **encoded)["rule"] == "no-file-in-text"
    copied = {**seen, "form": "screenshot"}
    assert house.refused(incident, "save_evidence", **copied)["rule"] == "sexting-evidence-form"
    assert not list(house.casework.vault._folder.rglob("*"))
    shown = house.take(incident, "save_evidence", **seen, at="2026-11-10T09:15:00+00:00")
    assert (shown["version"], shown["state"]) == (2, "evidence_saved")


@on_sqlite
@pytest.mark.parametrize("pack", PACKS)
def test_an_unknown_goes_to_the_police_and_social_care_under_every_policy(
    open_house: OpenHouse, pack: str
) -> None:
    house = open_house(pack)
    incident = nudes(house)
    parents = house.asked(incident, "inform_parents")
    expected = [(PARENTS_TOLD_BY[pack], "2026-11-10")] * 2
    assert [(item["clause"], item["due_at"][:10]) for item in parents] == expected

    house.take(incident, "assess_risk", **{**NO_RISK, "violent_or_unusual": "unknown"})
    assert house.refused(incident, "decide", **IN_SCHOOL)["rule"] == "sexting-risk-not-managed-in-school"
    no_police = house.refused(incident, "consider_police", refer=False, reason=REASON)
    assert no_police["rule"] == "sexting-risk-not-kept-from-police"
    agencies = ("police", "childrens_social_care")
    for agency in agencies:
        assert house.due(incident, "escalate", agency=agency)[:10] == "2026-11-10"
        house.take(incident, "escalate", agency=agency, reason=REASON)

    house.clock.set("2026-11-10 12:00")
    house.take(incident, "request_removal", addressee="report_remove")
    assert house.due(incident, "record_removal") == "2026-11-12T12:00"
    house.answer_everything(incident, but=frozenset({"record_agency_response", "debrief"}))
    outstanding = set(house.refused(incident, "close", **EARLY["close"])["outstanding"])
    assert outstanding >= {"enquiry-closed-police", "enquiry-closed-childrens-social-care"}
    assert all("debrief" in rule for rule in outstanding if not rule.startswith("enquiry-closed"))
    for agency in agencies:
        house.take(incident, "record_agency_response", agency=agency, outcome="Outcome 21", enquiry="closed")
    house.answer_everything(incident)
    house.take(incident, "close", outcome="Done.", rationale=REASON)
    trail = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"]
    answers = [entry for entry in trail if entry["step"] == "record_agency_response"]
    assert ["Outcome 21" in entry["what"] for entry in answers] == [True, True]
