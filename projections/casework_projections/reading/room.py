"""The reading room: every question about the record is answered here, through one door.

Who asks, when, what for and what they are shown pass through `ReadingRoom.answer` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection, Select

from casework.domain.case import Case
from casework.domain.incident import Incident
from casework.domain.vocabulary import Role
from casework.library import Library
from casework.record import Record
from casework.storage.sealing import Sealer
from casework_projections.reading.admission import Admission
from casework_projections.reading.asking import Asker
from casework_projections.reading.opening import OpenFile
from casework_projections.reading.paging import Cursors
from casework_projections.views.catch_up import Views
from casework_projections.views.replay import IncidentView
from casework_projections.views.set_aside import aggregates_aside, is_stale, set_aside
from casework_projections.views.view import View

T = TypeVar("T")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer shows of one incident, person, user or school, by id.

    `role` is the role in which the user reads a case; None where they know only their own report, and in
    a list, where each item may be read in another role.
    """

    about: UUID
    parts: tuple[str, ...]
    role: Role | None = None

    @classmethod
    def of(cls, case: Case, part: str) -> Shown:
        """`part` of a case, in the role in which its reader reads it."""
        return cls(about=case.incident.id, parts=(part,), role=case.standing.reads_as)


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """The value a question is answered with, and what it shows of whom."""

    value: T
    shown: tuple[Shown, ...] = ()


class Question(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One thing that can be asked, under a `NAME` that stays."""

    NAME: ClassVar[str]

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[T]:
        """What `asker` may see of it.

        Called by `ReadingRoom.answer` alone. Raises NotFound, Forbidden or Invalid.
        """
        raise NotImplementedError


class Passage(msgspec.Struct, frozen=True):
    """A question that was answered: by its name, to whom and when, and what was shown."""

    question: str
    asker: Asker
    shown: tuple[Shown, ...]


class Snapshot(msgspec.Struct, frozen=True):
    """The tables of some views, all as of one moment.

    What a view set aside has no current rows in its tables: leave its rows out, and add what is replayed.
    """

    connection: Connection

    @property
    def stale(self) -> bool | UnsetType:
        """The `stale` of an answer: true if any of the views set something aside, else absent."""
        return True if is_stale(self.connection) else UNSET

    def aside(self, *views: View) -> list[Select[Any]]:
        """The ids that any of `views` set aside, in SQL; no statement where there are none."""
        return [aggregates_aside(view) for view in views if set_aside(self.connection, view)]

    def replayed(self, *views: IncidentView) -> dict[UUID, Incident]:
        """The incidents that any of `views` set aside, but those that the log cannot give back."""
        return {key: found for view in views for key, found in view.incidents_apart(self.connection).items()}


class ReadingRoom:
    """What questions are answered from. It is put together once in a process, after a fork.

    `open_file` opens an evidence file on the record: the one read that is itself a recorded act. `watch` is
    called with every passage before its answer is returned; where it raises, nothing is shown.
    """

    def __init__(
        self,
        *,
        record: Record,
        library: Library,
        views: Views,
        sealer: Sealer,
        cursors: Cursors,
        open_file: OpenFile,
        watch: Callable[[Passage], None],
    ) -> None:
        self.record = record
        self.library = library
        self.views = views
        self.sealer = sealer
        self.cursors = cursors
        self.open_file = open_file
        self.admission = Admission(record, library)
        self._watch = watch

    def answer(self, question: Question[T], asker: Asker) -> T:
        """The answer to `question`, of what `asker` may see. Raises NotFound, Forbidden or Invalid."""
        answer = question.answer(self, asker)
        self._watch(Passage(question.NAME, asker, answer.shown))
        return answer.value

    @contextmanager
    def snapshot(self, *views: View) -> Iterator[Snapshot]:
        """The tables of `views` with every event stored before now.

        Raises ViewsBehind, ViewBroken or ViewNotCreated.
        """
        with self.views.read(*views) as connection:
            yield Snapshot(connection)
