"""All the views, and how each is brought up to the log when it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnClause,
    Connection,
    Engine,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    table,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from casework.application import Casework
from casework.storage.database import take_setup_lock
from casework.storage.recorders import EVENTS_TABLE
from casework_projections.reading.governor_summary import GovernorSummary
from casework_projections.views.caseload import Caseload
from casework_projections.views.declarations import DeclarationIndex
from casework_projections.views.directory import Directory
from casework_projections.views.figures import IncidentFigures
from casework_projections.views.lessons_learnt import LessonsLearnt
from casework_projections.views.people import PeopleIndex
from casework_projections.views.replay import BATCH, Replay
from casework_projections.views.view import Batch, Recorded, View

Progress = Callable[[int, int], None]
"""Told how far the view has come and how far the log goes, after every batch."""

_metadata: Final = MetaData()
positions: Final = Table(
    "view_positions",
    _metadata,
    Column("view", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
)


def _look_up(column_name: str) -> Select[Any]:
    """The positions of the views `names`, and how far the log goes."""
    column: ColumnClause[int] = literal_column(column_name, BigInteger)
    head = select(func.coalesce(func.max(column), 0)).select_from(table(EVENTS_TABLE)).scalar_subquery()
    wanted = positions.c.view.in_(bindparam("names", expanding=True))
    return select(positions, head.label("head")).where(wanted)


_LOOK_UP: Final = {"sqlite": _look_up("rowid"), "postgresql": _look_up("notification_id")}


class ViewNotCreated(Exception):
    """A view has no tables: `casework init` has not been run with this release."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the view {name} has not been created; run casework init")


class _Standing(msgspec.Struct, frozen=True):
    """How far a view has come, the shape it was kept in, and how far the log goes."""

    position: int
    version: int
    head: int


