"""The shapes of the reports. A count is a number, `<5`, or null where it is hidden to protect another."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.incident.reporting import Policy
from casework.domain.moments import Instant, LocalDate
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Change

Count = int | Literal["<5"] | None
Counts = dict[str, Count]


class Actor(msgspec.Struct, frozen=True):
    """Who did it, in which role; without user and name where it was reported in confidence."""

    user: UUID | None
    name: Sealed | None
    role: str


class Approver(msgspec.Struct, frozen=True):
    """The second user, if the step needed two people."""

    user: UUID
    name: Sealed | None


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The duty a step answered, and whether it was late."""

    rule: str
    clause: str
    due_at: Instant | None
    late: bool


class TrailEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step: when it happened and was recorded, who, what, why, and the clause it answered.

    An opening of a file has no number.
    """

    number: int | None
    step: str
    happened_at: Instant
    recorded_at: Instant
    late_by_seconds: int
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
    policy: Policy
    entries: list[TrailEntry]


class ActionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about a lesson."""

    action: UUID
    text: str
    owner: str
    due_on: LocalDate
    state: Literal["open", "done", "cancelled", "overdue"]
    effect: str | None


class LessonBody(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson; `incident` only for those who may read it. Actions without a lesson stand under none."""

    lesson: UUID | None
    kind: str
    term: str | None
    text: str | None
    changes: Change | None
    clause: str | None
    actions: list[ActionBody]
    incident: UUID | UnsetType = UNSET


class LessonsBody(msgspec.Struct, frozen=True):
    """A page of lessons and the cursor of the one that follows; `stale` where it may be behind the log."""

    items: list[LessonBody]
    next: str | None
    stale: bool | UnsetType = UNSET


class IncidentCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The incidents of a term."""

    new: Count
    open: Count
    closed: Count
    reopened: Count
    by_kind: Counts
    by_state: Counts
    by_setting: Counts
    by_platform: Counts


class LessonCounts(msgspec.Struct, frozen=True):
    """A lesson of the term, and how its actions stand."""

    text: str
    changes: Change
    actions: dict[str, int]


class OverduePolicy(msgspec.Struct, frozen=True):
    """A policy that ought to have been looked at again."""

    pack: str
    review_due: LocalDate | None


class SummaryBody(msgspec.Struct, frozen=True, kw_only=True):
    """A term in numbers, small ones hidden from everybody; `stale` where they may be behind the log."""

    school: UUID
    term: str
    as_of: Instant
    edition: int | None
    incidents: IncidentCounts
    median_hours: dict[str, float | None]
    clocks: Counts
    parents: Counts
    referrals: Counts
    allegations: Counts
    low_level_concerns: Count
    lessons: list[LessonCounts]
    compared_with: dict[str, IncidentCounts | None]
    per_100_pupils: float | None
    policies_overdue: list[OverduePolicy]
    stale: bool | UnsetType = UNSET


Body = dict[str, Any]
