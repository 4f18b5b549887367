"""No statement on PostgreSQL waits for a lock without a limit, whichever part of casework sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from eventsourcing.persistence import OperationalError
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError as EngineError

from casework.storage.database import take_setup_lock
from casework.storage.migrations import create_tables
from tests.locks import HOLDER_SECONDS, locked, shorten_waits
from tests.storage.stores import Store, opened

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)

SUBJECT = UUID(int=1)
NEW_SUBJECT = UUID(int=2)


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten_waits(monkeypatch)


@pytest.fixture
def store(short_waits: None, engine_url: str) -> Iterator[Store]:
    with opened(engine_url) as store:
        store.recorder.insert_events([], data_keys=[store.keys.create(SUBJECT)])
        yield store


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda store: store.recorder.select_events(SUBJECT), id="events"),
        pytest.param(lambda store: store.recorder.select_streams([SUBJECT]), id="streams"),
        pytest.param(lambda store: store.recorder.select_notifications(1, 10), id="notifications"),
        pytest.param(lambda store: store.recorder.max_notification_id(), id="last position"),
    ],
)
def test_a_read_of_the_log_fails_if_its_table_stays_locked(
    store: Store, engine_url: str, read: Callable[[Store], object]
) -> None:
    events = locked(engine_url, "LOCK TABLE stored_events IN ACCESS EXCLUSIVE MODE")
    with events, pytest.raises(OperationalError, match="lock timeout"):
        read(store)
    read(store)


@pytest.mark.parametrize(
    "held",
    [
        "LOCK TABLE data_keys IN ACCESS EXCLUSIVE MODE",
        "INSERT INTO data_keys (subject, wrapped) VALUES ('00000000-0000-0000-0000-000000000002', 'a key')",
    ],
    ids=["table", "row"],
)
def test_a_command_fails_if_the_keys_it_makes_stay_locked(store: Store, engine_url: str, held: str) -> None:
    made = store.keys.create(NEW_SUBJECT)
    with locked(engine_url, held) as holder:
        with pytest.raises(OperationalError, match="lock timeout"):
            store.recorder.insert_events([], data_keys=[made])
        holder.rollback()
    store.recorder.insert_events([], data_keys=[made])
    assert store.keys.get(NEW_SUBJECT) == made.key


def test_a_command_fails_if_the_keys_it_destroys_stay_locked(store: Store, engine_url: str) -> None:
    keys = locked(engine_url, "UPDATE data_keys SET wrapped = wrapped")
    with keys, pytest.raises(OperationalError, match="lock timeout"):
        store.recorder.insert_events([], destroyed_keys=[SUBJECT])
    store.recorder.insert_events([], destroyed_keys=[SUBJECT])
    assert store.keys.get(SUBJECT) is None


def test_a_lookup_of_a_key_fails_if_its_table_stays_locked(store: Store, engine_url: str) -> None:
    keys = locked(engine_url, "LOCK TABLE data_keys IN ACCESS EXCLUSIVE MODE")
    with keys, pytest.raises(EngineError, match="lock timeout"):
        store.keys.get(SUBJECT)
    assert store.keys.get(SUBJECT) is not None


def lock_as_a_writer(connection: Connection) -> None:
    connection.exec_driver_sql("LOCK TABLE stored_events IN ROW EXCLUSIVE MODE")


@pytest.mark.parametrize("take", [take_setup_lock, lock_as_a_writer])
def test_creating_the_tables_waits_longer_than_a_request(
    short_waits: None, engine_url: str, take: Callable[[Connection], None]
) -> None:
    """Another process may be creating them, or a server of the earlier release may still be writing."""
    with ThreadPoolExecutor(1) as pool:
        with locked(engine_url, "SELECT 1") as holder:
            take(holder)
            creating = pool.submit(create_tables, engine_url)
            with pytest.raises(TimeoutError):
                creating.result(0.5)
        creating.result(HOLDER_SECONDS)
