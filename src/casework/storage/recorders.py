"""What casework asks of a recorder beyond the library's own, on either engine."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from typing import Final
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

EVENTS_TABLE: Final = "stored_events"


class CaseworkRecorder(ApplicationRecorder):
    """Records events, and with them, in the same transaction, the making and the end of data keys.

    `insert_events` takes `data_keys`, the `DataKey`s to insert, and `destroyed_keys`, the subjects whose
    key is to be destroyed. Where either cannot be done, no event is stored.
    """

    @abstractmethod
    def select_streams(self, ids: Collection[UUID]) -> dict[UUID, list[StoredEvent]]:
        """The stored events of each of the aggregates `ids` that has any, in order, by one statement."""
