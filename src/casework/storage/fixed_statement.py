"""Selects that most requests send, without what SQLAlchemy does anew for each execution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection, Select
from sqlalchemy.exc import DBAPIError

from casework.storage.observation import report_statement

Given = Mapping[str, Any]
"""The values of the parameters of a statement, by name; those of an expanding parameter are a list."""

Fetched = dict[str, Any]
"""A row, by the names of its columns."""

_COMPILED_SIZE: Final = 256
"""How many compiled statements a process keeps: one per statement, dialect and lengths of its lists."""


class FixedStatement:
    """A select of which only the values of its parameters change.

    It is compiled once for each length of its lists and sent with the cursor of the driver. To send it with
    `Connection.execute` takes more than twice as long, most of it in Python.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement

    def rows(self, connection: Connection, given: Given) -> list[Fetched]:
        """The rows, in the transaction of `connection`. Raises the errors of `Connection.execute`."""
        if not connection.in_transaction():
            connection.begin()
        compiled = self._compiled(connection.dialect, given)
        with _translating(connection.dialect, compiled.sql):
            fetched = _fetched(connection.connection, compiled.sql, compiled.parameters(given))
        return [compiled.row(values) for values in fetched]

    def rows_alone(self, engine: Engine, given: Given) -> list[Fetched]:
        """As `rows`, with no transaction but that of the statement itself, which costs half as much."""
        compiled = self._compiled(engine.dialect, given)
        with _translating(engine.dialect, compiled.sql):
            raw = engine.raw_connection()
            try:
                fetched = _fetched(raw, compiled.sql, compiled.parameters(given))
            finally:
                raw.close()
        return [compiled.row(values) for values in fetched]

    def _compiled(self, dialect: Dialect, given: Given) -> _Compiled:
        lengths = tuple((name, len(value)) for name, value in given.items() if isinstance(value, list))
        return _compiled(self, dialect, lengths)


_Convert = Callable[[Any], Any] | None
"""Turns a value into what the driver takes, or back; None if they are the same."""


class _Slot(msgspec.Struct, frozen=True):
    """Stands in a compiled statement for the value of a parameter, or for one item of its list."""

    name: str
    item: int | None = None


class _Compiled(msgspec.Struct, frozen=True):
    """The text of a statement for one driver, and how to convert its parameters and columns.

    `values` are all that the text takes, as the driver takes them: the statement's own, and a slot wherever a
    parameter occurs. `slots` are the places of these. `names` are those of the values in the text, or None if
    the driver takes them by their order.
    """

    sql: str
    names: tuple[str, ...] | None
    values: tuple[Any, ...]
    slots: tuple[tuple[int, _Slot, _Convert], ...]
    columns: tuple[tuple[str, _Convert], ...]

    def parameters(self, given: Given) -> list[Any] | dict[str, Any]:
        values = [*self.values]
        # Without a function for each, because there are dozens.
        for place, slot, convert in self.slots:
            value = given[slot.name] if slot.item is None else given[slot.name][slot.item]
            values[place] = value if convert is None else convert(value)
        return values if self.names is None else dict(zip(self.names, values, strict=True))

    def row(self, values: tuple[Any, ...]) -> Fetched:
        return {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(self.columns, values, strict=True)
        }


@lru_cache(maxsize=_COMPILED_SIZE)
def _compiled(fixed: FixedStatement, dialect: Dialect, lengths: tuple[tuple[str, int], ...]) -> _Compiled:
    """`fixed` with lists of `lengths`; all other parameters are single values."""
    compiled = fixed.statement.compile(dialect=dialect)
    given: dict[str, Any] = {name: _Slot(name) for name, bind in compiled.binds.items() if bind.required}
    given |= {name: [_Slot(name, item) for item in range(length)] for name, length in lengths}
    sent = compiled.construct_expanded_state(given)
    names = sent.positiontup if compiled.positional else [*sent.parameters]
    values, slots = [], []
    for place, name in enumerate(names or ()):
        value = sent.parameters[name]
        bind = compiled.binds[value.name if isinstance(value, _Slot) else name]
        convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if isinstance(value, _Slot):
            slots.append((place, value, convert))
        elif convert is not None:
            value = convert(value)
        values.append(value)
    return _Compiled(
        sql=sent.statement,
        names=None if compiled.positional else tuple(sent.parameters),
        values=tuple(values),
        slots=tuple(slots),
        columns=tuple(
            (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
            for column in fixed.statement.selected_columns
        ),
    )


def _fetched(raw: PoolProxiedConnection, sql: str, parameters: Any) -> list[tuple[Any, ...]]:
    report_statement(sql)
    cursor = raw.cursor()
    try:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
    finally:
        cursor.close()


@contextmanager
def _translating(dialect: Dialect, sql: str) -> Iterator[None]:
    """Raise the errors of the driver as SQLAlchemy raises them."""
    driver = dialect.loaded_dbapi
    try:
        yield
    except driver.Error as error:
        raise DBAPIError.instance(
            sql, None, error, driver.Error, hide_parameters=True, dialect=dialect
        ) from error
