"""An audit trail as CSV, one line per step."""

from __future__ import annotations

from typing import Any, Final

from casework_projections.documents.spreadsheet import csv_text
from casework_projections.reading.audit_trail import AuditTrailBody, TrailEntry

_COLUMNS: Final = (
    "number",
    "step",
    "happened_at",
    "recorded_at",
    "late_by_seconds",
    "by",
    "role",
    "what",
    "why",
    "rule",
    "clause",
    "due_at",
    "late",
    "corrected_by",
    "approved_by",
    "recorded_late",
)


def as_csv(trail: AuditTrailBody) -> str:
    """An audit trail as CSV; a user without a name is shown by id."""
    return csv_text(_COLUMNS, map(_line, trail.entries))


def _line(entry: TrailEntry) -> list[Any]:
    answers, approver = entry.answers, entry.approved_by
    return [
        entry.number,
        entry.step,
        entry.happened_at,
        entry.recorded_at,
        entry.late_by_seconds,
        entry.by.name or entry.by.user,
        entry.by.role,
        entry.what,
        entry.why,
        *([None] * 4 if answers is None else [answers.rule, answers.clause, answers.due_at, answers.late]),
        entry.corrected_by,
        None if approver is None else approver.name or approver.user,
        entry.recorded_late,
    ]
