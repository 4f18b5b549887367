"""All the views, and how each catches up with the log when it is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import inf
from threading import Lock
from time import monotonic
from typing import Final

from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from casework.application import Casework
from casework.record.recusals import Unavailable
from casework.storage.database import lock_was_held, take_setup_lock
from casework_projections.views import positions as position_tables
from casework_projections.views import set_aside
from casework_projections.views.apart import is_outage
from casework_projections.views.approvals import ApprovalIndex
from casework_projections.views.caseload import Caseload
from casework_projections.views.declarations import DeclarationIndex
from casework_projections.views.directory import Directory
from casework_projections.views.figures import IncidentFigures
from casework_projections.views.lessons_learnt import LessonsLearnt
from casework_projections.views.likeness import Likeness
from casework_projections.views.links import LinkIndex
from casework_projections.views.names import KnownNames
from casework_projections.views.notices import Notices
from casework_projections.views.people import PeopleIndex
from casework_projections.views.people_search import PeopleSearch
from casework_projections.views.positions import (
    ViewNotCreated,
    ViewState,
    positions,
    view_states,
)
from casework_projections.views.recusals import RecusalIndex
from casework_projections.views.relations import RelationIndex
from casework_projections.views.replay import BATCH, Replay
from casework_projections.views.set_aside import Counts, SetAside, SetAsides
from casework_projections.views.view import Batch, Recorded, View

__all__ = ["NotRebuildable", "ViewNotCreated", "Views", "ViewsBehind"]

READ_SECONDS: Final = 15.0
"""The time a read may take to catch up with the log, or to wait for another process that does."""

STALL_SECONDS: Final = 60.0
"""The time a view may take to catch up without making progress."""

Progress = Callable[[int, int], None]
"""Called after every batch with the position of the view and the last position of the log."""

Notice = Callable[[SetAside, Exception], None]
"""Called once for each event a view could not apply, with the event and the error."""


class ViewsBehind(Unavailable):
    """Views did not catch up with the log in time. Applied batches stay: a retry continues after them."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__(f"behind the log: {', '.join(names)}")
        self.names = names


class NotRebuildable(Exception):
    """A view cannot be computed again from the log: emptying it would lose data that only it holds."""

    def __init__(self, view: str) -> None:
        super().__init__(f"the view {view} cannot be rebuilt: it holds data that is not in the log")
        self.view = view


class _TimeLimits:
    """The time limits of one call that updates `views`: `seconds` in all, STALL_SECONDS without progress.

    The first check always passes, so that repeated calls make progress.
    """

    def __init__(self, views: Collection[View], seconds: float) -> None:
        self._names = [view.name for view in views]
        self._until = monotonic() + seconds
        self._furthest = -1
        self._since = monotonic()

    def check(self, found: Mapping[str, ViewState]) -> None:
        """Raise ViewsBehind if a limit is reached."""
        reached = sum(state.position for state in found.values())
        now, first = monotonic(), self._furthest < 0
        if reached > self._furthest:
            self._furthest, self._since = reached, now
        if not first and (now >= self._until or now - self._since > STALL_SECONDS):
            raise ViewsBehind(self._names)


