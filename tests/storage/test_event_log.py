"""Events and their data keys on both engines, stored in one transaction or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest
import sqlalchemy
from eventsourcing.application import Application
from eventsourcing.persistence import EventStore, IntegrityError, Mapper, OperationalError, StoredEvent

from casework.domain.aggregate import Aggregate
from casework.domain.event import TOPICS, Event
from casework.domain.sealed import ERASED, Sealed
from casework.storage.event_store import SealingEventStore
from casework.storage.keys import KeyDestroyed
from casework.storage.migrations import create_tables
from casework.storage.observation import count_statements
from casework.storage.postgres import CaseworkPostgresRecorder
from casework.storage.recorders import CaseworkRecorder
from casework.storage.sqlite import CaseworkSQLiteRecorder
from casework.storage.tables import data_keys
from tests.storage.stores import Noted, Store, noted, opened

SECRET = "Priya Nobody-Real"


@pytest.fixture(autouse=True)
def _known_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TOPICS, Noted.TOPIC, Noted)


@pytest.fixture
def store(engine_url: str) -> Iterator[Store]:
    with opened(engine_url) as store:
        yield store


@pytest.fixture
def other(store: Store, engine_url: str) -> Iterator[Store]:
    """Another process on the same database, with its own cache of keys."""
    with opened(engine_url) as other:
        yield other


def stored_keys(store: Store) -> dict[UUID, bool]:
    """The subjects that have a key in the table, each with whether the key still exists."""
    with store.database.engine.connect() as connection:
        rows = connection.execute(sqlalchemy.select(data_keys)).all()
    assert all(row.created_at is not None for row in rows)
    assert all((row.destroyed_at is None) == (row.wrapped is not None) for row in rows)
    return {row.subject: row.wrapped is not None for row in rows}


def test_events_can_be_read_in_another_process(store: Store, other: Store) -> None:
    aggregate = uuid4()
    events = [noted(aggregate, 1), noted(aggregate, 2, "more"), noted(aggregate, 3, count=4)]
    recordings = store.events.put(events[:2])
    recordings += store.events.put(events[2:])
    assert [recording.domain_event for recording in recordings] == events
    assert [recording.notification.id for recording in recordings] == [1, 2, 3]
    assert other.read(aggregate) == events
    assert [row.id for row in other.recorder.select_notifications(1, 10)] == [1, 2, 3]
    assert [row.id for row in other.recorder.select_notifications(2, 10, inclusive_of_start=False)] == [3]


def test_no_name_is_in_the_database(store: Store) -> None:
    aggregate = uuid4()
    store.events.put([noted(aggregate, text=SECRET, name=Sealed(SECRET, uuid4()))])
    assert all(SECRET.encode() not in row.state for row in store.recorder.select_events(aggregate))


def test_the_keys_an_event_needs_are_stored_with_it(store: Store, other: Store) -> None:
    aggregate, person = uuid4(), uuid4()
    with count_statements() as tally:
        store.events.put([noted(aggregate, name=Sealed(SECRET, person)), noted(aggregate, 2)])
    assert tally.commits == 1
    assert len(tally.statements) <= 6
    assert stored_keys(store) == {aggregate: True, person: True}
    assert other.read(aggregate)[0].name == Sealed(SECRET)


def test_a_later_event_uses_the_same_key(store: Store, other: Store) -> None:
    aggregate = uuid4()
    store.events.put([noted(aggregate)])
    with count_statements() as tally:
        store.events.put([noted(aggregate, 2)])
    assert not any("data_keys" in statement for statement in tally.statements)
    other.events.put([noted(aggregate, 3, "third")])
    assert stored_keys(store) == {aggregate: True}
    assert [event.text.text for event in store.read(aggregate)] == ["a narrative", "a narrative", "third"]


def test_a_conflicting_event_leaves_no_key_and_no_event(store: Store) -> None:
    aggregate, person = uuid4(), uuid4()
    store.events.put([noted(aggregate)])
    with pytest.raises(IntegrityError):
        store.events.put([noted(aggregate, 2), noted(aggregate, 1, name=Sealed(SECRET, person))])
    assert stored_keys(store) == {aggregate: True}
    assert store.keys.get(person) is None
    assert len(store.read(aggregate)) == 1
    store.events.put([noted(aggregate, 2, name=Sealed(SECRET, person))])
    assert store.read(aggregate)[1].name == Sealed(SECRET)


def test_a_connection_can_be_used_after_a_conflict(store: Store) -> None:
    taken = store.keys.create(uuid4())
    stored = StoredEvent(uuid4(), 1, Noted.TOPIC, b"{}")
    store.recorder.insert_events([], data_keys=[taken])
    for _ in range(8):
        with pytest.raises(IntegrityError):
            store.recorder.insert_events([stored], data_keys=[taken])
        store.events.put([noted(uuid4())])


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_only_selects_stay_prepared_on_a_connection(store: Store) -> None:
    for _ in range(8):
        store.read(store.events.put([noted(uuid4())])[0].domain_event.originator_id)
    datastore = cast(CaseworkPostgresRecorder, store.recorder).datastore
    prepared = set()
    # The pool returns its connections in rotation.
    for _ in range(16):
        with datastore.get_connection() as connection:
            rows = connection.execute("SELECT statement FROM pg_prepared_statements").fetchall()
            prepared |= {str(row["statement"]).split()[0] for row in rows}
    assert prepared == {"SELECT"}


def test_two_processes_cannot_make_two_keys_for_one_subject(store: Store, other: Store) -> None:
    first, second, person = uuid4(), uuid4(), uuid4()
    assert other.keys.get(person) is None
    store.events.put([noted(first, name=Sealed(SECRET, person))])
    row = other.keys.create(person)
    stored = other.events.mapper.to_stored_event(noted(first, 2))
    with pytest.raises(IntegrityError):
        other.recorder.insert_events([stored], data_keys=[row])
    assert len(store.read(first)) == 1
    other.events.put([noted(second, name=Sealed("the same person", person))])
    assert store.read(second)[0].name == Sealed("the same person")


def test_a_destroyed_key_erases_in_every_process(store: Store, other: Store) -> None:
    aggregate, person = uuid4(), uuid4()
    store.events.put([noted(aggregate, name=Sealed(SECRET, person))])
    with count_statements() as tally:
        store.events.put([noted(aggregate, 2)], destroyed_keys=[person])
    assert tally.commits == 1
    assert stored_keys(store) == {aggregate: True, person: False}
    for reader in (store, other):
        event = reader.read(aggregate)[0]
        assert event.name is not None
        assert event.name.text == ERASED
        assert event.text.text == "a narrative"
    with pytest.raises(KeyDestroyed):
        other.events.put([noted(aggregate, 3, name=Sealed("again", person))])
    assert len(store.read(aggregate)) == 2


def test_a_refused_event_destroys_no_key(store: Store) -> None:
    aggregate = uuid4()
    store.events.put([noted(aggregate)])
    with pytest.raises(IntegrityError):
        store.events.put([noted(aggregate)], destroyed_keys=[aggregate])
    assert stored_keys(store) == {aggregate: True}
    assert store.read(aggregate)[0].text.text == "a narrative"


def test_many_streams_are_read_in_one_statement(store: Store) -> None:
    ids = [uuid4() for _ in range(40)]
    for aggregate in ids:
        store.events.put([noted(aggregate, 1, f"first of {aggregate}"), noted(aggregate, 2)])
    for aggregate in ids[:3]:
        store.events.put([noted(aggregate, 3)])
    with count_statements() as tally:
        streams = store.recorder.select_streams([*ids, uuid4()])
    assert len(tally.statements) == 1
    assert set(streams) == set(ids)
    for aggregate, rows in streams.items():
        versions = [row.originator_version for row in rows]
        assert versions == ([1, 2, 3] if aggregate in ids[:3] else [1, 2])
        assert cast(Noted, store.events.mapper.to_domain_event(rows[0])).text.text == f"first of {aggregate}"
    assert store.recorder.select_streams([]) == {}


def test_more_streams_can_be_read_than_sqlite_has_parameters(store: Store) -> None:
    known = uuid4()
    store.events.put([noted(known)])
    streams = store.recorder.select_streams([known, *(UUID(int=number) for number in range(40_000))])
    assert list(streams) == [known]


def test_statements_of_the_log_and_of_the_views_are_counted(store: Store) -> None:
    with count_statements() as tally:
        store.recorder.max_notification_id()
        with store.database.engine.connect() as connection:
            connection.execute(sqlalchemy.text("SELECT 1"))
        assert (len(tally.statements), tally.commits) == (2, 0)
        with store.database.writer.begin() as connection:
            connection.execute(sqlalchemy.text("SELECT 2"))
        assert (len(tally.statements), tally.commits) == (3, 1)
    store.recorder.max_notification_id()
    assert len(tally.statements) == 3


def test_all_concurrent_writers_succeed(store: Store, engine_url: str) -> None:
    def write(_: int) -> UUID:
        aggregate = uuid4()
        with opened(engine_url) as own:
            for version in range(1, 6):
                own.events.put([noted(aggregate, version)])
        return aggregate

    with ThreadPoolExecutor(4) as pool:
        aggregates = list(pool.map(write, range(4)))
    assert {len(events) for events in store.recorder.select_streams(aggregates).values()} == {5}
    numbers = [row.id for row in store.recorder.select_notifications(None, 100)]
    assert numbers == sorted(numbers)
    assert len(numbers) == 20


def replay(onto: Aggregate | None, events: Iterable[Event]) -> Aggregate | None:
    return Aggregate.replay(events, onto)


class Minimal(Application[UUID]):
    """The application of the eventsourcing library, on casework's storage."""

    def __init__(self, store: Store) -> None:
        self.store = store
        super().__init__(store.database.environment)

    def construct_mapper(self) -> Mapper[UUID]:
        return self.store.events.mapper

    def construct_event_store(self) -> EventStore[UUID]:
        return SealingEventStore(self.store.events.mapper, cast(CaseworkRecorder, self.recorder))


