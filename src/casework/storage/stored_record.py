"""The record stored in the event log of a database."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Final
from uuid import UUID

from eventsourcing.application import LRUCache
from eventsourcing.persistence import IntegrityError, StoredEvent

from casework.domain.aggregate import Aggregate, aggregate_of
from casework.domain.event import Event
from casework.record.port import A, Conflict, Unreadable
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
        rows = self._log.event_recorder.select_events(aggregate_id, lte=upto)
        with _unreadable():
            aggregate = aggregate_of(self._events(rows))
        return aggregate if isinstance(aggregate, kind) else None

    def load_many(self, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
        wanted = list(dict.fromkeys(ids))
        found = {}
        for aggregate_id, rows in (self._log.event_recorder.select_streams(wanted) if wanted else {}).items():
            with suppress(Unreadable), _unreadable():
                aggregate = aggregate_of(self._events(rows))
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
        rows = self._log.event_recorder.select_events(aggregate_id, gt=cached.version)
        # Threads share a cached aggregate, and each event may be applied to it only once.
        with _unreadable(), self._applying:
            newer = [row for row in rows if row.originator_version > cached.version]
            try:
                return kind.replay(self._events(newer), cached)
            except Exception:
                # An event may be half applied: the next reader loads it again.
                self._cached.put(aggregate_id, (cached, -math.inf))
                raise

    def commit(self, *aggregates: Aggregate, destroying: Collection[UUID] = ()) -> None:
        events = [event for aggregate in aggregates for event in aggregate.collect_events()]
        try:
            self._log.store.put(events, destroyed_keys=destroying)
        except IntegrityError as error:
            raise Conflict from error

    def _events(self, rows: Iterable[StoredEvent]) -> list[Event]:
        return [self._log.event_mapper.to_domain_event(row) for row in rows]

    def _load_and_cache(self, kind: type[A], aggregate_id: UUID) -> A | None:
        found, now = self.load(kind, aggregate_id), time.monotonic()
        if found is not None:
            self._cached.put(aggregate_id, (found, now))
        return found


@contextmanager
def _unreadable() -> Iterator[None]:
    """Raise Unreadable for whatever reading or replaying events raises in this block."""
    try:
        yield
    except (MemoryError, OSError):
        raise
    except Exception as error:
        raise Unreadable from error
