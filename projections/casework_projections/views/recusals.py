"""Who is shut out of each case, computed from the people it is about and the bonds of their records.

A row says that a case is closed to a person or a user. That it tells who may be close to a subject is no
more than the relations of the log tell: it holds ids, and neither names nor what the relation is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
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

from casework.domain.bars import Bar, Bonds, Subject, Why, bars_of
from casework.domain.incident import STEPS, Incident
from casework_projections.views.bonds import (
    BOND_EVENTS,
    bonds_around,
    metadata,
    records_around,
    write_bonds,
)
from casework_projections.views.replay import Replay
from casework_projections.views.view import Batch, Moment, View

_subjects: Final = Table(
    "view_subjects",
    metadata,
    Column("incident", Uuid, primary_key=True),
    Column("member", Uuid, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
)
Index("view_subjects_member", _subjects.c.member)
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


class Recusals(View):
    """Who is shut out of each case, and why."""

    name: ClassVar[str] = "recusals"
    version: ClassVar[int] = 1
    tables: ClassVar[MetaData] = metadata

    def __init__(self, replay: Replay) -> None:
        self._replay = replay

    def incidents_apart(self, connection: Connection) -> dict[UUID, Incident]:
        """The incidents this view set aside, replayed, except those that cannot be loaded from the log."""
        return self._replay.set_aside_by(connection, self)

    def apply(self, connection: Connection, batch: Batch) -> None:
        changed = {recorded.aggregate for recorded in batch.records if recorded.is_a(*_CHANGE_PEOPLE)}
        self._write_subjects(connection, changed)
        if any(recorded.is_a(*BOND_EVENTS) for recorded in batch.records):
            bound = write_bonds(connection, batch)
            changed |= _about(connection, records_around(bound, bonds_around(connection, bound)))
        _write_bars(connection, changed)

    def _write_subjects(self, connection: Connection, incidents: Collection[UUID]) -> None:
        if not incidents:
            return
        connection.execute(delete(_subjects).where(_subjects.c.incident.in_(incidents)))
        rows = [
            {"incident": incident.id, "member": each.member, "since": each.since, "until": each.until}
            for incident in self._replay.incidents(incidents).values()
            for each in incident.about.values()
        ]
        if rows:
            connection.execute(_subjects.insert(), rows)


def bar_of(row: Row[Any]) -> Bar:
    """The bar that `row` of the table holds."""
    return Bar(member=row.member, why=Why(row.why), from_=row._mapping["from"], until=row.until)


def closed_to(*whom: ColumnElement[bool]) -> Select[tuple[UUID]]:
    """The cases that are closed to the members for whom all conditions of `whom` hold."""
    return select(bars_table.c.incident).where(*whom)


def _about(connection: Connection, members: Collection[UUID]) -> set[UUID]:
    """The cases that are or were about any of `members`."""
    if not members:
        return set()
    found = select(_subjects.c.incident).where(_subjects.c.member.in_(members))
    return {*connection.scalars(found)}


def _write_bars(connection: Connection, incidents: Collection[UUID]) -> None:
    """Compute the bars of `incidents` again."""
    if not incidents:
        return
    connection.execute(delete(bars_table).where(bars_table.c.incident.in_(incidents)))
    subjects: dict[UUID, list[Subject]] = defaultdict(list)
    for row in connection.execute(select(_subjects).where(_subjects.c.incident.in_(incidents))):
        subjects[row.incident].append(Subject(member=row.member, since=row.since, until=row.until))
    members = {each.member for about in subjects.values() for each in about}
    bonds = Bonds(bonds_around(connection, members))
    rows = [row for incident, about in subjects.items() for row in _bar_rows(incident, bars_of(about, bonds))]
    if rows:
        connection.execute(bars_table.insert(), rows)


def _bar_rows(incident: UUID, closed: Iterable[Bar]) -> Sequence[dict[str, Any]]:
    return [
        {
            "incident": incident,
            "member": bar.member,
            "why": bar.why.value,
            "from": bar.from_,
            "until": bar.until,
        }
        for bar in closed
    ]
