"""The event store: the events of a command and the data keys they need, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import EventStore, Notification, Recording

from casework.domain.event import Event
from casework.storage.keys import NewKeys
from casework.storage.mapper import SealingMapper
from casework.storage.recorders import CaseworkRecorder


class SealingEventStore(EventStore[UUID]):
    """Stores and retrieves events, making and destroying data keys as it does."""

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
        """Store `domain_events`, the data keys first used by them, and the end of `destroyed_keys`.

        All of it is one transaction. Raises IntegrityError where another process was first with an
        event or a key, and KeyDestroyed where a text would be sealed under a key that is gone.
        """
        keys = self.mapper.sealer.keys
        first = (event.originator_id for event in domain_events if event.originator_version == 1)
        new_keys = NewKeys(keys, unheard_of=first)
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

    def streams(self, ids: Collection[UUID]) -> dict[UUID, list[Event]]:
        """The events of each of the aggregates `ids` that has any, in order, by one statement."""
        return {
            aggregate: [self.mapper.to_domain_event(row) for row in rows]
            for aggregate, rows in self.recorder.select_streams(ids).items()
        }
