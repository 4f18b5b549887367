"""Lessons learnt: what each debrief taught, what is done about it, and what that changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    MetaData,
    Select,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    and_,
    or_,
    select,
)

from casework.domain.clocks import day_of
from casework.domain.incident import Incident
from casework.domain.incident.incident import SUBJECT_INVOLVEMENTS
from casework.domain.incident.outcomes import Action, CancelAction, CompleteAction, Debrief
from casework.domain.moments import Instant, LocalDate
from casework.domain.school import School
from casework.domain.vocabulary import Stream
from casework_projections.documents.spreadsheet import csv_text
from casework_projections.reading.visibility import VisibleTo
from casework_projections.views.apart import attempted
from casework_projections.views.replay import IncidentView, Replay
from casework_projections.views.sealed_names import unsealed_soon
from casework_projections.views.set_aside import aggregates_aside, set_aside
from casework_projections.views.terms import in_term, is_in_term
from casework_projections.views.view import Moment, upsert

_metadata: Final = MetaData()
lessons: Final = Table(
    "view_lessons",
    _metadata,
    Column("id", Uuid, primary_key=True),
    Column("lesson", Uuid),
    Column("incident", Uuid, nullable=False),
    Column("school", Uuid, nullable=False),
    Column("kind", String(100), nullable=False),
    Column("stream", String(20), nullable=False),
    Column("subjects", JSON, nullable=False),
    Column("appointed", JSON, nullable=False),
    Column("debriefed_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("changes", String(20)),
    Column("clause", String(100)),
    Column("text", Text),
    Column("actions", JSON, nullable=False),
)
Index("view_lessons_school", lessons.c.school, lessons.c.debriefed_at, lessons.c.id)


class LessonAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action and what became of it; the texts are tokens of sealed ones."""

    action: UUID
    text: str
    owner: str
    due_on: LocalDate
    state: str = "open"
    effect: str | None = None

    def state_on(self, day: date) -> str:
        """`open`, `done` or `cancelled`; what is open after its day is `overdue`."""
        return "overdue" if self.state == "open" and self.due_on < day else self.state


class LessonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson of one debrief, and its actions. Actions of a debrief without lessons stand without one.

    `subjects` are those the incident is about; `changed_at` is when its last step was recorded.
    """

    id: UUID
    lesson: UUID | None
    incident: UUID
    school: UUID
    kind: str
    stream: Stream
    subjects: tuple[UUID, ...]
    appointed: tuple[UUID, ...]
    debriefed_at: Instant
    changed_at: Instant
    place: int
    changes: str | None
    clause: str | None
    text: str | None
    actions: tuple[LessonAction, ...]


class LessonsAfter(msgspec.Struct, frozen=True):
    """Where a page ended: the next starts after this row."""

    debriefed_at: Instant
    id: UUID


class LessonsLearnt(IncidentView):
    """Every lesson of every debrief, whatever became of the incident afterwards."""

    name: ClassVar[str] = "lessons_learnt"
    version: ClassVar[int] = 3
    tables: ClassVar[MetaData] = _metadata
    main: ClassVar[Table] = lessons
    follows_calendar: ClassVar[bool] = False

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._sealer = replay.app.sealer

    def write(self, connection: Connection, incidents: Sequence[Incident]) -> None:
        rows = [row for incident in incidents for row in self.rows_of(incident)]
        upsert(connection, lessons, [_columns(row) for row in rows])

    def page(
        self,
        connection: Connection,
        school: School,
        *,
        term: str | None,
        now: datetime,
        limit: int,
        after: LessonsAfter | None = None,
        reader: VisibleTo | None = None,
        hidden: Collection[UUID] = (),
    ) -> tuple[list[dict[str, Any]], LessonsAfter | None]:
        """At most `limit` lessons debriefed in a term of the school, oldest first, and where to go on.

        None is of an incident that is `hidden`.

        Each names the incident it comes from only where `reader` is given and may read that incident.
        Raises UnknownTerm.
        """
        query = self._in_term(connection, school, term, hidden).limit(limit + 1)
        if after is not None:
            same_moment = and_(lessons.c.debriefed_at == after.debriefed_at, lessons.c.id > after.id)
            query = query.where(or_(lessons.c.debriefed_at > after.debriefed_at, same_moment))
        found = [_row(row._mapping) for row in connection.execute(query)]
        apart = self._rows_apart(connection, school, term, hidden)
        found += [row for row in apart if after is None or _place(row) > _place(after)]
        found.sort(key=_place)
        rows = found[:limit]
        self._unsealed_soon(rows)
        following = LessonsAfter(rows[-1].debriefed_at, rows[-1].id) if len(found) > limit else None
        return [self._item(row, school, now, reader) for row in rows], following

    def rows(
        self, connection: Connection, school: School, term: str, hidden: Collection[UUID] = ()
    ) -> list[LessonRow]:
        """The rows of the debriefs of one term but of those `hidden`, oldest first. Raises UnknownTerm."""
        query = self._in_term(connection, school, term, hidden)
        found = [_row(row._mapping) for row in connection.execute(query)]
        return sorted([*found, *self._rows_apart(connection, school, term, hidden)], key=_place)

    def rows_of(self, incident: Incident) -> Iterator[LessonRow]:
        """The lessons `incident` has taught, as rows."""
        ended = {step.action: step for step in incident.taken(CompleteAction)}
        cancelled = {step.action for step in incident.taken(CancelAction)}
        subjects = tuple(dict.fromkeys(party.person for party in incident.involved(*SUBJECT_INVOLVEMENTS)))
        changed_at = max(step.recorded_at for step in incident.timeline)
        for debrief in incident.taken(Debrief):
            actions = [
                (action.lesson or 0, self._action(action, ended, cancelled)) for action in debrief.actions
            ]
            taught = debrief.lessons or (None,)
            for place, lesson in enumerate(taught if debrief.lessons or debrief.actions else ()):
                yield LessonRow(
                    id=uuid5(incident.id, f"{debrief.number}:actions") if lesson is None else lesson.id,
                    lesson=None if lesson is None else lesson.id,
                    incident=incident.id,
                    school=incident.school,
                    kind=incident.kind,
                    stream=incident.stream,
                    subjects=subjects,
                    appointed=tuple(sorted(incident.appointed)),
                    debriefed_at=debrief.happened_at,
                    changed_at=changed_at,
                    place=place,
                    changes=None if lesson is None else lesson.changes.value,
                    clause=None if lesson is None else lesson.clause,
                    text=None if lesson is None else self._sealer.to_token(lesson.text),
                    actions=tuple(action for of, action in actions if of == place),
                )

    def texts(self, rows: Iterable[LessonRow]) -> dict[UUID, str | None]:
        """The texts of the lessons, unsealed, by the rows' ids."""
        listed = [*rows]
        self._unsealed_soon(listed)
        return {row.id: None if row.text is None else self._open(row.text) for row in listed}

    def _rows_apart(
        self, connection: Connection, school: School, term: str | None, hidden: Collection[UUID]
    ) -> list[LessonRow]:
        """The rows of the incidents of `school` that were set aside, as their own history says."""
        rows = [
            row
            for incident in self.incidents_apart(connection).values()
            if incident.school == school.id and incident.id not in hidden
            for row in attempted([], self._rows_listed, incident)
        ]
        return [row for row in rows if term is None or is_in_term(row.debriefed_at, school.calendar, term)]

    def _rows_listed(self, incident: Incident) -> list[LessonRow]:
        return [*self.rows_of(incident)]

    def _in_term(
        self, connection: Connection, school: School, term: str | None, hidden: Collection[UUID]
    ) -> Select[Any]:
        query = select(lessons).where(lessons.c.school == school.id, lessons.c.incident.not_in(hidden))
        if set_aside(connection, self):
            query = query.where(lessons.c.incident.not_in(aggregates_aside(self)))
        if term is not None:
            query = query.where(in_term(lessons.c.debriefed_at, school.calendar, term))
        return query.order_by(lessons.c.debriefed_at, lessons.c.id)

    def _action(
        self, action: Action, completed: dict[UUID, CompleteAction], cancelled: set[UUID]
    ) -> LessonAction:
        done = completed.get(action.id)
        state = "done" if done is not None else "cancelled" if action.id in cancelled else "open"
        return LessonAction(
            action=action.id,
            text=self._sealer.to_token(action.text),
            owner=self._sealer.to_token(action.owner),
            due_on=action.due_on,
            state=state,
            effect=None if done is None else self._sealer.to_token(done.effect),
        )

    def _item(
        self, row: LessonRow, school: School, now: datetime, reader: VisibleTo | None
    ) -> dict[str, Any]:
        term = school.calendar.term_on(day_of(row.debriefed_at))
        today = day_of(now)
        item: dict[str, Any] = {
            "lesson": row.lesson,
            "kind": row.kind,
            "term": None if term is None else term.name,
            "text": None if row.text is None else self._open(row.text),
            "changes": row.changes,
            "clause": row.clause,
            "actions": [
                {
                    "action": action.action,
                    "text": self._open(action.text),
                    "owner": self._open(action.owner),
                    "due_on": action.due_on,
                    "state": action.state_on(today),
                    "effect": None if action.effect is None else self._open(action.effect),
                }
                for action in row.actions
            ],
        }
        if reader is not None and reader.reads(row.school, row.stream, row.subjects, row.appointed):
            item["incident"] = row.incident
        return item

    def _open(self, token: str) -> str:
        return self._sealer.from_token(token).text

    def _unsealed_soon(self, rows: Iterable[LessonRow]) -> None:
        tokens = [token for row in rows for token in _tokens(row)]
        unsealed_soon(self._sealer.keys, [self._sealer.from_token(token) for token in tokens])


def _place(row: LessonRow | LessonsAfter) -> tuple[datetime, UUID]:
    return row.debriefed_at, row.id


def _tokens(row: LessonRow) -> Iterator[str]:
    if row.text is not None:
        yield row.text
    for action in row.actions:
        yield from (token for token in (action.text, action.owner, action.effect) if token is not None)


def as_csv(items: Sequence[dict[str, Any]]) -> str:
    """Items of `LessonsLearnt.page` as CSV, a line for each action, or for a lesson without any."""
    lines = [
        [*(item[field] for field in _LESSON_FIELDS), *(action.get(field) for field in _ACTION_FIELDS)]
        for item in items
        for action in item["actions"] or [{}]
    ]
    return csv_text(["term", "kind", "lesson", "changes", "clause", "action", *_ACTION_FIELDS[1:]], lines)


_LESSON_FIELDS: Final = ("term", "kind", "text", "changes", "clause")
_ACTION_FIELDS: Final = ("text", "owner", "due_on", "state", "effect")


def _columns(row: LessonRow) -> dict[str, Any]:
    plain = {"stream": row.stream.value}
    return (
        msgspec.structs.asdict(row)
        | plain
        | {name: msgspec.to_builtins(getattr(row, name)) for name in ("actions", "subjects", "appointed")}
    )


def _row(columns: Mapping[Any, Any]) -> LessonRow:
    return msgspec.convert({str(name): value for name, value in columns.items()}, LessonRow)
