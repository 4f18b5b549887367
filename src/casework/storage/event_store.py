"""The event store: stores the events of a command and the data keys they need in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import EventStore, Notification, Recording

from casework.storage.keys import NewKeys
from casework.storage.mapper import SealingMapper
from casework.storage.recorders import CaseworkRecorder


class SealingEventStore(EventStore[UUID]):
    """Stores and retrieves events, and creates and destroys data keys together with them."""

    mapper: SealingMapper
    recorder: CaseworkRecorder

    def __init__(self, mapper: SealingMapper, recorder: CaseworkRecorder) -> None:
        super().__init__(mapper, recorder)

    def put(
        self,
        domain_events: Sequence[DomainEventProtocol[UUID]],
        *,
        destroyed_keys: Collection[UUID] = (),
        **kwargs: Any,
    ) -> list[Recording[UUID]]:
        """Store `domain_events` and the new data keys they use, and destroy the keys `destroyed_keys`.

        All of it is one transaction. Raises IntegrityError if another process stored an event or a key
        first, and KeyDestroyed if the key that a text should be sealed with was destroyed.
        """
        keys = self.mapper.sealer.keys
        first = (event.originator_id for event in domain_events if event.originator_version == 1)
        new_keys = NewKeys(keys, new_subjects=first)
        stored = [self.mapper.to_stored_event(event, new_keys) for event in domain_events]
        numbers = self.recorder.insert_events(
            stored, data_keys=new_keys.rows, destroyed_keys=destroyed_keys, **kwargs
        )
        new_keys.committed()
        keys.forget(destroyed_keys)
        return [
            Recording(
                event, Notification(row.originator_id, row.originator_version, row.topic, row.state, number)
            )
            for event, row, number in zip(domain_events, stored, numbers or (), strict=True)
        ]
