"""The audit trail says of every step who, when, what and why, what it answered and what corrected it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from casework.domain.incident import STEPS, Incident
from casework.domain.sealed import Sealed
from casework_projections.reading.audit_trail import as_csv, audit_trail, timeline
from casework_projections.reading.wording import Names
from casework_projections.views.catch_up import Views
from tests.histories import NARRATIVE, SchoolHistory, london

NEVER_SHOWN = {"reporter", "originator_id", "request_id", "request_digest", "decided_by", "as_"}


def read(history: SchoolHistory, incident: UUID) -> Incident:
    found = history.app.record.load(Incident, incident)
    assert found is not None
    return found


def names_of(views: Views, incident: Incident) -> Names:
    with views.read(views.people, views.directory) as connection:
        ids = {step.by for step in incident.timeline} | {party.person for party in incident.people}
        return views.people.names(connection, ids) | views.directory.user_names(connection, ids)


def trail_of(history: SchoolHistory, views: Views, incident_id: UUID) -> dict[str, Any]:
    incident = read(history, incident_id)
    playbook = history.app.library.playbook(incident.policy.floor, incident.policy.pack)
    duties = playbook.duties(incident, history.school.calendar)
    return audit_trail(incident, [], duties, names_of(views, incident))


@pytest.fixture
def bullying(history: SchoolHistory) -> UUID:
    """Reported, triaged, evidence saved late, and the report corrected."""
    reported = london("2026-09-14 10:05")
    incident = history.report(at="2026-09-14 10:20", reported_at=reported)
    history.take(incident, "triage", at="2026-09-14 11:00")
    history.take(incident, "save_evidence", at="2026-09-17 09:00", note=Sealed("From her telephone."))
    history.take(incident, "correct", at="2026-09-17 10:00")
    return incident


def test_an_entry(history: SchoolHistory, views: Views, bullying: UUID) -> None:
    trail = trail_of(history, views, bullying)
    assert (trail["incident"], trail["kind"]) == (bullying, "cyberbullying")
    assert trail["policy"] == {"floor": "england@2026-09-01", "pack": "st_thomas@2016-06"}
    assert not trail.keys() & {"proof", "checkpoint", "complete"}
    report, triage, evidence, correction = trail["entries"]
    assert report["late_by_seconds"] == 900
    assert report["by"] == {"user": history.reporter.id, "name": "User Quillfeather", "role": "reporter"}
    assert report["answers"] is None
    assert report["corrected_by"] == 4
    assert "person Ada Quillfeather, involvement target" in report["what"]
    assert triage["why"] == NARRATIVE
    assert NARRATIVE not in triage["what"]
    assert triage["answers"]["late"] is False
    assert evidence["answers"] == {
        "rule": "st-thomas-bullying-evidence",
        "clause": "004 §8.5",
        "due_at": london("2026-09-15 23:59:59"),
        "late": True,
    }
    assert evidence["what"].startswith("Save evidence: form written_account; description ")
    assert evidence["what"].endswith("note From her telephone.")
    assert "captured at 17 Sep 2026 09:00" in evidence["what"]
    assert (correction["corrected_by"], correction["why"]) == (None, NARRATIVE)


def test_who_reported_in_confidence_stays_unnamed(history: SchoolHistory, views: Views) -> None:
    incident = history.report(confidential_reporter=True)
    trail = trail_of(history, views, incident)
    assert trail["entries"][0]["by"] == {"user": None, "name": None, "role": "reporter"}
    shown = repr(trail) + repr(timeline(read(history, incident), [])) + as_csv(trail)
    assert str(history.reporter.id) not in shown
    assert history.reporter.id.hex not in shown


def test_whoever_the_reader_may_not_see_named_is_given_by_id(history: SchoolHistory, bullying: UUID) -> None:
    trail = audit_trail(read(history, bullying), [], [], {})
    assert trail["entries"][0]["by"]["name"] is None
    assert str(history.target) in trail["entries"][0]["what"]
    assert "Quillfeather" not in repr(trail)


def test_the_timeline_says_what_each_step_was_taken_with(history: SchoolHistory, bullying: UUID) -> None:
    _, triage, evidence, correction = timeline(read(history, bullying), [])
    assert triage == {
        "number": 2,
        "step": "triage",
        "happened_at": london("2026-09-14 11:00"),
        "recorded_at": london("2026-09-14 11:00"),
        "by": history.dsl.id,
        "role": "dsl",
        "approved_by": None,
        "fields": {
            "timing": "in_school",
            "critical": False,
            "rationale": NARRATIVE,
            "jurisdiction": [],
            "content": [],
        },
        "note": None,
        "corrected_by": None,
    }
    assert evidence["note"] == "From her telephone."
    assert correction["fields"]["corrects"] == 1


def test_every_step_can_be_shown(history: SchoolHistory, views: Views) -> None:
    shown: set[str] = set()
    for kind in ("cyberbullying", "sexting", "unsolicited_contact"):
        incident = history.report(kind)
        history.drive(incident)
        history.take(incident, "reopen")
        words = Sealed(NARRATIVE)
        history.take(incident, "family_decision", decision=words, decided_by=Sealed("the grandmother"))
        history.take(incident, "record_meeting", parent=history.parent, with_=(history.dsl.id,))
        steps = read(history, incident)
        for entry, step in zip(
            trail_of(history, views, incident)["entries"], timeline(steps, []), strict=True
        ):
            assert entry["what"].casefold().startswith(step["step"].replace("_", " "))
            assert "Sealed(" not in entry["what"]
            assert not step["fields"].keys() & NEVER_SHOWN
            shown.add(step["step"])
    assert shown <= STEPS.keys()
    assert {"family_decision", "record_meeting", "debrief", "complete_action", "assess_risk"} <= shown


def test_csv(history: SchoolHistory, views: Views, bullying: UUID) -> None:
    formula = Sealed('=HYPERLINK("https://example.org")')
    history.take(bullying, "add_note", at="2026-09-17 11:00", text=formula, note=formula)
    rows = [*csv.DictReader(io.StringIO(as_csv(trail_of(history, views, bullying))))]
    assert [row["number"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["late_by_seconds"] == str(int(timedelta(minutes=15).total_seconds()))
    assert (rows[2]["rule"], rows[2]["late"]) == ("st-thomas-bullying-evidence", "yes")
    assert rows[0]["corrected_by"] == "4"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
