"""Requests for changes to accounts, for the users who asked for them or may decide them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.account_change import (
    AmendAppointment,
    AmendUser,
    Appoint,
    EndAppointment,
    Invite,
)
from casework.domain.appointment import Appointment
from casework.domain.approval import Approval
from casework.domain.person import Person
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import ApprovalState, Role
from casework.record import Record
from casework.record.links import persons_at
from casework.record.once import LoadedOnce
from casework.record.second_person import deciding_role, why_not_second
from casework_projections.reading.asking import Asker
from casework_projections.reading.school_lists import AppointmentBody, appointment_body
from casework_projections.reading.users import UserBody, user_body


class Named(msgspec.Struct, frozen=True):
    """A user or a person, with their name."""

    id: UUID
    name: Sealed


class Concerned(msgspec.Struct, frozen=True, kw_only=True):
    """The user whom a change to accounts is about. One who has `enrolled` holds a token already;
    it ends with an approved appointment if one person invited them, and they enrol again.

    `person` is who they are at the school now, or who they would become.
    """

    id: UUID
    name: Sealed
    enrolled: bool
    person: Named | None


class AccountRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request, the user whom it is about, and the role in which the asker may know of it.

    `record` has loaded what it concerns. The role is None if they know of it only because they asked for it.
    The asker `may_decide` it while it is pending, unless they are the same person as one of the other two.
    """

    record: Record
    approval: Approval
    subject: User
    role: Role | None
    may_decide: bool


def account_requests(
    record: Record, asker: Asker, approvals: Collection[Approval], schools: Mapping[UUID, Collection[UUID]]
) -> Iterator[AccountRequest]:
    """Those of `approvals` that the asker may know of; `schools` are those of each user they are about."""
    once = LoadedOnce(record)
    users = {user for each in approvals for user in (each.asked.about.user, each.asked.by)} - {None}
    found = once.load_many(user for user in users if user is not None)
    linked = {person for user in found.values() if isinstance(user, User) for person in user.links}
    once.load_many([*linked, *{school for several in schools.values() for school in several}])
    for approval in approvals:
        request = _request(once, asker, approval, schools)
        if request is not None:
            yield request


def _request(
    record: Record, asker: Asker, approval: Approval, schools: Mapping[UUID, Collection[UUID]]
) -> AccountRequest | None:
    about, by = approval.asked.about.user, approval.asked.by
    subject = None if about is None else record.load(User, about)
    requester = record.load(User, by)
    if subject is None or requester is None:
        return None
    role = deciding_role(record, asker.principal, approval, schools.get(subject.id, ()), asker.now)
    if role is None and by != asker.principal.id:
        return None
    second = role is not None and why_not_second(record, asker.principal, requester, subject) is None
    pending = approval.state_at(asker.now) is ApprovalState.ASKED
    return AccountRequest(
        record=record, approval=approval, subject=subject, role=role, may_decide=second and pending
    )


def concerned(request: AccountRequest) -> Concerned:
    """The user whom the request is about, by name."""
    user, change = request.subject, request.approval.change
    school = request.approval.asked.school
    person = None if school is None else persons_at(request.record, user).get(school)
    if isinstance(change, AmendUser):
        person = change.fields.person
    found = None if person is None else request.record.load(Person, person)
    named = None if found is None else Named(found.id, found.name)
    return Concerned(id=user.id, name=user.name, enrolled=user.enrolled, person=named)


def change_body(request: AccountRequest) -> dict[str, Any] | UnsetType:
    """What would change, as the request gave it."""
    record = request.record
    match request.approval.change:
        case Appoint(appointment=appointment):
            return {"change": "appoint", **_given(appointment, "user")}
        case EndAppointment(school=school, appointment=ended):
            return {"change": "end_appointment", **_appointment(record, school, ended)}
        case AmendAppointment(school=school, appointment=amended, fields=fields):
            return {"change": "amend", **_appointment(record, school, amended), **_given(fields)}
        case AmendUser(fields=fields):
            return {"change": "amend_user", **_given(fields)}
        case Invite():
            return {"change": "invite"}
        case None:
            return UNSET


def change_result(request: AccountRequest, asker: Asker) -> AppointmentBody | UserBody | UnsetType:
    """What the response to the request would have been, for the users who asked for it and approved it."""
    record = request.record
    asked, decided = request.approval.asked, request.approval.decided
    if decided is None or not decided.approved or asker.principal.id not in (asked.by, decided.by):
        return UNSET
    if isinstance(request.approval.change, AmendUser):
        user = request.subject
        return user_body(user, persons_at(record, user)) if asker.principal.administers else UNSET
    school = None if asked.school is None else record.load(School, asked.school)
    made = None if school is None or decided.made is None else school.appointments.get(decided.made)
    return UNSET if made is None else appointment_body(made, asker.today)


def _appointment(record: Record, school_id: UUID, appointment_id: UUID) -> dict[str, Any]:
    school = record.load(School, school_id)
    found: Appointment | None = None if school is None else school.appointments.get(appointment_id)
    return {"appointment": appointment_id, "role": None if found is None else found.role}


def _given(fields: msgspec.Struct, *without: str) -> dict[str, Any]:
    """The fields that were given."""
    named = {each.name: each.encode_name for each in msgspec.structs.fields(fields)}
    values = {named[name]: getattr(fields, name) for name in named if name not in without}
    return {name: value for name, value in values.items() if value is not None and value is not UNSET}
