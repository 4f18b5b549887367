"""What is due in the cases a user may read, for a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.moments import Instant
from casework_projections.reading.asking import Asker
from casework_projections.reading.known import listing, shown
from casework_projections.reading.room import Answer, Question, ReadingRoom
from casework_projections.views.due import DueStep


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """A step a case requires, by when, and by which rule.

    `reference` is the first part of the case's id, for places where nothing else about it may be shown.
    """

    incident: UUID
    reference: str
    rule: str
    step: str | None
    due_at: Instant


class Deadlines(msgspec.Struct, frozen=True):
    """What is due; `stale` is true if some of it may be missing or out of date."""

    items: tuple[Deadline, ...]
    stale: bool


class ListDeadlines(Question[Deadlines], frozen=True):
    """Everything that is due in the cases a user may read, case by case, the soonest due first."""

    NAME: ClassVar = "deadlines"

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Deadlines]:
        with room.snapshot(*room.views.of_cases) as snapshot:
            listed = listing(room, snapshot, asker).deadlines()
            stale = snapshot.stale is True
        found = (deadline for each in listed for deadline in deadlines(each.incident, each.due))
        return Answer(Deadlines(tuple(found), stale), shown(listed, "deadlines"))


def reference_of(incident: UUID) -> str:
    """The first part of a case's id, for places where nothing else about the case may be shown."""
    return incident.hex[:8]


def deadlines(incident: UUID, due: Iterable[DueStep]) -> Iterator[Deadline]:
    """What is due in one case."""
    return (
        Deadline(
            incident=incident,
            reference=reference_of(incident),
            rule=step.rule,
            step=step.step,
            due_at=step.due_at,
        )
        for step in due
    )
