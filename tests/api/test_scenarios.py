"""The scenarios of the domain, over HTTP, to the day and the clause."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.client import NO_RISK, REASON, House, body_of

OpenHouse = Callable[..., House]


def test_bullying_in_school(open_house: OpenHouse) -> None:
    house = open_house("st_thomas")
    incident = house.bullying("2026-09-14 10:20", occurred_at="2026-09-14T10:05:00+01:00")["id"]
    house.clock.set("2026-09-14 11:00")
    house.take(incident, "triage", timing="in_school", critical=False, rationale=REASON)

    for step, fields in (
        ("debrief", {"summary": "Too early.", "lessons": [], "actions": []}),
        ("close", {"outcome": "Too early.", "rationale": REASON}),
    ):
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


PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
JPEG = b"\xff\xd8\xff\xe0" + bytes(200)
PDF = b"%PDF-1.7\n" + PNG
ZIP = b"PK\x03\x04" + bytes(200)


@pytest.mark.parametrize("content", [JPEG, PDF, ZIP], ids=["jpg", "png in pdf", "zip"])
def test_no_file_of_any_sort_is_taken_into_a_nudes_case(open_house: OpenHouse, content: bytes) -> None:
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


def test_a_nude_of_two_14_year_olds(open_house: OpenHouse) -> None:
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
    incident = nudes(house)
    house.take(incident, "assess_risk", **NO_RISK)
    house.take(incident, "decide", decision="In school.", rationale=REASON, topic="managed_in_school")
    asked = {item["step"] for item in house.next_steps(incident)}
    assert asked.isdisjoint({"consider_police", "escalate"})
    house.take(incident, "complete_investigation", findings="As it was reported.")
    house.answer_everything(incident)
    assert house.take(incident, "close", outcome="Done.", rationale=REASON)["state"] == "closed"


@pytest.mark.parametrize(
    ("pack", "told", "clause"),
    [("headcorn", "dsl", "002 §4.2"), ("st_thomas", "headteacher", "004 §5.4, §6.3")],
)
def test_a_pupil_asks_a_teacher_to_be_friends(
    open_house: OpenHouse, pack: str, told: str, clause: str
) -> None:
    house = open_house(pack)
    incident, *_ = contact(house)
    item = next(item for item in house.next_steps(incident) if item["step"] == "classify_contact")
    assert (item["told"], item["clause"], item["due_at"][:10]) == ([told], clause, "2026-09-15")


def contact(house: House) -> tuple[str, str, str]:
    """A friend request from a pupil, Mon 14 Sep; the incident, the teacher and the pupil."""
    house.clock.set("2026-09-14 09:00")
    teacher, pupil = house.person("Tara Teacher", "staff"), house.person("Petra Pupil")
    people = [{"person": teacher, "involvement": "target"}, {"person": pupil, "involvement": "alleged"}]
    report = house.report(kind="unsolicited_contact", direction="pupil_to_staff", people=people)
    return report["id"], teacher, pupil


def asks_for_advice(house: House, incident: str) -> bool:
    return any(item["step"] == "advise" for item in house.next_steps(incident))


def test_the_teachers_own_child_is_no_exception_under_st_thomas(house: House) -> None:
    incident, *_ = contact(house)
    house.take(incident, "classify_contact", immediate_family=True, no_reply_attested=True)
    assert asks_for_advice(house, incident)


@pytest.mark.parametrize(("disclosed_on", "exempt"), [("2026-09-11", True), ("2026-09-14", False)])
def test_headcorn_exempts_what_the_dsl_and_the_head_decided_before(
    open_house: OpenHouse, disclosed_on: str, exempt: bool
) -> None:
    house = open_house("headcorn")
    incident, teacher, pupil = contact(house)
    declaration = house.created(
        "dsl",
        "/declarations",
        {
            "school": house.school,
            "staff": teacher,
            "other": pupil,
            "relation": "parent",
            "disclosed_on": disclosed_on,
            "decision": "contact within the family may go on",
            "advice": "Not about school matters.",
            "decided_by": [house.users["dsl"], house.users["headteacher"]],
        },
    )
    classified = {
        "immediate_family": True,
        "no_reply_attested": True,
        "declared_relationship": declaration["id"],
    }
    if exempt:
        house.take(incident, "classify_contact", **classified)
        assert not asks_for_advice(house, incident)
    else:
        assert house.refused(incident, "classify_contact", **classified)["clause"] == "002 §4.2"
        assert asks_for_advice(house, incident)


def test_a_declaration_needs_the_dsl_and_the_head(open_house: OpenHouse) -> None:
    house = open_house("headcorn")
    _, teacher, pupil = contact(house)
    body = {
        "school": house.school,
        "staff": teacher,
        "other": pupil,
        "relation": "parent",
        "disclosed_on": "2026-09-11",
        "decision": "allowed",
        "advice": "Not about school matters.",
        "decided_by": [house.users["dsl"], house.users["deputy_dsl"]],
    }
    answer = house.ask("dsl", "POST", "/declarations", json=body)
    assert (answer.status_code, list(body_of(answer)["errors"])) == (422, ["$.decided_by"])


@pytest.mark.parametrize("pack", ["st_thomas", "headcorn"])
@pytest.mark.parametrize("kind", ["cyberbullying", "unsolicited_contact", "sexting"])
def test_every_kind_is_walked_to_closed_and_shows_in_the_reports(
    open_house: OpenHouse, kind: str, pack: str
) -> None:
    house = open_house(pack)
    direction = {"direction": "pupil_to_staff"} if kind == "unsolicited_contact" else {}
    incident = house.bullying("2026-09-14 10:20", kind=kind, **direction)["id"]
    house.take(incident, "complete_investigation", findings="As it was reported.")
    house.answer_everything(incident)
    if house.get("dsl", f"/incidents/{incident}")["state"] != "debriefed":
        house.take(incident, "debrief", **DEBRIEF)
        house.answer_everything(incident)
    shown = house.take(incident, "close", outcome="Settled.", rationale=REASON)

    assert (shown["state"], shown["next_steps"]) == ("closed", [])
    trail = house.get("dsl", f"/incidents/{incident}/audit-trail")["entries"]
    assert [entry["number"] for entry in trail] == list(range(1, shown["version"] + 1))
    assert any(entry["answers"] and entry["answers"]["clause"] for entry in trail)
    lessons = house.get("governor", f"/schools/{house.school}/lessons-learnt?term=2026-autumn")["items"]
    assert [lesson["actions"][0]["state"] for lesson in lessons] == ["done"]
    assert all("incident" not in lesson for lesson in lessons)
    summary = house.get("governor", f"/schools/{house.school}/governor-summary?term=2026-autumn")
    assert summary["incidents"]["by_kind"][kind] == "<5"


DEBRIEF: dict[str, Any] = {
    "summary": "What was learnt.",
    "lessons": [{"text": "Teach it earlier.", "changes": "curriculum"}],
    "actions": [{"text": "Plan it.", "owner": "Computing lead", "due_on": "2027-01-29", "lesson": 0}],
}
