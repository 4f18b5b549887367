"""Observing the statements sent to the database, on the connections of the event log and of the views.

A test uses it to count what a request costs. Without an observer it costs one comparison per statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import Engine, event

# These open, end or configure a transaction or a connection; they read and write no row.
_CONTROL: Final = re.compile(
    r"\s*(?:(?:begin|start|commit|end|rollback|savepoint|release|pragma|set|show)\b|$)", re.IGNORECASE
)


class Observer(Protocol):
    """Is notified of each statement, without its parameters, and of each commit."""

    def statement(self, sql: str) -> None: ...

    def commit(self) -> None: ...


@dataclass
class Tally:
    """The statements and the commits of all connections of this process."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    def statement(self, sql: str) -> None:
        self.statements.append(sql)

    def commit(self) -> None:
        self.commits += 1


# Only the last one is notified; the others wait until it ends.
_observers: list[Observer] = []


def observed() -> bool:
    """Whether there is an observer; if not, a statement need not be turned into text."""
    return bool(_observers)


def report_statement(sql: str) -> None:
    """Notify the observer of `sql`, unless it only controls a transaction or a connection."""
    if _observers and not _CONTROL.match(sql):
        _observers[-1].statement(sql)


def report_commit() -> None:
    """Notify the observer that a transaction which may have written has committed."""
    if _observers:
        _observers[-1].commit()


@contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Notify `observer` of the statements and commits of this process until the block ends."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.pop()


@contextmanager
def count_statements() -> Iterator[Tally]:
    """Count the statements and commits in the block."""
    tally = Tally()
    with observing(tally):
        yield tally


def watch_engine(engine: Engine) -> None:
    """Report the statements and commits of `engine`."""

    @event.listens_for(engine, "before_cursor_execute")
    def statement(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        report_statement(sql)

    @event.listens_for(engine, "commit")
    def commit(_connection: Any) -> None:
        report_commit()