class Views:
    """The views over one application. Opened after a fork, as the application is.

    A view is brought up to the log by whoever reads it: each batch of events is applied in one
    transaction with the position it reaches, and only by the one process that finds the view at the
    position it started from. Commands know nothing of views, and no view of another.
    """

    def __init__(self, app: Casework, *more: View) -> None:
        replay = Replay(app)
        self.caseload = Caseload(replay)
        self.people = PeopleIndex(app)
        self.directory = Directory(app)
        self.lessons = LessonsLearnt(replay)
        self.figures = IncidentFigures(replay)
        self.summary = GovernorSummary(app, self.figures, self.lessons)
        self.declarations = DeclarationIndex()
        own = (self.caseload, self.people, self.directory, self.lessons, self.figures, self.declarations)
        self._views: dict[str, View] = {view.name: view for view in (*own, *more)}
        self._app = app
        self._replay = replay
        self._mapper = app.log.event_mapper
        # What is replayed is shared by the threads of a process.
        self._applying = Lock()

    def __iter__(self) -> Iterator[View]:
        return iter(self._views.values())

    def names(self) -> list[str]:
        """The names of all views."""
        return list(self._views)

    def create_tables(self) -> None:
        """Make the tables of all views that have none. It may be repeated."""
        with self._app.database.writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                take_setup_lock(connection)
            _metadata.create_all(connection)
            for view in self._views.values():
                view.tables.create_all(connection)
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            rows = [{"view": v.name, "position": 0, "version": v.version} for v in self._views.values()]
            connection.execute(insert(positions).on_conflict_do_nothing(), rows)

    @contextmanager
    def read(self, *views: View) -> Iterator[Connection]:
        """A connection on which `views` hold every event stored before now, all as of one moment.

        Raises ViewNotCreated, or what a view raises that cannot apply an event.
        """
        target: int | None = None
        while True:
            with self._reader.connect() as connection:
                standings = self._standings(connection, views)
                if target is None:
                    target = max(standing.head for standing in standings.values())
                if all(_is_current(view, standings[view.name], target) for view in views):
                    yield connection
                    return
            self._advance(views, standings, target)

    def catch_up(self, view: View | str, on_progress: Progress | None = None) -> None:
        """Bring one view up to the log as it is now."""
        known = self._views[view] if isinstance(view, str) else view
        target: int | None = None
        while True:
            standing = self._standing(known)
            target = standing.head if target is None else target
            if on_progress is not None:
                on_progress(standing.position, target)
            if _is_current(known, standing, target):
                return
            self._advance([known], {known.name: standing}, target)

    def rebuild(self, view_name: str, on_progress: Progress | None = None) -> None:
        """Forget a view and compute it again from the first event."""
        view = self._views[view_name]
        self._forget(view, self._standing(view).version)
        self.catch_up(view, on_progress)

    def position(self, view: View | str) -> int:
        """The position in the log a view has reached."""
        return self._standing(self._views[view] if isinstance(view, str) else view).position

    def lag(self) -> dict[str, int]:
        """How many positions each view is behind the log."""
        with self._reader.connect() as connection:
            standings = self._standings(connection, [*self._views.values()])
        return {name: standing.head - standing.position for name, standing in standings.items()}

    @property
    def _reader(self) -> Engine:
        engine = self._app.database.engine
        if engine.dialect.name == "postgresql":
            # SQLite reads one state of the database in a transaction anyway.
            return engine.execution_options(isolation_level="REPEATABLE READ")
        return engine

    def _standing(self, view: View) -> _Standing:
        with self._reader.connect() as connection:
            return self._standings(connection, [view])[view.name]

    def _standings(self, connection: Connection, views: Sequence[View]) -> dict[str, _Standing]:
        wanted = {"names": [view.name for view in views]}
        rows = connection.execute(_LOOK_UP[connection.dialect.name], wanted)
        found = {row.view: _Standing(row.position, row.version, row.head) for row in rows}
        for view in views:
            if view.name not in found:
                raise ViewNotCreated(view.name)
        return found

    def _advance(self, views: Sequence[View], standings: Mapping[str, _Standing], target: int) -> None:
        """Apply to each view that is behind the next batch; views at the same position share it."""
        behind: dict[int, list[View]] = {}
        for view in views:
            standing = standings[view.name]
            if standing.version != view.version:
                self._forget(view, standing.version)
            elif standing.position < target:
                behind.setdefault(standing.position, []).append(view)
        for position, together in behind.items():
            with self._applying:
                self._apply(together, self._batch(position, target))

    def _batch(self, position: int, target: int) -> Batch:
        start = self._replay.start_for(position)
        recorder = self._app.log.event_recorder
        stored = recorder.select_notifications(start, BATCH, target, inclusive_of_start=False)
        upto = stored[-1].id if len(stored) == BATCH else target
        records = [Recorded(notification, self._mapper) for notification in stored]
        self._replay.follow(records, upto)
        return Batch(position, upto, [recorded for recorded in records if recorded.position > position])

    def _apply(self, views: Sequence[View], batch: Batch) -> None:
        """Apply `batch`, unless somebody else has moved one of the views since it was looked at."""
        if batch.upto <= batch.after:
            return
        with self._app.database.writer.connect() as connection:
            if self._take(connection, views, batch):
                for view in views:
                    view.apply(connection, batch)
                connection.commit()

    def _take(self, connection: Connection, views: Sequence[View], batch: Batch) -> bool:
        """Move the positions, to be held until the transaction ends; false where it must not be committed."""
        # Locked in one order, so that two readers of several views never wait for each other.
        where = positions.c.view.in_([view.name for view in views]), positions.c.position == batch.after
        locked = select(positions.c.view).where(*where).order_by(positions.c.view).with_for_update()
        moved = connection.execute(
            update(positions).where(positions.c.view.in_(locked), where[1]).values(position=batch.upto)
        )
        return moved.rowcount == len(views)

    def _forget(self, view: View, version: int) -> None:
        """Empty a view kept in shape `version`, unless somebody else has just done so."""
        with self._applying, self._app.database.writer.begin() as connection:
            forgotten = connection.execute(
                update(positions)
                .where(positions.c.view == view.name, positions.c.version == version)
                .values(position=0, version=view.version)
            )
            if forgotten.rowcount:
                _empty(connection, view, same_shape=version == view.version)


def _empty(connection: Connection, view: View, *, same_shape: bool) -> None:
    if same_shape:
        # Not dropped: on PostgreSQL a reader would find the new table, empty, beside the position it had.
        for each in view.tables.sorted_tables:
            connection.execute(delete(each))
    else:
        view.tables.drop_all(connection)
        view.tables.create_all(connection)


def _is_current(view: View, standing: _Standing, target: int) -> bool:
    return standing.version == view.version and standing.position >= target
