"""The setting that names the database, how it is parsed, and the tables that are created."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import OperationalError as EngineError

from casework.storage.database import Database, DatabaseUrlError, lock_was_held
from casework.storage.migrations import create_tables
from casework.storage.observation import count_statements, report_commit, report_statement
from casework.storage.tables import data_keys, metadata
from tests.forks import processes
from tests.storage.stores import opened

PASSWORD = "p@ss/word"
POSTGRES_URL = "postgresql://casework:p%40ss%2Fword@db.example:5433/trust"


def test_a_relative_path_is_resolved_when_the_database_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite:///var/casework.db")
    monkeypatch.chdir("/")
    assert database.environment == {
        "PERSISTENCE_MODULE": "casework.storage.sqlite:CaseworkSQLiteFactory",
        "SQLITE_DBNAME": str(tmp_path / "var" / "casework.db"),
        "SQLITE_LOCK_TIMEOUT": "10",
        "CREATE_TABLE": "n",
    }
    assert not (tmp_path / "var").exists()


def test_an_absolute_path_is_used_unchanged() -> None:
    assert Database("sqlite:////srv/case%20work.db").environment["SQLITE_DBNAME"] == "/srv/case work.db"


def test_the_log_and_the_views_connect_to_the_same_server() -> None:
    database = Database(f"{POSTGRES_URL}?schema=north&sslmode=require")
    assert database.environment == {
        "PERSISTENCE_MODULE": "casework.storage.postgres:CaseworkPostgresFactory",
        "POSTGRES_DBNAME": "trust",
        "POSTGRES_HOST": "db.example",
        "POSTGRES_PORT": "5433",
        "POSTGRES_USER": "casework",
        "POSTGRES_PASSWORD": PASSWORD,
        "POSTGRES_SCHEMA": "north",
        "POSTGRES_POOL_SIZE": "1",
        "POSTGRES_MAX_OVERFLOW": "9",
        "POSTGRES_CONNECT_TIMEOUT": "2",
        "POSTGRES_LOCK_TIMEOUT": "1",
        "POSTGRES_PARAMETERS": '{"sslmode": "require", "options": "-c lock_timeout=1000ms"}',
        "CREATE_TABLE": "n",
    }
    assert database.engine.url.drivername == "postgresql+psycopg"
    assert database.engine.url.password == PASSWORD
    assert dict(database.engine.url.query) == {"sslmode": "require"}


def test_the_host_may_be_the_folder_of_a_socket() -> None:
    assert Database("postgresql://u@/d?host=/run/pg").environment["POSTGRES_HOST"] == "/run/pg"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "casework.db",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory",
        "sqlite:///x.db?mode=ro",
        "sqlite://host/x.db",
        "mysql://u:p%40ss%2Fword@h/d",
        "postgresql+asyncpg://u:p%40ss%2Fword@h/d",
        "postgresql://h/d",
        "postgresql://u:p%40ss%2Fword@h",
        "postgresql://u:p%40ss%2Fword@/d",
        "postgresql://u:p%40ss%2Fword@h:port/d",
        "postgresql://u:p%40ss%2Fword@h/d?surprise=1",
        "postgresql://u:p%40ss%2Fword@h/d?schema=a%20-c%20x",
    ],
)
def test_an_invalid_url_names_the_setting_and_no_password(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match=r"^CASEWORK_DATABASE_URL: ") as refusal:
        Database(url)
    assert "ss%2F" not in str(refusal.value)
    assert PASSWORD not in str(refusal.value)


def test_the_password_is_not_shown() -> None:
    database = Database(POSTGRES_URL)
    assert PASSWORD not in repr(database) + repr(database.engine) + str(database.engine.url)
    assert "p%40ss" not in repr(database) + repr(database.engine) + str(database.engine.url)


def test_the_folder_of_the_database_is_private(tmp_path: Path) -> None:
    create_tables(f"sqlite:///{tmp_path}/deep/var/casework.db")
    assert (tmp_path / "deep" / "var").stat().st_mode & 0o777 == 0o700


def columns(url: str) -> dict[str, dict[str, bool]]:
    """The columns of each table, and whether they may be null."""
    database = Database(url)
    inspector = sqlalchemy.inspect(database.engine)
    tables = {
        table: {column["name"]: column["nullable"] for column in inspector.get_columns(table)}
        for table in inspector.get_table_names()
    }
    database.close()
    return tables


def test_the_tables_are_those_of_the_log_and_the_keys(blank_engine_url: str) -> None:
    create_tables(blank_engine_url)
    tables = columns(blank_engine_url)
    assert set(tables) == {"stored_events", "data_keys", "alembic_version"}
    numbered = {"notification_id"} if blank_engine_url.startswith("postgresql") else set()
    assert (
        set(tables["stored_events"]) == {"originator_id", "originator_version", "topic", "state"} | numbered
    )
    for table in metadata.sorted_tables:
        assert tables[table.name] == {column.name: column.nullable for column in table.columns}


def test_creating_the_tables_again_preserves_their_rows(blank_engine_url: str) -> None:
    create_tables(blank_engine_url)
    with opened(blank_engine_url) as store:
        store.recorder.insert_events([], data_keys=[store.keys.create(UUID(int=1))])
    create_tables(blank_engine_url)
    with opened(blank_engine_url) as store, store.database.engine.connect() as connection:
        assert len(connection.execute(sqlalchemy.select(data_keys)).all()) == 1


def test_an_upgrade_drops_the_table_of_relations_but_not_the_keys(blank_engine_url: str) -> None:
    """The first release left the database at revision 0001, with a table that nothing read."""
    create_tables(blank_engine_url)
    database = Database(blank_engine_url)
    with database.writer.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        connection.exec_driver_sql("CREATE TABLE view_people_relations (person VARCHAR(36))")
        connection.execute(data_keys.insert(), [{"subject": UUID(int=1), "wrapped": b"a key"}])
    database.close()
    create_tables(blank_engine_url)
    assert set(columns(blank_engine_url)) == {"stored_events", "data_keys", "alembic_version"}
    with opened(blank_engine_url) as store, store.database.engine.connect() as connection:
        assert len(connection.execute(sqlalchemy.select(data_keys)).all()) == 1


def test_several_processes_may_create_the_tables_at_once(blank_engine_url: str) -> None:
    with ProcessPoolExecutor(3, mp_context=processes()) as pool:
        made = [pool.submit(create_tables, blank_engine_url) for _ in range(3)]
    assert [each.result() for each in made] == [None, None, None]
    assert "data_keys" in columns(blank_engine_url)


def test_opening_a_store_creates_no_tables(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/casework.db") as store:
        assert sqlalchemy.inspect(store.database.engine).get_table_names() == []


def test_a_trust_may_have_its_own_schema_on_postgresql(blank_engine_url: str) -> None:
    if blank_engine_url.startswith("sqlite"):
        with pytest.raises(DatabaseUrlError):
            create_tables(f"{blank_engine_url}?schema=north")
        return
    create_tables(blank_engine_url)
    create_tables(f"{blank_engine_url}?schema=north")
    with opened(f"{blank_engine_url}?schema=north") as north, opened(blank_engine_url) as public:
        subject = UUID(int=1)
        north.recorder.insert_events([], data_keys=[north.keys.create(subject)])
        assert north.keys.get(subject) is not None
        assert public.keys.get(subject) is None


def test_sqlite_uses_wal_and_waits_for_the_disk(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/casework.db"
    create_tables(url)
    wanted = {"journal_mode": "wal", "busy_timeout": 10_000, "synchronous": 2, "foreign_keys": 1}
    with opened(url) as store:
        with store.database.engine.connect() as connection:
            engine = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted}
        log = {}
        with store.factory.datastore.get_connection(commit=False) as own:  # type: ignore[attr-defined]
            for name in wanted:
                cursor = own.cursor()
                cursor.execute(f"PRAGMA {name}")
                log[name] = cursor.fetchone()[0]
    assert engine == wanted
    assert log == wanted


def test_a_failed_statement_shows_no_values(engine_url: str) -> None:
    database = Database(engine_url)
    row = {"subject": UUID(int=1), "wrapped": b"a name that is confidential"}
    with pytest.raises(IntegrityError) as refusal, database.writer.begin() as connection:
        connection.execute(data_keys.insert(), [row, row])
    database.close()
    assert "confidential" not in str(refusal.value)


def test_a_writing_transaction_takes_the_lock_before_it_reads(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/casework.db"
    create_tables(url)
    first, second = Database(url), Database(url)
    hasty = second.writer.execution_options(casework_lock_seconds=0.02)
    with first.writer.begin(), second.engine.connect() as reader, hasty.connect() as writer:
        reader.execute(sqlalchemy.select(data_keys))
        with pytest.raises(EngineError, match="locked"):
            writer.execute(sqlalchemy.select(data_keys))
    first.close()
    second.close()


def test_waiting_for_a_lock_is_distinguished_from_other_errors(engine_url: str) -> None:
    first, second = Database(engine_url), Database(engine_url)
    row = {"subject": UUID(int=1), "wrapped": b"wrapped"}
    with first.writer.begin() as holder:
        holder.execute(data_keys.insert(), [row])
        with pytest.raises(EngineError) as waited, second.applier.begin() as writer:
            writer.execute(data_keys.insert(), [row])
    assert lock_was_held(waited.value)
    with pytest.raises(DBAPIError) as broken, first.engine.connect() as reader:
        reader.exec_driver_sql("SELECT 1 FROM no_such_table")
    assert not lock_was_held(broken.value)
    first.close()
    second.close()


@pytest.mark.parametrize(
    "sql", ["BEGIN", "begin immediate", "COMMIT", " ROLLBACK", "PRAGMA x", "SET a = b", ""]
)
def test_transaction_control_and_settings_are_not_counted(sql: str) -> None:
    with count_statements() as tally:
        report_statement(sql)
    assert tally.statements == []


def test_statement_counters_may_be_nested() -> None:
    with count_statements() as outer:
        report_statement("SELECT 1")
        with count_statements() as inner:
            report_statement("SELECT 2")
            report_commit()
        report_commit()
    report_statement("SELECT 3")
    assert (outer.statements, outer.commits) == (["SELECT 1"], 1)
    assert (inner.statements, inner.commits) == (["SELECT 2"], 1)
