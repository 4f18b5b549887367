"""The sources of a summary: the figures and lessons of a school as the record was at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import String, literal, select, union_all

from casework.domain.bars import Bonds
from casework.domain.incident import Incident
from casework.domain.school import School
from casework_projections.reading.access_sql import BARS, parameters
from casework_projections.reading.asking import Reach
from casework_projections.reading.lesson_rows import lesson_rows
from casework_projections.reading.room import ReadingRoom, Snapshot
from casework_projections.views import figures
from casework_projections.views.apart import attempted
from casework_projections.views.bonds import joined_records
from casework_projections.views.case_tables import cases
from casework_projections.views.figures import Figures, FiguresRow
from casework_projections.views.lessons_learnt import LessonRow
from casework_projections.views.terms import in_term, is_in_term

History = Mapping[UUID, Incident | None]
"""The incidents with steps recorded after a moment, as they were at it; None if not reported by then."""


class Sources(msgspec.Struct, frozen=True):
    """The figures of the incidents of each term, and the lessons of one; `stale` as in a `Snapshot`."""

    figures: Mapping[str, Sequence[Figures]]
    lessons: Sequence[LessonRow]
    stale: bool | UnsetType = UNSET


def sources(
    room: ReadingRoom,
    snapshot: Snapshot,
    school: School,
    *,
    term: str,
    compared: Iterable[str],
    as_of: datetime,
    reach: Reach,
) -> Sources:
    """The sources of a summary of `term` and of the terms it is `compared` with, as they were at `as_of`.

    Cases that are closed to the reader are left out. Raises UnknownTerm.
    """
    rows = _figures(room, snapshot, school, {term, *compared}, reach)
    lessons = [found.row for found in lesson_rows(room, snapshot, school, term, reach)]
    then = _as_recorded(room, rows, lessons, as_of)
    bonds = joined_records(snapshot.connection)
    joined = Bonds(bonds) if bonds else None
    return Sources(
        {
            name: [_each_person_once(each, joined) for each in _figures_then(room, found, school, then)]
            for name, found in rows.items()
        },
        _lessons_then(room, lessons, then),
        snapshot.stale,
    )


def _figures(
    room: ReadingRoom, snapshot: Snapshot, school: School, terms: Iterable[str], reach: Reach
) -> dict[str, list[FiguresRow]]:
    """The incidents reported in each of these terms, read with one statement, and those set aside."""
    c, view, caseload = figures.figures.c, room.views.figures, room.views.caseload
    without = [select(cases.c.incident).where(BARS), *snapshot.aside(view, caseload, room.views.recusals)]
    found: dict[str, list[FiguresRow]] = {term: [] for term in terms}
    by_term = [
        select(literal(term, String).label("term"), c.incident, c.last_recorded_at, c.figures).where(
            c.school == school.id,
            in_term(c.reported_at, school.calendar, term),
            *(c.incident.not_in(ids) for ids in without),
        )
        for term in found
    ]
    for row in snapshot.connection.execute(union_all(*by_term), parameters(reach)):
        found[row.term].append(figures.row_of(row.incident, row.last_recorded_at, row.figures))
    replayed = snapshot.replayed(view, caseload, room.views.recusals)
    for incident in replayed.values():
        if incident.school != school.id or reach.is_barred(incident, room.admission.bars_of(incident)):
            continue
        for term in found:
            if is_in_term(incident.reported_at, school.calendar, term):
                alone = attempted(None, view.row, incident, school)
                found[term] += [] if alone is None else [alone]
    return found


def _as_recorded(
    room: ReadingRoom,
    rows: Mapping[str, Sequence[FiguresRow]],
    lessons: Sequence[LessonRow],
    as_of: datetime,
) -> History:
    counted = {row.incident: row.last_recorded_at for found in rows.values() for row in found}
    later = {incident for incident, last in counted.items() if last > as_of}
    # A lesson may come from an incident of an earlier term, whose figures are not among `rows`.
    later |= {row.incident for row in lessons if row.incident not in counted and row.changed_at > as_of}
    return {
        key: Incident.replay(step for step in incident.timeline if step.recorded_at <= as_of)
        for key, incident in room.record.load_many(later).items()
        if isinstance(incident, Incident)
    }


def _figures_then(
    room: ReadingRoom, rows: Sequence[FiguresRow], school: School, then: History
) -> list[Figures]:
    unchanged = [row.figures for row in rows if row.incident not in then]
    changed = [then[row.incident] for row in rows if row.incident in then]
    found = unchanged + [room.views.figures.of(incident, school) for incident in changed if incident]
    return [each for each in found if each.counted]


def _each_person_once(found: Figures, joined: Bonds | None) -> Figures:
    """`found` with one id for each person, whichever of their records were named; None if none are joined."""
    if joined is None:
        return found
    people = {name: getattr(found, name) for name in ("informed", "invited", "withheld")}
    return msgspec.structs.replace(
        found,
        **{
            name: tuple({min(joined.one_person_now(each)) for each in records})
            for name, records in people.items()
        },
    )


def _lessons_then(room: ReadingRoom, rows: Sequence[LessonRow], then: History) -> list[LessonRow]:
    as_they_were = {
        row.id: row for incident in then.values() if incident for row in room.views.lessons.rows_of(incident)
    }
    stood = [as_they_were.get(row.id) if row.incident in then else row for row in rows]
    return [row for row in stood if row is not None and row.lesson is not None]
