"""What is taken and what is answered about incidents. Input is derived from the domain's own steps."""

from __future__ import annotations

from functools import partial
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.incident import STEPS
from casework.domain.incident.evidence import SaveEvidence
from casework.domain.incident.reporting import Policy
from casework.domain.moments import Instant
from casework.domain.playbook import Modality
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import (
    Category,
    Content,
    Direction,
    EvidenceForm,
    Involvement,
    Role,
    Setting,
    State,
    Stream,
)
from casework.usecases.steps.reporting import ReportIncident
from casework_api.http.fields import Moment
from casework_api.http.schema_of import one_of, schema_of
from casework_api.json.incidents.examples import shown

AT: Final = {
    "at": Moment(
        metadata={"description": "When it was done; now where it is left out or up to two minutes ahead."}
    )
}

ReportInput = schema_of(ReportIncident, name="Report", example=partial(shown, "report"))
EvidenceInput = schema_of(SaveEvidence, extra=AT, name="EvidenceMetadata")
StepInput = one_of(
    "Step",
    {
        name: schema_of(
            step,
            extra=AT,
            name="".join(part.title() for part in name.split("_")),
            example=partial(shown, name),
        )
        for name, step in STEPS.items()
        if not step.INTERNAL
    },
)


class PartyBody(msgspec.Struct, frozen=True):
    """Somebody involved, and how."""

    person: UUID
    involvement: Involvement
    category: Category


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do next; `preset` are the field values the rule calls for."""

    step: str
    modality: Modality
    overdue: bool
    rule: str
    clause: str
    reason: str
    preset: dict[str, Any] | UnsetType = UNSET
    due_at: Instant | UnsetType = UNSET
    told: tuple[str, ...] | UnsetType = UNSET


class NextSteps(msgspec.Struct, frozen=True):
    """Everything that is due, soonest first."""

    items: list[NextStep]


class PendingApproval(msgspec.Struct, frozen=True):
    """A step that needs two people and waits for the decision of the second."""

    id: UUID
    step: str
    asked_by: UUID
    asked_at: Instant
    expires_at: Instant


class ApprovalRequired(msgspec.Struct, frozen=True):
    """The step needs two people: the id of the approval that was asked for."""

    approval: UUID


class IncidentBody(msgspec.Struct, frozen=True, kw_only=True):
    """An incident. Whoever only reported it sees what they submitted, whether it was received and closed.

    `approvals` are the steps that wait for a second person's decision; only readers of the case get them.
    """

    id: UUID
    version: int
    school: UUID
    kind: str
    state: State
    stream: Stream
    critical: bool
    policy: Policy
    milestones: dict[State, Instant]
    people: list[PartyBody]
    summary: Sealed
    child_voice: Sealed | None
    setting: Setting
    platform: str | None
    direction: Direction | None
    content: list[Content]
    confidential_reporter: bool
    occurred_at: Instant
    reported_at: Instant
    recorded_at: Instant
    assigned_to: list[UUID]
    received: bool
    closed: bool
    next_steps: list[NextStep]
    approvals: list[PendingApproval] | UnsetType = UNSET


class ListedIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident in a list: what is known of it without its narrative."""

    id: UUID
    version: int
    school: UUID
    kind: str
    state: State
    stream: Stream
    critical: bool
    setting: Setting
    platform: str | None
    occurred_at: Instant
    reported_at: Instant
    recorded_at: Instant
    closed: bool
    next_due_at: Instant | None


class IncidentPage(msgspec.Struct, frozen=True):
    """A page of incidents and the cursor of the one that follows; `stale` where it may be behind the log."""

    items: list[ListedIncident]
    next: str | None
    stale: bool | UnsetType = UNSET


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step as it was taken; `fields` are those it was taken with. An opening of a file has no number.

    `approved_by` is the second user, if the step needed two people.
    """

    number: int | None
    step: str
    happened_at: Instant
    recorded_at: Instant
    by: UUID | None
    role: Role
    approved_by: UUID | None
    fields: dict[str, Any]
    note: Sealed | None
    corrected_by: int | None


class Timeline(msgspec.Struct, frozen=True):
    """A page of the timeline, oldest first."""

    items: list[TimelineEntry]
    next: str | None


class EvidenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is held: SHA-256 of its bytes in hex, size in bytes."""

    id: UUID
    sha256: str
    size: int
    media_type: str


class EvidenceRecord(EvidenceBody, frozen=True, kw_only=True):
    """A file that is held, and what was said of it when it was saved."""

    number: int
    form: EvidenceForm
    description: Sealed
    captured_at: Instant
    incident_at: Instant
    source_url: Sealed | None
    held_at: Sealed | None
    saved_by: UUID
    recorded_at: Instant
