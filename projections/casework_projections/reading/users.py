"""Users: one by id; and the user who makes the request, with their appointments and permissions."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import PERMISSIONS
from casework.domain.errors import Forbidden, NotFound
from casework.domain.moments import LocalDate
from casework.domain.sealed import Sealed
from casework.domain.user import Scope, User
from casework.domain.vocabulary import Role
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.views.directory import Held


class UserBody(msgspec.Struct, frozen=True, kw_only=True):
    """A user."""

    id: UUID
    name: Sealed
    email: Sealed
    person: UUID | None
    administrator: bool


class HeldAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """A role held at a school, from one day to another."""

    id: UUID
    school: UUID
    role: Role
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate | None
    in_force: bool
    may: tuple[str, ...]


class MeBody(msgspec.Struct, frozen=True, kw_only=True):
    """The user who makes the request, the roles they hold, and what each permits.

    An administrator also gets how many events each view could not apply, and how many cases and other
    aggregates cannot be read, if there are any.
    """

    user: UserBody
    scopes: tuple[Scope, ...]
    appointments: tuple[HeldAppointment, ...]
    set_aside: dict[str, int] | UnsetType = UNSET
    unreadable: int | UnsetType = UNSET


class ReadUser(Question[UserBody], frozen=True):
    """A user, for administrators and for that user."""

    NAME: ClassVar = "user"

    user: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[UserBody]:
        if asker.principal.id != self.user and not asker.principal.administers:
            raise Forbidden
        user = room.record.load(User, self.user)
        if user is None:
            raise NotFound
        return Answer(user_body(user), (_shown(user),))


class ReadMe(Question[MeBody], frozen=True):
    """The user who makes the request, with a token of these `scopes`."""

    NAME: ClassVar = "me"

    scopes: tuple[Scope, ...]

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[MeBody]:
        user = room.record.peek(User, asker.principal.id)
        if user is None:
            raise NotFound
        directory = room.views.directory
        with room.snapshot(directory) as snapshot:
            appointments = directory.appointments_of(snapshot.connection, user.id)
        counts = room.views.counts_aside() if user.administrator else None
        body = MeBody(
            user=user_body(user),
            scopes=self.scopes,
            # Without those that were ended by their first day, which are in force on no day.
            appointments=tuple(
                _held(each, asker.today)
                for each in appointments
                if each.until is None or each.until >= each.from_
            ),
            set_aside=counts.views if counts and counts.views else UNSET,
            unreadable=counts.unreadable if counts and counts.views else UNSET,
        )
        return Answer(body, (_shown(user),))


def user_body(user: User) -> UserBody:
    """A user as administrators and that user see them."""
    return UserBody(
        id=user.id, name=user.name, email=user.email, person=user.person, administrator=user.administrator
    )


def _held(appointment: Held, today: date) -> HeldAppointment:
    return HeldAppointment(
        id=appointment.appointment,
        school=appointment.school,
        role=appointment.role,
        from_=appointment.from_,
        until=appointment.until,
        in_force=appointment.in_force(today),
        may=tuple(sorted(PERMISSIONS[appointment.role])),
    )


def _shown(user: User) -> Shown:
    return Shown(about=user.id, parts=("user",))
