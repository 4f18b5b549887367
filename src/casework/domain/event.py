"""What every event of every aggregate carries, and how its class is found again from the log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self, TypeVar
from uuid import UUID

import msgspec

from casework.domain.moments import Instant

TOPICS: dict[str, type[Event]] = {}


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What casework adds to what a user says: of which aggregate, which number, by whom and when.

    `by` is a user's id and `role` the role they acted in. `happened_at` is when it was done, `recorded_at`
    when it was recorded.
    """

    originator_id: UUID
    originator_version: int
    by: UUID
    role: str
    request_id: str
    request_digest: str = ""
    happened_at: Instant
    recorded_at: Instant


class Event(Stamp, frozen=True, kw_only=True):
    """One fact about one aggregate.

    `TOPIC` is what the database holds instead of a module path, so code may move; `VERSION` counts the
    shapes an event has had, and `upcast` turns an older shape into the present one. A subclass without
    a `TOPIC` of its own is abstract.
    """

    TOPIC: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        topic = cls.__dict__.get("TOPIC", "")
        if not topic:
            return
        known = TOPICS.setdefault(topic, cls)
        if known.__qualname__ != cls.__qualname__:
            raise TypeError(f"topic {topic!r} is taken by {known.__qualname__}")
        TOPICS[topic] = cls

    @classmethod
    def upcast(cls, state: dict[str, Any], version: int) -> dict[str, Any]:
        """The `state` of an event written at `version`, in the shape of the present version."""
        if version != cls.VERSION:
            raise ValueError(f"{cls.TOPIC} has no upcast from version {version}")
        return state

    def apply(self, aggregate: Any) -> None:
        """Change `aggregate` as this event says; by default only its version moves."""

    def stamped(self, stamp: Stamp) -> Self:
        """The same event with another stamp."""
        return msgspec.structs.replace(self, **msgspec.structs.asdict(stamp))


E = TypeVar("E", bound=Event)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNSTAMPED: Final = Stamp(
    originator_id=UUID(int=0),
    originator_version=0,
    by=UUID(int=0),
    role="",
    request_id="",
    happened_at=_EPOCH,
    recorded_at=_EPOCH,
)


def unstamped(kind: type[E], /, **fields: Any) -> E:
    """What a user says, as an event of `kind` that is not stamped yet. No aggregate applies it as it is."""
    return event_of(_UNSTAMPED, kind, **fields)


def event_of(stamp: Stamp, kind: type[E], /, **fields: Any) -> E:
    """The event of `kind` with this stamp and these fields."""
    return kind(**msgspec.structs.asdict(stamp), **fields)
