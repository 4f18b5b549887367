"""The database casework stores its record in, and how the event log and the views connect to it."""

from __future__ import annotations

import json
import re
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import sqlalchemy
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure
from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.schema import CreateSchema

from casework.domain.errors import SetUpError
from casework.storage import postgres, sqlite
from casework.storage.observation import watch_engine

SETTING: Final = "CASEWORK_DATABASE_URL"
LOCK_SECONDS: Final = 1
"""How long one attempt waits for a lock. There are several attempts."""
CONNECT_SECONDS: Final = 2
SESSION_LOCK_SECONDS: Final = LOCK_SECONDS
"""How long a statement on PostgreSQL waits for a lock, unless its transaction sets another time.

It is set once per connection: a statement would cost a round trip.
"""
_SETUP_LOCK: Final = 0x63617365
_SCHEMA: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_PARAMETERS: Final = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey", "target_session_attrs"})


class DatabaseUrlError(SetUpError):
    """The setting does not name a database casework can use. The message never contains the password."""

    def __init__(self, fault: str) -> None:
        super().__init__(f"{SETTING}: {fault}")


class Database:
    """One SQLite file or one PostgreSQL schema.

    `url` is `sqlite:///relative.db`, `sqlite:////absolute.db`, or
    `postgresql://user:password@host:port/name`, which may have `?schema=` (for example one for each trust),
    `?host=` (the folder of a socket) and the parameters of an encrypted connection. Creating a Database
    opens no connection; open one after a fork, never before. Raises DatabaseUrlError.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise DatabaseUrlError("is not a database URL") from None
        self.is_sqlite = parsed.drivername == "sqlite"
        if self.is_sqlite:
            self._target: _SQLite | _Postgres = _SQLite(parsed)
        elif parsed.drivername == "postgresql":
            self._target = _Postgres(parsed)
        else:
            raise DatabaseUrlError("must start with sqlite:/// or postgresql://")

    @property
    def environment(self) -> dict[str, str]:
        """The settings of eventsourcing: which recorder, which database, and how long it may wait."""
        return {"CREATE_TABLE": "n", **self._target.environment(SESSION_LOCK_SECONDS)}

    @property
    def setup_environment(self) -> dict[str, str]:
        """As `environment`, but the recorder creates its tables, and waits for a lock as long as `writer`."""
        return {"CREATE_TABLE": "y", **self._target.environment(sqlite.BUSY_SECONDS)}

    @cached_property
    def engine(self) -> Engine:
        """For transactions that only read. On PostgreSQL the same as `writer`."""
        engine = self._target.engine()
        watch_engine(engine)
        return engine

    @cached_property
    def writer(self) -> Engine:
        """For transactions that write: on SQLite they take the write lock when they begin.

        SQLite refuses a transaction that first reads and then writes if another one wrote in between.
        """
        return self.engine.execution_options(casework_writes=True)

    @cached_property
    def applier(self) -> Engine:
        """As `writer`, but waits only LOCK_SECONDS for a lock, for callers that check between attempts."""
        return self.writer.execution_options(casework_lock_seconds=LOCK_SECONDS)

    def prepare_place(self) -> None:
        """Create the folder of an SQLite file, closed to other users, or the schema in PostgreSQL."""
        self._target.prepare_place(self.writer)

    def close(self) -> None:
        """Close the connections of the engine, if it was ever used."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def __repr__(self) -> str:
        return f"Database({'sqlite' if self.is_sqlite else 'postgresql'})"


class _SQLite:
    def __init__(self, url: URL) -> None:
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise DatabaseUrlError("must name a file; a database in memory cannot be shared")
        if url.host or url.query:
            raise DatabaseUrlError("must be sqlite:///relative.db or sqlite:////absolute.db")
        self.path = Path(url.database).absolute()

    def prepare_place(self, _engine: Engine) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def environment(self, _lock_seconds: float) -> dict[str, str]:
        return {
            "PERSISTENCE_MODULE": f"{sqlite.__name__}:{sqlite.CaseworkSQLiteFactory.__name__}",
            "SQLITE_DBNAME": str(self.path),
            "SQLITE_LOCK_TIMEOUT": str(sqlite.BUSY_SECONDS),
        }

    def engine(self) -> Engine:
        engine = sqlalchemy.create_engine(
            URL.create("sqlite", database=str(self.path)),
            hide_parameters=True,
            connect_args={"timeout": sqlite.BUSY_SECONDS},
        )
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine


