"""Questions of the command line, about every case regardless of access rules. Only the system may ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import select

from casework.domain.access import SYSTEM
from casework.domain.errors import Forbidden, NotFound
from casework.domain.school import School
from casework_projections.reading.asking import Asker
from casework_projections.reading.comparison import Comparison, compare, in_order
from casework_projections.reading.deadlines import Deadline, deadlines
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown, Snapshot
from casework_projections.views.case_tables import cases
from casework_projections.views.due import DueStep

_PAGE: Final = 100


class EveryDeadline(msgspec.Struct, frozen=True):
    """What is due, the soonest first; `stale` is true if some of it may be out of date.

    Of the cases `unjudged`, nobody can say what is due: they cannot be loaded, or their school cannot.
    """

    items: tuple[Deadline, ...]
    unjudged: tuple[UUID, ...]
    stale: bool


class ListEveryDeadline(Question[EveryDeadline], frozen=True):
    """What is due in every open case of one school or of all schools.

    A case that was set aside is replayed from its own history. If that fails, it is named as one that cannot
    be judged, whatever the school, and what is known to have been due in it before stays due.
    """

    NAME: ClassVar = "every deadline"

    school: UUID | None = None

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[EveryDeadline]:
        _require_system(asker)
        query = select(cases.c.incident, cases.c.due).where(cases.c.next_due_at.is_not(None))
        if self.school is not None:
            query = query.where(cases.c.school == self.school)
        with _caseload(room) as snapshot:
            due = {row.incident: row.due for row in snapshot.connection.execute(query)}
            caseload, judged = room.views.caseload, set()
            apart = snapshot.replayed(caseload)
            for incident, row in caseload.rows_of(apart.values()):
                if row["due"] is None:
                    continue
                judged.add(incident.id)
                if self.school in (None, incident.school):
                    due[incident.id] = row["due"]
            unjudged = room.views.caseload.incidents_aside(snapshot.connection) - judged
            stale = snapshot.stale is True
        found = [each for key, steps in due.items() for each in deadlines(key, _typed(steps))]
        found.sort(key=lambda each: (each.due_at, each.incident, each.step or ""))
        shown = tuple(Shown(about=key, parts=("deadlines",)) for key, steps in due.items() if steps)
        return Answer(EveryDeadline(tuple(found), tuple(sorted(unjudged)), stale), shown)


class CompareEveryCase(Question[tuple[Comparison, ...]], frozen=True):
    """Every case of a school, judged by the pack of edition `under` and by that of edition `other`.

    The latest reported first, including those that would not have differed.
    """

    NAME: ClassVar = "every comparison"

    school: UUID
    under: str
    other: str

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[tuple[Comparison, ...]]:
        _require_system(asker)
        school = room.record.load(School, self.school)
        if school is None:
            raise NotFound
        ids = _latest_first(room, school)
        found = []
        for start in range(0, len(ids), _PAGE):
            for incident in in_order(room.record, ids[start : start + _PAGE]):
                under, other = (
                    room.library.playbook_under(msgspec.structs.replace(incident.policy, pack=pack))
                    for pack in (self.under, self.other)
                )
                found.append(compare(incident, under, other, school.calendar))
        shown = tuple(Shown(about=each.incident, parts=("comparison",)) for each in found)
        return Answer(tuple(found), shown)


@contextmanager
def _caseload(room: ReadingRoom) -> Iterator[Snapshot]:
    """The caseload, after it has caught up with the log, however long that takes."""
    caseload = room.views.caseload
    room.views.catch_up(caseload)
    with room.snapshot(caseload) as snapshot:
        yield snapshot


def _latest_first(room: ReadingRoom, school: School) -> list[UUID]:
    """Every incident of a school, the latest reported first."""
    query = select(cases.c.incident, cases.c.reported_at).where(cases.c.school == school.id)
    with _caseload(room) as snapshot:
        found = {row.incident: row.reported_at for row in snapshot.connection.execute(query)}
        apart = snapshot.replayed(room.views.caseload).values()
    found |= {each.id: each.reported_at for each in apart if each.school == school.id}
    return sorted(sorted(found), key=found.__getitem__, reverse=True)


def _typed(steps: Any) -> tuple[DueStep, ...]:
    return msgspec.convert(steps, tuple[DueStep, ...])


def _require_system(asker: Asker) -> None:
    if asker.principal != SYSTEM:
        raise Forbidden
