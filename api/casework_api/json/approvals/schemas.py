"""The bodies of requests and responses about approvals."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta

from casework.usecases.account_approvals import DecideApproval
from casework.usecases.approvals import AskApproval
from casework_api.http.fields import Inner
from casework_api.http.schema_of import schema_of
from casework_api.json.incidents.schemas import StepInput
from casework_projections.reading.approvals import schema_of_one
from casework_projections.reading.case import IncidentBody
from casework_projections.reading.school_lists import AppointmentBody
from casework_projections.reading.users import UserBody

ApprovalInput: Final = schema_of(
    AskApproval, exclude=("step", "at"), extra={"step": Inner(StepInput)}, name="ApprovalInput"
)
DecisionInput: Final = schema_of(DecideApproval, name="DecisionInput")


class ApprovalMade(msgspec.Struct, frozen=True):
    """The approval that was requested."""

    id: UUID


_SECOND: Final = {
    "type": "object",
    "properties": {"second": {"type": "string"}},
    "required": ["second"],
}


class Second(msgspec.Struct, frozen=True):
    """The second half of the code of an invitation, shown once to the user who approved it."""

    second: str


_RESULT: Final = {
    "oneOf": [*schema_of_one(IncidentBody, AppointmentBody, UserBody)["oneOf"], _SECOND],
}


class DecisionBody(msgspec.Struct, frozen=True, kw_only=True):
    """The decision. `result` is what the response to the request would have been, if the user may read it."""

    id: UUID
    state: Literal["approved", "refused"]
    result: Annotated[Any, Meta(extra_json_schema=_RESULT)] = UNSET
