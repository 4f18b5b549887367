"""`/incidents`: report, list, read, take steps."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for

from casework.domain.case import Case
from casework.usecases.conflicts import OwnConflict
from casework.usecases.steps.reporting import ReportIncident
from casework.usecases.steps.taking import TakeStep
from casework.usecases.steps.together import TakeSteps
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, Blueprint
from casework_api.http.etags import etag, if_match
from casework_api.http.paging import PageQuery, part
from casework_api.json.approvals.required import TAKES_TWO, ApprovalRequired, Required, required
from casework_api.json.incidents.schemas import (
    ConflictDeclared,
    ConflictInput,
    IncidentQuery,
    ReportInput,
    StepsInput,
)
from casework_api.json.incidents.steps import sent_step, sent_steps
from casework_projections.reading.case import (
    IncidentBody,
    NextSteps,
    ReadCase,
    ReadNextSteps,
    incident_body,
)
from casework_projections.reading.cases import ListCases, ListedIncident
from casework_projections.reading.listing import Filters
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.timeline import ReadTimeline, TimelineEntry

Shown = tuple[IncidentBody, int, dict[str, str]]

blueprint = Blueprint(
    "incidents", __name__, url_prefix="/incidents", description="Incidents and what was done about them"
)


def shown(incident: IncidentBody, status: int = 200, **headers: str) -> Shown:
    """An incident as its reader may see it, with its version as the entity tag."""
    return incident, status, {"ETag": etag(incident.version), **headers}


def located(case: Case) -> Shown:
    """As `shown`, for an incident or step that has just been recorded."""
    return shown(incident_body(case), 201, Location=url_for("incidents.read", incident_id=case.incident.id))


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(ReportInput)
@blueprint.returns(201, IncidentBody, headers=("Location", "ETag"), problems=(404, 409, 422))
def report(fields: dict[str, Any]) -> Shown:
    """Report an incident. Every user with a role at the school may do so."""
    return located(current.casework().incidents.report(current.context(), ReportIncident(**fields)))


@blueprint.route("", methods=["GET"])
@blueprint.arguments(IncidentQuery, location="query")
@blueprint.returns(200, Page[ListedIncident], problems=(422,))
def index(query: dict[str, Any]) -> Page[ListedIncident]:
    """The incidents the user may see, newest first."""
    wanted = part(query)
    filters = {name: value for name, value in query.items() if name not in Part.__struct_fields__}
    return current.answer(ListCases(Filters(**filters), wanted))


@blueprint.route("/<uuid:incident_id>", methods=["GET"])
@blueprint.returns(200, IncidentBody, headers=("ETag",))
def read(incident_id: UUID) -> Shown:
    """One incident."""
    return shown(current.answer(ReadCase(incident_id)))


@blueprint.route("/<uuid:incident_id>/next-steps", methods=["GET"])
@blueprint.returns(200, NextSteps)
def next_steps(incident_id: UUID) -> NextSteps:
    """The steps to take next, soonest due first, each with its rule and clause."""
    return current.answer(ReadNextSteps(incident_id))


@blueprint.route("/<uuid:incident_id>/steps", methods=["POST"])
@blueprint.takes(IF_MATCH_HEADER, IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(StepsInput)
@blueprint.returns(
    202,
    ApprovalRequired,
    headers=("Location",),
    description=TAKES_TWO,
)
@blueprint.returns(201, IncidentBody, headers=("Location", "ETag"), problems=(409, 412, 422))
def take_step(fields: dict[str, Any] | list[dict[str, Any]], incident_id: UUID) -> Shown | Required:
    """Take a step, or a list of steps together: all or none. A refusal names the rule and clause.

    Each step of a list is judged on the incident as those before it leave it. If one is declined, the problem
    is that of the step, and `failed` says which it was. A step that takes two people is taken alone.

    If the step needs two people, the approval of a second person is requested (202). Nothing changes until
    they approve.
    """
    expected = if_match()
    if isinstance(fields, list):
        listed = sent_steps(fields, incident_id)
        together = TakeSteps(incident=incident_id, steps=listed, expected=expected)
        return located(current.casework().incidents.take_together(current.context(), together))
    sent = sent_step(fields, incident_id)
    command = TakeStep(incident=incident_id, step=sent.step, at=sent.at, expected=expected)
    taken = current.casework().incidents.take(current.context(), command)
    return located(taken.case) if taken.approval is None else required(taken.approval)


@blueprint.route("/<uuid:incident_id>/conflicts", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(ConflictInput)
@blueprint.returns(201, ConflictDeclared, problems=(409, 422))
def declare_conflict(fields: dict[str, Any], incident_id: UUID) -> tuple[ConflictDeclared, int]:
    """Declare a conflict of interest. The user no longer sees the incident, which others go on with."""
    current.casework().conflicts.declare(current.context(), incident_id, OwnConflict(**fields))
    return ConflictDeclared(incident_id), 201


@blueprint.route("/<uuid:incident_id>/steps", methods=["GET"])
@blueprint.arguments(PageQuery, location="query")
@blueprint.returns(200, Page[TimelineEntry], problems=(422,))
def steps(query: dict[str, Any], incident_id: UUID) -> Page[TimelineEntry]:
    """The timeline, oldest first."""
    return current.answer(ReadTimeline(incident_id, part(query)))
