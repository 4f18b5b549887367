"""The reports: the audit trail of one incident, the lessons learnt and the governor summary of a school."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from flask import Response, request
from sqlalchemy import Connection

from casework.domain.access import Permission
from casework.domain.clocks import day_of
from casework.domain.school import School
from casework.usecases.schools import actor_of
from casework_api.http import current
from casework_api.http.blueprint import JSON, Blueprint
from casework_api.http.fields import Record, TermName
from casework_api.http.paging import PageQuery, Position
from casework_api.http.problems import malformed, not_acceptable
from casework_api.http.reader import visible
from casework_api.json.reports.schemas import AuditTrailBody, Body, LessonsBody, SummaryBody
from casework_projections.reading import audit_trail, governor_summary
from casework_projections.reading.recusal import about
from casework_projections.views import lessons_learnt
from casework_projections.views.lessons_learnt import LessonsAfter
from casework_projections.views.set_aside import is_stale
from casework_projections.views.terms import UnknownTerm

CSV: Final = "text/csv"
_WHOLE: Final = 1_000_000
"""More than any report has lines: a spreadsheet has no next page."""
_TERM: Final = {"metadata": {"description": "`2026-autumn`; the term that is running where it is left out."}}

incident_reports = Blueprint(
    "incident_reports", __name__, url_prefix="/incidents", description="Reports on one incident"
)
school_reports = Blueprint(
    "school_reports", __name__, url_prefix="/schools", description="Reports on one school"
)


class TermQuery(Record):
    """Which term."""

    term = TermName(**_TERM)


class LessonsQuery(PageQuery):
    """Which term's lessons; every term's where it is left out."""

    term = TermName(metadata={"description": "`2026-autumn`."})


@incident_reports.route("/<uuid:incident_id>/audit-trail", methods=["GET"])
@incident_reports.returns(200, {"type": "string"}, content_type=CSV)
@incident_reports.returns(200, AuditTrailBody, problems=(406,))
def read_audit_trail(incident_id: UUID) -> Body | Response:
    """Every step in order: when, who, what, why, and which clause it answered."""
    form = _form()
    case = current.casework().cases.admit_reader(current.reading(), incident_id)
    openings = current.casework().evidence.openings(incident_id)
    views = current.views()
    with views.read(views.directory) as connection:
        names = views.directory.user_names(connection, audit_trail.users_of(case.incident, openings))
    duties = case.playbook.duties(case.incident, case.school.calendar)
    trail = audit_trail.audit_trail(case.incident, openings, duties, names)
    return _csv(audit_trail.as_csv(trail), f"audit-trail-{incident_id}") if form == CSV else trail


@school_reports.route("/<uuid:school_id>/lessons-learnt", methods=["GET"])
@school_reports.arguments(LessonsQuery, location="query")
@school_reports.returns(200, {"type": "string"}, content_type=CSV)
@school_reports.returns(200, LessonsBody, problems=(406, 422))
def read_lessons(query: dict[str, Any], school_id: UUID) -> Body | Response:
    """What was learnt, what it changes, and what became of the actions."""
    form = _form()
    school = _school(school_id, Permission.READ_LESSONS)
    sources = actor_of(current.reading(), school).role_for(Permission.READ_LESSON_SOURCES) is not None
    scope = ["lessons", school_id, query.get("term"), current.user().id]
    page = current.cursors().page(query, scope)
    views = current.views()
    with views.read(views.directory, views.caseload, views.lessons) as connection, known_term():
        items, following = views.lessons.page(
            connection,
            school,
            term=query.get("term"),
            now=current.now(),
            limit=_WHOLE if form == CSV else page.limit,
            after=None if page.after is None else _after(page.after),
            reader=visible(connection) if sources else None,
            hidden=about(views.caseload, connection, current.user().person),
        )
        stale = _stale(connection)
    if form == CSV:
        return _csv(lessons_learnt.as_csv(items), "lessons-learnt")
    cursor = None if following is None else current.cursors().make(_position(following), scope)
    return {"items": items, "next": cursor, **stale}


@school_reports.route("/<uuid:school_id>/governor-summary", methods=["GET"])
@school_reports.arguments(TermQuery, location="query")
@school_reports.returns(200, {"type": "string"}, content_type=CSV)
@school_reports.returns(200, SummaryBody, problems=(406, 422))
def read_summary(query: dict[str, Any], school_id: UUID) -> Body | Response:
    """A term in numbers, for governors. Nobody is named and small numbers are hidden."""
    form = _form()
    school = _school(school_id, Permission.READ_SUMMARY)
    views = current.views()
    term = query.get("term") or _running_term(school)
    with views.read(views.caseload, views.figures, views.lessons) as connection, known_term():
        hidden = about(views.caseload, connection, current.user().person)
        summary = views.summary.summary(connection, school, term, current.now(), hidden)
        stale = _stale(connection)
    return _csv(governor_summary.as_csv(summary), "governor-summary") if form == CSV else {**summary, **stale}


@contextmanager
def known_term() -> Iterator[None]:
    """Answer 422 where the school has no term of the name asked for."""
    try:
        yield
    except UnknownTerm:
        raise malformed({"term": ["is not a term of this school"]}) from None


def _stale(connection: Connection) -> Body:
    return {"stale": True} if is_stale(connection) else {}


def _form() -> str:
    """The form asked for: JSON where there is no preference; a problem (406) where it is none there is."""
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


def _school(school_id: UUID, permission: Permission) -> School:
    return current.casework().schools.read(current.reading(), school_id, permission)


def _running_term(school: School) -> str:
    term = school.calendar.term_on(day_of(current.now()))
    if term is None:
        raise malformed({"term": ["is needed: the school has entered no terms"]})
    return term.name


def _position(after: LessonsAfter) -> Position:
    return [after.debriefed_at.isoformat(), after.id.hex]


def _after(position: Position) -> LessonsAfter:
    debriefed_at, row = position
    return LessonsAfter(datetime.fromisoformat(str(debriefed_at)), UUID(str(row)))
