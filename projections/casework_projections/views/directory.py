"""The directory: the sealed names of users, the people they were ever linked to, and their appointments."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    MetaData,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from casework.application import Casework
from casework.domain.appointment import Absence, Appointment, Roles, awake, stands_in
from casework.domain.moments import LocalDate
from casework.domain.school import (
    Appointed,
    AppointmentChanged,
    AppointmentConfirmed,
    AppointmentEnded,
    LinksRequired,
    School,
    SchoolOpened,
    UserIdentified,
)
from casework.domain.sealed import Sealed
from casework.domain.user import User, UserChanged, UserLinked, UserRegistered
from casework.domain.vocabulary import Role
from casework.storage.fixed_statement import FixedStatement
from casework_projections.views.directory_tables import (
    Acting,
    Held,
    administrators,
    appointments,
    at_schools,
    held_row,
    in_force,
    links,
    metadata,
    school_ids,
    unlinked,
    users,
)
from casework_projections.views.sealed_names import prefetch_keys, sealed_by_id
from casework_projections.views.set_aside import loadable, replayable, set_aside
from casework_projections.views.view import Batch, View, upsert


class Known(msgspec.Struct, frozen=True):
    """A user; the name is sealed."""

    user: UUID
    name: Sealed
    active: bool


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which users to list: at most `limit`, with ids after `after`.

    `schools` and `role` are of roles held or stood in for on `day`; None for users with any role or none.
    `linked` is false for those who hold a role that reads cases, now or later, without being a person there.
    """

    schools: Collection[UUID] | None
    role: Role | None
    active: bool
    linked: bool | None
    day: LocalDate
    after: UUID | None
    limit: int | None


