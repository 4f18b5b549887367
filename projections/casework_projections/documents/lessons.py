"""Lessons learnt as CSV, one line for each action and for each lesson without actions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from casework_projections.documents.spreadsheet import csv_text
from casework_projections.reading.lessons import LessonBody

_COLUMNS: Final = (
    *("term", "kind", "lesson", "changes", "clause"),
    *("action", "owner", "due_on", "state", "effect"),
)


def as_csv(lessons: Iterable[LessonBody]) -> str:
    """The lessons of a page as CSV."""
    return csv_text(_COLUMNS, (line for lesson in lessons for line in _lines(lesson)))


def _lines(lesson: LessonBody) -> Iterator[list[Any]]:
    first = [lesson.term, lesson.kind, lesson.text, lesson.changes, lesson.clause]
    for action in lesson.actions:
        yield [*first, action.text, action.owner, action.due_on, action.state, action.effect]
    if not lesson.actions:
        yield [*first, *([None] * 5)]
