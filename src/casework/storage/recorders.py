"""What casework needs of a recorder, on either engine, in addition to what eventsourcing defines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from typing import Final
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

EVENTS_TABLE: Final = "stored_events"


class CaseworkRecorder(ApplicationRecorder):
    """Records events, and inserts and destroys data keys in the same transaction.

    `insert_events` takes `data_keys`, the `DataKey`s to insert, and `destroyed_keys`, the subjects whose
    keys are to be destroyed. If either fails, no event is stored.
    """

    @abstractmethod
    def select_streams(self, ids: Collection[UUID]) -> dict[UUID, list[StoredEvent]]:
        """The stored events of the aggregates `ids`, in order, by aggregate, read with one statement.

        Aggregates without events are left out.
        """
