"""An event store on a real database, built as the application builds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar, cast
from uuid import UUID, uuid4

from eventsourcing.persistence import InfrastructureFactory

from casework.domain.event import TOPICS, Event
from casework.domain.fields import Narrative
from casework.domain.sealed import Sealed
from casework.storage.database import Database
from casework.storage.event_store import SealingEventStore
from casework.storage.keys import DataKeys, MasterKey
from casework.storage.mapper import SealingMapper
from casework.storage.recorders import CaseworkRecorder
from casework.storage.sealing import Sealer

MASTER = MasterKey(bytes(range(32)))
MOMENT = datetime(2026, 9, 14, 9, 20, tzinfo=UTC)


class Noted(Event, frozen=True, kw_only=True):
    """An event with a narrative, and optionally a name under another subject's key."""

    TOPIC: ClassVar[str] = "test_storage.noted"

    text: Narrative
    name: Narrative | None = None
    count: int = 0


# Tests of the complete log check every topic; this one is not a topic of casework.
del TOPICS[Noted.TOPIC]


def noted(aggregate: UUID, version: int = 1, text: str = "a narrative", **fields: Any) -> Noted:
    return Noted(
        originator_id=aggregate,
        originator_version=version,
        by=uuid4(),
        role="dsl",
        request_id=f"request-{version}",
        happened_at=MOMENT,
        recorded_at=MOMENT,
        text=Sealed(text),
        **fields,
    )


class Store:
    """The database access of one process, with the same parts as the application has."""

    def __init__(self, url: str) -> None:
        self.database = Database(url)
        self.factory = InfrastructureFactory.construct(self.database.environment)
        self.recorder = cast(CaseworkRecorder, self.factory.application_recorder())
        self.keys = DataKeys(MASTER, self.database.engine)
        self.sealer = Sealer(self.keys, MASTER)
        self.events = SealingEventStore(SealingMapper(self.sealer), self.recorder)

    def read(self, aggregate: UUID) -> list[Noted]:
        return [cast(Noted, event) for event in self.events.get(aggregate)]

    def close(self) -> None:
        self.factory.close()
        self.database.close()


@contextmanager
def opened(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()
