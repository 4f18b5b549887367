"""The bodies of requests and responses about approvals."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.usecases.approvals import AskApproval, DecideApproval
from casework_api.http.fields import Inner
from casework_api.http.schema_of import schema_of
from casework_api.json.incidents.schemas import StepInput
from casework_projections.reading.case import IncidentBody

ApprovalInput: Final = schema_of(
    AskApproval, exclude=("step", "at"), extra={"step": Inner(StepInput)}, name="ApprovalInput"
)
DecisionInput: Final = schema_of(DecideApproval, name="DecisionInput")


class ApprovalMade(msgspec.Struct, frozen=True):
    """The approval that was requested."""

    id: UUID


class DecisionBody(msgspec.Struct, frozen=True, kw_only=True):
    """The decision. `result` is what the response to the request would have been."""

    id: UUID
    state: Literal["approved", "refused"]
    result: IncidentBody | UnsetType = UNSET
