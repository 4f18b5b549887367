"""`/schools`: open one, change its settings, appoint users."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from flask import url_for

from casework.domain.account_change import AppointUser, ChangeAppointment
from casework.domain.appointment import Appointment
from casework.domain.approval import Approval
from casework.domain.clocks import day_of
from casework.domain.fields import Text
from casework.domain.school import School
from casework.usecases.schools import ChangeSchool, OpenSchool
from casework.usecases.year_groups import PromoteYearGroups, Promotion
from casework_api.http import current
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, Blueprint
from casework_api.http.fields import Words
from casework_api.http.paging import PageQuery, part
from casework_api.http.schema_of import schema_of
from casework_api.json.approvals.required import TAKES_TWO, ApprovalRequired, Required, required
from casework_projections.reading.comparison import ComparePlaybooks, Comparison
from casework_projections.reading.paging import Page
from casework_projections.reading.school_lists import (
    AppointmentBody,
    ListAppointments,
    ListedAppointment,
    ListedSchool,
    ListSchools,
    appointment_body,
)
from casework_projections.reading.schools import ReadSchool, SchoolBody, school_body

SchoolInput = schema_of(OpenSchool, name="SchoolInput")
SchoolPatch = schema_of(ChangeSchool, name="SchoolPatch", nullable=False)
PromotionInput = schema_of(PromoteYearGroups, name="PromotionInput")
AppointmentInput = schema_of(AppointUser, name="AppointmentInput")
AppointmentPatch = schema_of(ChangeAppointment, name="AppointmentPatch")

PROMOTION_EXAMPLE: Final = {
    "preview": True,
    "school_year": 2026,
    "top_year": 6,
    "left_on": "2026-07-21",
    "moved": 180,
    "leavers": [
        {"id": "7f0f2a54-9a52-5f1d-8f39-0d5b8a1c7e21", "name": "Petra Pupil", "year_group": 6},
    ],
}


class ComparisonQuery(PageQuery):
    """The packs to compare: `pack` with the one each incident was judged by, or with `under`."""

    pack = Words(Text(max=100), required=True, metadata={"description": "The pack to compare with."})
    under = Words(Text(max=100), metadata={"description": "The pack to compare it with instead."})


blueprint = Blueprint(
    "schools", __name__, url_prefix="/schools", description="Schools, their calendars, packs and appointments"
)


def _body(school: School) -> SchoolBody:
    return school_body(school, current.library(), current.now())


def _appointment_body(appointment: Appointment) -> AppointmentBody:
    return appointment_body(appointment, day_of(current.now()))


@blueprint.route("", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(SchoolInput)
@blueprint.returns(201, SchoolBody, headers=("Location",), problems=(409, 422))
def open_school(fields: dict[str, Any]) -> tuple[SchoolBody, int, dict[str, str]]:
    """Open a school. For administrators."""
    school = current.casework().schools.open(current.context(), OpenSchool(**fields))
    return _body(school), 201, {"Location": url_for("schools.read_school", school_id=school.id)}


@blueprint.route("", methods=["GET"])
@blueprint.arguments(PageQuery, location="query")
@blueprint.returns(200, Page[ListedSchool], problems=(422,))
def index(query: dict[str, Any]) -> Page[ListedSchool]:
    """The schools where the user holds a role today; all schools for administrators."""
    return current.answer(ListSchools(part=part(query)))


@blueprint.route("/<uuid:school_id>", methods=["GET"])
@blueprint.returns(200, SchoolBody)
def read_school(school_id: UUID) -> SchoolBody:
    """A school's settings."""
    return current.answer(ReadSchool(school_id))


@blueprint.route("/<uuid:school_id>/playbook-comparison", methods=["GET"])
@blueprint.arguments(ComparisonQuery, location="query")
@blueprint.returns(200, Page[Comparison], problems=(422,))
def compare_playbooks(query: dict[str, Any], school_id: UUID) -> Page[Comparison]:
    """What another pack would have required in the school's past incidents, a page at a time."""
    question = ComparePlaybooks(
        school=school_id, pack=query["pack"], under=query.get("under"), part=part(query)
    )
    return current.answer(question)


