"""The event log in a database: an application of eventsourcing, with our recorder, mapper and store."""

from __future__ import annotations

from functools import cached_property
from typing import cast
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import EventStore, Mapper

from casework.storage.database import Database
from casework.storage.event_store import SealingEventStore
from casework.storage.mapper import SealingMapper
from casework.storage.recorders import CaseworkRecorder
from casework.storage.sealing import Sealer


class EventLog(Application[UUID]):
    """The events in the tables of `database`; `sealer` encrypts and decrypts their sealed texts.

    Create it after a fork, never before. `casework.storage.migrations.create_tables` must have created
    the tables.
    """

    name = "casework"

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._sealer = sealer
        super().__init__(env=database.environment)

    def construct_mapper(self) -> Mapper[UUID]:
        return SealingMapper(self._sealer)

    def construct_event_store(self) -> EventStore[UUID]:
        return self.store

    @cached_property
    def store(self) -> SealingEventStore:
        """Writes events to the database and reads them back."""
        return SealingEventStore(self.event_mapper, self.event_recorder)

    @property
    def event_mapper(self) -> SealingMapper:
        return cast(SealingMapper, self.mapper)

    @property
    def event_recorder(self) -> CaseworkRecorder:
        return cast(CaseworkRecorder, self.recorder)

    def check(self) -> None:
        """Raise if the log cannot be read."""
        self.recorder.max_notification_id()
