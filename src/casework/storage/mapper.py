"""Maps events to rows and back. A row holds readable JSON in which personal texts are encrypted."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, MapperDeserialisationError, StoredEvent

from casework.domain.event import TOPICS, Event
from casework.domain.fields import Partial
from casework.domain.incident import partial
from casework.domain.moments import standard
from casework.domain.sealed import Sealed
from casework.storage.keys import NewKeys
from casework.storage.sealing import Sealer

_VERSION_KEY: Final = "v"
_LEARNING: Final = Lock()
_LEARNT: Final[set[type[Event]]] = set()


def _learn(cls: type[Event]) -> None:
    """Make msgspec inspect `cls` once: it can crash if several threads are the first to decode a type."""
    if cls not in _LEARNT:
        with _LEARNING:
            msgspec.json.Decoder(cls)
            _LEARNT.add(cls)


class SealingMapper(Mapper[UUID]):
    """Maps `Event`s to stored events by their `TOPIC`, and encrypts the `Sealed` values in them.

    The state holds the event's fields by their encoded names, without the id and the version, which have
    their own columns. It holds a `v` if the shape of the event has changed since its first version.
    """

    def __init__(self, sealer: Sealer) -> None:
        super().__init__(JSONTranscoder())
        self.sealer = sealer

    def to_stored_event(
        self, domain_event: DomainEventProtocol[UUID], new_keys: NewKeys | None = None
    ) -> StoredEvent:
        """The row of an event. `new_keys` makes the data keys that do not exist yet.

        Raises KeyDestroyed, or NoKey if a key is missing and there are no `new_keys`.
        """
        event = cast(Event, domain_event)
        state = msgspec.to_builtins(event, order="deterministic", enc_hook=self._encoder(event, new_keys))
        del state["originator_id"], state["originator_version"]
        if event.VERSION > 1:
            state = {_VERSION_KEY: event.VERSION, **state}
        return StoredEvent(
            event.originator_id, event.originator_version, event.TOPIC, msgspec.json.encode(state)
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event of a row, in the current shape of its class. Its sealed values are not decrypted yet.

        Raises MapperDeserialisationError if the topic or the state is unknown; it never repeats the state.
        """
        try:
            cls = TOPICS[stored_event.topic]
            state = _decode(stored_event.state)
            version = state.pop(_VERSION_KEY, 1)
            if version != cls.VERSION:
                state = _upcast(cls, state, version)
            state["originator_id"] = stored_event.originator_id
            state["originator_version"] = stored_event.originator_version
            _learn(cls)
            return msgspec.convert(state, cls, dec_hook=self._decode_value)
        except (KeyError, TypeError, ValueError, msgspec.MsgspecError) as error:
            # A decoder's message may repeat what it could not decode; the path at its end does not.
            path = str(error).partition(" - at ")[2]
            raise MapperDeserialisationError(
                f"{stored_event.topic!r}, event {stored_event.originator_version} of "
                f"{stored_event.originator_id}, cannot be read: {type(error).__name__} {path}".rstrip()
            ) from None

    def _encoder(self, event: Event, new_keys: NewKeys | None) -> Callable[[Any], Any]:
        def encode(value: Any) -> Any:
            if isinstance(value, Sealed):
                return self.sealer.form(value, event.originator_id, new_keys)
            if isinstance(value, Partial):
                return partial.written(value)
            return standard(value)

        return encode

    def _decode_value(self, wanted: type, value: Any) -> Any:
        if wanted is Sealed:
            return self.sealer.closed(value)
        if wanted is Partial:
            return partial.read(value, self._decode_value)
        raise NotImplementedError(f"the log cannot hold a {wanted.__name__}")


_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


def _upcast(cls: type[Event], state: dict[str, Any], version: Any) -> dict[str, Any]:
    if not isinstance(version, int) or not 1 <= version < cls.VERSION:
        raise ValueError("this release does not know the version")
    return cls.upcast(state, version)
