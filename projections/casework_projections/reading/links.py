"""The cases that a case is connected to, for those who may read both."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.exc import OperationalError, ProgrammingError

from casework.domain.case import Case
from casework.record.case_files import case_files
from casework.record.recusals import Unavailable
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import ReadingRoom
from casework_projections.views.links import LinkRow


class LinkBody(msgspec.Struct, frozen=True):
    """A case linked to this one. `from_here`: it is this one that is what `as` says of the other."""

    incident: UUID
    as_: str = msgspec.field(name="as")
    from_here: bool


def links_of(room: ReadingRoom, asker: Asker, case: Case) -> tuple[LinkBody, ...] | UnsetType:
    """The links from and to `case` whose other end `asker` may read too; UNSET if nobody can look them up."""
    here = case.incident.id
    try:
        rows = _rows_around(room, here)
    except Unavailable:
        return UNSET
    others = {row.other if row.incident == here else row.incident for row in rows}
    readable = room.admission.readable(asker, case_files(room.record, others).values()) if others else {}
    found = (
        LinkBody(row.other, row.linked_as, True)
        if row.incident == here
        else LinkBody(row.incident, row.linked_as, False)
        for row in rows
    )
    return tuple(each for each in found if each.incident in readable)


def _rows_around(room: ReadingRoom, incident: UUID) -> list[LinkRow]:
    """The links from and to a case. Raises Unavailable."""
    links = room.views.links
    # What is wrong with a view is found by a snapshot, which also applies what is not applied yet.
    with suppress(OperationalError, ProgrammingError):
        rows = links.around_if_current(room.views.engine, incident)
        if rows is not None:
            return rows
    with room.snapshot(links) as snapshot:
        return links.around(snapshot.connection, incident)
