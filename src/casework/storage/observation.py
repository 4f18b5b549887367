"""Who watches the statements: one observer for the event log's connections and the views' alike.

A test counts with it what a request costs. Without an observer a statement pays one comparison.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from sqlalchemy import Engine, event

# What opens, ends or configures a transaction or a connection reads and writes no row.
_CONTROL: Final = re.compile(
    r"\s*(?:(?:begin|start|commit|end|rollback|savepoint|release|pragma|set|show)\b|$)", re.IGNORECASE
)


class Observer(Protocol):
    """Hears of each statement, as it was written with its parameters left out, and of each commit."""

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


# The last one watches; the others wait for it to end.
_observers: list[Observer] = []


def observed() -> bool:
    """Whether anybody watches, so that a statement need not be turned into text for nobody."""
    return bool(_observers)


def report_statement(sql: str) -> None:
    """Tell the observer of `sql`, unless it only controls a transaction or a connection."""
    if _observers and not _CONTROL.match(sql):
        _observers[-1].statement(sql)


def report_commit() -> None:
    """Tell the observer that a transaction that may have written has committed."""
    if _observers:
        _observers[-1].commit()


@contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Let `observer` watch this process until the block ends."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.pop()


@contextmanager
def count_statements() -> Iterator[Tally]:
    """The tally of what happens in the block."""
    tally = Tally()
    with observing(tally):
        yield tally


def watch_engine(engine: Engine) -> None:
    """Report what goes through `engine`."""

    @event.listens_for(engine, "before_cursor_execute")
    def statement(_connection: Any, _cursor: Any, sql: str, *_: Any) -> None:
        report_statement(sql)

    @event.listens_for(engine, "commit")
    def commit(_connection: Any) -> None:
        report_commit()
