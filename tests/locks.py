"""A transaction on PostgreSQL that holds a lock for a limited time, while something else waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from sqlalchemy import Connection

from casework.storage import database
from casework.storage.database import Database

HOLDER_SECONDS: Final = 10
"""The longest time a lock is held. A statement without a limit succeeds after it, so that its test fails."""


def shorten_waits(patch: pytest.MonkeyPatch) -> None:
    """Let statements of new connections wait for a lock only briefly, and eventsourcing retry at once."""
    patch.setattr(database, "SESSION_LOCK_SECONDS", 0.02)
    patch.setattr("eventsourcing.utils.sleep", lambda _: None)


@contextmanager
def locked(url: str, statement: str) -> Iterator[Connection]:
    """Hold the lock that `statement` takes. The server ends the transaction after HOLDER_SECONDS."""
    holder = Database(url)
    with holder.writer.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{HOLDER_SECONDS}s'")
        connection.exec_driver_sql(statement)
        yield connection
    holder.close()
