"""Lessons learnt: the lessons of each debrief, the actions about them, and the effects of the actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Final, Literal
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Index,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
    delete,
)

from casework.domain.incident import Incident
from casework.domain.incident.outcomes import Action, AddAction, CancelAction, CompleteAction, Debrief
from casework.domain.moments import Instant, LocalDate
from casework_projections.views.replay import IncidentView, Replay
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
    Column("debriefed_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("place", SmallInteger, nullable=False),
    Column("changes", String(20)),
    Column("clause", String(100)),
    Column("text", Text),
    Column("actions", JSON, nullable=False),
)
Index("view_lessons_school", lessons.c.school, lessons.c.debriefed_at, lessons.c.id)


ActionState = Literal["open", "done", "cancelled", "overdue"]


class LessonAction(msgspec.Struct, frozen=True, kw_only=True):
    """An action and its state; the texts are tokens of sealed texts. `owner_user` is the owner, if a user."""

    action: UUID
    text: str
    owner: str
    owner_user: UUID | None = None
    due_on: LocalDate
    state: ActionState = "open"
    effect: str | None = None

    def state_on(self, day: date) -> ActionState:
        """`open`, `done`, `cancelled`, or `overdue` for an action still open after its day."""
        return "overdue" if self.state == "open" and self.due_on < day else self.state


class LessonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson of one debrief, and its actions; `lesson` is None for actions without one.

    For actions that were added apart from a debrief, `debriefed_at` is when the first of them was added.

    `changed_at` is when the last step of the incident was recorded.
    """

    id: UUID
    lesson: UUID | None
    incident: UUID
    school: UUID
    kind: str
    debriefed_at: Instant
    changed_at: Instant
    place: int
    changes: str | None
    clause: str | None
    text: str | None
    actions: tuple[LessonAction, ...]


class _Ended(msgspec.Struct, frozen=True):
    """The actions of an incident that are done or cancelled."""

    completed: dict[UUID, CompleteAction]
    cancelled: frozenset[UUID]


class LessonsLearnt(IncidentView):
    """Every lesson of every debrief, whatever happened to the incident afterwards."""

    name: ClassVar[str] = "lessons_learnt"
    version: ClassVar[int] = 6
    tables: ClassVar[MetaData] = _metadata
    main: ClassVar[Table] = lessons
    follows_calendar: ClassVar[bool] = False

    def __init__(self, replay: Replay) -> None:
        super().__init__(replay)
        self._sealer = replay.app.sealer

    def write(self, connection: Connection, incidents: Sequence[Incident]) -> None:
        rows = [row for incident in incidents for row in self.rows_of(incident)]
        # A correction may have taken a debrief back.
        connection.execute(delete(lessons).where(lessons.c.incident.in_([each.id for each in incidents])))
        upsert(connection, lessons, [_columns(row) for row in rows])

    def rows_of(self, incident: Incident) -> Iterator[LessonRow]:
        """The lessons of `incident`, as rows; none if it is not counted."""
        if incident.uncounted is not None:
            return
        ended = _Ended(
            completed={step.action: step for step in incident.taken(CompleteAction)},
            cancelled=frozenset(step.action for step in incident.taken(CancelAction)),
        )
        added: dict[UUID | None, tuple[LessonAction, ...]] = {}
        for step in incident.taken(AddAction):
            # A correction may have taken the lesson back.
            lesson = step.lesson if step.lesson in incident.lessons else None
            added[lesson] = (*added.get(lesson, ()), self._action(step, ended))
        for debrief in incident.taken(Debrief):
            yield from self._rows_of_debrief(incident, debrief, ended, added)
        if None in added:
            first = next(step for step in incident.taken(AddAction) if step.lesson not in incident.lessons)
            yield self._row(incident, f"{first.number}:added", first.happened_at, added[None])

    def _rows_of_debrief(
        self,
        incident: Incident,
        debrief: Debrief,
        ended: _Ended,
        added: Mapping[UUID | None, tuple[LessonAction, ...]],
    ) -> Iterator[LessonRow]:
        # An action without a lesson is listed with the first.
        planned = [(action.lesson or 0, self._action(action, ended)) for action in debrief.actions]
        if planned and not debrief.lessons:
            actions = tuple(action for _, action in planned)
            yield self._row(incident, f"{debrief.number}:actions", debrief.happened_at, actions)
        for place, lesson in enumerate(debrief.lessons):
            actions = (*(action for about, action in planned if about == place), *added.get(lesson.id, ()))
            row = self._row(incident, "", debrief.happened_at, actions)
            yield msgspec.structs.replace(
                row,
                id=lesson.id,
                lesson=lesson.id,
                place=place,
                changes=lesson.changes.value,
                clause=lesson.clause,
                text=self._sealer.to_token(lesson.text),
            )

    def _row(
        self, incident: Incident, name: str, since: Instant, actions: tuple[LessonAction, ...]
    ) -> LessonRow:
        """A row of actions without a lesson; `name` is its own in the incident."""
        return LessonRow(
            id=uuid5(incident.id, name),
            lesson=None,
            incident=incident.id,
            school=incident.school,
            kind=incident.kind,
            debriefed_at=since,
            changed_at=max(step.recorded_at for step in incident.timeline),
            place=0,
            changes=None,
            clause=None,
            text=None,
            actions=actions,
        )

    def _action(self, action: Action | AddAction, ended: _Ended) -> LessonAction:
        done = ended.completed.get(action.id)
        cancelled = action.id in ended.cancelled
        state: ActionState = "done" if done is not None else "cancelled" if cancelled else "open"
        return LessonAction(
            action=action.id,
            text=self._sealer.to_token(action.text),
            owner=self._sealer.to_token(action.owner),
            owner_user=action.owner_user,
            due_on=action.due_on,
            state=state,
            effect=None if done is None else self._sealer.to_token(done.effect),
        )


def row_of(columns: Mapping[Any, Any]) -> LessonRow:
    """The row with these columns; other columns are ignored."""
    return msgspec.convert({str(name): value for name, value in columns.items()}, LessonRow)


def _columns(row: LessonRow) -> dict[str, Any]:
    return msgspec.structs.asdict(row) | {"actions": msgspec.to_builtins(row.actions)}