class Views:
    """The views over one application. Make it after a fork, like the application.

    A read makes its views catch up with the log. Each batch of events is applied in one transaction
    together with the new position, and only by the process that finds the view at the position where the
    batch starts. An event that a view cannot apply is set aside, `notice` is called with it, and the view
    continues with the rest. Each process retries once what it finds set aside. Commands use views
    only through the ports of `views.lookup`, and no view uses another.
    """

    def __init__(self, app: Casework, *more: View, notice: Notice | None = None) -> None:
        replay = Replay(app)
        self.caseload = Caseload(replay)
        self.people = PeopleIndex(app)
        self.people_search = PeopleSearch(app, self.people)
        self.likeness = Likeness(self.people, self.people_search)
        self.directory = Directory(app)
        self.lessons = LessonsLearnt(replay)
        self.figures = IncidentFigures(replay)
        self.declarations = DeclarationIndex()
        self.approvals = ApprovalIndex()
        self.notices = Notices()
        self.relations = RelationIndex()
        self.recusals = RecusalIndex(replay)
        self.links = LinkIndex(replay)
        self.known_names = KnownNames(app.keys, app.sealer)
        self.of_cases: tuple[View, ...] = (self.directory, self.caseload, self.recusals)
        self.of_people: tuple[View, ...] = (*self.of_cases, self.people)
        own = (
            *(self.caseload, self.people, self.directory, self.lessons, self.figures),
            *(self.declarations, self.approvals, self.notices, self.relations, self.recusals),
            self.links,
        )
        self._views: dict[str, View] = {view.name: view for view in (*own, *more)}
        self._app = app
        self._replay = replay
        self._mapper = app.log.event_mapper
        self._aside = SetAsides(app)
        self._notice = notice
        self._retried: set[str] = set()
        # The threads of a process share the replayed incidents.
        self._applying = Lock()

    def __iter__(self) -> Iterator[View]:
        return iter(self._views.values())

    def names(self) -> list[str]:
        """The names of all views."""
        return list(self._views)

    def create_tables(self) -> None:
        """Create the missing tables of all views. It may be repeated."""
        with self._app.database.writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                take_setup_lock(connection)
            position_tables.metadata.create_all(connection)
            set_aside.metadata.create_all(connection)
            for view in self._views.values():
                view.tables.create_all(connection)
            insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
            rows = [{"view": v.name, "position": 0, "version": v.version} for v in self._views.values()]
            connection.execute(insert(positions).on_conflict_do_nothing(), rows)

    @contextmanager
    def read(self, *views: View) -> Iterator[Connection]:
        """A connection on which `views` contain every event stored before now, all as of one moment.

        `set_aside.set_aside` and `set_aside.is_stale` return what they set aside. Raises ViewsBehind,
        ViewNotCreated or NotRebuildable.
        """
        with self._current(views, _TimeLimits(views, READ_SECONDS)) as connection:
            yield connection

    @property
    def engine(self) -> Engine:
        """For single statements that read the views as they are, which may be behind the log."""
        return self._app.database.engine

    def is_created(self, view: View) -> bool:
        """Whether all tables of `view` exist, and those that every view needs."""
        with self._reader.connect() as connection:
            return position_tables.are_created(connection, [view])

    @contextmanager
    def as_they_are(self) -> Iterator[Connection]:
        """A connection on which all is as of one moment. The views may be behind the log."""
        with self._reader.connect() as connection:
            yield connection

    def catch_up(self, view: View | str, on_progress: Progress | None = None) -> None:
        """Let one view catch up with the log, however long it takes. Raises the errors of `read`."""
        known = self._views[view] if isinstance(view, str) else view
        with self._current([known], _TimeLimits([known], inf), on_progress):
            pass

    def rebuild(self, view_name: str, on_progress: Progress | None = None) -> None:
        """Empty a view and compute it again from the first event. Raises NotRebuildable."""
        view = self._views[view_name]
        self._forget(view, self._state_of(view).version)
        self.catch_up(view, on_progress)

    def position(self, view: View | str) -> int:
        """The position in the log a view has reached."""
        return self._state_of(self._views[view] if isinstance(view, str) else view).position

    def lag(self) -> dict[str, int]:
        """How many positions each view is behind the log."""
        with self._reader.connect() as connection:
            found = view_states(connection, [*self._views.values()])
        return {name: each.head - each.position for name, each in found.items()}

    def counts_aside(self) -> Counts:
        """How many events each view set aside."""
        with self._reader.connect() as connection:
            return set_aside.counts(connection)

    @property
    def _reader(self) -> Engine:
        engine = self._app.database.engine
        if engine.dialect.name == "postgresql":
            # A transaction of SQLite always reads one state of the database.
            return engine.execution_options(isolation_level="REPEATABLE READ")
        return engine

    def _state_of(self, view: View) -> ViewState:
        with self._reader.connect() as connection:
            return view_states(connection, [view])[view.name]

    @contextmanager
    def _current(
        self, views: Sequence[View], limits: _TimeLimits, on_progress: Progress | None = None
    ) -> Iterator[Connection]:
        """A connection on which `views` have caught up, marked with those that set events aside."""
        target: int | None = None
        while True:
            with self._reader.connect() as connection:
                found = view_states(connection, views)
                target = max(each.head for each in found.values()) if target is None else target
                if on_progress is not None:
                    on_progress(min(each.position for each in found.values()), target)
                untried = self._untried(views, found)
                if not untried and all(found[view.name].is_current(view, target) for view in views):
                    at = {name: each.position for name, each in found.items()}
                    yield set_aside.mark(connection, at, [n for n, each in found.items() if each.set_aside])
                    return
            limits.check(found)
            try:
                self._advance(views, found, target)
                for view in untried:
                    self._retry(view)
            except OperationalError as error:
                # The process that holds the lock may be updating the same views.
                if not lock_was_held(error):
                    raise

    def _advance(self, views: Sequence[View], found: Mapping[str, ViewState], target: int) -> None:
        """Apply the next batch to each view that is behind; views at the same position share a batch."""
        behind: dict[int, list[View]] = {}
        for view in views:
            state = found[view.name]
            if state.version != view.version:
                self._forget(view, state.version)
            elif state.position < target:
                behind.setdefault(state.position, []).append(view)
        for position, together in behind.items():
            with self._applying:
                batch = self._batch(position, target)
                self._apply([view for view in together if not found[view.name].set_aside], batch)
                for view in together:
                    if found[view.name].set_aside:
                        self._apply_apart(view, batch)

    def _batch(self, position: int, target: int) -> Batch:
        start = self._replay.start_for(position)
        recorder = self._app.log.event_recorder
        stored = recorder.select_notifications(start, BATCH, target, inclusive_of_start=False)
        upto = stored[-1].id if len(stored) == BATCH else target
        records = [Recorded(notification, self._mapper) for notification in stored]
        self._replay.follow(records, upto)
        return Batch(position, upto, [recorded for recorded in records if recorded.position > position])

    def _apply(self, views: Sequence[View], batch: Batch) -> None:
        """Apply `batch`, unless another process has moved one of the views meanwhile."""
        if not views or batch.upto <= batch.after:
            return
        try:
            with self._app.database.applier.connect() as connection:
                if self._move(connection, views, batch):
                    for view in views:
                        view.apply(connection, batch)
                    connection.commit()
        except Exception as error:
            if is_outage(error):
                raise
            for view in views:
                self._apply_apart(view, batch)
                self._retried.add(view.name)

    def _apply_apart(self, view: View, batch: Batch) -> None:
        """Apply the events of `batch` that `view` can apply, and set the rest aside."""
        new: list[tuple[SetAside, Exception]] = []
        with self._app.database.applier.connect() as connection:
            if self._move(connection, [view], batch):
                new = self._aside.apply(connection, view, batch)
                connection.commit()
        self._notify(new)

    def _untried(self, views: Sequence[View], found: Mapping[str, ViewState]) -> list[View]:
        """Those of `views` that set aside events which this process has not retried yet."""
        return [
            view
            for view in views
            if found[view.name].set_aside
            and found[view.name].version == view.version
            and view.name not in self._retried
        ]

    def _retry(self, view: View) -> None:
        """Let `view` retry what it set aside, perhaps under an earlier release."""
        with self._applying, self._app.database.applier.begin() as connection:
            where = positions.c.view == view.name
            position: int = connection.execute(
                select(positions.c.position).where(where).with_for_update()
            ).scalar_one()
            self._batch(position, position)
            new = self._aside.retry(connection, view, position)
        self._retried.add(view.name)
        self._notify(new)

    def _notify(self, new: Sequence[tuple[SetAside, Exception]]) -> None:
        if self._notice is not None:
            for row, error in new:
                self._notice(row, error)

    def _move(self, connection: Connection, views: Sequence[View], batch: Batch) -> bool:
        """Move the positions, and lock them until the transaction ends.

        Returns false if another process has moved one of them; then the transaction must not be committed.
        """
        # Locked in one order, so that two readers of several views never deadlock.
        where = positions.c.view.in_([view.name for view in views]), positions.c.position == batch.after
        locked = select(positions.c.view).where(*where).order_by(positions.c.view).with_for_update()
        moved = connection.execute(
            update(positions).where(positions.c.view.in_(locked), where[1]).values(position=batch.upto)
        )
        return moved.rowcount == len(views)

    def _forget(self, view: View, version: int) -> None:
        """Empty a view whose tables have shape `version`, unless another process has just done so."""
        if not view.rebuildable:
            raise NotRebuildable(view.name)
        with self._applying, self._app.database.applier.begin() as connection:
            forgotten = connection.execute(
                update(positions)
                .where(positions.c.view == view.name, positions.c.version == version)
                .values(position=0, version=view.version)
            )
            if forgotten.rowcount:
                set_aside.forget_aside(connection, view)
                _empty(connection, view, same_shape=version == view.version)


def _empty(connection: Connection, view: View, *, same_shape: bool) -> None:
    if same_shape:
        # Not dropped: on PostgreSQL a reader could see the new, empty table together with the old position.
        for each in view.tables.sorted_tables:
            connection.execute(delete(each))
    else:
        view.tables.drop_all(connection)
        view.tables.create_all(connection)
