"""The reports: the audit trail of one incident, the lessons learnt and the governor summary of a school."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import Response, request

from casework_api.http import current
from casework_api.http.blueprint import JSON, Blueprint
from casework_api.http.fields import InputSchema, TermName
from casework_api.http.paging import PageQuery, part
from casework_api.http.problems import not_acceptable
from casework_projections.documents import audit_trail, governor_summary, lessons
from casework_projections.reading.audit_trail import AuditTrailBody, ReadAuditTrail
from casework_projections.reading.breaches import BreachCount, CountBreaches
from casework_projections.reading.governor_summary import ReadSummary, SummaryBody
from casework_projections.reading.lessons import LessonBody, ReadLessons
from casework_projections.reading.paging import Page, Part

CSV: Final = "text/csv"
_TERM: Final = {"metadata": {"description": "`2026-autumn`; the current term if it is left out."}}

incident_reports = Blueprint(
    "incident_reports", __name__, url_prefix="/incidents", description="Reports on one incident"
)
school_reports = Blueprint(
    "school_reports", __name__, url_prefix="/schools", description="Reports on one school"
)


class TermQuery(InputSchema):
    """The term of the report."""

    term = TermName(**_TERM)


class LessonsQuery(PageQuery):
    """The term whose lessons to list; every term if it is left out."""

    term = TermName(metadata={"description": "`2026-autumn`."})


class BreachesQuery(InputSchema):
    """The term whose cases to count; every term if it is left out."""

    term = TermName(metadata={"description": "`2026-autumn`."})


@incident_reports.route("/<uuid:incident_id>/audit-trail", methods=["GET"])
@incident_reports.returns(200, {"type": "string"}, content_type=CSV)
@incident_reports.returns(200, AuditTrailBody, problems=(406,))
def read_audit_trail(incident_id: UUID) -> AuditTrailBody | Response:
    """Every step in order: when, who, what, why, and the clause it fulfilled."""
    form = _form()
    trail = current.answer(ReadAuditTrail(incident_id))
    return _csv(audit_trail.as_csv(trail), f"audit-trail-{incident_id}") if form == CSV else trail


@school_reports.route("/<uuid:school_id>/lessons-learnt", methods=["GET"])
@school_reports.arguments(LessonsQuery, location="query")
@school_reports.returns(200, {"type": "string"}, content_type=CSV)
@school_reports.returns(200, Page[LessonBody], problems=(406, 422))
def read_lessons(query: dict[str, Any], school_id: UUID) -> Page[LessonBody] | Response:
    """What was learnt, what it changes, and the state of the actions."""
    form = _form()
    # A spreadsheet has no next page, so it contains every lesson.
    wanted = Part(None, query.get("cursor")) if form == CSV else part(query)
    found = current.answer(ReadLessons(school_id, query.get("term"), wanted))
    return _csv(lessons.as_csv(found.items), "lessons-learnt") if form == CSV else found


@school_reports.route("/<uuid:school_id>/breaches", methods=["GET"])
@school_reports.arguments(BreachesQuery, location="query")
@school_reports.returns(200, Page[BreachCount], problems=(422,))
def count_breaches(query: dict[str, Any], school_id: UUID) -> Page[BreachCount]:
    """How many of the cases that the user may read breached each clause of the school's own policy."""
    return current.answer(CountBreaches(school=school_id, term=query.get("term")))


@school_reports.route("/<uuid:school_id>/governor-summary", methods=["GET"])
@school_reports.arguments(TermQuery, location="query")
@school_reports.returns(200, {"type": "string"}, content_type=CSV)
@school_reports.returns(200, SummaryBody, problems=(406, 422))
def read_summary(query: dict[str, Any], school_id: UUID) -> SummaryBody | Response:
    """A term in numbers, for governors. No person is named and small numbers are hidden."""
    form = _form()
    summary = current.answer(ReadSummary(school=school_id, term=query.get("term")))
    return _csv(governor_summary.as_csv(summary), "governor-summary") if form == CSV else summary


def _form() -> str:
    """The media type to return: JSON if there is no preference; a problem (406) if none is acceptable."""
    if not request.accept_mimetypes:
        return JSON
    form = request.accept_mimetypes.best_match([JSON, CSV])
    if form is None:
        raise not_acceptable([JSON, CSV])
    return form


def _csv(text: str, name: str) -> Response:
    response = Response(text, content_type=f"{CSV}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
