"""The Custody aggregate: who opened the files of an incident, recorded separately from the incident.

Opening a file changes nothing about the incident. If it were a step, it would change the version that
another user has just read and is about to take a step on.
"""

from __future__ import annotations

from typing import ClassVar, cast
from uuid import UUID, uuid5

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event


class EvidenceOpened(Event, frozen=True, kw_only=True):
    """A file was opened, by whom and when. `file` is the id of the evidence file."""

    TOPIC: ClassVar[str] = "custody.evidence_opened"

    incident: UUID
    file: UUID


class Custody(Aggregate, begins_with=EvidenceOpened):
    """Who opened the files of one incident and when, oldest first."""

    def __init__(self, first: EvidenceOpened) -> None:
        super().__init__(first)
        self.incident = first.incident
        self.openings: list[EvidenceOpened] = []

    @staticmethod
    def id_of(incident: UUID) -> UUID:
        """The id of the custody of `incident`."""
        return uuid5(incident, "custody")

    def _apply(self, event: Event) -> None:
        super()._apply(event)
        self.openings.append(cast(EvidenceOpened, event))
