"""Schools: open one, change its settings, appoint users to roles there."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from casework.domain.access import Actor, Permission
from casework.domain.clocks import LONDON, Calendar
from casework.domain.errors import Forbidden, Invalid, NotFound
from casework.domain.event import Event
from casework.domain.fields import record_faults
from casework.domain.school import (
    Appointed,
    Appointment,
    AppointmentEnded,
    School,
    SchoolChanged,
    SchoolOpened,
)
from casework.domain.user import User
from casework.domain.vocabulary import Role
from casework.usecases.command import Command

if TYPE_CHECKING:
    from casework.application import Casework


class Schools:
    """The use cases of schools."""

    def __init__(self, app: Casework) -> None:
        self._app = app

    def actor_at(self, school_id: UUID, command: Command) -> tuple[School, Actor]:
        """The school, and whoever asks with the roles they hold there today.

        Raises NotFound where there is no such school; an actor without a role is not refused here.
        """
        school = self._app.peek(School, school_id)
        if school is None or command.user is None:
            raise NotFound
        return school, actor(school, command)

    def read(self, command: Command, school_id: UUID, permission: Permission) -> School:
        """The school, for an actor who holds `permission` there.

        Raises NotFound where the actor holds no role there at all, Forbidden where the roles do not do.
        """
        school, who = self.actor_at(school_id, command)
        if not who.roles:
            raise NotFound
        if who.role_for(permission) is None:
            raise Forbidden
        return school

    def managed(self, command: Command, school_id: UUID, permission: Permission) -> School:
        """The school, for an administrator of the system or of the school."""
        school = self._app.load(School, school_id)
        if school is None:
            raise NotFound
        if command.user is not None and command.user.administrator:
            return school
        who = actor(school, command)
        if not who.roles:
            raise NotFound
        if who.role_for(permission) is None:
            raise Forbidden
        return school

    def may(self, command: Command, school: School, permission: Permission) -> bool:
        """Whether whoever asks holds `permission` at `school`."""
        return actor(school, command).role_for(permission) is not None

    def known_as(self, school: School, role: Role, moment: datetime) -> frozenset[UUID]:
        """The people who hold `role` at `moment`, as far as the school's users are known as people."""
        day = moment.astimezone(LONDON).date()
        users = (self._app.peek(User, user) for user in school.holders_of(role, day))
        return frozenset(user.person for user in users if user is not None and user.person is not None)

    def open(self, command: Command, fields: dict[str, Any]) -> School:
        """A new school, by an administrator. `pack` is a pack's id; its latest version is adopted."""
        return self._app.rerun(lambda: self._open(command, fields))

    def change(self, command: Command, school_id: UUID, fields: dict[str, Any]) -> School:
        """Change the settings given in `fields`; the rest stays."""
        return self._app.rerun(lambda: self._change(command, school_id, fields))

    def appoint(
        self,
        command: Command,
        school_id: UUID,
        user: UUID,
        role: Role,
        from_: date,
        until: date | None = None,
    ) -> Appointment:
        """Appoint `user`; nobody appoints themselves."""
        return self._app.rerun(lambda: self._appoint(command, school_id, user, role, from_, until))

    def end_appointment(self, command: Command, school_id: UUID, appointment: UUID) -> None:
        """End an appointment: yesterday was its last day."""
        self._app.rerun(lambda: self._end(command, school_id, appointment))

    def _open(self, command: Command, fields: dict[str, Any]) -> School:
        require_administrator(command)
        school_id = command.new_id("school")
        existing = self._app.load(School, school_id)
        if existing is not None and command.earlier(existing) is not None:
            return self._answered_before(command, existing)
        opened = SchoolOpened(
            **command.stamp(school_id, 1, Role.ADMIN), **(fields | {"pack": self._edition(fields["pack"])})
        )
        if opened.jurisdiction not in self._app.library.jurisdictions():
            raise Invalid.at("$.jurisdiction", "is not a jurisdiction casework has a floor for")
        school = School(opened)
        _check(opened, opened.calendar)
        school.record(opened)
        self._app.commit(school)
        return school

    def _change(self, command: Command, school_id: UUID, fields: dict[str, Any]) -> School:
        school = self.managed(command, school_id, Permission.MANAGE_SCHOOL)
        if command.earlier(school) is not None:
            return self._answered_before(command, school)
        if fields.get("pack") is not None:
            fields = fields | {"pack": self._edition(fields["pack"])}
        changed = SchoolChanged(**command.stamp(school.id, school.version + 1, Role.ADMIN), **fields)
        _check(changed, changed.calendar)
        reviewed = changed.policy_reviewed_on
        if reviewed is not None and reviewed > command.now.astimezone(LONDON).date():
            raise Invalid.at("$.policy_reviewed_on", "is in the future")
        school.record(changed)
        self._app.commit(school)
        return school

    def _appoint(
        self, command: Command, school_id: UUID, user: UUID, role: Role, from_: date, until: date | None
    ) -> Appointment:
        school = self.managed(command, school_id, Permission.MANAGE_APPOINTMENTS)
        appointment_id = command.new_id("appointment")
        if command.earlier(school) is not None:
            return self._answered_before(command, school).appointments[appointment_id]
        if self._app.load(User, user) is None:
            raise Invalid.at("$.user", "is not a user")
        if user == command.by:
            raise Invalid.at("$.user", "is yourself; somebody else must appoint you")
        if until is not None and until < from_:
            raise Invalid.at("$.until", "is before from")
        appointment = Appointment(id=appointment_id, user=user, role=role, from_=from_, until=until)
        stamp = command.stamp(school.id, school.version + 1, Role.ADMIN)
        school.record(Appointed(**stamp, appointment=appointment))
        self._app.commit(school)
        return appointment

    def _end(self, command: Command, school_id: UUID, appointment: UUID) -> None:
        school = self.managed(command, school_id, Permission.MANAGE_APPOINTMENTS)
        if command.earlier(school) is not None:
            return
        if appointment not in school.appointments:
            raise NotFound
        last_day = date.fromordinal(command.now.astimezone(LONDON).date().toordinal() - 1)
        stamp = command.stamp(school.id, school.version + 1, Role.ADMIN)
        school.record(AppointmentEnded(**stamp, appointment=appointment, until=last_day))
        self._app.commit(school)

    def _answered_before(self, command: Command, school: School) -> School:
        """The school as a request that is sent again was first answered with."""
        events = self._app.events.get(school.id, lte=command.earlier(school))
        then = School.replay(cast(Event, event) for event in events)
        if then is None:
            raise NotFound
        return then

    def _edition(self, pack_id: str) -> str:
        if pack_id not in self._app.library.pack_ids():
            raise Invalid.at("$.pack", f"must be one of {', '.join(self._app.library.pack_ids())}")
        return self._app.library.latest_pack(pack_id).edition


def actor(school: School, command: Command) -> Actor:
    """Whoever asks, with the roles they hold at `school` today."""
    user = command.user
    if user is None:
        raise Forbidden
    today = command.now.astimezone(LONDON).date()
    return Actor(user=user.id, person=user.person, roles=tuple(school.roles_of(user.id, today)))


def require_administrator(command: Command) -> None:
    """Raise Forbidden unless an administrator asks."""
    if command.user is None or not command.user.administrator:
        raise Forbidden


def _check(event: SchoolOpened | SchoolChanged, calendar: Calendar | None) -> None:
    faults = record_faults(event)
    if calendar is not None:
        faults |= {f"$.calendar.{path}": message for path, message in calendar.faults()}
    if event.pupils_on_roll is not None and event.pupils_on_roll < 0:
        faults["$.pupils_on_roll"] = "is less than 0"
    if faults:
        raise Invalid({path: [message] for path, message in faults.items()})
