"""The position of each view, the shape of its tables, and how much it set aside; one statement reads all."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnClause,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    ScalarSelect,
    String,
    Table,
    and_,
    bindparam,
    case,
    func,
    inspect,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
)
from sqlalchemy.exc import OperationalError, ProgrammingError

from casework.domain.event import Event
from casework.record.recusals import Unavailable
from casework.storage.fixed_statement import FixedStatement
from casework.storage.recorders import EVENTS_TABLE
from casework_projections.views import set_aside
from casework_projections.views.replay import BATCH
from casework_projections.views.view import View

metadata: Final = MetaData()
positions: Final = Table(
    "view_positions",
    metadata,
    Column("view", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
)


class ViewState(msgspec.Struct, frozen=True):
    """The position and shape of a view, the last position of the log, and how many events it set aside."""

    position: int
    version: int
    head: int
    set_aside: int

    def is_current(self, view: View, target: int) -> bool:
        """Whether `view` contains every event up to `target`, in the shape of this release."""
        return self.version == view.version and self.position >= target


class QuietStretch:
    """A stretch of the log in which this process found no event that a view follows, to search it only once.

    The log only grows, so that the stretch stays quiet, whatever becomes of the view.
    """

    def __init__(self) -> None:
        self._after_and_upto = (0, 0)

    @property
    def given(self) -> dict[str, int]:
        """The parameters of `REACHED_QUIETLY`."""
        after, upto = self._after_and_upto
        return {"quiet_after": after, "quiet_upto": upto}

    def note(self, position: int, head: int) -> None:
        """Note that there is none after `position` up to `head`."""
        after, upto = self._after_and_upto
        continues = after <= position <= upto
        self._after_and_upto = (after, max(upto, head)) if continues else (position, head)


_QUIET_AFTER: Final = bindparam("quiet_after", type_=BigInteger)
_QUIET_UPTO: Final = bindparam("quiet_upto", type_=BigInteger)
REACHED_QUIETLY: Final[ColumnElement[int]] = case(
    (positions.c.position.between(_QUIET_AFTER, _QUIET_UPTO), _QUIET_UPTO), else_=positions.c.position
)
"""The position of a view; if a `QuietStretch` begins at or before it, the end of that, if it is later."""


class ViewNotCreated(Unavailable):
    """A view has no tables: `casework init` has not been run with this release."""

    def __init__(self, view: str) -> None:
        super().__init__(f"the view {view} has not been created; run casework init")
        self.view = view


def view_states(connection: Connection, views: Collection[View]) -> dict[str, ViewState]:
    """The state of each of `views`, by name, all as of one moment. Raises ViewNotCreated."""
    wanted = {"names": [view.name for view in views]}
    try:
        rows = _LOOK_UP[connection.dialect.name].rows(connection, wanted)
    except (OperationalError, ProgrammingError) as error:
        connection.rollback()
        if not are_created(connection):
            raise ViewNotCreated(wanted["names"][0]) from error
        raise
    found = {
        row["view"]: ViewState(row["position"], row["version"], row["head"], row["set_aside"]) for row in rows
    }
    for view in views:
        if view.name not in found:
            raise ViewNotCreated(view.name)
    return found


def are_created(connection: Connection, views: Collection[View] = ()) -> bool:
    """Whether the tables that every view needs exist, and those of `views`."""
    own = (each for view in views for each in view.tables.sorted_tables)
    found = inspect(connection)
    return all(found.has_table(each.name) for each in (positions, set_aside.rows, *own))


def behind_on(
    dialect: str, topics: Collection[str], most: int, reached: ColumnElement[int] = positions.c.position
) -> ColumnElement[bool]:
    """Whether a row of `positions` is behind the log on one of `topics`, or by more than `most` positions.

    Events with these topics are searched after `reached`.
    """
    return or_(head_of(dialect) > positions.c.position + most, recorded_after(dialect, reached, topics))


def is_current_on(
    dialect: str,
    view: type[View],
    events: Collection[type[Event]],
    reached: ColumnElement[int] = positions.c.position,
) -> ColumnElement[bool]:
    """Whether a row of `positions` is that of `view`, and the view may be read as it is.

    It must have applied all of `events`, which are all that change what is read from it, be behind the log
    by no more than a batch, and have set nothing aside.
    """
    aside = select(set_aside.rows.c.position).where(set_aside.rows.c.view == view.name)
    return and_(
        positions.c.view == view.name,
        positions.c.version == view.version,
        not_(behind_on(dialect, tuple(each.TOPIC for each in events), BATCH, reached)),
        not_(aside.exists()),
    )


def recorded_after(
    dialect: str, position: ColumnElement[int], topics: Collection[str]
) -> ColumnElement[bool]:
    """Whether the log has an event with one of `topics` after `position`."""
    column = _POSITION_COLUMNS[dialect]
    topic: ColumnClause[str] = literal_column("topic", String)
    # Written into the statement, because to bind so many values costs more than to run it.
    named = [literal_column(f"'{each}'", String) for each in topics]
    wanted = select(column).select_from(table(EVENTS_TABLE)).where(column > position, topic.in_(named))
    return wanted.exists()


def is_recorded(connection: Connection, after: int, events: Collection[type[Event]]) -> bool:
    """Whether the log has an event of one of the classes `events` after the position `after`."""
    topics = tuple(each.TOPIC for each in events)
    found = select(recorded_after(connection.dialect.name, literal(after, BigInteger), topics))
    return bool(connection.scalar(found))


def head_of(dialect: str) -> ScalarSelect[int]:
    """The last position of the log."""
    column = _POSITION_COLUMNS[dialect]
    return select(func.coalesce(func.max(column), 0)).select_from(table(EVENTS_TABLE)).scalar_subquery()


def _look_up(dialect: str) -> FixedStatement:
    """The positions of the views `names`, the last position of the log, and the count of events set aside."""
    rows = set_aside.rows
    aside = select(func.count()).select_from(rows).where(rows.c.view == positions.c.view).scalar_subquery()
    wanted = positions.c.view.in_(bindparam("names", expanding=True))
    found = select(positions, head_of(dialect).label("head"), aside.label("set_aside"))
    return FixedStatement(found.where(wanted))


_POSITION_COLUMNS: Final[dict[str, ColumnClause[int]]] = {
    "sqlite": literal_column("rowid", BigInteger),
    "postgresql": literal_column("notification_id", BigInteger),
}
_LOOK_UP: Final = {dialect: _look_up(dialect) for dialect in _POSITION_COLUMNS}
