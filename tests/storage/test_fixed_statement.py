"""A statement that is compiled once gives what the same statement gives when SQLAlchemy executes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Boolean, Column, Date, MetaData, Table, Uuid, bindparam, insert, literal, or_, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from casework.storage.database import Database
from casework.storage.fixed_statement import Fetched, FixedStatement
from casework.storage.observation import count_statements
from casework_projections.views.view import Moment

ROWS: Final = Table(
    "fixed_rows",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("from", Date),
    Column("at", Moment),
    Column("same", Boolean),
)
FIRST, SECOND, THIRD = (uuid4() for _ in range(3))
HELD: Final[list[dict[str, Any]]] = [
    {"id": FIRST, "from": date(2026, 9, 1), "at": datetime(2026, 9, 1, 9, 0, tzinfo=UTC), "same": True},
    {"id": SECOND, "from": None, "at": None, "same": False},
    {"id": THIRD, "from": date(2026, 9, 2), "at": datetime(2026, 9, 2, 9, 0, tzinfo=UTC), "same": None},
]
FOUND: Final = FixedStatement(
    select(*ROWS.c, (ROWS.c["from"] > bindparam("day")).label("later"), literal("said").label("says"))
    .where(or_(ROWS.c.id.in_(bindparam("ids", expanding=True)), ROWS.c.id == bindparam("one")))
    .order_by(ROWS.c.at)
)


@pytest.fixture
def database(blank_engine_url: str) -> Iterator[Database]:
    database = Database(blank_engine_url)
    with database.writer.begin() as connection:
        ROWS.create(connection)
        connection.execute(insert(ROWS), HELD)
    yield database
    database.close()


def both_ways(database: Database, given: dict[str, Any]) -> list[Fetched]:
    """The rows, which are the same in a transaction and alone as when they are executed."""
    alone = FOUND.rows_alone(database.engine, given)
    with database.engine.connect() as connection:
        assert FOUND.rows(connection, given) == alone
        assert [dict(row) for row in connection.execute(FOUND.statement, given).mappings()] == alone
    return alone


@pytest.mark.parametrize("ids", [[], [FIRST], [FIRST, SECOND], [FIRST, SECOND, THIRD], [SECOND, SECOND]])
def test_values_are_converted_both_ways(database: Database, ids: list[UUID]) -> None:
    rows = both_ways(database, {"ids": ids, "one": THIRD, "day": date(2026, 9, 1)})
    assert {row["id"] for row in rows} == {*ids, THIRD}
    assert {row["says"] for row in rows} == {"said"}
    assert [row["later"] for row in rows if row["id"] == THIRD] == [True]


def test_the_values_of_one_execution_are_not_kept_for_the_next(database: Database) -> None:
    for one in (FIRST, SECOND, THIRD):
        (row,) = both_ways(database, {"ids": [], "one": one, "day": date(2026, 9, 1)})
        assert row["id"] == one


def test_each_execution_is_counted_as_a_statement(database: Database) -> None:
    with count_statements() as tally:
        FOUND.rows_alone(database.engine, {"ids": [FIRST], "one": FIRST, "day": date(2026, 9, 1)})
    assert len(tally.statements) == 1


def test_a_transaction_reads_one_state(database: Database) -> None:
    given = {"ids": [FIRST], "one": FIRST, "day": date(2026, 9, 1)}
    isolated = database.engine
    if isolated.dialect.name == "postgresql":
        isolated = isolated.execution_options(isolation_level="REPEATABLE READ")
    with isolated.connect() as connection:
        before = FOUND.rows(connection, given)
        with database.writer.begin() as writing:
            writing.execute(ROWS.delete())
        assert FOUND.rows(connection, given) == before
    assert FOUND.rows_alone(database.engine, given) == []


def test_an_error_is_raised_as_by_an_execution(database: Database) -> None:
    given = {"ids": [FIRST], "one": FIRST, "day": date(2026, 9, 1)}
    with database.writer.begin() as connection:
        ROWS.drop(connection)
    with pytest.raises((OperationalError, ProgrammingError), match="fixed_rows") as raised:
        FOUND.rows_alone(database.engine, given)
    assert FIRST.hex not in str(raised.value).replace("-", "")
    with database.engine.connect() as connection, pytest.raises((OperationalError, ProgrammingError)):
        FOUND.rows(connection, given)
    with database.writer.begin() as connection:
        ROWS.create(connection)
    assert FOUND.rows_alone(database.engine, given) == []
