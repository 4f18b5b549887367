"""The tables of the directory, the conditions on their rows, and appointments as they are read from them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    JSON,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Index,
    Integer,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    Uuid,
    and_,
    exists,
    not_,
    or_,
)

from casework.domain.appointment import Absence, Appointment
from casework.domain.moments import Instant, LocalDate
from casework.domain.vocabulary import Role
from casework_projections.views.view import Moment

metadata: Final = MetaData()
users: Final = Table(
    "view_users",
    metadata,
    Column("user", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("address_index", String(64)),
)
administrators: Final = Table("view_administrators", metadata, Column("user", Uuid, primary_key=True))
links: Final = Table(
    "view_user_persons",
    metadata,
    Column("user", Uuid, primary_key=True),
    Column("person", Uuid, primary_key=True),
    Column("school", Uuid),
)
appointments: Final = Table(
    "view_appointments",
    metadata,
    Column("appointment", Uuid, primary_key=True),
    Column("school", Uuid, nullable=False),
    Column("user", Uuid, nullable=False),
    Column("role", String(30), nullable=False),
    Column("from", Date, nullable=False),
    Column("until", Date),
    Column("standing_in_for", String(30)),
    Column("absences", JSON, nullable=False),
    Column("sleeps_from", Date),
    Column("provisional_since", Moment),
)
_READING: Final = [role.value for role in Role if role.reads_cases]
school_ids: Final = Table("view_schools", metadata, Column("school", Uuid, primary_key=True))
Index("view_users_address", users.c.address_index)
Index("view_appointments_user", appointments.c.user)
Index("view_appointments_school", appointments.c.school)


class Held(Appointment, frozen=True, kw_only=True):
    """A past, present or future appointment, and its school.

    From `sleeps_from` on, roles that read cases sleep because their user is no person of the school.
    """

    school: UUID
    sleeps_from: LocalDate | None = None

    def may_sleep(self, day: date) -> bool:
        return self.sleeps_from is not None and self.sleeps_from <= day


class Acting(msgspec.Struct, frozen=True):
    """A role in which a user acts at a school by an appointment: they hold it, or they are `standing_in`.

    It is provisional `since` a moment, if it is.
    """

    appointment: UUID
    school: UUID
    user: UUID
    role: Role
    standing_in: bool = False
    since: Instant | None = None


def in_force(day: date | BindParameter[Any]) -> ColumnElement[bool]:
    """Whether an appointment is in force on `day`."""
    c = appointments.c
    return and_(c["from"] <= day, or_(c.until.is_(None), c.until >= day))


def unlinked(day: date) -> ColumnElement[bool]:
    """Whether an appointment that is not over is to a role that reads cases, of a user without a person."""
    c = appointments.c
    not_over = and_(or_(c.until.is_(None), c.until >= day), or_(c.until.is_(None), c.until >= c["from"]))
    linked = exists().where(links.c.user == c.user, links.c.school == c.school)
    return and_(or_(c.role.in_(_READING), c.standing_in_for.in_(_READING)), not_over, not_(linked))


def at_schools(schools: Collection[UUID] | None) -> tuple[ColumnElement[bool], ...]:
    """The condition that an appointment is at one of `schools`; none if that is None."""
    return () if schools is None else (appointments.c.school.in_(schools),)


def held_row(row: Mapping[str, Any] | RowMapping) -> Held:
    """The appointment in a row of the table."""
    return Held(
        id=row["appointment"],
        school=row["school"],
        user=row["user"],
        role=Role(row["role"]),
        from_=row["from"],
        until=row["until"],
        standing_in_for=None if row["standing_in_for"] is None else Role(row["standing_in_for"]),
        absences=msgspec.convert(row["absences"], tuple[Absence, ...]),
        sleeps_from=row["sleeps_from"],
        provisional_since=row["provisional_since"],
    )
