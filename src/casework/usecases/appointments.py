"""Appointments: users are appointed to roles at a school, with a last day and absences."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from casework.domain.access import Permission
from casework.domain.account_change import (
    AccountChange,
    AmendAppointment,
    Appoint,
    AppointUser,
    ChangeAppointment,
    EndAppointment,
)
from casework.domain.appointment import PROVISIONAL_ROLES, Appointment
from casework.domain.approval import Approval
from casework.domain.clocks import day_of, start_of
from casework.domain.errors import Forbidden, Invalid, NotFound, Refusal, Refused, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import record_faults
from casework.domain.moments import LocalDate
from casework.domain.school import (
    Appointed,
    AppointmentChanged,
    AppointmentConfirmed,
    AppointmentEnded,
    School,
)
from casework.domain.user import TokensEnded, User
from casework.domain.vocabulary import Role
from casework.record import Record
from casework.record.links import persons_at
from casework.record.second_person import are_one, has_no_second, loses_leads, was_led
from casework.record.user_directory import UserDirectory
from casework.usecases.context import Context, as_it_was
from casework.usecases.linking import is_linked
from casework.usecases.schools import Schools, actor_of
from casework.usecases.two_people import Prepared, TakesTwo, TwoPeople

_PERSON_NEEDED: Final = Refusal(
    "person-needed",
    "KCSIE part 4",
    "A role that reads cases is for users whose own case can be hidden from them. Link the user to their "
    "person on the roll of this school (`person`), then appoint them.",
)
_OTHER_PERSON: Final = Refusal(
    "approval-outdated",
    "KCSIE part 4",
    "The user was linked to another person after this was asked for; ask again.",
)
_SERVICE: Final = Refusal(
    "service-user", "UK GDPR art. 32", "The user is a service, which holds no role that reads cases."
)
_OVERLAPS: Final = Refusal(
    "appointment-overlaps",
    "KCSIE part 2",
    "The user holds or stands in for this role on some of these days already.",
)
_ENDED: Final = Refusal(
    "appointment-ended", "KCSIE part 2", "The appointment has ended; appoint the user again instead."
)
_APPOINTER: Final = Refusal(
    "appointed-alone",
    "KCSIE part 2",
    "The second person made this appointment alone; somebody else must confirm it.",
)
_ONLY_ABSENCE: Final = "You may record only your own absence; an administrator ends an appointment."
_DAY: Final = timedelta(days=1)


class Appointments:
    """The use cases of appointments."""

    def __init__(self, record: Record, schools: Schools, directory: UserDirectory) -> None:
        self._record = record
        self._directory = directory
        self._schools = schools
        self._two_people = TwoPeople(record)

    def appoint(self, context: Context, school_id: UUID, command: AppointUser) -> Appointment | Approval:
        """Appoint a user to a role. Users cannot appoint themselves.

        A role that reads cases takes two people, as soon as the school is led by a user who has enrolled. If
        the school has lost them all and nobody could be the second, an administrator appoints a head or a
        safeguarding lead provisionally. Raises NotFound, Forbidden, KeyReused, Invalid, or Refused if it
        overlaps another appointment, or if a role that reads cases is for a user who is no person on the roll
        of the school.
        """
        return self._two_people.carry_out(
            context, lambda: self.prepare_appointment(context, school_id, command)
        )

    def end(self, context: Context, school_id: UUID, appointment: UUID) -> Approval | None:
        """End an appointment: its last day becomes yesterday, unless it ended before that.

        An appointment that has not begun never does: its last day becomes the one before its first. It takes
        two people if nobody who has enrolled would be head or safeguarding lead any more. Raises NotFound,
        Forbidden or KeyReused.
        """
        return self._two_people.carry_out(context, lambda: self.prepare_end(context, school_id, appointment))

    def change(
        self, context: Context, school_id: UUID, appointment: UUID, command: ChangeAppointment
    ) -> Appointment | Approval:
        """End an appointment sooner, record an absence, or confirm a provisional appointment.

        Users may record their own absence. The same values record nothing. An end takes two people as in
        `end`, and so does an absence that another user records, if nobody who has enrolled would act as lead
        any more. A confirmation always does, and the second is not who made the appointment. Raises NotFound,
        Forbidden, KeyReused, Invalid, or Refused if the appointment has ended.
        """
        return self._two_people.carry_out(
            context, lambda: self.prepare_change(context, school_id, appointment, command)
        )

    def prepare_appointment(
        self, context: Context, school_id: UUID, command: AppointUser, person: UUID | None = None
    ) -> Prepared[Appointment]:
        """As `appoint`, without storing it; `person` is who the user was when it was asked for."""
        school = self._schools.managed(context, school_id, Permission.MANAGE_APPOINTMENTS)
        appointment_id = context.new_id("appointment")
        if context.earlier(school) is not None:
            result = as_it_was(self._record, context, school).appointments[appointment_id]
            return Prepared(result=result, made=appointment_id)
        user = self._appointed_user(context, command)
        appointment = Appointment(id=appointment_id, **msgspec.structs.asdict(command))
        refuse_any(record_faults(command) | appointment.faults())
        if any(map(appointment.overlaps, school.appointments.values())):
            raise Refused(_OVERLAPS)
        if appointment.reads_cases:
            self._require_known(user, school)
        change = Appoint(
            school=school.id,
            appointment=command,
            person=persons_at(self._record, user).get(school.id),
        )
        if context.approved_by is not None and change.person != person:
            raise Refused(_OTHER_PERSON)
        takes_two = appointment.reads_cases and was_led(self._record, school, day_of(context.now))
        if takes_two and self._is_provisional(context, school, appointment, user):
            since = max(context.now, start_of(appointment.from_))
            appointment = msgspec.structs.replace(appointment, provisional_since=since)
            takes_two = False
        wanted = _wanted(context, change, command.user, school) if takes_two else None
        stamp = context.stamp(school.id, school.version + 1, Role.ADMIN)
        school.append(event_of(stamp, Appointed, appointment=appointment, approved_by=context.approved_by))
        changed = (school, *_without_tokens(context, user))
        return Prepared(result=appointment, changed=changed, takes_two=wanted, made=appointment.id)

    def prepare_end(self, context: Context, school_id: UUID, appointment_id: UUID) -> Prepared[None]:
        """As `end`, without storing it."""
        school = self._schools.managed(context, school_id, Permission.MANAGE_APPOINTMENTS)
        if context.earlier(school) is not None:
            return Prepared(result=None)
        if appointment_id not in school.appointments:
            raise NotFound
        ended = school.appointments[appointment_id]
        yesterday = day_of(context.now) - _DAY
        last_day = max(min(yesterday, ended.until or yesterday), ended.from_ - _DAY)
        change = EndAppointment(school=school.id, appointment=ended.id)
        takes_two = self._takes_last_lead(context, school, msgspec.structs.replace(ended, until=last_day))
        wanted = _wanted(context, change, ended.user, school) if takes_two else None
        ending = event_of(
            context.stamp(school.id, school.version + 1, Role.ADMIN),
            AppointmentEnded,
            appointment=ended.id,
            until=last_day,
            approved_by=context.approved_by,
        )
        school.append(ending)
        return Prepared(result=None, changed=(school,), takes_two=wanted)

    def prepare_change(
        self, context: Context, school_id: UUID, appointment_id: UUID, command: ChangeAppointment
    ) -> Prepared[Appointment]:
        """As `change`, without storing it."""
        school = self._record.load(School, school_id)
        if school is None:
            raise NotFound
        role = _role_for(context, school, appointment_id, command)
        if context.earlier(school) is not None:
            return Prepared(result=as_it_was(self._record, context, school).appointments[appointment_id])
        appointment = school.appointments.get(appointment_id)
        if appointment is None:
            raise NotFound
        if command.confirmed is not UNSET:
            return self._confirmed(context, school, appointment, command, role)
        changed = _changed(appointment, command, context)
        if changed == appointment:
            return Prepared(result=appointment)
        change = AmendAppointment(school=school.id, appointment=appointment.id, fields=command)
        # Users record their own absence alone: nobody else takes the cases from them.
        own = appointment.user == context.by
        judged = msgspec.structs.replace(changed, absences=appointment.absences) if own else changed
        takes_two = self._takes_last_lead(context, school, judged)
        wanted = _wanted(context, change, appointment.user, school) if takes_two else None
        event = event_of(
            context.stamp(school.id, school.version + 1, role),
            AppointmentChanged,
            appointment=appointment.id,
            until=changed.until,
            absences=changed.absences,
            approved_by=context.approved_by,
        )
        refuse_any(record_faults(event))
        school.append(event)
        return Prepared(result=changed, changed=(school,), takes_two=wanted)

    def _is_provisional(self, context: Context, school: School, appointment: Appointment, user: User) -> bool:
        """Whether an appointment that takes two people is made by one who has nobody to ask."""
        if not context.alone or not context.principal.administers:
            return False
        if appointment.role not in PROVISIONAL_ROLES or appointment.standing_in_for is not None:
            return False
        asker, today = self._record.load(User, context.by), day_of(context.now)
        if asker is None or are_one(self._record, asker, user):
            return False
        return has_no_second(self._record, self._directory.administrators(), asker, school, today)

    def _confirmed(
        self,
        context: Context,
        school: School,
        appointment: Appointment,
        command: ChangeAppointment,
        role: Role,
    ) -> Prepared[Appointment]:
        """A provisional appointment made an ordinary one, which takes two people."""
        if command != ChangeAppointment(confirmed=True):
            raise Invalid.at("$.confirmed", "is true, and comes alone")
        if appointment.provisional_since is None:
            return Prepared(result=appointment)
        if appointment.until is not None and appointment.until < day_of(context.now):
            raise Refused(_ENDED)
        self._require_not_appointer(context, school, appointment)
        change = AmendAppointment(school=school.id, appointment=appointment.id, fields=command)
        wanted = _wanted(context, change, appointment.user, school)
        stamp = context.stamp(school.id, school.version + 1, role)
        school.append(
            event_of(
                stamp,
                AppointmentConfirmed,
                appointment=appointment.id,
                approved_by=context.approved_by,
            )
        )
        user = self._record.load(User, appointment.user)
        changed = (school, *(() if user is None else _without_tokens(context, user)))
        return Prepared(result=school.appointments[appointment.id], changed=changed, takes_two=wanted)

    def _require_not_appointer(self, context: Context, school: School, appointment: Appointment) -> None:
        """Raise Refused if the second person, if there is one, made the appointment alone."""
        if context.approved_by is None:
            return
        second = self._record.load(User, context.approved_by)
        first = self._record.load(User, school.appointed_by[appointment.id])
        if second is not None and first is not None and are_one(self._record, second, first):
            raise Refused(_APPOINTER)

    def _appointed_user(self, context: Context, command: AppointUser) -> User:
        user = self._record.load(User, command.user)
        if user is None:
            raise Invalid.at("$.user", "is not a user")
        if not user.active:
            raise Invalid.at("$.user", "is deactivated")
        if command.user == context.by:
            raise Invalid.at("$.user", "is you; another administrator must appoint you")
        return user

    def _require_known(self, user: User, school: School) -> None:
        """Raise Refused unless the user is a person from whom a case about them can be hidden."""
        if user.service:
            raise Refused(_SERVICE)
        if not is_linked(self._record, user, school.id):
            raise Refused(_PERSON_NEEDED)

    def _takes_last_lead(self, context: Context, school: School, changed: Appointment) -> bool:
        """Whether the school loses its last lead who has enrolled if an appointment is `changed`."""
        if changed == school.appointments[changed.id] or not any(role.leads for role in changed.roles):
            return False
        after = school.appointments | {changed.id: changed}
        return loses_leads(self._record, school, after.values(), day_of(context.now))


def _without_tokens(context: Context, user: User) -> tuple[User, ...]:
    """The user after the end of their tokens, if one person invited them and two people appoint them now."""
    if context.approved_by is None or not user.invited_by_one or not user.enrolled:
        return ()
    stamp = context.stamp(user.id, user.version + 1, Role.ADMIN)
    user.append(event_of(stamp, TokensEnded, approved_by=context.approved_by))
    return (user,)


def _wanted(context: Context, change: AccountChange, user: UUID, school: School) -> TakesTwo:
    """What a second person must approve."""
    role = Role.ADMIN
    if not context.principal.administers:
        role = actor_of(context, school).require(Permission.MANAGE_APPOINTMENTS)
    return TakesTwo(change=change, user=user, school=school.id, role=role)


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
    if command.until is not UNSET or command.confirmed is not UNSET:
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
    if until < day_of(context.now) - _DAY:
        raise Invalid.at("$.until", "is before yesterday")
    if until < appointment.from_:
        raise Invalid.at("$.until", "is before from")
    if appointment.until is not None and until > appointment.until:
        raise Invalid.at("$.until", "is later than the present last day; appoint the user again")
    return msgspec.structs.replace(appointment, until=until)
