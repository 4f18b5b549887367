"""What use cases need of a record: `casework.storage` has one in a database, `memory` one in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar
from uuid import UUID

from casework.domain.aggregate import Aggregate
from casework.domain.errors import NotFound

A = TypeVar("A", bound=Aggregate)


class Conflict(Exception):
    """Another writer was first. Nothing was stored; retry the command from the start."""


class Unreadable(NotFound):
    """This release cannot read an event of the aggregate or cannot replay it, so nobody may know of it."""


class Record(Protocol):
    """All aggregates, by their ids."""

    def load(self, kind: type[A], aggregate_id: UUID, *, upto: int | None = None) -> A | None:
        """The aggregate with that id; None if there is none or it is of another class.

        With `upto`, as it was after the event of that number. Raises Unreadable.
        """

    def load_many(self, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
        """The aggregates with these ids, of any class, without those that do not exist or are unreadable."""

    def peek(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Like `load`, but possibly cached: read-only, never to be changed or committed."""

    def commit(self, *aggregates: Aggregate, destroying: Collection[UUID] = ()) -> None:
        """Store the new events of `aggregates` and destroy the data keys `destroying`: all or nothing.

        What was sealed with a destroyed key reads as erased from then on. Raises Conflict.
        """
