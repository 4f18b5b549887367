"""The engines of the other tests: a separate database for each test, a server that stops with them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

from tests import conftest, engines
from tests.engines import (
    SERVER_SETTING,
    Engine,
    PostgresEngine,
    PostgresUnavailableError,
    SQLiteEngine,
    postgres_server,
)

ROOT = Path(__file__).parent.parent


def _connect(url: str) -> Connection:
    """A connection without a pool, so that the test can close it."""
    address = make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername="postgresql+psycopg")
    return sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool).connect()


def _count(url: str) -> int:
    with _connect(url) as connection:
        return int(connection.execute(sqlalchemy.text("SELECT count(*) FROM prepared")).scalar_one())


def _insert(url: str) -> None:
    with _connect(url) as connection, connection.begin():
        connection.execute(sqlalchemy.text("INSERT INTO prepared VALUES (1)"))


@pytest.fixture(params=["sqlite", "postgresql"])
def prepared_engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[tuple[Engine, list[str]]]:
    """An engine whose preparer leaves its connection open, as a pool would, and the URLs it prepared."""
    prepared: list[str] = []
    with ExitStack() as stack:

        def prepare(url: str) -> None:
            prepared.append(url)
            connection = stack.enter_context(_connect(url))
            if connection.dialect.name == "sqlite":
                connection.execute(sqlalchemy.text("PRAGMA journal_mode = WAL"))
            connection.execute(sqlalchemy.text("CREATE TABLE prepared (number integer)"))
            connection.execute(sqlalchemy.text("INSERT INTO prepared VALUES (0)"))
            connection.commit()

        monkeypatch.setattr(engines, "TEMPLATE_PREPARERS", [prepare])
        if request.param == "sqlite":
            yield SQLiteEngine(tmp_path), prepared
        else:
            url = request.getfixturevalue("postgres_server_url")
            with closing(PostgresEngine(url)) as engine:
                yield engine, prepared


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_separate_database(engine_url: str, turn: int) -> None:
    with _connect(engine_url) as connection, connection.begin():
        connection.execute(sqlalchemy.text("CREATE TABLE left_behind (turn integer)"))


def test_a_blank_database_has_no_table(blank_engine_url: str) -> None:
    with _connect(blank_engine_url) as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []


def test_each_engine_matches_its_name(request: pytest.FixtureRequest, engine_url: str) -> None:
    assert make_url(engine_url).drivername == request.node.callspec.params["engine"]


def test_a_template_is_prepared_once_and_copied_completely(
    prepared_engine: tuple[Engine, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine, prepared = prepared_engine
    for _ in range(2):
        with engine.database(tmp_path_factory.mktemp("copy")) as url:
            assert _count(url) == 1
            _insert(url)
            assert _count(url) == 2
    assert len(prepared) == 1


def test_a_named_template_is_filled_once_and_copied_completely(
    prepared_engine: tuple[Engine, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine, _ = prepared_engine
    filled: list[str] = []

    def fill(url: str) -> int:
        filled.append(url)
        _insert(url)
        return len(filled)

    for _ in range(2):
        assert engine.template("filled", fill) == 1
        with engine.database(tmp_path_factory.mktemp("copy"), like="filled") as url:
            assert _count(url) == 2
            _insert(url)
    with engine.database(tmp_path_factory.mktemp("plain")) as url:
        assert _count(url) == 1
    assert len(filled) == 1


def test_two_databases_may_be_open_at_once(
    prepared_engine: tuple[Engine, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    engine, _ = prepared_engine
    with (
        engine.database(tmp_path_factory.mktemp("one")) as one,
        engine.database(tmp_path_factory.mktemp("other")) as other,
    ):
        _insert(one)
        assert (_count(one), _count(other)) == (2, 1)


def test_a_blank_database_is_not_prepared(prepared_engine: tuple[Engine, list[str]], tmp_path: Path) -> None:
    engine, _ = prepared_engine
    with engine.database(tmp_path, blank=True) as url, _connect(url) as connection:
        assert sqlalchemy.inspect(connection).get_table_names() == []


def test_a_template_that_is_still_being_written_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "template.db", isolation_level=None)) as connection:

        def prepare(_url: str) -> None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE half_done (number integer)")

        monkeypatch.setattr(engines, "TEMPLATE_PREPARERS", [prepare])
        with pytest.raises(RuntimeError, match="still has the template open"):
            SQLiteEngine(tmp_path)


def test_closing_the_engine_leaves_no_database_on_the_server(
    postgres_server_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[str] = []
    monkeypatch.setattr(engines, "TEMPLATE_PREPARERS", [made.append])
    engine = PostgresEngine(postgres_server_url)
    with engine.database(tmp_path) as url, psycopg.connect(postgres_server_url, autocommit=True) as server:
        made.append(url)
        names = {make_url(one).database for one in made}
        still_open = psycopg.connect(url)
        assert len(names & _databases(server)) == 2
    engine.close()
    still_open.close()
    with psycopg.connect(postgres_server_url) as server:
        assert not names & _databases(server)


def _databases(server: psycopg.Connection[tuple[str]]) -> set[str]:
    return {name for (name,) in server.execute("SELECT datname FROM pg_database")}


def test_the_server_stops_when_the_process_that_started_it_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SERVER_SETTING, raising=False)
    try:
        engines.postgres_binaries()
    except PostgresUnavailableError as fault:
        conftest.without_postgres(str(fault))
    script = (
        "import time\nfrom tests.engines import postgres_server\n"
        "with postgres_server() as url:\n    print(url, flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        with psycopg.connect(url) as connection:
            (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        folder = Path(data).parent
        assert folder.parent == engines.scratch_folder()
        os.kill(starter.pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts the server as another user")
def test_binaries_in_an_unreadable_folder_are_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(SERVER_SETTING, raising=False)
    wheel = engines.postgres_binaries().parent.parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for package in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        (closed / package.name).symlink_to(package)
    binaries = closed / engines.postgres_binaries().relative_to(wheel.parent)
    monkeypatch.setattr(engines, "postgres_binaries", lambda: binaries)
    with postgres_server() as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_named_server_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVER_SETTING, "postgresql://tester@127.0.0.1:1/postgres")
    with postgres_server() as url:
        assert url == "postgresql://tester@127.0.0.1:1/postgres"


def test_without_the_wheel_there_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SERVER_SETTING, raising=False)
    monkeypatch.setattr(engines, "find_spec", lambda _name: None)
    with pytest.raises(PostgresUnavailableError, match=SERVER_SETTING), postgres_server():
        pass


@pytest.mark.parametrize(("in_ci", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_server_skips_a_test_but_fails_it_in_ci(
    monkeypatch: pytest.MonkeyPatch, in_ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv(conftest.CI_SETTING, in_ci)
    with pytest.raises(outcome, match="no PostgreSQL: not today"):
        conftest.without_postgres("not today")
