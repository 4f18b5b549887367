"""The audit trail of one incident: every step in order, who, when, why, and the duty it answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from casework.domain.incident import Incident, Step
from casework.domain.playbook import Duty
from casework.usecases.command import NOBODY
from casework_projections.documents.spreadsheet import csv_text
from casework_projections.reading.wording import Names, described, own_fields, reason_of

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
)


def audit_trail(incident: Incident, duties: Sequence[Duty], names: Names) -> dict[str, Any]:
    """The audit trail of `incident`, its texts unsealed.

    `duties` are all that its playbook asks of it; `names` those of the users and people its reader may
    see named. Who reported in confidence stays null.
    """
    return {
        "incident": incident.id,
        "kind": incident.kind,
        "policy": {"floor": incident.policy.floor, "pack": incident.policy.pack},
        "entries": [_entry(step, incident, duties, names) for step in incident.timeline],
    }


def timeline(incident: Incident) -> list[dict[str, Any]]:
    """The steps of `incident` in order, with the fields each was taken with, unsealed."""
    return [
        {
            "number": step.number,
            "step": step.name(),
            "happened_at": step.happened_at,
            "recorded_at": step.recorded_at,
            "by": _user(step),
            "role": step.role,
            "fields": own_fields(step),
            "note": None if step.note is None else step.note.text,
            "corrected_by": incident.corrected_by.get(step.number),
        }
        for step in incident.timeline
    ]


def ids_named(incident: Incident) -> set[UUID]:
    """The ids of users and people, among others, whose names an audit trail of `incident` may show."""
    users = {step.by for step in incident.timeline if step.by != NOBODY}
    return users | {found for step in incident.timeline for found in _ids(own_fields(step))}


def as_csv(trail: dict[str, Any]) -> str:
    """An audit trail as CSV, a line a step; whoever is not named is given by id."""
    lines = []
    for entry in trail["entries"]:
        by, answers = entry["by"], entry["answers"] or {}
        line = {**entry, **answers, "by": by["name"] or by["user"], "role": by["role"]}
        lines.append([line.get(column) for column in _COLUMNS])
    return csv_text(_COLUMNS, lines)


def _entry(step: Step, incident: Incident, duties: Sequence[Duty], names: Names) -> dict[str, Any]:
    user = _user(step)
    name = names.get(user) if user is not None else None
    return {
        "number": step.number,
        "step": step.name(),
        "happened_at": step.happened_at,
        "recorded_at": step.recorded_at,
        "late_by_seconds": _seconds(step.happened_at, step.recorded_at),
        "by": {"user": user, "name": None if name is None else name.text, "role": step.role},
        "what": described(step, names),
        "why": reason_of(step),
        "answers": _answered(step, duties),
        "corrected_by": incident.corrected_by.get(step.number),
    }


def _user(step: Step) -> UUID | None:
    return None if step.by == NOBODY else step.by


def _seconds(since: datetime, until: datetime) -> int:
    return int((until - since).total_seconds())


def _answered(step: Step, duties: Sequence[Duty]) -> dict[str, Any] | None:
    """The duty `step` answered: of several the most binding, and the school's own before the floor's."""
    answered = [duty for duty in duties if duty.answered_by == step.number]
    nearest = min(answered, key=lambda duty: (duty.rule.modality.rank, duty.rule.floor), default=None)
    if nearest is None:
        return None
    return {
        "rule": nearest.rule.id,
        "clause": nearest.rule.clause,
        "due_at": nearest.due_at,
        "late": nearest.late_at(step.happened_at),
    }


def _ids(value: Any) -> set[UUID]:
    if isinstance(value, UUID):
        return {value}
    if isinstance(value, dict):
        return {found for part in value.values() for found in _ids(part)}
    return {found for part in value for found in _ids(part)} if isinstance(value, list) else set()
