"""The audit trail of one incident: every step in order, with who, when, why, and the duty it fulfilled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.moments import Instant
from casework.domain.playbook import Duty
from casework_projections.reading.admission import CaseHistory
from casework_projections.reading.asking import Asker
from casework_projections.reading.case import PolicyBody
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.reading.timeline import TimelineEntry, entry_of, in_order
from casework_projections.reading.wording import Names, described, reason_of


class Actor(msgspec.Struct, frozen=True):
    """Who did it, in which role; without user and name if it was reported in confidence."""

    user: UUID | None
    name: str | None
    role: str


class Approver(msgspec.Struct, frozen=True):
    """The second user, if the step needed two people."""

    user: UUID
    name: str | None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The duty a step fulfilled, and whether it was late."""

    rule: str
    clause: str
    due_at: Instant | None
    late: bool


class TrailEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step: when it happened and was recorded, who, what, why, and the clause it fulfilled.

    `recorded_late`: it was recorded more than a day after it was done, and answers its duty only from then.
    An opening of a file has no number.
    """

    number: int | None
    step: str
    happened_at: Instant
    recorded_at: Instant
    late_by_seconds: int
    recorded_late: bool
    by: Actor
    approved_by: Approver | None
    what: str
    why: str | None
    answers: Answered | None
    corrected_by: int | None


class AuditTrailBody(msgspec.Struct, frozen=True, kw_only=True):
    """Every step of an incident in order."""

    incident: UUID
    kind: str
    policy: PolicyBody
    entries: tuple[TrailEntry, ...]


class ReadAuditTrail(Question[AuditTrailBody], frozen=True):
    """The audit trail of a case."""

    NAME: ClassVar = "audit trail"

    incident: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[AuditTrailBody]:
        history = room.admission.history(asker, self.incident)
        directory = room.views.directory
        with room.snapshot(directory) as snapshot:
            names = directory.user_names(snapshot.connection, _users_of(history))
        return Answer(audit_trail(history, names), (Shown.of(history.case, "audit trail"),))


def audit_trail(history: CaseHistory, names: Names) -> AuditTrailBody:
    """The audit trail of a case, its texts unsealed.

    `names` are the names of users its reader may see. A person who reported in confidence stays null.
    """
    incident, case = history.case.incident, history.case
    answered = _first_answered(case.playbook.duties(incident, case.school.calendar))
    entries = (entry_of(event, history) for event in in_order(history))
    return AuditTrailBody(
        incident=incident.id,
        kind=incident.kind,
        policy=PolicyBody.of(incident.policy),
        entries=tuple(_trail_entry(entry, answered, names) for entry in entries),
    )


def _trail_entry(entry: TimelineEntry, answered: Mapping[int, Duty], names: Names) -> TrailEntry:
    approver = entry.approved_by
    return TrailEntry(
        number=entry.number,
        step=entry.step,
        happened_at=entry.happened_at,
        recorded_at=entry.recorded_at,
        late_by_seconds=int((entry.recorded_at - entry.happened_at).total_seconds()),
        recorded_late=entry.recorded_late,
        by=Actor(entry.by, _name(entry.by, names), entry.role),
        approved_by=None if approver is None else Approver(approver, _name(approver, names)),
        what=described(entry.step, entry.fields, entry.note, names),
        why=reason_of(entry.fields),
        answers=None if entry.number is None else _answers(answered.get(entry.number), entry.happened_at),
        corrected_by=entry.corrected_by,
    )


def _users_of(history: CaseHistory) -> set[UUID]:
    """The users whose names an audit trail shows."""
    approvers = {step.approved_by for step in history.case.incident.timeline if step.approved_by is not None}
    return approvers | {event.by for event in in_order(history)}


def _name(user: UUID | None, names: Names) -> str | None:
    name = None if user is None else names.get(user)
    return None if name is None else name.text


def _first_answered(duties: Iterable[Duty]) -> Mapping[int, Duty]:
    """The duty each step fulfilled: of several, the most binding, and the school's own before the floor's."""
    found: dict[int, Duty] = {}
    for duty in sorted(duties, key=lambda duty: (duty.rule.modality.rank, duty.rule.floor)):
        if duty.answered_by is not None:
            found.setdefault(duty.answered_by, duty)
    return found


def _answers(duty: Duty | None, happened_at: datetime) -> Answered | None:
    if duty is None:
        return None
    return Answered(
        rule=duty.rule.id,
        clause=duty.rule.clause,
        due_at=duty.due_at,
        late=duty.late_at(happened_at),
    )
