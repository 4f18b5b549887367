"""What every record guarantees, in memory and in a database of each engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from casework.domain.access import SYSTEM
from casework.domain.event import event_of, unstamped
from casework.domain.person import Person, PersonRegistered
from casework.domain.sealed import ERASED, Sealed
from casework.domain.user import User, UserRegistered
from casework.domain.vocabulary import Category
from casework.record import Conflict, Record, Unreadable, retrying
from casework.record.memory import MemoryRecord
from casework.usecases.context import Context
from casework_api.commands.opening import opened
from tests.engines import Engine
from tests.settings import prepare_every_table, settings_for

NOW = datetime(2026, 9, 14, 9, 20, tzinfo=UTC)
SCHOOL = uuid4()

prepare_every_table()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Record]:
    """An empty record of each type."""
    with ExitStack() as stack:
        if request.param == "memory":
            yield MemoryRecord()
            return
        name = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
        engine: Engine = request.getfixturevalue(name)
        url = stack.enter_context(engine.database(tmp_path))
        yield stack.enter_context(opened(settings_for(url, tmp_path))).record


def context() -> Context:
    return Context(principal=SYSTEM, now=NOW)


def person(name: str = "Ada") -> Person:
    """A person who is not stored yet."""
    registered = event_of(
        context().stamp(uuid4(), 1, "admin"),
        PersonRegistered,
        school=SCHOOL,
        category=Category.PUPIL,
        name=Sealed(name),
    )
    found = Person(registered)
    found.append(registered)
    return found


def user(user_id: UUID | None = None) -> User:
    """A user who is not stored yet."""
    registered = event_of(
        context().stamp(user_id or uuid4(), 1, "admin"),
        UserRegistered,
        name=Sealed("Una"),
        email=Sealed("una@school.example"),
    )
    found = User(registered)
    found.append(registered)
    return found


def add_event(found: Person) -> None:
    """Record one more event of a person."""
    registered = unstamped(PersonRegistered, school=SCHOOL, category=Category.STAFF, name=Sealed("Bea"))
    found.append(registered.stamped(context().stamp(found.id, found.version + 1, "admin")))


def test_a_committed_aggregate_can_be_loaded(record: Record) -> None:
    stored = person()
    record.commit(stored)
    for load in (record.load, record.peek):
        loaded = load(Person, stored.id)
        assert loaded is not None
        assert (loaded.name.text, loaded.version, loaded.category) == ("Ada", 1, Category.PUPIL)


def test_loading_another_type_or_id_returns_none(record: Record) -> None:
    stored = person()
    record.commit(stored)
    for load in (record.load, record.peek):
        assert load(User, stored.id) is None
        assert load(Person, uuid4()) is None


def test_an_aggregate_can_be_loaded_as_of_a_version(record: Record) -> None:
    stored = person()
    add_event(stored)
    record.commit(stored)
    versions = [record.load(Person, stored.id, upto=upto) for upto in (1, 2, None)]
    assert [found and found.version for found in versions] == [1, 2, 2]


def test_aggregates_of_several_types_are_loaded_together(record: Record) -> None:
    stored = person(), user()
    record.commit(*stored)
    found = record.load_many([each.id for each in stored] + [uuid4()])
    assert {key: type(each) for key, each in found.items()} == {stored[0].id: Person, stored[1].id: User}
    assert record.load_many([]) == {}


def test_a_read_sees_the_latest_commit(record: Record) -> None:
    stored = person()
    record.commit(stored)
    assert record.peek(Person, stored.id) is not None
    add_event(stored)
    record.commit(stored)
    peeked = record.peek(Person, stored.id)
    assert peeked is not None
    assert peeked.version == 2


def test_an_event_that_another_thread_applied_is_not_applied_again(
    engine_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(settings_for(engine_url, tmp_path)) as app:
        stored = person()
        app.record.commit(stored)
        app.record.peek(Person, stored.id)
        add_event(stored)
        app.record.commit(stored)
        read = app.log.event_recorder.select_events

        def read_while_another_thread_peeks(*args: Any, **kwargs: Any) -> Any:
            rows = read(*args, **kwargs)
            monkeypatch.undo()
            app.record.peek(Person, stored.id)
            return rows

        monkeypatch.setattr(app.log.event_recorder, "select_events", read_while_another_thread_peeks)
        found = app.record.peek(Person, stored.id)
    assert found is not None
    assert found.version == 2


def test_an_aggregate_this_release_cannot_read_is_left_out(engine_url: str, tmp_path: Path) -> None:
    with opened(settings_for(engine_url, tmp_path)) as app:
        stored, other = person(), person()
        app.record.commit(stored, other)
        app.record.peek(Person, stored.id)
        app.log.event_recorder.insert_events([StoredEvent(stored.id, 2, "person.of_a_later_release", b"{}")])
        assert set(app.record.load_many([stored.id, other.id])) == {other.id}
        for _ in range(2):
            for read in (app.record.load, app.record.peek):
                with pytest.raises(Unreadable):
                    read(Person, stored.id)


def test_the_second_of_two_writers_gets_a_conflict_and_changes_nothing(record: Record) -> None:
    stored = person()
    record.commit(stored)
    first, second = record.load(Person, stored.id), record.load(Person, stored.id)
    assert first is not None
    assert second is not None
    add_event(first)
    record.commit(first)
    add_event(second)
    other = user()
    with pytest.raises(Conflict):
        record.commit(other, second)
    assert record.load(User, other.id) is None
    found = record.load(Person, stored.id)
    assert found is not None
    assert found.version == 2


def test_changing_a_loaded_aggregate_does_not_change_the_record(record: Record) -> None:
    stored = person()
    record.commit(stored)
    loaded = record.load(Person, stored.id)
    assert loaded is not None
    add_event(loaded)
    unchanged = record.load(Person, stored.id)
    assert unchanged is not None
    assert unchanged.version == 1


def test_a_destroyed_key_erases_what_it_sealed(record: Record) -> None:
    erased, kept = person("Ada"), person("Bea")
    record.commit(erased, kept)
    record.commit(destroying=[erased.id])
    names = [found.name.text for each in (erased, kept) if (found := record.load(Person, each.id))]
    assert names == [ERASED, "Bea"]


def test_a_command_is_retried_until_no_other_writer_is_first(record: Record) -> None:
    stored = person()
    record.commit(stored)
    tries: list[int] = []

    def command() -> int:
        found = record.load(Person, stored.id)
        assert found is not None
        tries.append(found.version)
        if len(tries) < 3:
            rival = record.load(Person, stored.id)
            assert rival is not None
            add_event(rival)
            record.commit(rival)
        add_event(found)
        record.commit(found)
        return found.version

    assert retrying(command) == 4
    assert tries == [1, 2, 3]
