"""Which cases are connected to which, so that a link recorded in one is found from both."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import Column, Connection, MetaData, String, Table, Uuid, and_, bindparam, delete, or_, select

from casework.domain.incident.connecting import CloseAsDuplicate
from casework.domain.incident.connections import CasesLinked, CasesUnlinked
from casework.domain.incident.outcomes import Reopen
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
_AROUND: Final = select(_links).where(
    or_(_links.c.incident == bindparam("around"), _links.c.other == bindparam("around"))
)


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

    def apply(self, connection: Connection, batch: Batch) -> None:
        for recorded in batch.records:
            event = recorded.event if recorded.is_a(CasesLinked, CasesUnlinked) else None
            if isinstance(event, CasesLinked | CasesUnlinked):
                self._write(connection, event)
        closed = {each.aggregate for each in batch.records if each.is_a(CloseAsDuplicate, Reopen)}
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
        found = connection.execute(_AROUND, {"around": incident})
        return sorted(
            (LinkRow(row.incident, row.other, row.linked_as) for row in found), key=msgspec.structs.astuple
        )


def _row(incident: UUID, other: UUID, linked_as: str) -> dict[str, Any]:
    return {"incident": incident, "other": other, "linked_as": linked_as}
