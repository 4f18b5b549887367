"""The bodies of requests and responses about approvals."""

from __future__ import annotations

from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.moments import Instant
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import ApprovalState, Matter
from casework.usecases.approvals import AskApproval, DecideApproval
from casework_api.http.fields import Inner
from casework_api.http.schema_of import schema_of
from casework_api.json.incidents.schemas import IncidentBody, StepInput

ApprovalInput: Final = schema_of(
    AskApproval, exclude=("step", "at"), extra={"step": Inner(StepInput)}, name="ApprovalInput"
)
DecisionInput: Final = schema_of(DecideApproval, name="DecisionInput")


class ApprovalMade(msgspec.Struct, frozen=True):
    """The approval that was asked for."""

    id: UUID


class ApprovalBody(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, by whom, and what was decided.

    `step` contains the fields of the step asked for. `result` is what the response to the request would
    have been; only the user who asked and the user who decided get it.
    """

    id: UUID
    what: Matter
    about: dict[str, UUID]
    reason: str | None
    asked_by: UUID
    asked_at: Instant
    expires_at: Instant
    state: ApprovalState
    step: dict[str, Any] | UnsetType = UNSET
    decided_by: UUID | UnsetType = UNSET
    decided_at: Instant | UnsetType = UNSET
    decision_reason: Sealed | UnsetType = UNSET
    result: IncidentBody | UnsetType = UNSET


class ApprovalPage(msgspec.Struct, frozen=True):
    """A page of approvals and the cursor of the one that follows; `stale` where it may be behind the log."""

    items: list[ApprovalBody]
    next: str | None
    stale: bool | UnsetType = UNSET


class DecisionBody(msgspec.Struct, frozen=True, kw_only=True):
    """The decision. `result` is what the response to the request would have been."""

    id: UUID
    state: Literal["approved", "refused"]
    result: IncidentBody | UnsetType = UNSET
