"""The base class of all aggregates: replays events in order, and collects those that are not stored yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from casework.domain.event import Event

AGGREGATES: Final[dict[type[Event], type[Aggregate]]] = {}
"""The class of each aggregate, by the class of its first event."""


class Request(msgspec.Struct, frozen=True):
    """The number of the event that a request led to, and a digest of the request."""

    number: int
    digest: str


class Aggregate:
    """Something whose state follows from its events.

    A subclass names the class of its first event, which creates it: `class Person(Aggregate,
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
        """`onto`, or a new aggregate, with `events` applied; None if there is no event and no `onto`."""
        aggregate = onto
        for event in events:
            if aggregate is None:
                aggregate = cls(event)
            aggregate._apply(event)
        return aggregate

    def append(self, event: Event) -> None:
        """Apply `event` and hold it until the event store collects it."""
        self._apply(event)
        self._pending.append(event)

    def collect_events(self) -> Sequence[Event]:
        """The events recorded since the last collection."""
        collected, self._pending = self._pending, []
        return collected

    def _apply(self, event: Event) -> None:
        self._number(event)
        event.apply(self)

    def _number(self, event: Event) -> None:
        """Note that `event` is the next one. Raises ValueError if it is not."""
        if event.originator_version != self.version + 1:
            raise ValueError("events must be applied in order")
        self.version = event.originator_version
        self.requests[event.request_id] = Request(event.originator_version, event.request_digest)


def aggregate_of(events: Sequence[Event]) -> Aggregate | None:
    """The aggregate whose whole history is `events`; None if there are no events.

    Raises LookupError if the first event does not begin an aggregate.
    """
    return AGGREGATES[type(events[0])].replay(events) if events else None
