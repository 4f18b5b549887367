"""The timeline of one case: its steps, the openings of its files and its links, as they were recorded."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from casework.domain.access import NOBODY
from casework.domain.event import Event
from casework.domain.incident import Step
from casework.domain.incident.connecting import Link, Unlink
from casework.domain.incident.connections import CasesLinked, CasesUnlinked
from casework.domain.incident.custody import EvidenceOpened
from casework.domain.incident.evidence import OpenEvidence
from casework.domain.moments import Instant
from casework.domain.vocabulary import Role
from casework_projections.reading.admission import CaseHistory
from casework_projections.reading.asking import Asker
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.reading.wording import own_fields

Entry = Step | EvidenceOpened | CasesLinked | CasesUnlinked


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One step with the `fields` it was taken with. An opening of a file and a link have no number.

    `recorded_late`: it was recorded more than a day after it was done, and answers its duty only from then.
    `approved_by` is the second user, if the step needed two people.
    """

    number: int | None
    step: str
    happened_at: Instant
    recorded_at: Instant
    recorded_late: bool
    by: UUID | None
    role: Role
    approved_by: UUID | None
    fields: dict[str, Any]
    note: str | None
    corrected_by: int | None


class ReadTimeline(Question[Page[TimelineEntry]], frozen=True):
    """A page of the timeline of a case, oldest first."""

    NAME: ClassVar = "timeline"

    incident: UUID
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[TimelineEntry]]:
        history = room.admission.history(asker, self.incident)
        events = in_order(history)
        place, following = room.cursors.cut(self.part, ["timeline", self.incident], len(events))
        entries = tuple(entry_of(event, history) for event in events[place])
        return Answer(Page(entries, following), (Shown.of(history.case, "timeline"),))


def in_order(history: CaseHistory) -> Sequence[Entry]:
    """The steps of a case, the openings of its files and its links, in the order they were recorded."""
    events: list[Sequence[Entry]] = [history.case.incident.timeline, history.openings, history.links]
    return [*heapq.merge(*events, key=lambda event: event.recorded_at.timestamp())]


def entry_of(event: Entry, history: CaseHistory) -> TimelineEntry:
    """One event of `history` as the timeline shows it, its texts unsealed.

    It does not name who reported in confidence, nor another case that the user may not read.
    """
    if isinstance(event, EvidenceOpened):
        return _entry(event, step=OpenEvidence.name(), fields={"file": event.file})
    if isinstance(event, CasesLinked | CasesUnlinked):
        return _link_entry(event)
    return _entry(
        event,
        step=event.name(),
        fields=own_fields(event, history.hidden),
        number=event.number,
        approved_by=event.approved_by,
        note=None if event.note is None else event.note.text,
        corrected_by=history.case.incident.corrected_by.get(event.number),
    )


def _link_entry(event: CasesLinked | CasesUnlinked) -> TimelineEntry:
    fields: dict[str, Any] = {"incident": event.other, "as": event.as_.value}
    if isinstance(event, CasesUnlinked):
        fields["reason"] = event.reason.text
    kind = Link if isinstance(event, CasesLinked) else Unlink
    return _entry(
        event, step=kind.name(), fields=fields, note=None if event.note is None else event.note.text
    )


def _entry(
    event: Event,
    *,
    step: str,
    fields: dict[str, Any],
    number: int | None = None,
    approved_by: UUID | None = None,
    note: str | None = None,
    corrected_by: int | None = None,
) -> TimelineEntry:
    return TimelineEntry(
        number=number,
        step=step,
        happened_at=event.happened_at,
        recorded_at=event.recorded_at,
        recorded_late=event.recorded_late,
        by=None if event.by == NOBODY else event.by,
        role=Role(event.role),
        approved_by=approved_by,
        fields=fields,
        note=note,
        corrected_by=corrected_by,
    )
