"""The governor summary: one term of one school in numbers, small numbers hidden from every reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.clocks import Term, day_of
from casework.domain.moments import Instant, LocalDate
from casework.domain.school import School
from casework.domain.vocabulary import Change
from casework.library import Library
from casework.storage.sealing import Sealer
from casework_projections.reading import summary_counts
from casework_projections.reading.admission import reach_at
from casework_projections.reading.asking import Asker
from casework_projections.reading.lessons import prefetch_lesson_keys
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.reading.summary_counts import Counts, IncidentCounts, incident_counts
from casework_projections.reading.summary_sources import Sources, sources
from casework_projections.reading.suppression import Count
from casework_projections.reading.terms import known_term, running_term
from casework_projections.views.lessons_learnt import LessonRow
from casework_projections.views.terms import same_term_last_year, term_before


class LessonCounts(msgspec.Struct, frozen=True):
    """A lesson of the term, and its number of actions in each state."""

    text: str
    changes: Change
    actions: dict[str, int]


class OverduePolicy(msgspec.Struct, frozen=True):
    """A policy whose review is overdue."""

    pack: str
    review_due: LocalDate | None


class SummaryBody(msgspec.Struct, frozen=True, kw_only=True):
    """A term in numbers, small ones hidden from every reader; `stale` is true if they may be out of date."""

    school: UUID
    term: str
    as_of: Instant
    edition: int | None
    incidents: IncidentCounts
    median_hours: dict[str, float | None]
    clocks: Counts
    parents: Counts
    referrals: Counts
    allegations: Counts
    low_level_concerns: Count
    lessons: tuple[LessonCounts, ...]
    compared_with: dict[str, IncidentCounts | None]
    per_100_pupils: float | None
    policies_overdue: tuple[OverduePolicy, ...]
    stale: bool | UnsetType = UNSET


class ReadSummary(Question[SummaryBody], frozen=True, kw_only=True):
    """The summary of the incidents reported in `term`, or in the current term.

    It shows the record as it was at `as_of`, or as it is now: what was recorded later does not count, and
    what is late or overdue is judged at that moment. Incidents that are about the user do not count.
    """

    NAME: ClassVar = "governor summary"

    school: UUID
    term: str | None = None
    as_of: Instant | None = None

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[SummaryBody]:
        at = room.admission.school(asker, self.school, Permission.READ_SUMMARY)
        school = at.school
        term, as_of = self.term or running_term(school, asker), self.as_of or asker.now
        views, reach = room.views, reach_at(at)
        with (
            room.snapshot(views.caseload, views.recusals, views.figures, views.lessons) as snapshot,
            known_term(),
        ):
            others = _others(school, term)
            found = sources(
                room,
                snapshot,
                school,
                term=term,
                compared=[other.name for other in others.values() if other is not None],
                as_of=as_of,
                reach=reach,
            )
        summary = _summary(room, school, term, as_of, found, others)
        return Answer(summary, (Shown(about=school.id, parts=("governor summary",)),))


def _others(school: School, term: str) -> dict[str, Term | None]:
    """The terms that `term` is compared with; None for one the school has not entered. Raises UnknownTerm."""
    calendar = school.calendar
    return {
        "previous_term": term_before(calendar, term),
        "same_term_last_year": same_term_last_year(calendar, term),
    }


def _summary(
    room: ReadingRoom,
    school: School,
    term: str,
    as_of: datetime,
    found: Sources,
    others: Mapping[str, Term | None],
) -> SummaryBody:
    library, incidents = room.library, found.figures[term]
    counts = incident_counts(incidents, library.kinds())
    concern = library.floor_at(school.jurisdiction, as_of).low_level_concern
    return SummaryBody(
        school=school.id,
        term=term,
        as_of=as_of,
        edition=None,
        incidents=counts,
        median_hours=summary_counts.medians(incidents),
        clocks=summary_counts.clocks(incidents, as_of),
        parents=summary_counts.parents(incidents),
        referrals=summary_counts.referrals(incidents),
        allegations=summary_counts.allegations(incidents),
        low_level_concerns=0 if concern is None else counts.by_kind.get(concern, 0),
        lessons=tuple(_lesson_counts(found.lessons, room.sealer, as_of)),
        compared_with={
            label: None if other is None else incident_counts(found.figures[other.name], library.kinds())
            for label, other in others.items()
        },
        per_100_pupils=summary_counts.per_100(counts.new, school.pupils_on_roll),
        policies_overdue=_overdue(school, library, as_of),
        stale=found.stale,
    )


def _lesson_counts(rows: Sequence[LessonRow], sealer: Sealer, as_of: datetime) -> list[LessonCounts]:
    """The lessons, each with its number of actions in each state."""
    today = day_of(as_of)
    prefetch_lesson_keys(sealer, rows)
    return [
        LessonCounts(
            text=sealer.from_token(row.text).text,
            changes=Change(row.changes),
            actions={"done": 0, "open": 0, "overdue": 0}
            | Counter(s for a in row.actions if (s := a.state_on(today)) != "cancelled"),
        )
        for row in rows
        if row.text is not None and row.changes is not None
    ]


def _overdue(school: School, library: Library, as_of: datetime) -> tuple[OverduePolicy, ...]:
    """The pack in force at `as_of`, if its review was overdue by then."""
    edition = school.pack_at(as_of)
    review_due = library.pack(edition).review_due(school.reviewed_on(edition, as_of))
    if review_due is not None and review_due >= day_of(as_of):
        return ()
    return (OverduePolicy(edition, review_due),)