@blueprint.route("/<uuid:school_id>", methods=["PATCH"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(SchoolPatch)
@blueprint.returns(200, SchoolBody, problems=(409, 422))
def change_school(fields: dict[str, Any], school_id: UUID) -> SchoolBody:
    """Change the given settings; the others stay. A setting cannot be cleared."""
    return _body(current.casework().schools.change(current.context(), school_id, ChangeSchool(**fields)))


@blueprint.route("/<uuid:school_id>/year-groups/promote", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(PromotionInput)
@blueprint.returns(200, Promotion, problems=(409, 422), example=PROMOTION_EXAMPLE)
def promote(fields: dict[str, Any], school_id: UUID) -> Promotion:
    """Move all pupils on the roll a year up; those of the top year become former pupils and leave the roll.

    For safeguarding leads, the head and administrators, once in a school year (from July to June). With
    `preview` nothing changes. Without `top_year` it is 6, 11 or 13, by the highest year on the roll; the
    preview shows it.
    """
    command = PromoteYearGroups(**fields)
    return current.casework().year_groups.promote(current.context(), school_id, command)


@blueprint.route("/<uuid:school_id>/appointments", methods=["POST"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(AppointmentInput)
@blueprint.returns(202, ApprovalRequired, headers=("Location",), description=TAKES_TWO)
@blueprint.returns(201, AppointmentBody, problems=(409, 422))
def appoint(fields: dict[str, Any], school_id: UUID) -> AppointmentBody | Required:
    """Appoint a user to a role. No user can appoint themselves.

    A role that reads cases takes two people (202), once the head or the safeguarding lead has enrolled. At a
    school that has lost them all, where nobody could be the second, one administrator appoints a
    `provisional` head or lead, who reads only cases reported from then on.
    """
    appointments = current.casework().appointments
    done = appointments.appoint(current.context(), school_id, AppointUser(**fields))
    return required(done) if isinstance(done, Approval) else _appointment_body(done)


@blueprint.route("/<uuid:school_id>/appointments", methods=["GET"])
@blueprint.arguments(PageQuery, location="query")
@blueprint.returns(200, Page[ListedAppointment], problems=(422,))
def appointments(query: dict[str, Any], school_id: UUID) -> Page[ListedAppointment]:
    """Who holds, held or will hold which role, the earliest first. For administrators and leads."""
    return current.answer(ListAppointments(school=school_id, part=part(query)))


@blueprint.route("/<uuid:school_id>/appointments/<uuid:appointment_id>", methods=["PATCH"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.arguments(AppointmentPatch)
@blueprint.returns(202, ApprovalRequired, headers=("Location",), description=TAKES_TWO)
@blueprint.returns(200, AppointmentBody, problems=(409, 422))
def change_appointment(
    fields: dict[str, Any], school_id: UUID, appointment_id: UUID
) -> AppointmentBody | Required:
    """End an appointment sooner, record an absence, or confirm it. Users may record their own absence.

    It takes two people (202) to end the appointment of the last head or safeguarding lead, and to confirm a
    provisional appointment.
    """
    appointments, command = current.casework().appointments, ChangeAppointment(**fields)
    done = appointments.change(current.context(), school_id, appointment_id, command)
    return required(done) if isinstance(done, Approval) else _appointment_body(done)


@blueprint.route("/<uuid:school_id>/appointments/<uuid:appointment_id>", methods=["DELETE"])
@blueprint.takes(IDEMPOTENCY_KEY_HEADER)
@blueprint.returns(202, ApprovalRequired, headers=("Location",), description=TAKES_TWO)
@blueprint.returns(204)
def end_appointment(school_id: UUID, appointment_id: UUID) -> Required | None:
    """End an appointment; it stays on the record.

    It takes two people (202) to end the appointment of the last head or safeguarding lead.
    """
    asked = current.casework().appointments.end(current.context(), school_id, appointment_id)
    return None if asked is None else required(asked)
