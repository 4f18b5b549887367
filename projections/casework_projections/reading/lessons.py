"""Lessons learnt at a school: the lessons of each debrief, the actions about them, and their effects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.clocks import day_of
from casework.domain.moments import LocalDate
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Change
from casework.storage.sealing import Sealer
from casework_projections.reading.admission import reach_at
from casework_projections.reading.asking import Asker
from casework_projections.reading.lesson_rows import FoundLesson, lesson_rows
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.reading.terms import known_term
from casework_projections.views.lessons_learnt import ActionState, LessonAction, LessonRow
from casework_projections.views.sealed_names import prefetch_keys


class ActionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about a lesson. If the owner is the user `owner_user`, `owner` is their name."""

    action: UUID
    text: str
    owner: str
    owner_user: UUID | None
    due_on: LocalDate
    state: ActionState
    effect: str | None


class LessonBody(msgspec.Struct, frozen=True, kw_only=True):
    """A lesson, or actions without one: then `lesson` is null.

    Only users who may read the incident get `incident`.
    """

    lesson: UUID | None
    kind: str
    term: str | None
    text: str | None
    changes: Change | None
    clause: str | None
    actions: tuple[ActionBody, ...]
    incident: UUID | UnsetType = UNSET


class ReadLessons(Question[Page[LessonBody]], frozen=True):
    """A page of the lessons debriefed at a school in one term, or in any term, the oldest first.

    Lessons of incidents that are about the user are left out. A lesson names its incident only if the user
    may read that incident.
    """

    NAME: ClassVar = "lessons"

    school: UUID
    term: str | None = None
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[LessonBody]]:
        at = room.admission.school(asker, self.school, Permission.READ_LESSONS)
        school, actor = at.school, at.actor
        scope = ["lessons", school.id, self.term, asker.principal.id]
        after = room.cursors.start(self.part, scope)
        reach, views = reach_at(at), room.views
        read = (views.caseload, views.recusals, views.lessons, views.directory)
        with room.snapshot(*read) as snapshot, known_term():
            limit = None if self.part.limit is None else self.part.limit + 1
            rows = lesson_rows(room, snapshot, school, self.term, reach, limit=limit, after=after)
            found = rows[: self.part.limit]
            names = views.directory.user_names(snapshot.connection, _owners(found))
            stale = snapshot.stale
        prefetch_lesson_keys(room.sealer, (each.row for each in found))
        names_sources = actor.role_for(Permission.READ_LESSON_SOURCES) is not None
        shape = _Shape(room.sealer, names, school, asker.today, names_sources)
        items = tuple(shape.lesson(each) for each in found)
        cursor = room.cursors.make(found[-1].position, scope) if len(rows) > len(found) else None
        incidents = dict.fromkeys(each.row.incident for each in found)
        shown = tuple(Shown(about=incident, parts=("lessons",)) for incident in incidents)
        return Answer(Page(items, cursor, stale), shown)


def prefetch_lesson_keys(sealer: Sealer, rows: Iterable[LessonRow]) -> None:
    """Cache the keys of all texts of `rows` with one statement."""
    tokens = [token for row in rows for token in _tokens(row)]
    prefetch_keys(sealer.keys, [sealer.from_token(token) for token in tokens])


class _Shape(msgspec.Struct, frozen=True):
    """Makes what the user gets of a row. `names` are those of the users who own actions."""

    sealer: Sealer
    names: Mapping[UUID, Sealed]
    school: School
    today: LocalDate
    names_sources: bool

    def lesson(self, found: FoundLesson) -> LessonBody:
        row = found.row
        term = self.school.calendar.term_on(day_of(row.debriefed_at))
        return LessonBody(
            lesson=row.lesson,
            kind=row.kind,
            term=None if term is None else term.name,
            text=None if row.text is None else self.sealer.from_token(row.text).text,
            changes=None if row.changes is None else Change(row.changes),
            clause=row.clause,
            actions=tuple(self.action(action) for action in row.actions),
            incident=row.incident if found.reads and self.names_sources else UNSET,
        )

    def action(self, action: LessonAction) -> ActionBody:
        name = None if action.owner_user is None else self.names.get(action.owner_user)
        owner = self.sealer.from_token(action.owner) if name is None else name
        return ActionBody(
            action=action.action,
            text=self.sealer.from_token(action.text).text,
            owner=owner.text,
            owner_user=action.owner_user,
            due_on=action.due_on,
            state=action.state_on(self.today),
            effect=None if action.effect is None else self.sealer.from_token(action.effect).text,
        )


def _owners(found: Iterable[FoundLesson]) -> set[UUID]:
    owners = (action.owner_user for each in found for action in each.row.actions)
    return {owner for owner in owners if owner is not None}


def _tokens(row: LessonRow) -> Iterator[str]:
    if row.text is not None:
        yield row.text
    for action in row.actions:
        yield from (token for token in (action.text, action.owner, action.effect) if token is not None)
