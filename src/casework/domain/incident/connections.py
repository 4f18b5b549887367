"""The Connections aggregate: to which other cases a case is linked, recorded separately from the incident.

Not every reader of a case may know of the other. If a link were a step of the incident, its number alone
would tell them that there is something they are not shown.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID, uuid5

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event
from casework.domain.fields import Narrative, Reason
from casework.domain.incident.connecting import LinkedAs


class CasesLinked(Event, frozen=True, kw_only=True):
    """`incident` was linked to `other`."""

    TOPIC: ClassVar[str] = "connections.linked"

    incident: UUID
    other: UUID
    as_: LinkedAs = msgspec.field(name="as")
    note: Narrative | None = None


class CasesUnlinked(Event, frozen=True, kw_only=True):
    """A link of `incident` to `other` was wrong."""

    TOPIC: ClassVar[str] = "connections.unlinked"

    incident: UUID
    other: UUID
    as_: LinkedAs = msgspec.field(name="as")
    reason: Reason
    note: Narrative | None = None


class Connections(Aggregate, begins_with=CasesLinked):
    """What was recorded about the links from one incident, oldest first."""

    def __init__(self, first: CasesLinked) -> None:
        super().__init__(first)
        self.incident = first.incident
        self.history: list[CasesLinked | CasesUnlinked] = []

    @staticmethod
    def id_of(incident: UUID) -> UUID:
        """The id of the connections of `incident`."""
        return uuid5(incident, "connections")

    @property
    def links(self) -> frozenset[tuple[UUID, LinkedAs]]:
        """The links that stand: the other incident, and how it is connected."""
        found: set[tuple[UUID, LinkedAs]] = set()
        for event in self.history:
            link = (event.other, event.as_)
            found = found - {link} if isinstance(event, CasesUnlinked) else found | {link}
        return frozenset(found)

    def _apply(self, event: Event) -> None:
        super()._apply(event)
        if isinstance(event, (CasesLinked, CasesUnlinked)):
            self.history.append(event)
