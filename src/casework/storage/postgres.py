"""The event log on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Final, Self
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, InterfaceError, OperationalError, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment, EnvType, retry
from psycopg import Connection, Cursor, Pipeline, Transaction
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composable, Identifier

from casework.storage.keys import DataKey
from casework.storage.observation import observed, report_commit, report_statement
from casework.storage.recorders import EVENTS_TABLE, CaseworkRecorder

# The library has no setting for the other parameters of a connection, such as `sslmode` and `options`.
PARAMETERS_SETTING: Final = "POSTGRES_PARAMETERS"


class _Cursor(Cursor[DictRow]):
    """A cursor that reports its statements to an observer."""

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Self:
        self._report(query)
        return super().execute(query, *args, **kwargs)

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> None:
        self._report(query)
        super().executemany(query, *args, **kwargs)

    def _report(self, query: Any) -> None:
        if observed():
            report_statement(query.as_string(self) if isinstance(query, Composable) else str(query))


class _Connection(Connection[DictRow]):
    @contextmanager
    def pipeline(self) -> Iterator[Pipeline]:
        # psycopg may record a statement as prepared although its pipeline was aborted; then it always fails.
        threshold, self.prepare_threshold = self.prepare_threshold, None
        try:
            with super().pipeline() as pipeline:
                yield pipeline
        finally:
            self.prepare_threshold = threshold

    @contextmanager
    def transaction(
        self, savepoint_name: str | None = None, force_rollback: bool = False
    ) -> Iterator[Transaction]:
        outermost = self.info.transaction_status == TransactionStatus.IDLE
        with super().transaction(savepoint_name, force_rollback) as transaction:
            yield transaction
        if outermost and not force_rollback:
            report_commit()


class CaseworkPostgresRecorder(PostgresApplicationRecorder, CaseworkRecorder):
    """Events and data keys in one PostgreSQL schema."""

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = EVENTS_TABLE) -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        names = {
            "keys": Identifier(datastore.schema, "data_keys"),
            "events": Identifier(datastore.schema, events_table_name),
        }
        self._insert_keys = SQL(
            "INSERT INTO {keys} (subject, wrapped) SELECT * FROM unnest(%s::uuid[], %s::bytea[])"
        ).format(**names)
        self._destroy_keys = SQL(
            "INSERT INTO {keys} (subject, destroyed_at) "
            "SELECT subject, CURRENT_TIMESTAMP FROM unnest(%s::uuid[]) AS subject "
            "ON CONFLICT (subject) DO UPDATE SET wrapped = NULL, destroyed_at = excluded.destroyed_at"
        ).format(**names)
        self._select_streams = SQL(
            "SELECT originator_id, originator_version, topic, state FROM {events} "
            "WHERE originator_id = ANY(%s) ORDER BY originator_id, originator_version"
        ).format(**names)

    def _insert_events(
        self,
        curs: Cursor[DictRow],
        stored_events: Sequence[StoredEvent],
        *,
        data_keys: Sequence[DataKey] = (),
        destroyed_keys: Collection[UUID] = (),
        **kwargs: Any,
    ) -> None:
        if data_keys:
            # Always in the same order, so that two transactions never wait for each other.
            rows = sorted(data_keys, key=lambda row: row.subject)
            # Leaving the inner pipeline waits for the result, so that a key which another writer inserted
            # first is reported as such, and not as the failure of a later statement that it aborted.
            with curs.connection.pipeline():
                curs.execute(
                    self._insert_keys, ([row.subject for row in rows], [row.wrapped for row in rows])
                )
        if destroyed_keys:
            curs.execute(self._destroy_keys, (sorted(set(destroyed_keys)),))
        super()._insert_events(curs, stored_events, **kwargs)

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def select_streams(self, ids: Collection[UUID]) -> dict[UUID, list[StoredEvent]]:
        with self.datastore.get_connection() as connection, connection.cursor() as cursor:
            rows = cursor.execute(self._select_streams, (list(ids),), prepare=True).fetchall()
        return {
            aggregate: [
                StoredEvent(aggregate, row["originator_version"], row["topic"], bytes(row["state"]))
                for row in events
            ]
            for aggregate, events in groupby(rows, key=lambda row: row["originator_id"])
        }


class CaseworkPostgresFactory(PostgresFactory):
    """Constructs the recorder, on connections that report statements, with the same table name as SQLite."""

    application_recorder_class = CaseworkPostgresRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        pool = self.datastore.pool
        pool.connection_class = _Connection
        pool.kwargs = {
            **(pool.kwargs if isinstance(pool.kwargs, dict) else {}),
            **json.loads(self.env.get(PARAMETERS_SETTING) or "{}"),
            "cursor_factory": _Cursor,
        }

    def application_recorder(self) -> ApplicationRecorder:
        recorder = CaseworkPostgresRecorder(self.datastore)
        if self.env_create_table():
            recorder.create_table()
        return recorder
