"""`/approvals`: request the approval of a second person, read the outcome, decide."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from flask import url_for

from casework.domain.event import unstamped
from casework.domain.incident import STEPS
from casework.domain.vocabulary import ApprovalState
from casework.usecases.approvals import AskApproval, DecideApproval
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.paging import PageQuery, part
from casework_api.json.approvals.schemas import (
    ApprovalInput,
    ApprovalMade,
    DecisionBody,
    DecisionInput,
)
from casework_projections.reading.approvals import (
    ApprovalBody,
    ListApprovals,
    ReadApproval,
    approval_body,
)
from casework_projections.reading.paging import Page

blueprint = Blueprint(
    "approvals",
    __name__,
    url_prefix="/approvals",
    description="Steps that need two people: one requests the approval, another decides",
)


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(ApprovalInput)
@blueprint.returns(201, ApprovalMade, headers=("Location",), problems=(404, 409, 422))
def ask(fields: dict[str, Any]) -> tuple[ApprovalMade, int, dict[str, str]]:
    """Request the approval of a second person. Posting a step that needs two people does the same.

    In this release approval can be requested only for a `step`.
    """
    values = fields.pop("step", None)
    if values is not None:
        name, at = values.pop("step"), values.pop("at", None)
        fields |= {"step": unstamped(STEPS[name], **values), "at": at}
    approval = current.casework().approvals.ask(current.context(), AskApproval(**fields))
    where = url_for("approvals.read", approval_id=approval.id)
    return ApprovalMade(approval.id), 201, {"Location": where}


@blueprint.route("", methods=["GET"])
@blueprint.arguments(PageQuery, location="query")
@blueprint.returns(200, Page[ApprovalBody], problems=(422,))
def index(query: dict[str, Any]) -> Page[ApprovalBody]:
    """The approvals that you requested and those that you may decide, newest first."""
    return current.answer(ListApprovals(part(query)))


@blueprint.route("/<uuid:approval_id>", methods=["GET"])
@blueprint.returns(200, ApprovalBody)
def read(approval_id: UUID) -> ApprovalBody:
    """One approval, for users who may read its case."""
    return current.answer(ReadApproval(approval_id))


@blueprint.route("/<uuid:approval_id>/decision", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(DecisionInput)
@blueprint.returns(200, DecisionBody, problems=(409, 422))
def decide(fields: dict[str, Any], approval_id: UUID) -> DecisionBody:
    """Approve or refuse the request of another user. An approved step is judged again and recorded."""
    approvals = current.casework().approvals
    pending = approvals.decide(current.context(), approval_id, DecideApproval(**fields))
    decided = approval_body(pending, current.asker(), current.library())
    outcome: Literal["approved", "refused"]
    outcome = "approved" if decided.state is ApprovalState.APPROVED else "refused"
    return DecisionBody(id=decided.id, state=outcome, result=decided.result)
