"""The reading room: every read of the record goes through `ReadingRoom.answer`.

Only there is it known who asks, when and for what, and what they are shown.
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
from casework.record.gate import Gate
from casework.record.recusals import Recusals
from casework.storage.sealing import Sealer
from casework_projections.reading.admission import Admission
from casework_projections.reading.asking import Asker
from casework_projections.reading.opening import OpenFile
from casework_projections.reading.paging import Cursors
from casework_projections.views.catch_up import Views
from casework_projections.views.recusals import RecusalIndex
from casework_projections.views.replay import IncidentView
from casework_projections.views.set_aside import aggregates_aside, is_stale, set_aside
from casework_projections.views.view import View

T = TypeVar("T")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of one incident, person, user or school, by id, that an answer shows.

    `role` is the role in which the user reads a case; None if they see only their own report, and in a
    list, where the role may differ from item to item.
    """

    about: UUID
    parts: tuple[str, ...]
    role: Role | None = None

    @classmethod
    def of(cls, case: Case, part: str) -> Shown:
        """`part` of a case, in the role in which its reader reads it."""
        return cls(about=case.incident.id, parts=(part,), role=case.standing.reads_as)


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """The value of an answer, and which parts of which cases, people, users and schools it shows."""

    value: T
    shown: tuple[Shown, ...] = ()


class Question(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A question that can be asked; its `NAME` never changes."""

    NAME: ClassVar[str]

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[T]:
        """The answer, as far as `asker` may see it.

        Only `ReadingRoom.answer` calls this. Raises NotFound, Forbidden or Invalid.
        """
        raise NotImplementedError


class Passage(msgspec.Struct, frozen=True):
    """What is known about one answer: the name of the question, who asked, when, and what was shown."""

    question: str
    asker: Asker
    shown: tuple[Shown, ...]


class Snapshot(msgspec.Struct, frozen=True):
    """The tables of some views, all as of one moment.

    Aggregates that a view set aside have no current rows: leave their rows out and use `replayed` instead.
    """

    connection: Connection

    @property
    def stale(self) -> bool | UnsetType:
        """The `stale` of an answer: true if any of the views set something aside, else absent."""
        return True if is_stale(self.connection) else UNSET

    def aside(self, *views: View) -> list[Select[Any]]:
        """Statements that select the ids each of `views` set aside; empty if there are none."""
        return [aggregates_aside(view) for view in views if set_aside(self.connection, view)]

    def replayed(self, *views: IncidentView | RecusalIndex) -> dict[UUID, Incident]:
        """The incidents that any of `views` set aside, except those that cannot be loaded from the log."""
        return {key: found for view in views for key, found in view.incidents_apart(self.connection).items()}


class ReadingRoom:
    """Everything that questions are answered from. Make it once per process, after a fork.

    `open_file` opens an evidence file; it is the only read that is itself recorded. `watch` is called with
    every passage before its answer is returned; if it raises, nothing is shown.
    """

    def __init__(
        self,
        *,
        record: Record,
        library: Library,
        recusals: Recusals,
        gate: Gate,
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
        self.admission = Admission(record, library, recusals, gate)
        self._watch = watch

    def answer(self, question: Question[T], asker: Asker) -> T:
        """Answer `question` with what `asker` may see. Raises NotFound, Forbidden or Invalid."""
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
