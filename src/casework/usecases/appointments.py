"""Changing appointments: an earlier last day, and absences."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.appointment import Appointment
from casework.domain.clocks import day_of
from casework.domain.errors import Forbidden, Invalid, NotFound, Refusal, Refused, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import record_faults
from casework.domain.moments import LocalDate
from casework.domain.school import AppointmentChanged, School
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.usecases.context import Context, as_it_was
from casework.usecases.schools import actor_of

_ENDED: Final = Refusal(
    "appointment-ended", "KCSIE part 2", "The appointment has ended; appoint the user again instead."
)
_ONLY_ABSENCE: Final = "You may record only your own absence; an administrator ends an appointment."


class ChangeAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to an appointment. A field that is not given stays.

    `until` is its last day, no later than the present one and no earlier than yesterday. The user is absent
    from today to `absent_until`; null ends the absence.
    """

    until: LocalDate | UnsetType = UNSET
    absent_until: LocalDate | UnsetType | None = UNSET


class Appointments:
    """The use cases of appointments once they are made."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def change(
        self, context: Context, school_id: UUID, appointment: UUID, command: ChangeAppointment
    ) -> Appointment:
        """End an appointment sooner or record an absence. Users may record their own absence.

        The same values record nothing. Raises NotFound, Forbidden, KeyReused, Invalid, or Refused if the
        appointment has ended.
        """
        return retrying(lambda: self._change(context, school_id, appointment, command))

    def _change(
        self, context: Context, school_id: UUID, appointment_id: UUID, command: ChangeAppointment
    ) -> Appointment:
        school = self._record.load(School, school_id)
        if school is None:
            raise NotFound
        role = _role_for(context, school, appointment_id, command)
        if context.earlier(school) is not None:
            return as_it_was(self._record, context, school).appointments[appointment_id]
        appointment = school.appointments.get(appointment_id)
        if appointment is None:
            raise NotFound
        changed = _changed(appointment, command, context)
        if changed == appointment:
            return appointment
        event = event_of(
            context.stamp(school.id, school.version + 1, role),
            AppointmentChanged,
            appointment=appointment.id,
            until=changed.until,
            absences=changed.absences,
        )
        refuse_any(record_faults(event))
        school.append(event)
        self._record.commit(school)
        return changed


def _role_for(context: Context, school: School, appointment_id: UUID, command: ChangeAppointment) -> Role:
    """The role in which the user makes the change. Raises NotFound or Forbidden if they may not."""
    if context.principal.administers:
        return Role.ADMIN
    actor = actor_of(context, school)
    role = actor.role_for(Permission.MANAGE_APPOINTMENTS)
    if role is not None:
        return role
    appointment = school.appointments.get(appointment_id)
    if appointment is None or appointment.user != context.by:
        return actor.require(Permission.MANAGE_APPOINTMENTS)
    if command.until is not UNSET:
        raise Forbidden(_ONLY_ABSENCE)
    return appointment.role


def _changed(appointment: Appointment, command: ChangeAppointment, context: Context) -> Appointment:
    """The appointment with the changes. Raises Invalid, or Refused if it has ended."""
    refuse_any(record_faults(command))
    today = day_of(context.now)
    if appointment.until is not None and appointment.until < today:
        raise Refused(_ENDED)
    if command.absent_until is not UNSET:
        if command.absent_until is not None and command.absent_until < today:
            raise Invalid.at("$.absent_until", "is in the past")
        appointment = appointment.absent_between(today, command.absent_until)
    if command.until is not UNSET:
        appointment = _ended_sooner(appointment, command.until, context)
    return appointment


def _ended_sooner(appointment: Appointment, until: LocalDate, context: Context) -> Appointment:
    if until < day_of(context.now) - timedelta(days=1):
        raise Invalid.at("$.until", "is before yesterday")
    if until < appointment.from_:
        raise Invalid.at("$.until", "is before from")
    if appointment.until is not None and until > appointment.until:
        raise Invalid.at("$.until", "is later than the present last day; appoint the user again")
    return msgspec.structs.replace(appointment, until=until)
