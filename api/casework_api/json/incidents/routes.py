"""`/incidents`: report, list, read, take steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from casework.domain.approval import Approval
from casework.domain.event import unstamped
from casework.domain.incident import STEPS
from casework.usecases.cases import Case
from casework.usecases.steps.reporting import ReportIncident
from casework.usecases.steps.taking import TakeStep
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, Blueprint
from casework_api.http.etags import etag, if_match
from casework_api.http.paging import PageQuery, cut
from casework_api.json.incidents.listing import IncidentQuery, incidents_page
from casework_api.json.incidents.presentation import incident_body, next_step
from casework_api.json.incidents.schemas import (
    ApprovalRequired,
    IncidentBody,
    IncidentPage,
    NextSteps,
    ReportInput,
    StepInput,
    Timeline,
    TimelineEntry,
)
from casework_projections.reading.audit_trail import timeline

Shown = tuple[IncidentBody, int, dict[str, str]]
Required = tuple[ApprovalRequired, int, dict[str, str]]

blueprint = Blueprint(
    "incidents", __name__, url_prefix="/incidents", description="Incidents and what was done about them"
)


def shown(case: Case, status: int = 200, **headers: str) -> Shown:
    """The incident as this reader may see it, with its version as the entity tag."""
    return incident_body(case), status, {"ETag": etag(case.visible_version), **headers}


def located(case: Case) -> Shown:
    """As `shown`, for what has just been recorded."""
    return shown(case, 201, Location=url_for("incidents.read", incident_id=case.incident.id))


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(ReportInput)
@blueprint.returns(201, IncidentBody, headers=("Location", "ETag"), problems=(404, 409, 422))
def report(fields: dict[str, Any]) -> Shown:
    """Report an incident: anybody with a role at the school may."""
    return located(current.casework().incidents.report(current.context(), ReportIncident(**fields)))


@blueprint.route("", methods=["GET"])
@blueprint.arguments(IncidentQuery, location="query")
@blueprint.returns(200, IncidentPage, problems=(422,))
def index(query: dict[str, Any]) -> IncidentPage:
    """The incidents the reader may know of, newest first."""
    return incidents_page(query)


@blueprint.route("/<uuid:incident_id>", methods=["GET"])
@blueprint.returns(200, IncidentBody, headers=("ETag",))
def read(incident_id: UUID) -> Shown:
    """One incident."""
    return shown(current.casework().cases.admit(current.reading(), incident_id))


@blueprint.route("/<uuid:incident_id>/next-steps", methods=["GET"])
@blueprint.returns(200, NextSteps)
def next_steps(incident_id: UUID) -> NextSteps:
    """What is to be done next, soonest first, each with its rule and clause."""
    case = current.casework().cases.admit_reader(current.reading(), incident_id)
    return NextSteps([next_step(duty, case) for duty in case.outstanding()])


@blueprint.route("/<uuid:incident_id>/steps", methods=["POST"])
@blueprint.takes(IF_MATCH_HEADER, IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(StepInput)
@blueprint.returns(
    202,
    ApprovalRequired,
    headers=("Location",),
    description="The step needs a second person, who was asked for approval.",
)
@blueprint.returns(201, IncidentBody, headers=("Location", "ETag"), problems=(409, 412, 422))
def take_step(fields: dict[str, Any], incident_id: UUID) -> Shown | Required:
    """Take a step, or be told by which rule and clause it is refused.

    If the step needs two people, a second person is asked for approval (202). Nothing changes until then.
    """
    expected = if_match()
    step, at = fields.pop("step"), fields.pop("at", None)
    command = TakeStep(incident=incident_id, step=unstamped(STEPS[step], **fields), at=at, expected=expected)
    taken = current.casework().incidents.take(current.context(), command)
    return located(taken.case) if taken.approval is None else _required(taken.approval)


@blueprint.route("/<uuid:incident_id>/steps", methods=["GET"])
@blueprint.arguments(PageQuery, location="query")
@blueprint.returns(200, Timeline, problems=(422,))
def steps(query: dict[str, Any], incident_id: UUID) -> Timeline:
    """The timeline, oldest first."""
    case = current.casework().cases.admit_reader(current.reading(), incident_id)
    entries = timeline(case.incident, current.casework().evidence.openings(incident_id))
    part, following = cut(current.cursors(), query, ["timeline", incident_id], len(entries))
    return Timeline([TimelineEntry(**entry) for entry in entries[part]], following)


def _required(approval: Approval) -> Required:
    where = url_for("approvals.read", approval_id=approval.id)
    return ApprovalRequired(approval.id), 202, {"Location": where}
