"""Users: one by id; and the user who makes the request, with their appointments and permissions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import permissions_of
from casework.domain.errors import NotFound
from casework.domain.moments import LocalDate
from casework.domain.sealed import Sealed
from casework.domain.user import Scope, User
from casework.domain.vocabulary import Role
from casework.record.links import persons_at
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.reading.user_lists import HeldRole, listed_roles
from casework_projections.views.directory_tables import Acting, Held


class LinkedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """The person that a user is in incidents of a school."""

    school: UUID
    person: UUID


class UserBody(msgspec.Struct, frozen=True, kw_only=True):
    """A user. `person` is the person they were linked to last, `persons` those they are now at each school.

    A `service` user is a program; an `enrolled` user has had a token and need not enrol again. A user who is
    not `active` cannot sign in. Only administrators and the user themselves get everything; `roles` are those
    held today, at the schools whose users the reader may list. The response to a change has no `roles`.
    """

    id: UUID
    version: int
    name: Sealed
    email: Sealed | UnsetType = UNSET
    person: UUID | UnsetType | None = UNSET
    persons: tuple[LinkedPerson, ...] | UnsetType = UNSET
    administrator: bool | UnsetType = UNSET
    service: bool | UnsetType = UNSET
    enrolled: bool | UnsetType = UNSET
    active: bool
    roles: tuple[HeldRole, ...] | UnsetType = UNSET


class HeldAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """A role held at a school, from one day to another.

    The user who stands in for `standing_in_for` is `acting` in it today if nobody who holds it is present.
    `absent_until` is the last day of an absence that is not over. A role that reads cases is `asleep` while
    its user must be linked to a person first. One that is `provisional` was made by one person, and is for
    cases reported since only, until a second person confirms it. `may` is what the roles permit.
    """

    id: UUID
    school: UUID
    role: Role
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate | None
    in_force: bool
    standing_in_for: Role | None
    acting: bool
    asleep: bool
    absent_until: LocalDate | None
    provisional: bool
    may: tuple[str, ...]


class MeBody(msgspec.Struct, frozen=True, kw_only=True):
    """The user who makes the request, the roles they hold, and what each permits.

    `unlinked` are the schools where they hold a role that reads cases, now or later, and are no person: an
    administrator must link them, because a case about them could not be hidden from them.
    An administrator also gets how many events each view could not apply, and how many cases and other
    aggregates cannot be read, if there are any.
    """

    user: UserBody
    scopes: tuple[Scope, ...]
    appointments: tuple[HeldAppointment, ...]
    unlinked: tuple[UUID, ...]
    set_aside: dict[str, int] | UnsetType = UNSET
    unreadable: int | UnsetType = UNSET


class ReadUser(Question[UserBody], frozen=True):
    """A user: all of them for administrators and that user, name and roles for those who may list them."""

    NAME: ClassVar = "user"

    user: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[UserBody]:
        whole = asker.principal.administers or asker.principal.id == self.user
        roles = listed_roles(room, asker, self.user)
        user = room.record.load(User, self.user)
        if user is None or not (whole or (roles and user.active)):
            raise NotFound
        if whole:
            body = user_body(user, persons_at(room.record, user))
        else:
            body = UserBody(id=user.id, version=user.version, name=user.name, active=user.active)
        return Answer(msgspec.structs.replace(body, roles=roles), (_shown(user),))


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
            acting = directory.acting(snapshot.connection, appointments, asker.today)
        counts = room.views.counts_aside() if user.administrator else None
        persons = persons_at(room.record, user)
        held = [each for each in appointments if each.until is None or each.until >= each.from_]
        body = MeBody(
            user=user_body(user, persons),
            scopes=self.scopes,
            # Without those that were ended by their first day, which are in force on no day.
            appointments=tuple(_held(each, asker.today, acting) for each in held),
            unlinked=_unlinked(held, persons, asker.today),
            set_aside=counts.views if counts and counts.views else UNSET,
            unreadable=counts.unreadable if counts and counts.views else UNSET,
        )
        return Answer(body, (_shown(user),))


def user_body(user: User, persons: Mapping[UUID, UUID]) -> UserBody:
    """A user as administrators and that user see them; `persons` are the people they are, by school."""
    return UserBody(
        id=user.id,
        version=user.version,
        name=user.name,
        email=user.email,
        person=user.person,
        persons=tuple(LinkedPerson(school=school, person=person) for school, person in persons.items()),
        administrator=user.administrator,
        service=user.service,
        enrolled=user.enrolled,
        active=user.active,
    )


def _unlinked(held: Collection[Held], persons: Mapping[UUID, UUID], today: date) -> tuple[UUID, ...]:
    over = {each.id for each in held if each.until is not None and each.until < today}
    reading = {each.school for each in held if each.reads_cases and each.id not in over}
    return tuple(sorted(reading - persons.keys()))


def _held(appointment: Held, today: date, acting: Collection[Acting]) -> HeldAppointment:
    by_it = [each for each in acting if each.appointment == appointment.id]
    in_force = appointment.in_force(today)
    asleep = in_force and all(each.standing_in for each in by_it)
    roles = {each.role for each in by_it} if in_force else {appointment.role}
    provisional = appointment.provisional_since is not None
    return HeldAppointment(
        id=appointment.id,
        school=appointment.school,
        role=appointment.role,
        from_=appointment.from_,
        until=appointment.until,
        in_force=in_force,
        standing_in_for=appointment.standing_in_for,
        acting=any(each.standing_in for each in by_it),
        asleep=asleep,
        absent_until=appointment.absent_on_or_after(today),
        provisional=provisional,
        may=tuple(
            sorted(frozenset().union(*(permissions_of(role, provisional=provisional) for role in roles)))
        ),
    )


def _shown(user: User) -> Shown:
    return Shown(about=user.id, parts=("user",))
