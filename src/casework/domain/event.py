"""What every event of every aggregate carries, and how its class is found again from the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

TOPICS: dict[str, type[Event]] = {}


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One fact about one aggregate.

    `TOPIC` is what the database holds instead of a module path, so code may move; `VERSION` counts the
    shapes an event has had, and `upcast` turns an older shape into the present one. A subclass without
    a `TOPIC` of its own is abstract.
    """

    TOPIC: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1

    originator_id: UUID
    originator_version: int
    by: UUID
    role: str
    request_id: str
    request_digest: str = ""
    happened_at: datetime
    recorded_at: datetime

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