class Directory(View):
    """Schools, and users with the people they are and their appointments."""

    name: ClassVar[str] = "directory"
    version: ClassVar[int] = 6
    tables: ClassVar[MetaData] = metadata

    def __init__(self, app: Casework) -> None:
        self._app = app
        self._sealer = app.sealer

    def apply(self, connection: Connection, batch: Batch) -> None:
        known: list[UserRegistered | UserChanged] = [*batch.of(UserRegistered), *batch.of(UserChanged)]
        # Addresses are unsealed to compute their hash; all their keys are fetched with one statement.
        prefetch_keys(self._sealer.keys, [event.email for event in known])
        upsert(connection, users, [self._user_row(event) for event in known], newer=users.c.version.name)
        administering = [each for each in batch.of(UserRegistered) if each.administrator]
        upsert(connection, administrators, [{"user": each.originator_id} for each in administering])
        registered = {each.originator_id: each.person for each in batch.of(UserRegistered) if each.person}
        # A user is registered with a person of any school; only a later link says which.
        people = loadable(self._app, registered.values()) if registered else {}
        linked = [
            {"user": user, "person": person, "school": getattr(people.get(person), "school", None)}
            for user, person in registered.items()
        ]
        linked += [
            {"user": event.originator_id, "person": event.person, "school": event.school}
            for event in batch.of(UserLinked)
        ]
        upsert(connection, links, linked)
        upsert(connection, school_ids, [{"school": event.originator_id} for event in batch.of(SchoolOpened)])
        appointed = [
            {
                "appointment": event.appointment.id,
                "school": event.originator_id,
                "user": event.appointment.user,
                "role": event.appointment.role.value,
                "from": event.appointment.from_,
                "until": event.appointment.until,
                "standing_in_for": event.appointment.standing_in_for,
                "absences": _plain(event.appointment.absences),
                "provisional_since": event.appointment.provisional_since,
            }
            for event in batch.of(Appointed)
        ]
        upsert(connection, appointments, appointed)
        self._let_sleep(connection, batch)
        confirmed = [event.appointment for event in batch.of(AppointmentConfirmed)]
        if confirmed:
            theirs = update(appointments).where(appointments.c.appointment.in_(confirmed))
            connection.execute(theirs.values(provisional_since=None))
        # An appointment that ended is never changed, so the ends of a batch are applied last.
        changed = {event.appointment: event for event in batch.of(AppointmentChanged)}
        if changed:
            new = [
                {"which": key, "last_day": event.until, "away": _plain(event.absences)}
                for key, event in changed.items()
            ]
            connection.execute(_CHANGE, new)
        ended = [
            {"which": event.appointment, "last_day": event.until} for event in batch.of(AppointmentEnded)
        ]
        if ended:
            connection.execute(_END, ended)

    @staticmethod
    def _let_sleep(connection: Connection, batch: Batch) -> None:
        c = appointments.c
        for required in batch.of(LinksRequired):
            since = case((c.user.in_(required.unlinked), required.from_))
            at_school = c.school == required.originator_id
            connection.execute(update(appointments).where(at_school).values(sleeps_from=since))
        # A user who was identified is never named by a later requirement.
        for identified in batch.of(UserIdentified):
            theirs = and_(c.school == identified.originator_id, c.user == identified.user)
            connection.execute(update(appointments).where(theirs).values(sleeps_from=None))

    def appointments_of(self, connection: Connection, user: UUID) -> list[Held]:
        """Every appointment of a user, including past and future ones, the earliest first.

        The appointments at a school that was set aside are replayed from the log.
        """
        found = self._held(connection, user)
        aside = set_aside(connection, self)
        if not aside:
            return found
        kept = [held for held in found if held.school not in aside]
        replayed = [
            held
            for school in self._schools(replayable(connection, self))
            for held in _held_at(school)
            if held.user == user
        ]
        return sorted([*kept, *replayed], key=lambda held: (held.from_, held.id))

    def roles_of(self, connection: Connection, user: UUID, day: date) -> dict[UUID, tuple[Role, ...]]:
        """The roles that a user holds or stands in for on `day`, by the id of the school."""
        return {school: roles.held for school, roles in self.held_roles(connection, user, day).items()}

    def held_roles(self, connection: Connection, user: UUID, day: date) -> dict[UUID, Roles]:
        """As `roles_of`, with those that are provisional."""
        found: dict[UUID, list[Acting]] = {}
        for acting in self.acting(connection, self.appointments_of(connection, user), day):
            found.setdefault(acting.school, []).append(acting)
        return {
            school: Roles.of((each.role, each.since) for each in several) for school, several in found.items()
        }

    def acting(self, connection: Connection, held: Collection[Held], day: date) -> list[Acting]:
        """The roles in which the users of `held` act on `day`."""
        unsure = {each.school for each in held if each.in_force(day) and _depends_on_others(each, day)}
        everyone = self._appointed_at(connection, unsure, day) if unsure else {}
        awake_by_id = {each.id: each for at_school in everyone.values() for each in at_school}
        found = []
        for each in held:
            appointment = awake_by_id.get(each.id) if each.school in unsure else each
            if appointment is None or not each.in_force(day):
                continue
            since = each.provisional_since
            found.append(Acting(each.id, each.school, each.user, each.role, since=since))
            stood_in_for = stands_in(everyone.get(each.school, ()), appointment, day)
            if stood_in_for is not None:
                found.append(Acting(each.id, each.school, each.user, stood_in_for, True, since))
        return found

    def known(self, connection: Connection, wanted: Wanted) -> list[Known]:
        """The users that `wanted` describes, in the order of their ids, their keys cached."""
        query = (
            select(users).where(users.c.active == wanted.active).order_by(users.c.user).limit(wanted.limit)
        )
        if wanted.after is not None:
            query = query.where(users.c.user > wanted.after)
        if wanted.schools is not None or wanted.role is not None:
            c = appointments.c
            held = select(c.user).where(in_force(wanted.day), *at_schools(wanted.schools))
            if wanted.role is not None:
                held = held.where(or_(c.role == wanted.role.value, self._stands_in(connection, wanted)))
            query = query.where(users.c.user.in_(held))
        if wanted.linked is not None:
            without = select(appointments.c.user).where(unlinked(wanted.day), *at_schools(wanted.schools))
            query = query.where(users.c.user.in_(without) != wanted.linked)
        found = [
            Known(row.user, self._sealer.from_token(row.name), row.active)
            for row in connection.execute(query)
        ]
        prefetch_keys(self._sealer.keys, [user.name for user in found])
        return found

    def roles_held(
        self, connection: Connection, ids: Collection[UUID], schools: Collection[UUID] | None, day: date
    ) -> list[Acting]:
        """The roles in which the users `ids` act on `day`, at `schools` or at any school."""
        c = appointments.c
        query = select(appointments).where(c.user.in_(ids), in_force(day), *at_schools(schools))
        rows = connection.execute(query.order_by(c.school, c.role, c.appointment))
        return self.acting(connection, [held_row(row._mapping) for row in rows], day)

    def unlinked(
        self, connection: Connection, ids: Collection[UUID], schools: Collection[UUID] | None, day: date
    ) -> dict[UUID, tuple[UUID, ...]]:
        """The schools where users hold a role that reads cases without being a person there, by user."""
        c = appointments.c
        query = (
            select(c.user, c.school).where(c.user.in_(ids), unlinked(day), *at_schools(schools)).distinct()
        )
        found: dict[UUID, tuple[UUID, ...]] = {}
        for row in connection.execute(query.order_by(c.school)):
            found[row.user] = (*found.get(row.user, ()), row.school)
        return found

    def asleep(self, connection: Connection, day: date) -> dict[UUID, int]:
        """How many users hold a role that may sleep on `day`, by school, while links are required there."""
        c = appointments.c
        query = (
            select(c.school, func.count(c.user.distinct()).label("users"))
            .where(unlinked(day), c.sleeps_from <= day)
            .group_by(c.school)
            .order_by(c.school)
        )
        return {row.school: row.users for row in connection.execute(query)}

    def at_address(self, connection: Connection, address: str) -> frozenset[UUID]:
        """The users with this e-mail address, whatever its case and the white space around it."""
        index = self._sealer.blind_index(address)
        found = connection.scalars(select(users.c.user).where(users.c.address_index == index))
        apart = (each for each in self._users_apart(connection) if not each.email.erased)
        same = {each.id for each in apart if self._sealer.blind_index(each.email.text) == index}
        return frozenset(found) - set_aside(connection, self) | same

    def administrators(self, connection: Connection) -> frozenset[UUID]:
        """The administrators who are not deactivated."""
        query = select(users.c.user).join(administrators, administrators.c.user == users.c.user)
        found = frozenset(connection.scalars(query.where(users.c.active)))
        apart = {each.id for each in self._users_apart(connection) if each.administrator and each.active}
        return found - set_aside(connection, self) | apart

    def linked_to(self, connection: Connection, persons: Collection[UUID]) -> frozenset[UUID]:
        """The users who were ever linked to any of `persons`."""
        found = frozenset(connection.scalars(select(links.c.user).where(links.c.person.in_(persons))))
        apart = self._users_apart(connection)
        return found | {each.id for each in apart if not each.persons.isdisjoint(persons)}

    def appointed_at(self, connection: Connection, schools: Collection[UUID]) -> frozenset[UUID]:
        """The users who were ever appointed at any of `schools`."""
        found = connection.scalars(select(appointments.c.user).where(*at_schools(schools)).distinct())
        apart = self._schools(set_aside(connection, self) & frozenset(schools))
        return frozenset(found) | {each.user for school in apart for each in school.appointments.values()}

    def schools_of(self, connection: Connection, users: Collection[UUID]) -> dict[UUID, set[UUID]]:
        """The schools at which each of `users` was ever appointed."""
        c = appointments.c
        found: dict[UUID, set[UUID]] = {user: set() for user in users}
        for row in connection.execute(select(c.user, c.school).where(c.user.in_(users)).distinct()):
            found[row.user].add(row.school)
        for school in self._schools(set_aside(connection, self)):
            for each in school.appointments.values():
                if each.user in found:
                    found[each.user].add(school.id)
        return found

    def schools(self, connection: Connection) -> list[UUID]:
        """The ids of all schools, in order."""
        return [*connection.scalars(select(school_ids.c.school).order_by(school_ids.c.school))]

    def user_names(self, connection: Connection, ids: Collection[UUID]) -> dict[UUID, Sealed]:
        """The sealed names of the users among `ids`, their keys cached."""
        return sealed_by_id(connection, users.c.user, users.c.name, ids, self._sealer)

    def _stands_in(self, connection: Connection, wanted: Wanted) -> ColumnElement[bool]:
        """Whether an appointment is one of those whose users stand in for the role that is wanted."""
        c, day = appointments.c, wanted.day
        waiting = select(c.school).where(
            c.standing_in_for == wanted.role, in_force(day), *at_schools(wanted.schools)
        )
        everyone = self._appointed_at(connection, set(connection.scalars(waiting)), day)
        standing_in = [
            each.id
            for at_school in everyone.values()
            for each in at_school
            if stands_in(at_school, each, day) is wanted.role
        ]
        return c.appointment.in_(standing_in)

    def _appointed_at(
        self, connection: Connection, schools: Collection[UUID], day: date
    ) -> dict[UUID, list[Appointment]]:
        """The appointments in force on `day` by school, without roles that sleep.

        At a school that was set aside, they come from the log.
        """
        aside = set_aside(connection, self) & frozenset(schools)
        query = select(appointments).where(appointments.c.school.in_(schools), in_force(day))
        held: dict[UUID, list[Held]] = {}
        for row in connection.execute(query):
            held.setdefault(row.school, []).append(held_row(row._mapping))
        found = {school: _awake(at_school, day) for school, at_school in held.items()}
        return found | {school.id: school.awake(day) for school in self._schools(aside)}

    def _user_row(self, event: UserRegistered | UserChanged) -> dict[str, Any]:
        return {
            "user": event.originator_id,
            "version": event.originator_version,
            "name": self._sealer.to_token(event.name),
            "active": event.active if isinstance(event, UserChanged) else True,
            "address_index": None if event.email.erased else self._sealer.blind_index(event.email.text),
        }

    def _users_apart(self, connection: Connection) -> list[User]:
        """The users that were set aside, replayed from the log."""
        found = loadable(self._app, replayable(connection, self)).values()
        return [user for user in found if isinstance(user, User)]

    def _schools(self, ids: Collection[UUID]) -> list[School]:
        return [found for found in loadable(self._app, ids).values() if isinstance(found, School)]

    def _held(self, connection: Connection, user: UUID) -> list[Held]:
        return [held_row(row) for row in _HELD.rows(connection, {"holder": user})]


def _held_at(school: School) -> Iterator[Held]:
    """Every appointment at `school`, past ones included."""
    for each in school.appointments.values():
        sleeps_from = school.links_required_from if each.user in school.unlinked else None
        yield Held(school=school.id, sleeps_from=sleeps_from, **msgspec.structs.asdict(each))


def _depends_on_others(held: Held, day: date) -> bool:
    """Whether the roles in which the user acts depend on the other appointments at the school."""
    return held.standing_in_for is not None or held.may_sleep(day)


def _awake(held: Collection[Held], day: date) -> list[Appointment]:
    return [*awake(held, {each.user for each in held if each.may_sleep(day)}, day)]


def _plain(absences: tuple[Absence, ...]) -> Any:
    return msgspec.to_builtins(absences)


# Every list asks this.
_HELD: Final = FixedStatement(
    select(appointments)
    .where(appointments.c.user == bindparam("holder"))
    .order_by(appointments.c["from"], appointments.c.appointment)
)
_END: Final = (
    update(appointments)
    .where(appointments.c.appointment == bindparam("which"))
    .values(until=bindparam("last_day"))
)
_CHANGE: Final = _END.values(absences=bindparam("away"))
