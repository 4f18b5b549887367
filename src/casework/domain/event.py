"""The base class of all events, and the topics by which the log finds the class of an event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self, TypeVar
from uuid import UUID

import msgspec

from casework.domain.clocks import is_recorded_late
from casework.domain.moments import Instant

TOPICS: dict[str, type[Event]] = {}


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What casework adds to the fields that a user sends: the aggregate, its version, the user and the times.

    `by` is the user's id and `role` the role they acted in. `happened_at` is when it was done,
    `recorded_at` when it was recorded.
    """

    originator_id: UUID
    originator_version: int
    by: UUID
    role: str
    request_id: str
    request_digest: str = ""
    happened_at: Instant
    recorded_at: Instant

    @property
    def recorded_late(self) -> bool:
        """Whether it was recorded more than a day after it was done."""
        return is_recorded_late(self.happened_at, self.recorded_at)


class Event(Stamp, frozen=True, kw_only=True):
    """One fact about one aggregate.

    The database stores `TOPIC` instead of a module path, so code may move. `VERSION` is raised when the
    shape of the event changes, and `upcast` turns an older shape into the current one. A subclass without
    its own `TOPIC` is abstract.
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
            raise TypeError(f"topic {topic!r} is used by {known.__qualname__} already")
        TOPICS[topic] = cls

    @classmethod
    def upcast(cls, state: dict[str, Any], version: int) -> dict[str, Any]:
        """The `state` of an event that was written at `version`, in the shape of the current version."""
        if version != cls.VERSION:
            raise ValueError(f"{cls.TOPIC} has no upcast from version {version}")
        return state

    def apply(self, aggregate: Any) -> None:
        """Change `aggregate` as this event says; by default only its version changes."""

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
    """An event of `kind` with the fields a user sent and no stamp yet. No aggregate can apply it."""
    return event_of(_UNSTAMPED, kind, **fields)


def event_of(stamp: Stamp, kind: type[E], /, **fields: Any) -> E:
    """An event of `kind` with this stamp and these fields."""
    return kind(**msgspec.structs.asdict(stamp), **fields)
