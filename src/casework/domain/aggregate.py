"""What every aggregate does: replay its events in order, and keep the ones not yet stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from casework.domain.event import Event

AGGREGATES: Final[dict[type[Event], type[Aggregate]]] = {}
"""Each class of aggregate by the class of its first event."""


class Request(msgspec.Struct, frozen=True):
    """The event a request led to, and a digest of what the request asked."""

    number: int
    digest: str


class Aggregate:
    """A thing whose state is what its events say.

    A subclass names the class of its first event, from which it is made: `class Person(Aggregate,
    begins_with=PersonRegistered)`.
    """

    def __init_subclass__(cls, begins_with: type[Event], **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        AGGREGATES[begins_with] = cls

    def __init__(self, first: Event) -> None:
        self.id: UUID = first.originator_id
        self.version = 0
        self.requests: dict[str, Request] = {}
        self._pending: list[Event] = []

    @classmethod
    def replay(cls, events: Iterable[Event], onto: Self | None = None) -> Self | None:
        """`onto` (or a new aggregate, from its first event) after `events`; None where there are none."""
        aggregate = onto
        for event in events:
            if aggregate is None:
                aggregate = cls(event)
            aggregate._apply(event)
        return aggregate

    def record(self, event: Event) -> None:
        """Apply `event` and keep it for the event store."""
        self._apply(event)
        self._pending.append(event)

    def collect_events(self) -> Sequence[Event]:
        """The events recorded since the last collection."""
        collected, self._pending = self._pending, []
        return collected

    def _apply(self, event: Event) -> None:
        if event.originator_version != self.version + 1:
            raise ValueError("events are applied in order")
        self.version = event.originator_version
        self.requests[event.request_id] = Request(event.originator_version, event.request_digest)
        event.apply(self)


def aggregate_of(events: Sequence[Event]) -> Aggregate | None:
    """The aggregate that `events` are the whole history of; None where there are none.

    Raises LookupError where the first event begins no aggregate.
    """
    return AGGREGATES[type(events[0])].replay(events) if events else None
