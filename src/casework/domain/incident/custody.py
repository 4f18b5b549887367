"""The Custody aggregate: who opened the files of an incident, kept beside it.

Opening a file is recorded and changes nothing about the incident, so that it does not move the version
which a user who is about to take a step has read.
"""

from __future__ import annotations

from typing import ClassVar, cast
from uuid import UUID, uuid5

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event


class EvidenceOpened(Event, frozen=True, kw_only=True):
    """The content of a file was opened, by whom and when. `file` is the id of the evidence file."""

    TOPIC: ClassVar[str] = "custody.evidence_opened"

    incident: UUID
    file: UUID


class Custody(Aggregate, begins_with=EvidenceOpened):
    """The openings of the files of one incident, oldest first."""

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
