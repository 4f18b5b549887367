"""A record for one answer or one command, which loads each aggregate once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar
from uuid import UUID

from casework.domain.aggregate import Aggregate
from casework.record.port import Record

A = TypeVar("A", bound=Aggregate)


class LoadedOnce:
    """`record` as it was when each aggregate was first asked for. It is only read."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._found: dict[UUID, Aggregate | None] = {}

    def load(self, kind: type[A], aggregate_id: UUID, *, upto: int | None = None) -> A | None:
        if upto is not None:
            return self._record.load(kind, aggregate_id, upto=upto)
        found = self.load_many([aggregate_id]).get(aggregate_id)
        return found if isinstance(found, kind) else None

    def load_many(self, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
        wanted = dict.fromkeys(ids)
        missing = [key for key in wanted if key not in self._found]
        if missing:
            loaded = self._record.load_many(missing)
            self._found |= {key: loaded.get(key) for key in missing}
        found = ((key, self._found[key]) for key in wanted)
        return {key: aggregate for key, aggregate in found if aggregate is not None}

    def peek(self, kind: type[A], aggregate_id: UUID) -> A | None:
        return self.load(kind, aggregate_id)

    def commit(self, *aggregates: Aggregate, destroying: Collection[UUID] = ()) -> None:
        raise TypeError("a record for one answer is only read")


class LoadedForCommand(LoadedOnce):
    """`record` for a command of several parts: each part finds what those before it changed.

    The command commits to `record` itself.
    """

    def hold(self, aggregate: Aggregate) -> None:
        """From now on, find `aggregate` as it is, changed or new."""
        self._found[aggregate.id] = aggregate
