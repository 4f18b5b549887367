"""The record stored in the event log of a database."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from threading import Lock
from typing import Final, cast
from uuid import UUID

from eventsourcing.application import LRUCache
from eventsourcing.persistence import IntegrityError

from casework.domain.aggregate import Aggregate, aggregate_of
from casework.domain.event import Event
from casework.record.port import A, Conflict
from casework.storage.event_log import EventLog

_CACHED_SECONDS: Final = 60.0
_CACHE_SIZE: Final = 1000


class StoredRecord:
    """Rebuilds aggregates from their events in the log, and stores a command in one transaction.

    `peek` caches an aggregate and then reads only the events that are new. A cached aggregate is dropped
    after a minute, so that text whose key was destroyed does not stay in memory.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._cached: LRUCache[UUID, tuple[Aggregate, float]] = LRUCache(maxsize=_CACHE_SIZE)
        self._applying = Lock()

    def load(self, kind: type[A], aggregate_id: UUID, *, upto: int | None = None) -> A | None:
        events = [cast(Event, event) for event in self._log.store.get(aggregate_id, lte=upto)]
        aggregate = aggregate_of(events)
        return aggregate if isinstance(aggregate, kind) else None

    def load_many(self, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
        wanted = list(dict.fromkeys(ids))
        found = {}
        for aggregate_id, events in (self._log.store.streams(wanted) if wanted else {}).items():
            aggregate = aggregate_of(events)
            if aggregate is not None:
                found[aggregate_id] = aggregate
        return found

    def peek(self, kind: type[A], aggregate_id: UUID) -> A | None:
        try:
            cached, since = self._cached.get(aggregate_id)
        except KeyError:
            return self._load_and_cache(kind, aggregate_id)
        if time.monotonic() - since > _CACHED_SECONDS:
            return self._load_and_cache(kind, aggregate_id)
        if not isinstance(cached, kind):
            return None
        newer = [cast(Event, event) for event in self._log.store.get(aggregate_id, gt=cached.version)]
        # Threads share a cached aggregate, and each event may be applied to it only once.
        with self._applying:
            return kind.replay((each for each in newer if each.originator_version > cached.version), cached)

    def commit(self, *aggregates: Aggregate, destroying: Collection[UUID] = ()) -> None:
        events = [event for aggregate in aggregates for event in aggregate.collect_events()]
        try:
            self._log.store.put(events, destroyed_keys=destroying)
        except IntegrityError as error:
            raise Conflict from error

    def _load_and_cache(self, kind: type[A], aggregate_id: UUID) -> A | None:
        found, now = self.load(kind, aggregate_id), time.monotonic()
        if found is not None:
            self._cached.put(aggregate_id, (found, now))
        return found
