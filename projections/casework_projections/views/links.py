"""Which cases are connected to which, so that a link recorded in one is found from both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    delete,
    or_,
    select,
)

from casework.domain.incident.connecting import CloseAsDuplicate
from casework.domain.incident.connections import CasesLinked, CasesUnlinked
from casework.domain.incident.outcomes import Reopen
from casework.storage.fixed_statement import FixedStatement
from casework_projections.views.positions import (
    REACHED_QUIETLY,
    QuietStretch,
    head_of,
    is_current_on,
    positions,
)
from casework_projections.views.replay import Replay
from casework_projections.views.view import Batch, View, upsert

DUPLICATE: Final = "duplicate_of"
_metadata: Final = MetaData()
_links: Final = Table(
    "view_links",
    _metadata,
    Column("incident", Uuid, primary_key=True),
    Column("other", Uuid, primary_key=True, index=True),
    Column("linked_as", String(20), primary_key=True),
)
_OF_CASE: Final = or_(_links.c.incident == bindparam("around"), _links.c.other == bindparam("around"))
_AROUND: Final = select(_links).where(_OF_CASE)

_LINKED: Final = (CasesLinked, CasesUnlinked)
_CLOSED: Final = (CloseAsDuplicate, Reopen)


class LinkRow(msgspec.Struct, frozen=True):
    """`incident` is linked to `other`, as one of `LinkedAs` or as its duplicate."""

    incident: UUID
    other: UUID
    linked_as: str


class LinkIndex(View):
    """One row per link that stands, and one per case that was closed as a duplicate."""

    name: ClassVar[str] = "links"
    version: ClassVar[int] = 1
    tables: ClassVar[MetaData] = _metadata

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._quiet = QuietStretch()

    def apply(self, connection: Connection, batch: Batch) -> None:
        for recorded in batch.records:
            event = recorded.event if recorded.is_a(*_LINKED) else None
            if isinstance(event, _LINKED):
                self._write(connection, event)
        closed = {each.aggregate for each in batch.records if each.is_a(*_CLOSED)}
        for incident in self._replay.incidents(closed).values():
            of_it = and_(_links.c.incident == incident.id, _links.c.linked_as == DUPLICATE)
            connection.execute(delete(_links).where(of_it))
            if incident.duplicate_of is not None:
                upsert(connection, _links, [_row(incident.id, incident.duplicate_of, DUPLICATE)])

    @staticmethod
    def _write(connection: Connection, event: CasesLinked | CasesUnlinked) -> None:
        row = _row(event.incident, event.other, event.as_.value)
        if isinstance(event, CasesLinked):
            upsert(connection, _links, [row])
        else:
            connection.execute(
                delete(_links).where(*(_links.c[name] == value for name, value in row.items()))
            )

    def around(self, connection: Connection, incident: UUID) -> list[LinkRow]:
        """The links from and to a case."""
        return _sorted(connection.execute(_AROUND, {"around": incident}).mappings())

    def around_if_current(self, engine: Engine, incident: UUID) -> list[LinkRow] | None:
        """As `around`, or None if events about links are not applied yet; this costs one statement."""
        given = {"around": incident, **self._quiet.given}
        rows = _around_if_current(engine.dialect.name).rows_alone(engine, given)
        if not rows:
            return None
        self._quiet.note(rows[0]["position"], rows[0]["head"])
        return _sorted(row for row in rows if row["incident"] is not None)


def _sorted(rows: Iterable[Mapping[Any, Any]]) -> list[LinkRow]:
    found = (LinkRow(row["incident"], row["other"], row["linked_as"]) for row in rows)
    return sorted(found, key=msgspec.structs.astuple)


@cache
def _around_if_current(dialect: str) -> FixedStatement:
    """The position of the view and the head of the log beside each link of a case; no row if it is behind."""
    beside = positions.outerjoin(_links, _OF_CASE)
    current = is_current_on(dialect, LinkIndex, (*_LINKED, *_CLOSED), REACHED_QUIETLY)
    columns = (*_links.c, positions.c.position, head_of(dialect).label("head"))
    return FixedStatement(select(*columns).select_from(beside).where(current))


def _row(incident: UUID, other: UUID, linked_as: str) -> dict[str, Any]:
    return {"incident": incident, "other": other, "linked_as": linked_as}
