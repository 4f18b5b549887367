"""Selects that most requests send, without what SQLAlchemy does anew for each execution."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Dialect, Engine, PoolProxiedConnection, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

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


class _Slot(msgspec.Struct, frozen=True):
    """Stands, while a statement is compiled, for the value of a parameter or for one item of its list."""

    name: str
    item: int | None = None

    def value(self, given: Given) -> Any:
        return given[self.name] if self.item is None else given[self.name][self.item]


class _Compiled(msgspec.Struct, frozen=True):
    """The text of a statement for one driver, how to find its values, and how to convert its columns."""

    sql: str
    names: tuple[str, ...]
    values: tuple[Callable[[Given], Any], ...]
    positional: bool
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def parameters(self, given: Given) -> tuple[Any, ...] | dict[str, Any]:
        values = [value(given) for value in self.values]
        return tuple(values) if self.positional else dict(zip(self.names, values, strict=True))

    def row(self, values: tuple[Any, ...]) -> Fetched:
        return {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(self.columns, values, strict=True)
        }


@lru_cache(maxsize=_COMPILED_SIZE)
def _compiled(fixed: FixedStatement, dialect: Dialect, lengths: tuple[tuple[str, int], ...]) -> _Compiled:
    """`fixed` with lists of `lengths`; all other parameters are single values."""
    compiled = fixed.statement.compile(dialect=dialect)
    binds = compiled.binds
    slots: dict[str, Any] = {name: _Slot(name) for name, bind in binds.items() if bind.required}
    slots |= {name: [_Slot(name, item) for item in range(length)] for name, length in lengths}
    sent = compiled.construct_expanded_state(slots)
    names = tuple(sent.positiontup or ()) if compiled.positional else tuple(sent.parameters)
    return _Compiled(
        sql=sent.statement,
        names=names,
        values=tuple(
            _value(slot, binds[slot.name if isinstance(slot, _Slot) else name].type, dialect)
            for name, slot in ((name, sent.parameters[name]) for name in names)
        ),
        positional=compiled.positional,
        columns=tuple(
            (column.name, column.type.dialect_impl(dialect).result_processor(dialect, None))
            for column in fixed.statement.selected_columns
        ),
    )


def _value(slot: Any, type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Given], Any]:
    """How to find the value of `slot`, which is a `_Slot` or the value itself, as the driver takes it."""
    convert = type_.dialect_impl(dialect).bind_processor(dialect)
    if not isinstance(slot, _Slot):
        fixed = slot if convert is None else convert(slot)
        return lambda _: fixed
    if convert is None:
        return slot.value
    return lambda given: convert(slot.value(given))


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
