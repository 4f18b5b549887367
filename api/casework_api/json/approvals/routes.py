"""`/approvals`: request the approval of a second person, read the outcome, decide."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from flask import url_for
from msgspec import UNSET

from casework.domain.appointment import Appointment
from casework.domain.approval import Approval
from casework.domain.case import ApprovalInCase
from casework.domain.clocks import day_of
from casework.domain.user import User
from casework.usecases.account_approvals import DecideApproval, DecidedChange
from casework.usecases.approvals import AskApproval
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.paging import PageQuery, part
from casework_api.json.approvals.schemas import (
    ApprovalInput,
    ApprovalMade,
    DecisionBody,
    DecisionInput,
    Second,
)
from casework_api.json.incidents.steps import sent_step
from casework_projections.reading.approvals import (
    ApprovalBody,
    ListApprovals,
    ReadApproval,
    approval_body,
)
from casework_projections.reading.case import IncidentBody
from casework_projections.reading.paging import Page
from casework_projections.reading.school_lists import appointment_body
from casework_projections.reading.users import user_body

blueprint = Blueprint(
    "approvals",
    __name__,
    url_prefix="/approvals",
    description="What needs two people: one requests the approval, another decides",
)


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(ApprovalInput)
@blueprint.returns(201, ApprovalMade, headers=("Location",), problems=(404, 409, 422))
def ask(fields: dict[str, Any]) -> tuple[ApprovalMade, int, dict[str, str]]:
    """Request the approval of a second person. Posting a step that needs two people does the same.

    Approval of a `step` or a `let_in` can be requested here. A change to accounts is requested by making it.
    """
    values = fields.pop("step", None)
    if values is not None:
        sent = sent_step(values, fields["about"].incident, "$.step")
        fields |= {"step": sent.step, "at": sent.at}
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
    """One approval, for users who may read its case, or decide on it or on the change to accounts.

    Where nobody else may read the case, the next in the route decides on the question and the reason alone.
    """
    return current.answer(ReadApproval(approval_id))


@blueprint.route("/<uuid:approval_id>/decision", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(DecisionInput)
@blueprint.returns(200, DecisionBody, problems=(409, 422))
def decide(fields: dict[str, Any], approval_id: UUID) -> DecisionBody:
    """Approve or refuse the request of another user. What is approved is checked again and recorded.

    Who approves an invitation is shown the second half of its code, only here.
    """
    approvals = current.casework().approvals
    made = approvals.decide(current.context(), approval_id, DecideApproval(**fields))
    result = _result(made)
    return DecisionBody(id=made.approval.id, state=_outcome(made.approval), result=result)


def _outcome(approval: Approval) -> Literal["approved", "refused"]:
    decided = approval.decided
    return "approved" if decided is not None and decided.approved else "refused"


def _result(made: ApprovalInCase | DecidedChange) -> object:
    """What the decision led to, as far as the user who decided may read it."""
    if isinstance(made, ApprovalInCase):
        body = approval_body(made, current.asker(), current.library()).result
        return body if isinstance(body, IncidentBody) else UNSET
    if made.second is not None:
        return Second(made.second)
    if isinstance(made.result, Appointment):
        return appointment_body(made.result, day_of(current.now()))
    if isinstance(made.result, User) and current.user().administrator:
        return user_body(made.result, current.casework().users.persons_of(made.result))
    return UNSET