def test_the_library_application_saves_and_reads_with_this_storage(store: Store) -> None:
    aggregate = uuid4()
    with Minimal(store) as application, count_statements() as tally:
        application.save(noted(aggregate), noted(aggregate, 2))
        assert tally.commits == 1
        assert application.recorder.max_notification_id() == 2
        read = application.repository.get(aggregate, projector_func=replay)
    assert read.version == 2
    assert len(store.read(aggregate)) == 2


class TestSQLite:
    """Tests that concern only the SQLite file."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "own" / "casework.db"

    @pytest.fixture
    def store(self, path: Path) -> Iterator[Store]:
        create_tables(f"sqlite:///{path}")
        with opened(f"sqlite:///{path}") as store:
            yield store

    def test_a_destroyed_key_is_in_no_file(self, store: Store, path: Path) -> None:
        rows = [store.keys.create(uuid4()) for _ in range(40)]
        store.recorder.insert_events([], data_keys=rows)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        secret = rows[20].wrapped[-16:]
        assert secret in path.read_bytes()
        store.recorder.insert_events([], destroyed_keys=[rows[20].subject])
        assert all(secret not in file.read_bytes() for file in path.parent.iterdir())
        assert rows[19].wrapped in path.read_bytes()

    def test_a_writer_fails_after_waiting_for_the_lock(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("casework.storage.sqlite.PRAGMAS", ("PRAGMA busy_timeout = 50",))
        with opened(str(store.database.engine.url)) as impatient:
            with store.database.writer.begin(), pytest.raises(OperationalError, match="locked"):
                impatient.events.put([noted(uuid4())])
            assert impatient.events.put([noted(uuid4())])

    def test_a_writing_transaction_of_the_log_has_the_lock_while_it_reads(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("casework.storage.sqlite.PRAGMAS", ("PRAGMA busy_timeout = 50",))
        recorder = cast(CaseworkSQLiteRecorder, store.recorder)
        with (
            opened(str(store.database.engine.url)) as impatient,
            recorder.datastore.transaction(commit=True) as cursor,
        ):
            cursor.execute("SELECT COUNT(*) FROM stored_events")
            with pytest.raises(OperationalError, match="locked"):
                impatient.events.put([noted(uuid4())])

    def test_a_reader_does_not_wait_for_a_writer(self, store: Store) -> None:
        aggregate = uuid4()
        store.events.put([noted(aggregate)])
        with store.database.writer.begin():
            assert len(store.read(aggregate)) == 1

    def test_the_recorder_reads_events_that_the_library_wrote(self, store: Store) -> None:
        row = StoredEvent(uuid4(), 1, "a topic", b"{}")
        store.recorder.insert_events([row])
        assert store.recorder.select_streams([cast(UUID, row.originator_id)]) == {row.originator_id: [row]}
