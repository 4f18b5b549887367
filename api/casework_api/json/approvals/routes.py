"""`/approvals`: ask a second person, read the outcome, decide."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec
from flask import url_for
from msgspec import UNSET, UnsetType

from casework.domain.event import unstamped
from casework.domain.incident import STEPS
from casework.domain.vocabulary import ApprovalState
from casework.usecases.approvals import AskApproval, DecideApproval
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.paging import PageQuery, Position
from casework_api.json.approvals.schemas import (
    ApprovalBody,
    ApprovalInput,
    ApprovalMade,
    ApprovalPage,
    DecisionBody,
    DecisionInput,
)
from casework_api.json.incidents.presentation import incident_body
from casework_api.json.incidents.schemas import IncidentBody
from casework_projections.reading.approvals import ShownApproval, page, shown
from casework_projections.views.approvals import Concerning

blueprint = Blueprint(
    "approvals",
    __name__,
    url_prefix="/approvals",
    description="What needs two people: one asks, another decides",
)


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(ApprovalInput)
@blueprint.returns(201, ApprovalMade, headers=("Location",), problems=(404, 409, 422))
def ask(fields: dict[str, Any]) -> tuple[ApprovalMade, int, dict[str, str]]:
    """Ask a second person for approval. Posting a step that needs two people does the same.

    In this release only a `step` can be asked for.
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
@blueprint.returns(200, ApprovalPage, problems=(422,))
def index(query: dict[str, Any]) -> ApprovalPage:
    """The approvals that you asked for and those that you may decide, newest first."""
    scope = ["approvals", current.user().id]
    asked = current.cursors().page(query, scope)
    after = None if asked.after is None else _after(asked.after)
    found = page(current.casework(), current.views(), current.reading(), limit=asked.limit, after=after)
    cursor = None if found.following is None else current.cursors().make(_position(found.following), scope)
    return ApprovalPage([_body(each) for each in found.items], cursor, found.stale or UNSET)


@blueprint.route("/<uuid:approval_id>", methods=["GET"])
@blueprint.returns(200, ApprovalBody)
def read(approval_id: UUID) -> ApprovalBody:
    """One approval, for users who may read its case."""
    context = current.reading()
    pending = current.casework().approvals.admit(context, approval_id)
    return _body(shown(current.casework(), context, pending))


@blueprint.route("/<uuid:approval_id>/decision", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(DecisionInput)
@blueprint.returns(200, DecisionBody, problems=(409, 422))
def decide(fields: dict[str, Any], approval_id: UUID) -> DecisionBody:
    """Approve or refuse what another user asked for. An approved step is judged again and recorded."""
    context = current.context()
    pending = current.casework().approvals.decide(context, approval_id, DecideApproval(**fields))
    decided = shown(current.casework(), context, pending)
    outcome: Literal["approved", "refused"]
    outcome = "approved" if decided.state is ApprovalState.APPROVED else "refused"
    return DecisionBody(id=decided.id, state=outcome, result=_result(decided))


def _body(approval: ShownApproval) -> ApprovalBody:
    values = {name: getattr(approval, name) for name in ApprovalBody.__struct_fields__}
    about = {name: each for name, each in msgspec.structs.asdict(approval.about).items() if each is not None}
    unset = {name: UNSET for name, value in values.items() if value is None and name != "reason"}
    return ApprovalBody(**values | unset | {"about": about, "result": _result(approval)})


def _result(approval: ShownApproval) -> IncidentBody | UnsetType:
    return UNSET if approval.result is None else incident_body(approval.result)


def _position(after: Concerning) -> Position:
    return [after.asked_at.isoformat(), after.approval.hex]


def _after(position: Position) -> Concerning:
    asked_at, approval = position
    return Concerning(UUID(str(approval)), None, datetime.fromisoformat(str(asked_at)))
