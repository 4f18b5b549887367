"""What users must be notified of that the log records as it happens, by user and by school."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, ClassVar, Final
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Index,
    MetaData,
    String,
    Table,
    Uuid,
    and_,
    or_,
    select,
)

from casework.domain.event import Event
from casework.domain.incident.recusal import LetIn
from casework.domain.moments import Instant
from casework.domain.school import Appointed
from casework.domain.user import UserEnrolled, UserInvited, UserLinked
from casework.domain.vocabulary import NoticeOf, Role
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
)
Index("view_notices_user", _notices.c.user)
Index("view_notices_school", _notices.c.school)

_FOR_LEADS: Final = (NoticeOf.APPOINTED, NoticeOf.LINKED)
"""What the leads of its school are notified of, if one person did it alone."""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to the account of a user. One person did it `alone`."""

    notice: UUID
    at: Instant
    what: NoticeOf
    user: UUID
    school: UUID | None = None
    role: Role | None = None
    incident: UUID | None = None
    alone: bool = False


class Notices(View):
    """One row for each appointment, invitation, enrolment, link and user who was let in."""

    name: ClassVar[str] = "notices"
    version: ClassVar[int] = 1
    tables: ClassVar[MetaData] = _metadata

    def apply(self, connection: Connection, batch: Batch) -> None:
        upsert(connection, _notices, [msgspec.structs.asdict(noted) for noted in _noted(batch)])

    def concerning(
        self, connection: Connection, user: UUID, *, led: Collection[UUID], staff: Collection[UUID]
    ) -> list[Noted]:
        """What `user` is notified of; `led` are the schools they lead, `staff` the users appointed there."""
        c = _notices.c
        own = and_(c.user == user, c.what != NoticeOf.ENROLLED.value)
        enrolled = and_(c.what == NoticeOf.ENROLLED.value, c.user.in_(staff), c.user != user)
        alone = and_(c.what.in_([each.value for each in _FOR_LEADS]), c.alone, c.school.in_(led))
        rows = connection.execute(select(_notices).where(or_(own, enrolled, alone)))
        names = Noted.__struct_fields__
        return [
            msgspec.convert({name: getattr(row, name) for name in names}, Noted, strict=False) for row in rows
        ]


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


def _of(event: Event, what: NoticeOf, user: UUID, **more: Any) -> Noted:
    notice = uuid5(event.originator_id, str(event.originator_version))
    return Noted(notice=notice, at=event.recorded_at, what=what, user=user, **more)
