"""An index of approvals by user. What was asked for is read from the log."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Index,
    MetaData,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    or_,
    select,
    true,
    update,
)

from casework.domain.approval import ApprovalAsked, ApprovalDecided
from casework.domain.moments import Instant
from casework.domain.vocabulary import ApprovalState
from casework_projections.views.view import Batch, Moment, View, upsert

_metadata: Final = MetaData()
_approvals: Final = Table(
    "view_approvals",
    _metadata,
    Column("approval", Uuid, primary_key=True),
    Column("school", Uuid),
    Column("incident", Uuid),
    Column("user", Uuid),
    Column("what", String(30), nullable=False),
    Column("asked_by", Uuid, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("decider", Uuid),
    Column("expires_at", Moment, nullable=False),
    Column("state", String(20), nullable=False),
    Column("decided_by", Uuid),
    Column("decided_at", Moment),
)
Index("view_approvals_asked_by", _approvals.c.asked_by, _approvals.c.asked_at.desc())
Index("view_approvals_decider", _approvals.c.decider, _approvals.c.asked_at.desc())
Index("view_approvals_school", _approvals.c.school, _approvals.c.asked_at.desc())


class Concerning(msgspec.Struct, frozen=True):
    """An approval that concerns a user: its id, its incident if it has one, and when it was asked for."""

    approval: UUID
    incident: UUID | None
    asked_at: Instant


class ApprovalIndex(View):
    """One row per approval: who asked, who must decide, and what was decided."""

    name: ClassVar[str] = "approvals"
    version: ClassVar[int] = 2
    tables: ClassVar[MetaData] = _metadata

    def apply(self, connection: Connection, batch: Batch) -> None:
        upsert(connection, _approvals, [_row(asked) for asked in batch.of(ApprovalAsked)])
        # A decision always comes after its request, so the decisions of a batch are applied last.
        decided = [_decision(event) for event in batch.of(ApprovalDecided)]
        if decided:
            changed = update(_approvals).where(_approvals.c.approval == bindparam("which"))
            connection.execute(
                changed.values(
                    state=bindparam("outcome"), decided_by=bindparam("who"), decided_at=bindparam("moment")
                ),
                decided,
            )

    def concerning(
        self,
        connection: Connection,
        user: UUID,
        *,
        schools: Collection[UUID],
        users: Collection[UUID] | None,
        now: datetime,
        limit: int,
        after: Concerning | None = None,
        waiting: bool = False,
    ) -> list[Concerning]:
        """At most `limit` approvals that `user` asked for, decided or is named to decide, newest first.

        Includes the pending approvals at `schools` that name no decider, and those about the accounts of
        `users` (None for all users). With `waiting`, only those that wait for a decision.
        """
        c = _approvals.c
        waits = and_(c.state == ApprovalState.ASKED.value, c.expires_at > now)
        about_case = and_(c.incident.is_not(None), c.school.in_(schools))
        of_users = true() if users is None else or_(c.user.in_(users), c.school.in_(schools))
        about_account = and_(c.incident.is_(None), of_users)
        for_anybody = and_(c.decider.is_(None), or_(about_case, about_account), waits)
        query = select(c.approval, c.incident, c.asked_at).where(
            or_(c.asked_by == user, c.decider == user, c.decided_by == user, for_anybody)
        )
        if waiting:
            query = query.where(waits)
        if after is not None:
            later = and_(c.asked_at == after.asked_at, c.approval > after.approval)
            query = query.where(or_(c.asked_at < after.asked_at, later))
        query = query.order_by(c.asked_at.desc(), c.approval).limit(limit)
        return [Concerning(*row) for row in connection.execute(query)]


def _row(asked: ApprovalAsked) -> dict[str, Any]:
    return {
        "approval": asked.originator_id,
        "school": asked.school,
        "incident": asked.about.incident,
        "user": asked.about.user,
        "what": asked.what.value,
        "asked_by": asked.by,
        "asked_at": asked.recorded_at,
        "decider": asked.decider,
        "expires_at": asked.expires_at,
        "state": ApprovalState.ASKED.value,
        "decided_by": None,
        "decided_at": None,
    }


def _decision(decided: ApprovalDecided) -> dict[str, Any]:
    outcome = ApprovalState.APPROVED if decided.approved else ApprovalState.REFUSED
    return {
        "which": decided.originator_id,
        "outcome": outcome.value,
        "who": decided.by,
        "moment": decided.recorded_at,
    }
