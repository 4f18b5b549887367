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
from casework.domain.incident.outcomes import Action, CancelAction, CompleteAction, Debrief
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
    """An action and its state; the texts are tokens of sealed texts."""

    action: UUID
    text: str
    owner: str
    due_on: LocalDate
    state: ActionState = "open"
    effect: str | None = None

    def state_on(self, day: date) -> ActionState:
        """`open`, `done`, `cancelled`, or `overdue` for an action still open after its day."""
        return "overdue" if self.state == "open" and self.due_on < day else self.state


class LessonRow(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson of one debrief, and its actions; `lesson` is None for actions of a debrief without lessons.

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


class LessonsLearnt(IncidentView):
    """Every lesson of every debrief, whatever happened to the incident afterwards."""

    name: ClassVar[str] = "lessons_learnt"
    version: ClassVar[int] = 5
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
        completed = {step.action: step for step in incident.taken(CompleteAction)}
        cancelled = {step.action for step in incident.taken(CancelAction)}
        changed_at = max(step.recorded_at for step in incident.timeline)
        for debrief in incident.taken(Debrief):
            actions = [
                (action.lesson or 0, self._action(action, completed, cancelled)) for action in debrief.actions
            ]
            without_lesson = (None,) if debrief.actions else ()
            for place, lesson in enumerate(debrief.lessons or without_lesson):
                yield LessonRow(
                    id=uuid5(incident.id, f"{debrief.number}:actions") if lesson is None else lesson.id,
                    lesson=None if lesson is None else lesson.id,
                    incident=incident.id,
                    school=incident.school,
                    kind=incident.kind,
                    debriefed_at=debrief.happened_at,
                    changed_at=changed_at,
                    place=place,
                    changes=None if lesson is None else lesson.changes.value,
                    clause=None if lesson is None else lesson.clause,
                    text=None if lesson is None else self._sealer.to_token(lesson.text),
                    actions=tuple(action for about, action in actions if about == place),
                )

    def _action(
        self, action: Action, completed: dict[UUID, CompleteAction], cancelled: set[UUID]
    ) -> LessonAction:
        done = completed.get(action.id)
        state: ActionState = "done" if done is not None else "cancelled" if action.id in cancelled else "open"
        return LessonAction(
            action=action.id,
            text=self._sealer.to_token(action.text),
            owner=self._sealer.to_token(action.owner),
            due_on=action.due_on,
            state=state,
            effect=None if done is None else self._sealer.to_token(done.effect),
        )


def row_of(columns: Mapping[Any, Any]) -> LessonRow:
    """The row with these columns; other columns are ignored."""
    return msgspec.convert({str(name): value for name, value in columns.items()}, LessonRow)


def _columns(row: LessonRow) -> dict[str, Any]:
    return msgspec.structs.asdict(row) | {"actions": msgspec.to_builtins(row.actions)}
