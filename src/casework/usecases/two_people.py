"""Carrying out a change to accounts, or requesting it if it takes two people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from casework.domain.account_change import MATTERS, AccountChange, sealed_change
from casework.domain.aggregate import Aggregate
from casework.domain.approval import About, Approval, ApprovalAsked
from casework.domain.event import event_of
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.usecases.context import Context

R = TypeVar("R")


class TakesTwo(msgspec.Struct, frozen=True, kw_only=True):
    """A change that takes two people: whom it is about, where, and the role of the user who asks for it."""

    change: AccountChange
    user: UUID
    school: UUID | None
    role: Role


class Prepared(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A change that was checked and is not stored yet.

    `takes_two` is None if one person may make it. `made` is the id of what it makes, if it makes anything.
    """

    result: R
    changed: tuple[Aggregate, ...] = ()
    takes_two: TakesTwo | None = None
    made: UUID | None = None


class TwoPeople:
    """Stores what one person may do, and requests approval of what takes two."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def carry_out(self, context: Context, prepare: Callable[[], Prepared[R]]) -> R | Approval:
        """The result of the change; the approval that was requested if it takes two people.

        `prepare` may run more than once. Raises KeyReused, and what `prepare` raises.
        """
        return retrying(lambda: self._carry_out(context, prepare))

    def _carry_out(self, context: Context, prepare: Callable[[], Prepared[R]]) -> R | Approval:
        asked = self._asked_before(context)
        if asked is not None:
            return asked
        prepared = prepare()
        if prepared.takes_two is not None and context.alone:
            return self._ask(context, prepared.takes_two)
        if prepared.changed:
            self._record.commit(*prepared.changed)
        return prepared.result

    def _asked_before(self, context: Context) -> Approval | None:
        """The approval that this request asked for, if it is a retry."""
        if context.key is None:
            return None
        approval = self._record.load(Approval, context.new_id("approval"))
        return None if approval is None or context.earlier(approval) is None else approval

    def _ask(self, context: Context, wanted: TakesTwo) -> Approval:
        asked = event_of(
            context.stamp(context.new_id("approval"), 1, wanted.role),
            ApprovalAsked,
            school=wanted.school,
            what=MATTERS[type(wanted.change)],
            about=About(user=wanted.user, school=wanted.school),
            change=sealed_change(wanted.change, wanted.user),
        )
        approval = Approval(asked)
        approval.append(asked)
        self._record.commit(approval)
        return approval
