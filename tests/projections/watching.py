"""A view that notices when an event is applied twice, and what the tables of all views hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, func, select, text

from casework.application import Casework
from casework.domain.incident import Step
from casework_api.composition import views_of
from casework_projections.views.view import Batch, View

_metadata: Final = MetaData()
applied: Final = Table("view_watching", _metadata, Column("position", BigInteger, primary_key=True))


class Watching(View):
    """One row per event. It is inserted and never replaced, so applying an event twice fails."""

    name: ClassVar[str] = "watching"
    version: ClassVar[int] = 1
    tables: ClassVar[MetaData] = _metadata

    def apply(self, connection: Connection, batch: Batch) -> None:
        if batch.records:
            connection.execute(applied.insert(), [{"position": each.position} for each in batch.records])


class Faulty(Watching):
    """A view that fails on the steps named in `failing`."""

    def __init__(self, *failing: type[Step]) -> None:
        self.failing = failing

    def apply(self, connection: Connection, batch: Batch) -> None:
        if self.failing and any(batch.of(*self.failing)):
            raise ArithmeticError("a marzipan fault in a view")
        super().apply(connection, batch)


def seen(connection: Connection) -> int:
    """How many events the watching view holds."""
    return connection.execute(select(func.count()).select_from(applied)).scalar_one()


def recorded(app: Casework) -> int:
    """How many events the log holds."""
    with app.database.engine.connect() as connection:
        count: int = connection.execute(text("SELECT count(*) FROM stored_events")).scalar_one()
        return count


def rewrite(app: Casework, position: int, state: bytes) -> None:
    """Overwrite the state of the event at `position` in the log, as no release would."""
    with app.database.writer.begin() as connection:
        column = "rowid" if connection.dialect.name == "sqlite" else "notification_id"
        statement = text(f"UPDATE stored_events SET state = :state WHERE {column} = :position")  # noqa: S608
        connection.execute(statement, {"state": state, "position": position})


def spoil(app: Casework, aggregate: UUID, change: Callable[[dict[str, Any]], object]) -> int:
    """Apply `change` to the stored state of the first event of `aggregate`; returns its position."""
    for stored in app.log.event_recorder.select_notifications(None, 10_000):
        if stored.originator_id == aggregate:
            state = msgspec.json.decode(stored.state)
            change(state)
            rewrite(app, stored.id, msgspec.json.encode(state))
            # As in a process that has not read the event before.
            views_of(app).caseload.replay.forget()
            return stored.id
    raise AssertionError("there is no such aggregate")


def dump(app: Casework, *views: View) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of `views`, in a fixed order."""
    with app.database.engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for view in views
            for table in view.tables.sorted_tables
        }
