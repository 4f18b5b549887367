"""What users must be notified of that the log records as it happens, by user and by school."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, ClassVar, Final
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    and_,
    or_,
    select,
)

from casework.domain.clocks import day_of
from casework.domain.event import Event
from casework.domain.incident.recusal import LetIn
from casework.domain.moments import Instant, LocalDate
from casework.domain.notice import NoticeOf
from casework.domain.school import Appointed, AppointmentChanged
from casework.domain.user import UserEnrolled, UserInvited, UserLinked
from casework.domain.vocabulary import Role
from casework_projections.views.view import Batch, Moment, View, upsert

_metadata: Final = MetaData()
_notices: Final = Table(
    "view_notices",
    _metadata,
    Column("notice", Uuid, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("what", String(30), nullable=False),
    Column("user", Uuid, nullable=False),
    Column("school", Uuid),
    Column("role", String(30)),
    Column("incident", Uuid),
    Column("alone", Boolean, nullable=False),
    Column("appointment", Uuid),
    Column("standing_in_for", String(30)),
)
# Each change of an appointment, with the last day of the absence it leaves. Whether that is a new one follows
# from the change before, which may have been set aside and is applied later.
_absences: Final = Table(
    "view_recorded_absences",
    _metadata,
    Column("notice", Uuid, primary_key=True),
    Column("appointment", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Uuid, nullable=False),
    Column("school", Uuid, nullable=False),
    Column("absent_until", Date),
)
Index("view_notices_user", _notices.c.user)
Index("view_notices_school", _notices.c.school)
Index("view_notices_appointment", _notices.c.appointment)
Index("view_recorded_absences_appointment", _absences.c.appointment)

_FOR_LEADS: Final = (NoticeOf.APPOINTED, NoticeOf.LINKED)
"""What the leads of its school are notified of, if one person did it alone."""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the account of a user. One person did it `alone`.

    `absent_until` is the last day of an absence that somebody else recorded.
    """

    notice: UUID
    at: Instant
    what: NoticeOf
    user: UUID
    school: UUID | None = None
    role: Role | None = None
    incident: UUID | None = None
    alone: bool = False
    appointment: UUID | None = None
    standing_in_for: Role | None = None
    absent_until: LocalDate | None = None


class Notices(View):
    """One row for each appointment, absence, invitation, enrolment, link and user who was let in."""

    name: ClassVar[str] = "notices"
    version: ClassVar[int] = 2
    tables: ClassVar[MetaData] = _metadata

    def apply(self, connection: Connection, batch: Batch) -> None:
        upsert(
            connection,
            _notices,
            [{each: getattr(noted, each) for each in _STORED} for noted in _noted(batch)],
        )
        upsert(connection, _absences, [_absence_row(each) for each in batch.of(AppointmentChanged)])

    def concerning(
        self, connection: Connection, user: UUID, *, led: Collection[UUID], staff: Collection[UUID]
    ) -> list[Noted]:
        """What `user` is notified of; `led` are the schools they lead, `staff` the users appointed there."""
        c = _notices.c
        own = and_(c.user == user, c.what != NoticeOf.ENROLLED.value)
        enrolled = and_(c.what == NoticeOf.ENROLLED.value, c.user.in_(staff), c.user != user)
        alone = and_(c.what.in_([each.value for each in _FOR_LEADS]), c.alone, c.school.in_(led))
        stands_in = and_(c.standing_in_for.is_not(None), c.school.in_(led))
        rows = connection.execute(select(_notices).where(or_(own, enrolled, alone, stands_in)))
        found = [
            msgspec.convert({name: getattr(row, name) for name in _STORED}, Noted, strict=False)
            for row in rows
        ]
        return [*found, *_absences_noted(connection, user, led)]


def _absences_noted(connection: Connection, user: UUID, led: Collection[UUID]) -> Iterator[Noted]:
    """The absences of `user`, and at the schools `led`, that began or ended because another user said so."""
    a, c = _absences.c, _notices.c
    query = select(*a, c.user, c.role).join(_notices, c.appointment == a.appointment)
    rows = connection.execute(
        query.where(or_(c.user == user, a.school.in_(led))).order_by(a.appointment, a.version)
    )
    for _, changes in groupby(rows, key=attrgetter("appointment")):
        last: date | None = None
        for row in changes:
            before = None if last is None or last < day_of(row.at) else last
            last = row.absent_until
            if last != before and row.by != row.user:
                yield Noted(
                    notice=row.notice,
                    at=row.at,
                    what=NoticeOf.ABSENCE_ENDED if last is None else NoticeOf.ABSENT,
                    user=row.user,
                    school=row.school,
                    role=Role(row.role),
                    absent_until=last,
                )


def _noted(batch: Batch) -> Iterator[Noted]:
    for appointed in batch.of(Appointed):
        held = appointed.appointment
        yield _of(
            appointed,
            NoticeOf.APPOINTED,
            held.user,
            school=appointed.originator_id,
            role=held.role,
            alone=(held.reads_cases or held.role is Role.ADMIN) and appointed.approved_by is None,
            appointment=held.id,
            standing_in_for=held.standing_in_for,
        )
    for linked in batch.of(UserLinked):
        alone = linked.approved_by is None
        yield _of(linked, NoticeOf.LINKED, linked.originator_id, school=linked.school, alone=alone)
    for invited in batch.of(UserInvited):
        yield _of(invited, NoticeOf.INVITED, invited.originator_id)
    for enrolled in batch.of(UserEnrolled):
        yield _of(enrolled, NoticeOf.ENROLLED, enrolled.originator_id)
    for let_in in batch.of(LetIn):
        yield _of(let_in, NoticeOf.LET_IN, let_in.user, incident=let_in.originator_id)


def _absence_row(changed: AppointmentChanged) -> dict[str, Any]:
    last = changed.absences[-1].last if changed.absences else None
    return {
        "notice": _id_of(changed),
        "appointment": changed.appointment,
        "version": changed.originator_version,
        "at": changed.recorded_at,
        "by": changed.by,
        "school": changed.originator_id,
        "absent_until": None if last is None or last < day_of(changed.recorded_at) else last,
    }


def _id_of(event: Event) -> UUID:
    return uuid5(event.originator_id, str(event.originator_version))


def _of(event: Event, what: NoticeOf, user: UUID, **more: Any) -> Noted:
    notice = _id_of(event)
    return Noted(notice=notice, at=event.recorded_at, what=what, user=user, **more)


_STORED: Final = tuple(each for each in Noted.__struct_fields__ if each in _notices.c)
"""The fields of `Noted` that its row holds."""
