"""The audit trail of one incident: every step in order, who, when, why, and the duty it answered."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from casework.domain.incident import Incident, Step
from casework.domain.incident.custody import EvidenceOpened
from casework.domain.incident.evidence import OpenEvidence
from casework.domain.playbook import Duty
from casework.usecases.context import NOBODY
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
    "approved_by",
)


def audit_trail(
    incident: Incident, openings: Sequence[EvidenceOpened], duties: Sequence[Duty], names: Names
) -> dict[str, Any]:
    """The audit trail of `incident`, its texts unsealed.

    `duties` are all that its playbook asks of it; `names` those of the users and people its reader may
    see named. Who reported in confidence stays null.
    """
    return {
        "incident": incident.id,
        "kind": incident.kind,
        "policy": {"floor": incident.policy.floor, "pack": incident.policy.pack},
        "entries": [_entry(each, incident, duties, names) for each in in_order(incident, openings)],
    }


def timeline(incident: Incident, openings: Sequence[EvidenceOpened]) -> list[dict[str, Any]]:
    """The steps of `incident` in order, with the fields each was taken with, unsealed.

    The openings of its files stand among them without a number.
    """
    return [
        {
            "number": _number(each),
            "step": _name(each),
            "happened_at": each.happened_at,
            "recorded_at": each.recorded_at,
            "by": _user(each),
            "role": each.role,
            "approved_by": each.approved_by if isinstance(each, Step) else None,
            "fields": own_fields(each) if isinstance(each, Step) else {"file": each.file},
            "note": None if not isinstance(each, Step) or each.note is None else each.note.text,
            "corrected_by": incident.corrected_by.get(_number(each) or 0),
        }
        for each in in_order(incident, openings)
    ]


def in_order(incident: Incident, openings: Sequence[EvidenceOpened]) -> Iterator[Step | EvidenceOpened]:
    """The steps of `incident` and the openings of its files, in the order in which they were recorded."""
    return heapq.merge(incident.timeline, openings, key=lambda each: each.recorded_at.timestamp())


def users_of(incident: Incident, openings: Sequence[EvidenceOpened]) -> set[UUID]:
    """The users whose names an audit trail shows."""
    approvers = {step.approved_by for step in incident.timeline if step.approved_by is not None}
    return approvers | {each.by for each in in_order(incident, openings)}


def as_csv(trail: dict[str, Any]) -> str:
    """An audit trail as CSV, a line a step; whoever is not named is given by id."""
    lines = []
    for entry in trail["entries"]:
        by, answers = entry["by"], entry["answers"] or {}
        who = {"by": _who(by), "approved_by": _who(entry["approved_by"])}
        line = {**entry, **answers, **who, "role": by["role"]}
        lines.append([line.get(column) for column in _COLUMNS])
    return csv_text(_COLUMNS, lines)


def _entry(
    step: Step | EvidenceOpened, incident: Incident, duties: Sequence[Duty], names: Names
) -> dict[str, Any]:
    user = _user(step)
    return {
        "number": _number(step),
        "step": _name(step),
        "happened_at": step.happened_at,
        "recorded_at": step.recorded_at,
        "late_by_seconds": _seconds(step.happened_at, step.recorded_at),
        "by": {**_identified(user, names), "role": step.role},
        "approved_by": _approver(step, names),
        "what": described(step, names) if isinstance(step, Step) else f"Open evidence: file {step.file}",
        "why": reason_of(step) if isinstance(step, Step) else None,
        "answers": _answered(step, duties) if isinstance(step, Step) else None,
        "corrected_by": incident.corrected_by.get(_number(step) or 0),
    }


def _approver(step: Step | EvidenceOpened, names: Names) -> dict[str, Any] | None:
    """The second user, if the step needed two people."""
    approver = step.approved_by if isinstance(step, Step) else None
    return None if approver is None else _identified(approver, names)


def _who(user: dict[str, Any] | None) -> Any:
    return None if user is None else user["name"] or user["user"]


def _identified(user: UUID | None, names: Names) -> dict[str, Any]:
    name = None if user is None else names.get(user)
    return {"user": user, "name": None if name is None else name.text}


def _number(each: Step | EvidenceOpened) -> int | None:
    return each.number if isinstance(each, Step) else None


def _name(each: Step | EvidenceOpened) -> str:
    return each.name() if isinstance(each, Step) else OpenEvidence.name()


def _user(step: Step | EvidenceOpened) -> UUID | None:
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
