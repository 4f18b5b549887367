"""Events that a view could not apply: stored for a retry, while the view continues with the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    MetaData,
    Select,
    String,
    Table,
    Text,
    Uuid,
    delete,
    false,
    func,
    select,
    true,
)

from casework.application import Casework
from casework.domain.aggregate import Aggregate
from casework.domain.incident import Incident
from casework.record.recusals import Unavailable
from casework_projections.views.apart import loaded_apart
from casework_projections.views.view import Batch, Failure, Recorded, View, upsert

MOST_REPLAYED: Final = 1000
"""The most aggregates set aside by one view that are replayed for a reader."""

_OPTION: Final = "casework_set_aside"
_POSITIONS: Final = "casework_positions"

metadata: Final = MetaData()
rows: Final = Table(
    "view_set_aside",
    metadata,
    Column("view", String(64), primary_key=True),
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("aggregate", Uuid, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("loads", Boolean, nullable=False),
)


class SetAside(msgspec.Struct, frozen=True):
    """An event that a view could not apply, by its position in the log, and the type of the error.

    The view has no current rows of `aggregate`. `loads` says whether the aggregate can be loaded from the
    log, and its school too if it is a case.
    """

    view: str
    position: int
    aggregate: UUID
    topic: str
    error: str
    loads: bool


class Counts(msgspec.Struct, frozen=True):
    """How many events each view set aside, and how many aggregates cannot be loaded and so not read."""

    views: dict[str, int]
    unreadable: int


class ViewBroken(Unavailable):
    """A view set aside more than can be replayed for each reader."""

    def __init__(self, view: str) -> None:
        super().__init__(f"the view {view} set aside more than {MOST_REPLAYED} aggregates; rebuild it")
        self.view = view


class SetAsides:
    """What the views over one log set aside."""

    def __init__(self, app: Casework) -> None:
        self._app = app

    def apply(self, connection: Connection, view: View, batch: Batch) -> list[tuple[SetAside, Exception]]:
        """Let `view` apply what it can of `batch`, and retry what it set aside of the same aggregates.

        Returns what is set aside for the first time, each with its error.
        """
        held = held_aside(connection, view)
        met = {recorded.aggregate for recorded in batch.records}
        return self._apply(connection, view, batch, held, [row for row in held if row.aggregate in met])

    def retry(self, connection: Connection, view: View, position: int) -> list[tuple[SetAside, Exception]]:
        """Let `view`, which has reached `position`, retry all that it set aside. Returns as `apply` does."""
        held = held_aside(connection, view)
        return self._apply(connection, view, Batch(position, position, ()), held, held)

    def _apply(
        self,
        connection: Connection,
        view: View,
        batch: Batch,
        held: Sequence[SetAside],
        retried: Sequence[SetAside],
    ) -> list[tuple[SetAside, Exception]]:
        tried = {row.position for row in retried}
        records = {recorded.position: recorded for recorded in (*map(self._recorded, tried), *batch.records)}
        outcome = view.apply_apart(connection, batch.only([records[number] for number in sorted(records)]))
        found = self._set_aside(view, outcome.failures)
        settled = [row for row in held if row.position in tried or row.aggregate in outcome.rewritten]
        _replace(connection, settled, [row for row, _ in found])
        known = {row.position for row in held}
        return [(row, error) for row, error in found if row.position not in known]

    def _recorded(self, position: int) -> Recorded:
        log = self._app.log
        (stored,) = log.event_recorder.select_notifications(position, 1, position)
        return Recorded(stored, log.event_mapper)

    def _set_aside(self, view: View, failures: Sequence[Failure]) -> list[tuple[SetAside, Exception]]:
        loaded = _readable(self._app, {failure.aggregate for failure in failures})
        return [
            (
                SetAside(
                    view=view.name,
                    position=failure.recorded.position,
                    aggregate=failure.aggregate,
                    topic=failure.recorded.stored.topic,
                    error=type(failure.error).__name__,
                    loads=failure.aggregate in loaded,
                ),
                failure.error,
            )
            for failure in failures
        ]


def held_aside(connection: Connection, view: View) -> list[SetAside]:
    """Everything that `view` set aside."""
    query = select(rows).where(rows.c.view == view.name).order_by(rows.c.position)
    return [SetAside(*row) for row in connection.execute(query)]


def forget_aside(connection: Connection, view: View) -> None:
    """Delete what `view` set aside, because it will be computed again from the first event."""
    connection.execute(delete(rows).where(rows.c.view == view.name))


def counts(connection: Connection) -> Counts:
    """How much is set aside."""
    by_view = select(rows.c.view, func.count()).group_by(rows.c.view).order_by(rows.c.view)
    unreadable = select(func.count(rows.c.aggregate.distinct())).where(rows.c.loads == false())
    found = {row[0]: row[1] for row in connection.execute(by_view)}
    return Counts(found, connection.execute(unreadable).scalar_one() if found else 0)


def mark(connection: Connection, positions: Mapping[str, int], aside: Collection[str]) -> Connection:
    """`connection`, marked with the positions of the views read on it, and those that set events aside."""
    return connection.execution_options(**{_POSITIONS: positions, _OPTION: frozenset(aside)})


def position_of(connection: Connection, view: View) -> int:
    """The position of `view`, which is read on `connection`."""
    positions: Mapping[str, int] = connection.get_execution_options()[_POSITIONS]
    return positions[view.name]


def is_stale(connection: Connection) -> bool:
    """Whether any view read on `connection` set an event aside."""
    return bool(_marked(connection))


def set_aside(connection: Connection, view: View) -> frozenset[UUID]:
    """The aggregates of which `view` has no current rows; costs a statement only if there are any."""
    if view.name not in _marked(connection):
        return frozenset()
    return frozenset(connection.scalars(aggregates_aside(view)))


def replayable(connection: Connection, view: View) -> frozenset[UUID]:
    """The aggregates of `set_aside` that can be loaded from the log, to be replayed for a reader.

    Raises ViewBroken if there are too many.
    """
    if view.name not in _marked(connection):
        return frozenset()
    loads = aggregates_aside(view).where(rows.c.loads == true()).limit(MOST_REPLAYED + 1)
    found = frozenset(connection.scalars(loads))
    if len(found) > MOST_REPLAYED:
        raise ViewBroken(view.name)
    return found


def aggregates_aside(view: View) -> Select[Any]:
    """The aggregates of which `view` has no current rows, in SQL."""
    return select(rows.c.aggregate).where(rows.c.view == view.name).distinct()


def loadable(app: Casework, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
    """The aggregates of `ids`, except those with an event this release cannot read or replay."""
    return loaded_apart(app.record.load_many, list(ids))


def _readable(app: Casework, ids: Iterable[UUID]) -> frozenset[UUID]:
    """The aggregates of `ids` that a user can read: a case without its school has no reader."""
    loaded = loadable(app, ids)
    cases = {key: found.school for key, found in loaded.items() if isinstance(found, Incident)}
    schools = loadable(app, set(cases.values()))
    return frozenset(key for key in loaded if key not in cases or cases[key] in schools)


def _marked(connection: Connection) -> frozenset[str]:
    marked: frozenset[str] = connection.get_execution_options().get(_OPTION, frozenset())
    return marked


def _replace(connection: Connection, settled: Sequence[SetAside], found: Sequence[SetAside]) -> None:
    for row in settled:
        same = (rows.c.view == row.view, rows.c.position == row.position, rows.c.aggregate == row.aggregate)
        connection.execute(delete(rows).where(*same))
    if found:
        upserted: list[dict[str, Any]] = [msgspec.structs.asdict(row) for row in found]
        upsert(connection, rows, upserted)
