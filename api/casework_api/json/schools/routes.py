"""`/schools`: open one, change its settings, appoint users."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from flask import url_for

from casework.domain.access import Permission
from casework.domain.clocks import Calendar, day_of
from casework.domain.moments import LocalDate
from casework.domain.playbook import Pack
from casework.domain.school import Appointment, School
from casework.domain.vocabulary import Role
from casework.usecases.schools import AppointUser, ChangeSchool, OpenSchool
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.schema_of import schema_of
from casework_api.json.schools.comparison import ComparisonQuery, Comparisons, comparisons

SchoolInput = schema_of(OpenSchool, name="SchoolInput")
SchoolPatch = schema_of(ChangeSchool, name="SchoolPatch")
AppointmentInput = schema_of(AppointUser, name="AppointmentInput")


class PackBody(msgspec.Struct, frozen=True, kw_only=True):
    """The pack a school follows, when it was last looked at and kept, and by when it is to be again."""

    edition: str
    reviewed_on: LocalDate | None
    review_due: LocalDate | None


class AppointmentBody(msgspec.Struct, frozen=True, kw_only=True):
    """A user holding a role, from one day to another."""

    id: UUID
    user: UUID
    role: Role
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate | None


class SchoolStep(msgspec.Struct, frozen=True, kw_only=True):
    """Something the school itself has to do."""

    step: str
    due_at: LocalDate | None
    overdue: bool
    clause: str
    reason: str


class SchoolBody(msgspec.Struct, frozen=True, kw_only=True):
    """A school and its settings."""

    id: UUID
    version: int
    name: str
    urn: str | None
    pack: str
    policy: PackBody
    jurisdiction: str
    pupils_on_roll: int
    calendar: Calendar
    next_steps: list[SchoolStep]


blueprint = Blueprint(
    "schools", __name__, url_prefix="/schools", description="Schools, their calendars, packs and appointments"
)


def _body(school: School) -> SchoolBody:
    pack = current.casework().library.packs[school.pack]
    reviewed_on = school.reviewed_on(pack.edition, current.now())
    review_due = pack.review_due(reviewed_on)
    return SchoolBody(
        id=school.id,
        version=school.version,
        name=school.name,
        urn=school.urn,
        pack=pack.id,
        policy=PackBody(edition=pack.edition, reviewed_on=reviewed_on, review_due=review_due),
        jurisdiction=school.jurisdiction,
        pupils_on_roll=school.pupils_on_roll,
        calendar=school.calendar,
        next_steps=_next_steps(pack, review_due),
    )


def _next_steps(pack: Pack, review_due: date | None) -> list[SchoolStep]:
    """The review of the school's policy: overdue once its day is over, or where it bears no date."""
    today = day_of(current.now())
    overdue = review_due is None or review_due < today
    return [
        SchoolStep(
            step="review_policy",
            due_at=review_due,
            overdue=overdue,
            clause=pack.sources[0].cited_as,
            reason=(
                "The school's policy is looked at again: a version that changes anything is adopted (pack), "
                "or it is kept as it is (policy_reviewed_on)."
            ),
        )
    ]


def _appointment_body(appointment: Appointment) -> AppointmentBody:
    return AppointmentBody(
        id=appointment.id,
        user=appointment.user,
        role=appointment.role,
        from_=appointment.from_,
        until=appointment.until,
    )


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(SchoolInput)
@blueprint.returns(201, SchoolBody, headers=("Location",), problems=(409, 422))
def open_school(fields: dict[str, Any]) -> tuple[SchoolBody, int, dict[str, str]]:
    """Open a school. For administrators."""
    school = current.casework().schools.open(current.context(), OpenSchool(**fields))
    return _body(school), 201, {"Location": url_for("schools.read_school", school_id=school.id)}


@blueprint.route("/<uuid:school_id>", methods=["GET"])
@blueprint.returns(200, SchoolBody)
def read_school(school_id: UUID) -> SchoolBody:
    """A school's settings."""
    schools = current.casework().schools
    if current.user().administrator:
        return _body(schools.managed(current.reading(), school_id, Permission.READ_SCHOOL))
    return _body(schools.read(current.reading(), school_id, Permission.READ_SCHOOL))


@blueprint.route("/<uuid:school_id>/playbook-comparison", methods=["GET"])
@blueprint.arguments(ComparisonQuery, location="query")
@blueprint.returns(200, Comparisons, problems=(422,))
def compare_playbooks(query: dict[str, Any], school_id: UUID) -> Comparisons:
    """What the school's past incidents would have asked for under another pack, a page of them at a time."""
    return comparisons(school_id, query)


@blueprint.route("/<uuid:school_id>", methods=["PATCH"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(SchoolPatch)
@blueprint.returns(200, SchoolBody, problems=(409, 422))
def change_school(fields: dict[str, Any], school_id: UUID) -> SchoolBody:
    """Change what is given; the rest stays."""
    return _body(current.casework().schools.change(current.context(), school_id, ChangeSchool(**fields)))


@blueprint.route("/<uuid:school_id>/appointments", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(AppointmentInput)
@blueprint.returns(201, AppointmentBody, problems=(409, 422))
def appoint(fields: dict[str, Any], school_id: UUID) -> AppointmentBody:
    """Appoint a user to a role. Nobody appoints themselves."""
    schools = current.casework().schools
    return _appointment_body(schools.appoint(current.context(), school_id, AppointUser(**fields)))


@blueprint.route("/<uuid:school_id>/appointments/<uuid:appointment_id>", methods=["DELETE"])
@blueprint.returns(204)
def end_appointment(school_id: UUID, appointment_id: UUID) -> None:
    """End an appointment; it stays on the record."""
    current.casework().schools.end_appointment(current.context(), school_id, appointment_id)
