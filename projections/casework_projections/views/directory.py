"""The directory: the sealed names of users, the people they were ever linked to, and their appointments."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from casework.application import Casework
from casework.domain.moments import LocalDate
from casework.domain.school import Appointed, AppointmentEnded, School, SchoolOpened
from casework.domain.sealed import Sealed
from casework.domain.user import User, UserChanged, UserLinked, UserRegistered
from casework.domain.vocabulary import Role
from casework_projections.views.sealed_names import prefetch_keys, sealed_by_id
from casework_projections.views.set_aside import loadable, replayable, set_aside
from casework_projections.views.view import Batch, View, upsert

_metadata: Final = MetaData()
users: Final = Table(
    "view_users",
    _metadata,
    Column("user", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("address_index", String(64)),
)
administrators: Final = Table("view_administrators", _metadata, Column("user", Uuid, primary_key=True))
links: Final = Table(
    "view_user_persons",
    _metadata,
    Column("user", Uuid, primary_key=True),
    Column("person", Uuid, primary_key=True),
)
appointments: Final = Table(
    "view_appointments",
    _metadata,
    Column("appointment", Uuid, primary_key=True),
    Column("school", Uuid, nullable=False),
    Column("user", Uuid, nullable=False),
    Column("role", String(30), nullable=False),
    Column("from", Date, nullable=False),
    Column("until", Date),
)
school_ids: Final = Table("view_schools", _metadata, Column("school", Uuid, primary_key=True))
Index("view_users_address", users.c.address_index)
Index("view_appointments_user", appointments.c.user)
Index("view_appointments_school", appointments.c.school)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A role a user holds, held or will hold at a school; both days are included."""

    appointment: UUID
    school: UUID
    user: UUID
    role: Role
    from_: LocalDate
    until: LocalDate | None

    def in_force(self, day: date) -> bool:
        return self.from_ <= day and (self.until is None or day <= self.until)


class Known(msgspec.Struct, frozen=True):
    """A user; the name is sealed."""

    user: UUID
    name: Sealed
    active: bool


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which users to list: at most `limit`, with ids after `after`.

    `schools` and `role` are of roles held on `day`; None for users with any role or none.
    """

    schools: Collection[UUID] | None
    role: Role | None
    active: bool
    day: LocalDate
    after: UUID | None
    limit: int | None


class Holder(msgspec.Struct, frozen=True):
    """A person that a holder of a role at a school was ever linked to."""

    school: UUID
    role: Role
    person: UUID


class Directory(View):
    """Schools, and users with the people they are and their appointments."""

    name: ClassVar[str] = "directory"
    version: ClassVar[int] = 2
    tables: ClassVar[MetaData] = _metadata

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
        linking: list[UserRegistered | UserLinked] = [*batch.of(UserRegistered), *batch.of(UserLinked)]
        linked = [
            {"user": event.originator_id, "person": event.person}
            for event in linking
            if event.person is not None
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
            }
            for event in batch.of(Appointed)
        ]
        upsert(connection, appointments, appointed)
        # An appointment ends after it was made, so the ends of a batch are applied last.
        ended = [
            {"which": event.appointment, "last_day": event.until} for event in batch.of(AppointmentEnded)
        ]
        if ended:
            which = appointments.c.appointment == bindparam("which")
            connection.execute(update(appointments).where(which).values(until=bindparam("last_day")), ended)

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
        return sorted([*kept, *replayed], key=lambda held: (held.from_, held.appointment))

    def holders(
        self, connection: Connection, schools: Collection[UUID], roles: Collection[Role], day: date
    ) -> set[Holder]:
        """All the people that those who hold any of `roles` at any of `schools` on `day` were linked to."""
        if set_aside(connection, self):
            return self._holders_as_recorded(schools, roles, day)
        c = appointments.c
        query = (
            select(c.school, c.role, links.c.person)
            .join(links, c.user == links.c.user)
            .where(c.school.in_(schools), c.role.in_([role.value for role in roles]))
            .where(_in_force(day))
        )
        return {Holder(row.school, Role(row.role), row.person) for row in connection.execute(query)}

    def known(self, connection: Connection, wanted: Wanted) -> list[Known]:
        """The users that `wanted` describes, in the order of their ids, their keys cached."""
        query = (
            select(users).where(users.c.active == wanted.active).order_by(users.c.user).limit(wanted.limit)
        )
        if wanted.after is not None:
            query = query.where(users.c.user > wanted.after)
        if wanted.schools is not None or wanted.role is not None:
            c = appointments.c
            held = select(c.user).where(_in_force(wanted.day), *_at(wanted.schools))
            if wanted.role is not None:
                held = held.where(c.role == wanted.role.value)
            query = query.where(users.c.user.in_(held))
        found = [
            Known(row.user, self._sealer.from_token(row.name), row.active)
            for row in connection.execute(query)
        ]
        prefetch_keys(self._sealer.keys, [user.name for user in found])
        return found

    def roles_held(
        self, connection: Connection, ids: Collection[UUID], schools: Collection[UUID] | None, day: date
    ) -> list[Held]:
        """The appointments of the users `ids` in force on `day`, at `schools` or at any school."""
        c = appointments.c
        query = select(appointments).where(c.user.in_(ids), _in_force(day), *_at(schools))
        rows = connection.execute(query.order_by(c.school, c.role, c.appointment))
        return [_held_row(row) for row in rows]

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

    def schools(self, connection: Connection) -> list[UUID]:
        """The ids of all schools, in order."""
        return [*connection.scalars(select(school_ids.c.school).order_by(school_ids.c.school))]

    def user_names(self, connection: Connection, ids: Collection[UUID]) -> dict[UUID, Sealed]:
        """The sealed names of the users among `ids`, their keys cached."""
        return sealed_by_id(connection, users.c.user, users.c.name, ids, self._sealer)

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

    def _holders_as_recorded(
        self, schools: Collection[UUID], roles: Collection[Role], day: date
    ) -> set[Holder]:
        """As `holders`, replayed from the log."""
        held = [
            (school.id, role, user)
            for school in self._schools(schools)
            for role in roles
            for user in school.leading_as(role, day)
        ]
        found = loadable(self._app, {user for _, _, user in held})
        people = {key: user.persons for key, user in found.items() if isinstance(user, User)}
        return {
            Holder(school, role, person)
            for school, role, user in held
            for person in people.get(user, frozenset())
        }

    def _held(self, connection: Connection, user: UUID) -> list[Held]:
        return [_held_row(row) for row in connection.execute(_HELD, {"holder": user})]


def _in_force(day: date) -> ColumnElement[bool]:
    c = appointments.c
    return and_(c["from"] <= day, or_(c.until.is_(None), c.until >= day))


def _at(schools: Collection[UUID] | None) -> tuple[ColumnElement[bool], ...]:
    return () if schools is None else (appointments.c.school.in_(schools),)


def _held_row(row: Row[Any]) -> Held:
    return Held(
        appointment=row.appointment,
        school=row.school,
        user=row.user,
        role=Role(row.role),
        from_=row._mapping["from"],
        until=row.until,
    )


# Every list asks this, and building the query costs more than running it.
_HELD: Final = (
    select(appointments)
    .where(appointments.c.user == bindparam("holder"))
    .order_by(appointments.c["from"], appointments.c.appointment)
)


def _held_at(school: School) -> Iterator[Held]:
    """Every appointment at `school`, past ones included."""
    for each in school.appointments.values():
        yield Held(
            appointment=each.id,
            school=school.id,
            user=each.user,
            role=each.role,
            from_=each.from_,
            until=each.until,
        )
