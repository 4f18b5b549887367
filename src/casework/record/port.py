"""What use cases ask of a record: `casework.storage` keeps one in a database, `memory` one in memory."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol, TypeVar
from uuid import UUID

from casework.domain.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)


class Conflict(Exception):
    """Another writer was first. Nothing was stored; the command must start again from what is there now."""


class Record(Protocol):
    """All aggregates, by their ids."""

    def load(self, kind: type[A], aggregate_id: UUID, *, upto: int | None = None) -> A | None:
        """The aggregate with that id; None where there is none or it is of another kind.

        With `upto`, as it was after its event of that number.
        """

    def load_many(self, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
        """The aggregates of these ids, of any kind, without those that are not there."""

    def peek(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Like `load`, but possibly cached: for reading only, never to be changed and committed."""

    def commit(self, *aggregates: Aggregate, destroying: Collection[UUID] = ()) -> None:
        """Store what happened to `aggregates`, and destroy the data keys of `destroying`, all or nothing.

        What was sealed under a destroyed key reads as erased from then on. Raises Conflict.
        """
