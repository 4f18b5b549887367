"""The event log on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import OperationalError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteFactory,
    SQLiteTransaction,
)
from eventsourcing.utils import Environment, EnvType

from casework.storage.keys import DataKey
from casework.storage.observation import report_commit, report_statement
from casework.storage.recorders import EVENTS_TABLE, CaseworkRecorder

BUSY_SECONDS: Final = 10

# FULL: a stored event survives a power cut. secure_delete: a destroyed key is overwritten in the file.
PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA foreign_keys = ON",
)


class _Cursor(SQLiteCursor):
    """A cursor that reports its statements to an observer."""

    def execute(self, *args: Any, **kwargs: Any) -> None:
        report_statement(args[0])
        super().execute(*args, **kwargs)

    def executemany(self, *args: Any, **kwargs: Any) -> None:
        report_statement(args[0])
        super().executemany(*args, **kwargs)


class _Transaction(SQLiteTransaction):
    """A transaction that takes the write lock when it begins, if it is going to write.

    SQLite refuses a transaction that first reads and then writes if another one wrote in between; waiting
    does not help. One that only reads consists of a single statement, which sees one state of the database.
    """

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        if not self.commit:
            return cursor
        try:
            cursor.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return cursor


class _Connection(SQLiteConnection):
    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with _Transaction(self, commit=commit) as cursor, cursor:
            yield cursor

    def cursor(self) -> SQLiteCursor:
        return _Cursor(self._sqlite_conn.cursor())

    def commit(self) -> None:
        super().commit()
        report_commit()


class _Pool(SQLiteConnectionPool):
    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()._sqlite_conn
        for pragma in PRAGMAS:
            connection.execute(pragma)
        return _Connection(connection, self.max_age)


class CaseworkSQLiteRecorder(SQLiteApplicationRecorder, CaseworkRecorder):
    """Events and data keys in one SQLite file."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        numbers = super().insert_events(stored_events, **kwargs)
        if kwargs.get("destroyed_keys"):
            self._empty_write_ahead_log()
        return numbers

    def _insert_events(
        self,
        c: SQLiteCursor,
        stored_events: Sequence[StoredEvent],
        *,
        data_keys: Sequence[DataKey] = (),
        destroyed_keys: Collection[UUID] = (),
        **kwargs: Any,
    ) -> Sequence[int] | None:
        if data_keys:
            c.executemany(
                "INSERT INTO data_keys (subject, wrapped) VALUES (?, ?)",
                [(row.subject.hex, row.wrapped) for row in data_keys],
            )
        if destroyed_keys:
            c.executemany(
                "INSERT INTO data_keys (subject, destroyed_at) VALUES (?, CURRENT_TIMESTAMP) "
                "ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at",
                [(subject.hex,) for subject in destroyed_keys],
            )
        return super()._insert_events(c, stored_events, **kwargs)

    def select_streams(self, ids: Collection[UUID]) -> dict[UUID, list[StoredEvent]]:
        # SQLite limits the number of parameters; a list in JSON is one.
        statement = (
            f"SELECT originator_id, originator_version, topic, state FROM {EVENTS_TABLE} "  # noqa: S608
            "WHERE originator_id IN (SELECT value FROM json_each(?)) "
            "ORDER BY originator_id, originator_version"
        )
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(statement, (json.dumps([aggregate.hex for aggregate in ids]),))
            rows = cursor.fetchall()
        streams = {}
        for text, events in groupby(rows, key=lambda row: row["originator_id"]):
            aggregate = UUID(hex=text)
            streams[aggregate] = [
                StoredEvent(aggregate, row["originator_version"], row["topic"], row["state"])
                for row in events
            ]
        return streams

    def _empty_write_ahead_log(self) -> None:
        """Remove destroyed keys from the write-ahead log too. If busy, the next checkpoint does it."""
        with self.datastore.get_connection(commit=True) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


class CaseworkSQLiteFactory(SQLiteFactory):
    """Constructs the recorder, on connections that wait for each other and report their statements."""

    application_recorder_class = CaseworkSQLiteRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        pool = self.datastore.pool
        self.datastore.pool = _Pool(
            db_name=pool.db_name, lock_timeout=pool.lock_timeout, pool_timeout=BUSY_SECONDS
        )
