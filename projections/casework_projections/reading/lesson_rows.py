"""The rows of a school's lessons that one user may see, including those that were set aside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Select, and_, not_, or_, select

from casework.domain.incident import Incident
from casework.domain.school import School
from casework_projections.reading.access_sql import BARS, READS, reading_parameters
from casework_projections.reading.asking import Reach
from casework_projections.reading.paging import Position, moment_and_id, position_of
from casework_projections.reading.room import ReadingRoom, Snapshot
from casework_projections.views.apart import attempted
from casework_projections.views.case_tables import cases
from casework_projections.views.lessons_learnt import LessonRow, LessonsLearnt, lessons, row_of
from casework_projections.views.terms import in_term, is_in_term

_READS: Final = READS.label("reads")


class FoundLesson(msgspec.Struct, frozen=True):
    """A row, and whether the user may read the incident it comes from."""

    row: LessonRow
    reads: bool

    @property
    def position(self) -> Position:
        """The position of this row, for a cursor."""
        return position_of(self.row.debriefed_at, self.row.id)


def lesson_rows(
    room: ReadingRoom,
    snapshot: Snapshot,
    school: School,
    term: str | None,
    reach: Reach,
    *,
    limit: int | None = None,
    after: Position | None = None,
) -> list[FoundLesson]:
    """At most `limit` lessons after a position, debriefed in `term` or in any term, the oldest first.

    Lessons of cases that are closed to the user are left out. The snapshot is of the caseload, the
    recusals and the lessons. Raises UnknownTerm.
    """
    views, since = room.views, None if after is None else moment_and_id(after)
    query = _query(school, term)
    for aside in snapshot.aside(views.lessons, views.caseload, views.recusals):
        query = query.where(lessons.c.incident.not_in(aside))
    if since is not None:
        same_moment = and_(lessons.c.debriefed_at == since[0], lessons.c.id > since[1])
        query = query.where(or_(lessons.c.debriefed_at > since[0], same_moment))
    given = reading_parameters(snapshot.connection, reach)
    rows = snapshot.connection.execute(query.limit(limit), given)
    found = [FoundLesson(row_of(row._mapping), bool(row.reads)) for row in rows]
    for lesson in _replayed(room, snapshot, school, reach):
        in_it = term is None or is_in_term(lesson.row.debriefed_at, school.calendar, term)
        if in_it and (since is None or _place(lesson) > since):
            found.append(lesson)
    return sorted(found, key=_place)[:limit]


def _query(school: School, term: str | None) -> Select[Any]:
    c = lessons.c
    query = (
        select(lessons, _READS)
        .join(cases, cases.c.incident == c.incident)
        .where(c.school == school.id, not_(BARS))
        .order_by(c.debriefed_at, c.id)
    )
    return query if term is None else query.where(in_term(c.debriefed_at, school.calendar, term))


def _replayed(room: ReadingRoom, snapshot: Snapshot, school: School, reach: Reach) -> Iterator[FoundLesson]:
    """The lessons of the incidents that were set aside, replayed from the log."""
    views = room.views
    replayed = snapshot.replayed(views.lessons, views.caseload, views.recusals)
    for incident in replayed.values():
        bars = room.admission.bars_of(incident)
        if incident.school == school.id and not reach.is_barred(incident, bars):
            reads = reach.standing(incident, bars).reads_as is not None
            for row in attempted([], _rows_of, views.lessons, incident):
                yield FoundLesson(row, reads)


def _rows_of(view: LessonsLearnt, incident: Incident) -> list[LessonRow]:
    return [*view.rows_of(incident)]


def _place(lesson: FoundLesson) -> tuple[datetime, UUID]:
    return lesson.row.debriefed_at, lesson.row.id
