"""Who is shut out of each case, computed from the people it is about and the bonds of their records.

A row says that a case is closed to a person or a user. That it tells who may be close to a subject is no
more than the relations of the log tell: it holds ids, and neither names nor what the relation is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Uuid,
    delete,
    select,
)

from casework.domain.bars import Bar, Bonds, Why
from casework.domain.event import Event
from casework.domain.incident import STEPS, Incident
from casework_projections.views.bonds import (
    BOND_EVENTS,
    bonds_around,
    metadata,
    records_around,
    write_bonds,
)
from casework_projections.views.names import write_names
from casework_projections.views.replay import Replay
from casework_projections.views.set_aside import loadable
from casework_projections.views.view import Batch, Moment, View

bars_table: Final = Table(
    "view_bars",
    metadata,
    Column("incident", Uuid, primary_key=True),
    Column("member", Uuid, primary_key=True),
    Column("why", String(20), primary_key=True),
    Column("from", Date),
    Column("until", Moment),
)
Index("view_bars_member", bars_table.c.member, bars_table.c.why)


_CHANGE_PEOPLE: Final = tuple(step for step in STEPS.values() if step.CHANGES_PEOPLE)
FOLLOWED: Final[tuple[type[Event], ...]] = (*BOND_EVENTS, *_CHANGE_PEOPLE)
"""The events that may change to whom a case is closed."""


class RecusalIndex(View):
    """Who is shut out of each case, and why; and the bonds and names on which that depends."""

    name: ClassVar[str] = "recusals"
    version: ClassVar[int] = 4
    tables: ClassVar[MetaData] = metadata

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def incidents_apart(self, connection: Connection) -> dict[UUID, Incident]:
        """The incidents this view set aside, replayed, except those that cannot be loaded from the log."""
        return self._replay.set_aside_by(connection, self)

    def apply(self, connection: Connection, batch: Batch) -> None:
        write_names(connection, batch, self._replay.app.sealer)
        stepped = {recorded.aggregate for recorded in batch.records if recorded.is_a(*_CHANGE_PEOPLE)}
        incidents = self._replay.incidents(stepped)
        if any(recorded.is_a(*BOND_EVENTS) for recorded in batch.records):
            bound = write_bonds(connection, batch)
            about = _about(connection, records_around(bound, bonds_around(connection, bound)))
            # Without those that this release cannot read: nobody knows of them.
            found = loadable(self._replay.app, about - stepped)
            incidents |= {key: each for key, each in found.items() if isinstance(each, Incident)}
        _write_bars(connection, incidents)


def bar_of(row: Row[Any]) -> Bar:
    """The bar that `row` of the table holds."""
    return Bar(member=row.member, why=Why(row.why), from_=row._mapping["from"], until=row.until)


def closed_to(*whom: ColumnElement[bool]) -> Select[tuple[UUID]]:
    """The cases that are closed to the members for whom all conditions of `whom` hold."""
    return select(bars_table.c.incident).where(*whom)


def _about(connection: Connection, members: Collection[UUID]) -> set[UUID]:
    """The cases that are closed to any of `members`."""
    if not members:
        return set()
    return {*connection.scalars(closed_to(bars_table.c.member.in_(members)))}


def _write_bars(connection: Connection, incidents: Mapping[UUID, Incident]) -> None:
    """Compute the bars of `incidents` again."""
    if not incidents:
        return
    connection.execute(delete(bars_table).where(bars_table.c.incident.in_(incidents)))
    concerned = {member for incident in incidents.values() for member in incident.concerned}
    bonds = Bonds(bonds_around(connection, concerned))
    rows = [row for incident in incidents.values() for row in _bar_rows(incident, bonds)]
    if rows:
        connection.execute(bars_table.insert(), rows)


def _bar_rows(incident: Incident, bonds: Bonds) -> Iterator[dict[str, Any]]:
    for bar in incident.bars(bonds):
        yield {
            "incident": incident.id,
            "member": bar.member,
            "why": bar.why.value,
            "from": bar.from_,
            "until": bar.until,
        }