class _Postgres:
    def __init__(self, url: URL) -> None:
        query = {name: str(value) for name, value in url.query.items()}
        self.schema = query.pop("schema", "public")
        self.host = url.host or query.pop("host", None)
        self.parameters = query
        self.url = url
        if not _SCHEMA.fullmatch(self.schema):
            raise DatabaseUrlError("has a schema that is not a lower-case name of letters, digits and _")
        unknown = sorted(set(query) - _PARAMETERS)
        if unknown:
            raise DatabaseUrlError(f"has the unknown parameter {unknown[0]}")
        if not (self.host and url.username and url.database):
            raise DatabaseUrlError("must be postgresql://user:password@host:port/name")

    def prepare_place(self, engine: Engine) -> None:
        with engine.begin() as connection:
            take_setup_lock(connection)
            # Checked first: a user may lack the right to create a schema, even one that already exists.
            if self.schema not in sqlalchemy.inspect(connection).get_schema_names():
                connection.execute(CreateSchema(self.schema))

    def environment(self, lock_seconds: float) -> dict[str, str]:
        # The library's own lock timeout applies only to the statements that insert events.
        parameters = {**self.parameters, "options": _lock_timeout(lock_seconds)}
        return {
            "PERSISTENCE_MODULE": f"{postgres.__name__}:{postgres.CaseworkPostgresFactory.__name__}",
            "POSTGRES_DBNAME": str(self.url.database),
            "POSTGRES_HOST": str(self.host),
            "POSTGRES_PORT": str(self.url.port or 5432),
            "POSTGRES_USER": str(self.url.username),
            "POSTGRES_PASSWORD": str(self.url.password or ""),
            "POSTGRES_SCHEMA": self.schema,
            "POSTGRES_POOL_SIZE": "1",
            "POSTGRES_MAX_OVERFLOW": "9",
            # eventsourcing tries ten times, 0.2 s apart: 12 s for a lock, 22 s for a connection.
            "POSTGRES_CONNECT_TIMEOUT": str(CONNECT_SECONDS),
            "POSTGRES_LOCK_TIMEOUT": str(LOCK_SECONDS),
            postgres.PARAMETERS_SETTING: json.dumps(parameters),
        }

    def engine(self) -> Engine:
        url = URL.create(
            "postgresql+psycopg",
            username=self.url.username,
            password=self.url.password,
            host=self.host,
            port=self.url.port,
            database=self.url.database,
            query=self.parameters,
        )
        options = f"-c search_path={self.schema} {_lock_timeout(SESSION_LOCK_SECONDS)}"
        engine = sqlalchemy.create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=5,
            max_overflow=5,
            connect_args={"connect_timeout": CONNECT_SECONDS, "options": options},
        )
        event.listen(engine, "begin", _begin_postgres)
        return engine


def _lock_timeout(seconds: float) -> str:
    """The option that limits, for a whole session, how long a statement waits for a lock."""
    return f"-c lock_timeout={int(seconds * 1000)}ms"


def lock_was_held(error: DBAPIError) -> bool:
    """Whether `error` says that another transaction held what this one waited for, and nothing is broken."""
    cause = error.orig
    if isinstance(cause, sqlite3.OperationalError):
        # The lower byte of an extended code is the plain one.
        return cause.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return isinstance(cause, (LockNotAvailable, DeadlockDetected, SerializationFailure))


def take_setup_lock(connection: Connection) -> None:
    """On PostgreSQL, wait for the lock of creating tables, and hold it until the transaction ends."""
    connection.execute(sqlalchemy.select(sqlalchemy.func.pg_advisory_xact_lock(_SETUP_LOCK)))


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # Otherwise Python's driver begins a transaction by itself, and only before a statement that writes.
    connection.isolation_level = None
    for pragma in ("PRAGMA journal_mode = WAL", *sqlite.PRAGMAS):
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("casework_writes"):
        # Sent to the driver: as a statement of SQLAlchemy it takes longer than most reads.
        connection.connection.cursor().execute("BEGIN")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {_lock_milliseconds(connection)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_postgres(connection: Connection) -> None:
    writes = connection.get_execution_options().get("casework_writes")
    if writes and _lock_milliseconds(connection) != SESSION_LOCK_SECONDS * 1000:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_lock_milliseconds(connection)}")


def _lock_milliseconds(connection: Connection) -> int:
    seconds: float = connection.get_execution_options().get("casework_lock_seconds", sqlite.BUSY_SECONDS)
    return int(seconds * 1000)
