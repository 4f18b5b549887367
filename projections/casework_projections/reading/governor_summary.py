"""The governor summary: one term of one school in numbers, the small ones hidden from everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from casework.application import Casework
from casework.domain.clocks import day_of
from casework.domain.incident import Incident
from casework.domain.school import School
from casework.domain.vocabulary import Agency, Setting, State, Stream
from casework_projections.documents.spreadsheet import csv_text
from casework_projections.reading.suppression import (
    THRESHOLD,
    Shown,
    shown_count,
    shown_halves,
    shown_median,
    shown_table,
)
from casework_projections.views.figures import Figures, FiguresRow, IncidentFigures
from casework_projections.views.lessons_learnt import LessonRow, LessonsLearnt
from casework_projections.views.terms import same_term_last_year, term_before, term_named

NOT_NAMED: Final = "not_named"
OTHER_PLATFORM: Final = "other"

# A platform is free text. What few wrote, and nobody knows for a platform, might say something of somebody.
_WELL_KNOWN: Final = {
    *("bereal", "discord", "email", "facebook", "fortnite", "google", "instagram", "messenger", "minecraft"),
    *("omegle", "onlyfans", "pinterest", "reddit", "roblox", "signal", "skype", "snapchat", "spotify"),
    *("teams", "telegram", "threads", "tiktok", "twitch", "twitter", "whatsapp", "wizz", "x", "youtube"),
    "yubo",
}


class GovernorSummary:
    """Computes summaries from two views, which the caller reads on one connection."""

    def __init__(self, app: Casework, figures: IncidentFigures, lessons: LessonsLearnt) -> None:
        self._app = app
        self._figures = figures
        self._lessons = lessons

    def summary(
        self,
        connection: Connection,
        school: School,
        term: str,
        as_of: datetime,
        hidden: Collection[UUID] = (),
    ) -> dict[str, Any]:
        """The summary of the incidents reported in `term` but those `hidden`, as the record stood at `as_of`.

        What was recorded after `as_of` does not count; what is late or overdue is judged at that moment.
        Raises UnknownTerm.
        """
        before, year_ago = term_before(school.calendar, term), same_term_last_year(school.calendar, term)
        names = {each.name for each in (term_named(school.calendar, term), before, year_ago) if each}
        rows = self._figures.rows(connection, school, names, hidden)
        lessons = self._lessons.rows(connection, school, term, hidden)
        then = self._as_recorded(rows, lessons, as_of)
        counted = {name: self._figures_at(found, school, then) for name, found in rows.items()}
        incidents = [*counted[term]]
        counts = self._incident_counts(incidents)
        floor = self._app.library.floor_at(school.jurisdiction, as_of)
        return {
            "school": school.id,
            "term": term,
            "as_of": as_of,
            "edition": None,
            "incidents": counts,
            "median_hours": _medians(incidents),
            "clocks": _clocks(incidents, as_of),
            "parents": _parents(incidents),
            "referrals": _referrals(incidents),
            "allegations": _allegations(incidents),
            "low_level_concerns": counts["by_kind"].get(floor.low_level_concern, 0),
            "lessons": self._lesson_counts(lessons, then, as_of),
            "compared_with": {
                label: None if other is None else self._incident_counts(counted[other.name])
                for label, other in (("previous_term", before), ("same_term_last_year", year_ago))
            },
            "per_100_pupils": _per_100(counts["new"], school.pupils_on_roll),
            "policies_overdue": self._overdue(school, as_of),
        }

    def _as_recorded(
        self, rows: Mapping[str, Sequence[FiguresRow]], lessons: Sequence[LessonRow], as_of: datetime
    ) -> dict[UUID, Incident | None]:
        """The incidents that went on after `as_of`, as they stood then; None where there were none yet."""
        counted = {row.incident: row.last_recorded_at for found in rows.values() for row in found}
        later = {incident for incident, last in counted.items() if last > as_of}
        # A lesson may come from an incident of an earlier term, of which only the log knows when it went on.
        later |= {row.incident for row in lessons if row.incident not in counted and row.changed_at > as_of}
        return {
            key: Incident.replay(step for step in incident.timeline if step.recorded_at <= as_of)
            for key, incident in self._app.record.load_many(later).items()
            if isinstance(incident, Incident)
        }

    def _figures_at(
        self,
        rows: Sequence[FiguresRow],
        school: School,
        then: Mapping[UUID, Incident | None],
    ) -> list[Figures]:
        unchanged = [row.figures for row in rows if row.incident not in then]
        changed = [then[row.incident] for row in rows if row.incident in then]
        return unchanged + [self._figures.of(incident, school) for incident in changed if incident]

    def _overdue(self, school: School, as_of: datetime) -> list[dict[str, Any]]:
        """The pack in force at `as_of`, where its review was overdue by then."""
        edition = school.pack_at(as_of)
        review_due = self._app.library.packs[edition].review_due(school.reviewed_on(edition, as_of))
        if review_due is not None and review_due >= day_of(as_of):
            return []
        return [{"pack": edition, "review_due": review_due}]

    def _incident_counts(self, incidents: Sequence[Figures]) -> dict[str, Any]:
        """The counts of incidents, every table of which adds up to the number of new ones."""
        states = Counter(each.state for each in incidents)
        still_open = {state.value: states[state] for state in State if state is not State.CLOSED}
        opened, by_state = shown_halves(still_open, State.CLOSED.value, states[State.CLOSED])
        kinds = dict.fromkeys(self._app.library.kinds(), 0) | Counter(each.kind for each in incidents)
        settings = Counter(each.setting for each in incidents)
        return {
            "new": shown_count(len(incidents)),
            "open": opened,
            "closed": by_state[State.CLOSED.value],
            "reopened": shown_count(sum(each.reopened for each in incidents)),
            "by_kind": shown_table(kinds),
            "by_state": by_state,
            "by_setting": shown_table({setting.value: settings[setting.value] for setting in Setting}),
            "by_platform": shown_table(_platforms(each.platform for each in incidents)),
        }

    def _lesson_counts(
        self, rows: Sequence[LessonRow], then: Mapping[UUID, Incident | None], as_of: datetime
    ) -> list[dict[str, Any]]:
        """The lessons as they stood, each with how many of its actions stood how."""
        today = day_of(as_of)
        as_they_were = {
            row.id: row for incident in then.values() if incident for row in self._lessons.rows_of(incident)
        }
        stood = [as_they_were.get(row.id) if row.incident in then else row for row in rows]
        lessons = [row for row in stood if row is not None and row.lesson is not None]
        texts = self._lessons.texts(lessons)
        return [
            {
                "text": texts[row.id],
                "changes": row.changes,
                "actions": {"done": 0, "open": 0, "overdue": 0}
                | Counter(s for a in row.actions if (s := a.state_on(today)) != "cancelled"),
            }
            for row in lessons
        ]


def as_csv(summary: Mapping[str, Any]) -> str:
    """A summary as CSV, a line a figure; what is hidden or has no figure is left empty."""
    return csv_text(["section", "figure", "value"], _lines(summary))


def _lines(summary: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for section, value in summary.items():
        if isinstance(value, Mapping):
            yield from ((section, figure, shown) for figure, shown in _flat(value))
        elif isinstance(value, list):
            yield from (
                (f"{section} {number}", figure, shown)
                for number, item in enumerate(value, 1)
                for figure, shown in _flat(item)
            )
        else:
            yield section, "", value


def _flat(figures: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        here = f"{path} {name}".strip()
        if isinstance(value, Mapping):
            yield from _flat(value, here)
        else:
            yield here, value


def _medians(incidents: Sequence[Figures]) -> dict[str, float | None]:
    return {
        f"to_{step}": shown_median([each.hours_to[step] for each in incidents if step in each.hours_to])
        for step in ("triage", "evidence", "debrief")
    }


def _clocks(incidents: Iterable[Figures], as_of: datetime) -> dict[str, Shown]:
    """How many duties were done by their time, and how many were done late or are late and not done."""
    clocks = [clock for each in incidents for clock in each.clocks]
    met = sum(clock.answered_at is not None and clock.answered_at <= clock.due_at for clock in clocks)
    missed = sum((clock.answered_at or as_of) > clock.due_at for clock in clocks)
    return {"met": shown_count(met), "missed": shown_count(missed)}


def _parents(incidents: Sequence[Figures]) -> dict[str, Shown]:
    return {
        "informed": shown_count(sum(each.informed for each in incidents)),
        "invited": shown_count(sum(each.invited for each in incidents)),
        "withheld": shown_count(sum(each.withheld for each in incidents)),
    }


def _referrals(incidents: Iterable[Figures]) -> dict[str, Shown]:
    told = Counter(agency for each in incidents for agency in each.referrals)
    return {agency: shown_count(told[agency]) for agency in {a.value: None for a in Agency} | told}


def _allegations(incidents: Iterable[Figures]) -> dict[str, Shown]:
    """Allegations by outcome. A reader may know their number from the kinds, so it counts as shown."""
    return shown_table(Counter(each.outcome for each in incidents if each.stream is Stream.ALLEGATION))


def _platforms(platforms: Iterable[str | None]) -> dict[str, int]:
    """How many incidents on each platform, however it is cased; rare unknown ones together as `other`."""
    spellings: dict[str, Counter[str]] = {}
    for platform in platforms:
        spelling = NOT_NAMED if platform is None else " ".join(platform.split())
        spellings.setdefault(spelling.casefold(), Counter())[spelling] += 1
    counts: Counter[str] = Counter()
    for folded, spelt in spellings.items():
        told = spelt.total() >= THRESHOLD or folded in _WELL_KNOWN or folded == NOT_NAMED
        counts[spelt.most_common(1)[0][0] if told else OTHER_PLATFORM] += spelt.total()
    return dict(sorted(counts.items()))


def _per_100(new: Shown, pupils: int) -> float | None:
    """New incidents for each 100 pupils on roll; None where their number is hidden or nobody is on roll."""
    return round(new * 100 / pupils, 1) if isinstance(new, int) and pupils else None
