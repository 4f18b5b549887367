"""The audit trail shows for every step who, when, what and why, what required it and what corrected it."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from casework.domain.event import event_of
from casework.domain.incident import STEPS, Incident
from casework.domain.incident.custody import Custody, EvidenceOpened
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Role
from casework.storage.observation import count_statements
from casework_api.composition import reading_room
from casework_projections.documents.audit_trail import as_csv
from casework_projections.documents.canonical import encode
from casework_projections.reading.admission import CaseHistory
from casework_projections.reading.audit_trail import Actor, Answered, AuditTrailBody, audit_trail
from casework_projections.reading.timeline import ReadTimeline, TimelineEntry
from casework_projections.reading.wording import Names
from casework_projections.views.catch_up import Views
from tests.histories import NARRATIVE, SchoolHistory, london

NEVER_SHOWN = {"reporter", "originator_id", "request_id", "request_digest", "decided_by", "as_"}


def history_of(history: SchoolHistory, incident: UUID) -> CaseHistory:
    """The case as the lead reads it."""
    return reading_room(history.app).admission.history(history.asker(), incident)


def names_of(views: Views, incident: Incident) -> Names:
    with views.read(views.people, views.directory) as connection:
        ids = {step.by for step in incident.timeline} | {party.person for party in incident.people}
        return views.people.names(connection, ids) | views.directory.user_names(connection, ids)


def trail_of(history: SchoolHistory, views: Views, incident: UUID) -> AuditTrailBody:
    found = history_of(history, incident)
    return audit_trail(found, names_of(views, found.case.incident))


def timeline_of(history: SchoolHistory, incident: UUID) -> tuple[TimelineEntry, ...]:
    return history.answer(ReadTimeline(incident)).items


@pytest.fixture
def bullying(history: SchoolHistory) -> UUID:
    """Reported, triaged, evidence saved late, and the report corrected."""
    reported = london("2026-09-14 10:05")
    incident = history.report(at="2026-09-14 10:20", reported_at=reported)
    history.take(incident, "triage", at="2026-09-14 11:00")
    history.take(incident, "save_evidence", at="2026-09-17 09:00", note=Sealed("From her telephone."))
    history.take(incident, "correct", at="2026-09-17 10:00")
    return incident


def test_an_entry_says_who_when_what_why_and_which_clause(
    history: SchoolHistory, views: Views, bullying: UUID
) -> None:
    trail = trail_of(history, views, bullying)
    assert (trail.incident, trail.kind) == (bullying, "cyberbullying")
    assert (trail.policy.floor, trail.policy.pack) == ("england@2026-09-01", "st_thomas@2016-06")
    assert not json.loads(encode(trail)).keys() & {"proof", "checkpoint", "complete"}
    report, triage, evidence, correction = trail.entries
    assert report.late_by_seconds == 900
    assert report.by == Actor(history.reporter.id, "User Quillfeather", "reporter")
    assert report.answers is None
    assert report.corrected_by == 4
    assert "person Ada Quillfeather, involvement target" in report.what
    assert triage.why == NARRATIVE
    assert NARRATIVE not in triage.what
    assert triage.answers is not None
    assert triage.answers.late is False
    assert evidence.answers == Answered(
        rule="st-thomas-bullying-evidence",
        clause="004 §8.5",
        due_at=london("2026-09-15 23:59:59"),
        late=True,
    )
    assert evidence.what.startswith("Save evidence: form written_account; description ")
    assert evidence.what.endswith("note From her telephone.")
    assert "captured at 17 Sep 2026 09:00" in evidence.what
    assert (correction.corrected_by, correction.why) == (None, NARRATIVE)


def test_what_was_recorded_late_answers_its_duty_from_then(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    history.take(incident, "triage", at="2026-09-21 09:00", done="2026-09-14 11:00")
    _, triage = trail_of(history, views, incident).entries
    assert triage.happened_at == london("2026-09-14 11:00")
    assert triage.recorded_late
    assert triage.answers is not None
    assert triage.answers.late
    assert [entry.recorded_late for entry in timeline_of(history, incident)] == [False, True]
    rows = [*csv.DictReader(io.StringIO(as_csv(trail_of(history, views, incident))))]
    assert [row["recorded_late"] for row in rows] == ["no", "yes"]


def test_who_reported_in_confidence_stays_unnamed(history: SchoolHistory, views: Views) -> None:
    incident = history.report(confidential_reporter=True)
    trail = trail_of(history, views, incident)
    assert trail.entries[0].by == Actor(None, None, "reporter")
    shown = repr(trail) + repr(timeline_of(history, incident)) + as_csv(trail)
    assert str(history.reporter.id) not in shown
    assert history.reporter.id.hex not in shown


def test_a_person_whose_name_the_reader_may_not_see_is_shown_by_id(
    history: SchoolHistory, bullying: UUID
) -> None:
    trail = audit_trail(history_of(history, bullying), {})
    assert trail.entries[0].by.name is None
    assert str(history.target) in trail.entries[0].what
    assert "Quillfeather" not in repr(trail)


def test_an_opening_is_listed_among_the_steps_without_a_number(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    file, custody = uuid4(), Custody.id_of(incident)
    stamp = history.context(history.head).stamp(custody, 1, Role.HEADTEACHER, london("2026-09-14 12:00"))
    stamp = msgspec.structs.replace(stamp, recorded_at=london("2026-09-14 12:00"))
    opened = event_of(stamp, EvidenceOpened, incident=incident, file=file)
    log = Custody(opened)
    log.append(opened)
    history.app.record.commit(log)
    history.take(incident, "triage", at="2026-09-14 11:00")
    history.take(incident, "add_note", at="2026-09-14 13:00")

    shown = timeline_of(history, incident)
    assert [(entry.number, entry.step) for entry in shown] == [
        (1, "report"),
        (2, "triage"),
        (None, "open_evidence"),
        (3, "add_note"),
    ]
    assert (shown[2].fields, shown[2].by, shown[2].corrected_by) == ({"file": file}, history.head.id, None)
    entry = trail_of(history, views, incident).entries[2]
    assert (entry.number, entry.what) == (None, f"Open evidence: file {file}")
    assert (entry.why, entry.answers, entry.late_by_seconds) == (None, None, 0)


def test_openings_add_no_statements_to_a_trail(history: SchoolHistory, bullying: UUID) -> None:
    room = reading_room(history.app)
    room.admission.history(history.asker(), bullying)
    with count_statements() as with_openings:
        room.admission.history(history.asker(), bullying)
    with count_statements() as without:
        room.admission.case_to_read(history.asker(), bullying)
    assert len(with_openings.statements) == len(without.statements)


def test_the_timeline_shows_the_fields_of_each_step(history: SchoolHistory, bullying: UUID) -> None:
    _, triage, evidence, correction = timeline_of(history, bullying)
    assert triage == TimelineEntry(
        number=2,
        step="triage",
        happened_at=london("2026-09-14 11:00"),
        recorded_at=london("2026-09-14 11:00"),
        recorded_late=False,
        by=history.dsl.id,
        role=Role.DSL,
        approved_by=None,
        fields={
            "timing": "in_school",
            "critical": False,
            "rationale": NARRATIVE,
            "jurisdiction": [],
            "content": [],
        },
        note=None,
        corrected_by=None,
    )
    assert evidence.note == "From her telephone."
    assert correction.fields["corrects"] == 1


def test_every_step_can_be_shown(history: SchoolHistory, views: Views) -> None:
    shown: set[str] = set()
    for kind in ("cyberbullying", "sexting", "unsolicited_contact"):
        incident = history.report(kind)
        history.drive(incident)
        history.take(incident, "reopen")
        words, grandmother = Sealed(NARRATIVE), Sealed("the grandmother")
        history.take(
            incident, "family_decision", child=history.alleged, decision=words, decided_by=grandmother
        )
        history.take(incident, "record_meeting", parent=history.parent, with_=(history.dsl.id,))
        entries = trail_of(history, views, incident).entries
        for entry, step in zip(entries, timeline_of(history, incident), strict=True):
            assert entry.what.casefold().startswith(step.step.replace("_", " "))
            assert "Sealed(" not in entry.what
            assert not step.fields.keys() & NEVER_SHOWN
            shown.add(step.step)
    assert shown <= STEPS.keys()
    assert {"family_decision", "record_meeting", "debrief", "complete_action", "assess_risk"} <= shown


def test_csv_has_a_line_for_each_entry_and_no_formula(
    history: SchoolHistory, views: Views, bullying: UUID
) -> None:
    formula = Sealed('=HYPERLINK("https://example.org")')
    history.take(bullying, "add_note", at="2026-09-17 11:00", text=formula, note=formula)
    rows = [*csv.DictReader(io.StringIO(as_csv(trail_of(history, views, bullying))))]
    assert [row["number"] for row in rows] == ["1", "2", "3", "4", "5"]
    assert rows[0]["late_by_seconds"] == str(int(timedelta(minutes=15).total_seconds()))
    assert (rows[2]["rule"], rows[2]["late"]) == ("st-thomas-bullying-evidence", "yes")
    assert rows[0]["corrected_by"] == "4"
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
