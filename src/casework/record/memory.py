"""A record in memory, for tests of use cases and for trying things out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate, aggregate_of
from casework.domain.event import Event
from casework.domain.moments import standard
from casework.domain.sealed import Sealed
from casework.record.port import A, Conflict


class MemoryRecord:
    """Stores encoded events in memory, so that no aggregate shares an object with what is stored.

    Sealed texts are stored unencrypted; those of a destroyed key read as erased.
    """

    def __init__(self) -> None:
        self._streams: dict[UUID, list[tuple[type[Event], dict[str, Any]]]] = {}
        self._destroyed: set[UUID] = set()

    def load(self, kind: type[A], aggregate_id: UUID, *, upto: int | None = None) -> A | None:
        aggregate = aggregate_of(self._events(aggregate_id)[:upto])
        return aggregate if isinstance(aggregate, kind) else None

    def load_many(self, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
        loaded = {aggregate_id: aggregate_of(self._events(aggregate_id)) for aggregate_id in ids}
        return {aggregate_id: found for aggregate_id, found in loaded.items() if found is not None}

    def peek(self, kind: type[A], aggregate_id: UUID) -> A | None:
        return self.load(kind, aggregate_id)

    def commit(self, *aggregates: Aggregate, destroying: Collection[UUID] = ()) -> None:
        events = [event for aggregate in aggregates for event in aggregate.collect_events()]
        added: dict[UUID, list[tuple[type[Event], dict[str, Any]]]] = {}
        for event in events:
            stream = added.setdefault(event.originator_id, [*self._streams.get(event.originator_id, ())])
            if event.originator_version != len(stream) + 1:
                raise Conflict
            stream.append((type(event), _encoded(event)))
        self._streams |= added
        self._destroyed |= set(destroying)

    def _events(self, aggregate_id: UUID) -> list[Event]:
        stream = self._streams.get(aggregate_id, ())
        return [msgspec.convert(state, kind, dec_hook=self._decoded) for kind, state in stream]

    def _decoded(self, kind: type, value: Any) -> Any:
        if kind is not Sealed:
            raise NotImplementedError(f"an event cannot hold a {kind.__name__}")
        under = UUID(value["under"])
        return Sealed.closed(under, lambda: None if under in self._destroyed else value["text"])


def _encoded(event: Event) -> dict[str, Any]:
    def encode(value: Any) -> Any:
        if isinstance(value, Sealed):
            return {"under": str(value.under or event.originator_id), "text": value.text}
        return standard(value)

    state: dict[str, Any] = msgspec.to_builtins(event, enc_hook=encode)
    return state
