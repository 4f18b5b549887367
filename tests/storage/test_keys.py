"""The master key in its file, and the data keys it wraps."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from casework.storage.keys import DataKeys, KeyDestroyed, MasterKey, MasterKeyError, NewKeys, derive_key
from casework.storage.observation import count_statements
from tests.storage.stores import MASTER, Store, opened

SUBJECT = uuid4()


class Clock:
    """A clock that does not advance by itself; `now` is in seconds."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def store(engine_url: str) -> Iterator[Store]:
    with opened(engine_url) as store:
        yield store


def save_key(store: Store, keys: DataKeys) -> bytes:
    row = keys.create(SUBJECT)
    store.recorder.insert_events([], data_keys=[row])
    return row.key


def test_a_created_master_key_is_private_and_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "master.key"
    created = MasterKey.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert len(path.read_bytes()) == 32
    assert MasterKey.load(path).derive("a use") == created.derive("a use")


def test_a_master_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    MasterKey.create(path)
    before = path.read_bytes()
    with pytest.raises(MasterKeyError, match=r"CASEWORK_MASTER_KEY_FILE.*exists"):
        MasterKey.create(path)
    assert path.read_bytes() == before


def test_a_master_key_that_was_not_written_in_full_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "master.key"
    with monkeypatch.context() as full_disk:
        full_disk.setattr("os.fsync", fail)
        with pytest.raises(MasterKeyError, match=r"CASEWORK_MASTER_KEY_FILE.*No space"):
            MasterKey.create(path)
    MasterKey.create(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_master_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    MasterKey.create(path)
    path.chmod(mode)
    with pytest.raises(MasterKeyError, match=r"CASEWORK_MASTER_KEY_FILE.*0600"):
        MasterKey.load(path)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_master_key_of_a_wrong_size_is_refused_without_showing_it(tmp_path: Path, size: int) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"k" * size)
    path.chmod(0o600)
    with pytest.raises(MasterKeyError, match=r"CASEWORK_MASTER_KEY_FILE.*32 bytes") as refusal:
        MasterKey.load(path)
    assert "kkk" not in str(refusal.value)


def test_a_missing_master_key_names_its_setting(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match=r"CASEWORK_MASTER_KEY_FILE"):
        MasterKey.load(tmp_path / "absent")


def test_no_key_is_shown() -> None:
    row = DataKeys(MASTER, engine=None).create(SUBJECT)  # type: ignore[arg-type]
    for shown in (repr(MASTER), str(MASTER), repr(row)):
        assert MASTER._secret.hex() not in shown
        assert repr(MASTER._secret) not in shown
        assert repr(row.key) not in shown
        assert repr(row.wrapped) not in shown


def test_derived_keys_never_change() -> None:
    # If this changed, every index of names and every token issued so far would be lost.
    assert (
        derive_key(bytes(range(32)), "a use").hex()
        == "7a845c4ba01603288353c0e8d2839d23c651006a9dd5516b23104719d8dc8d6a"
    )
    assert MASTER.derive("a use") != MASTER.derive("another use")


def test_a_wrapped_key_opens_only_for_its_subject() -> None:
    wrapped = MASTER.wrap(b"k" * 32, SUBJECT)
    assert wrapped[0] == 1
    assert MASTER.unwrap(wrapped, SUBJECT) == b"k" * 32
    with pytest.raises(MasterKeyError, match="does not open"):
        MASTER.unwrap(wrapped, uuid4())
    with pytest.raises(MasterKeyError, match="does not open"):
        MasterKey(bytes(32)).unwrap(wrapped, SUBJECT)
    with pytest.raises(MasterKeyError, match="unknown version"):
        MASTER.unwrap(b"\x02" + wrapped[1:], SUBJECT)


@pytest.mark.parametrize("length", [0, 1, 5, 13, 30])
def test_a_truncated_wrapped_key_is_refused(length: int) -> None:
    with pytest.raises(MasterKeyError):
        MASTER.unwrap(MASTER.wrap(b"k" * 32, SUBJECT)[:length], SUBJECT)


def test_a_stored_key_is_read_once_and_then_cached(store: Store) -> None:
    key = save_key(store, store.keys)
    with count_statements() as tally:
        assert store.keys.get(SUBJECT) == key
        assert store.keys.get(SUBJECT) == key
    assert len(tally.statements) == 1


def test_keys_are_fetched_together_in_one_statement(store: Store) -> None:
    rows = [store.keys.create(uuid4()) for _ in range(150)]
    store.recorder.insert_events([], data_keys=rows)
    subjects = [row.subject for row in rows]
    with count_statements() as tally:
        store.keys.prefetch([*subjects, *subjects, uuid4()])
        assert [store.keys.get(row.subject) for row in rows] == [row.key for row in rows]
        store.keys.prefetch(subjects)
    assert len(tally.statements) == 1


def test_a_key_destroyed_by_another_process_leaves_the_cache_in_time(store: Store) -> None:
    clock = Clock()
    keys = DataKeys(MASTER, store.database.engine, life=60, clock=clock)
    key = save_key(store, keys)
    assert keys.get(SUBJECT) == key
    store.recorder.insert_events([], destroyed_keys=[SUBJECT])
    clock.now += 59
    assert keys.get(SUBJECT) == key
    clock.now += 1
    assert keys.get(SUBJECT) is None
    with pytest.raises(KeyDestroyed):
        keys.sealing_key(SUBJECT)


def test_a_clock_set_back_expires_cached_keys(store: Store) -> None:
    clock = Clock()
    keys = DataKeys(MASTER, store.database.engine, clock=clock)
    save_key(store, keys)
    keys.get(SUBJECT)
    store.recorder.insert_events([], destroyed_keys=[SUBJECT])
    clock.now -= 1
    assert keys.get(SUBJECT) is None


def test_the_cache_holds_no_more_keys_than_its_capacity(store: Store) -> None:
    keys = DataKeys(MASTER, store.database.engine, capacity=2)
    rows = [keys.create(uuid4()) for _ in range(3)]
    store.recorder.insert_events([], data_keys=rows)
    first, second, third = (row.subject for row in rows)
    keys.get(first), keys.get(second), keys.get(first), keys.get(third)
    with count_statements() as tally:
        keys.get(first)
        assert not tally.statements
        keys.get(second)
        assert len(tally.statements) == 1


def test_a_missing_key_is_cached_only_for_earlier_reads(store: Store) -> None:
    clock = Clock()
    keys = DataKeys(MASTER, store.database.engine, clock=clock)
    assert keys.get(SUBJECT) is None
    key = save_key(store, keys)
    with count_statements() as tally:
        assert keys.get(SUBJECT, since=clock.now) is None
    assert not tally.statements
    clock.now += 1
    assert keys.get(SUBJECT, since=clock.now) == key


def test_new_keys_are_unknown_until_their_transaction_commits(store: Store) -> None:
    new_keys = NewKeys(store.keys)
    key = new_keys.key_for(SUBJECT)
    assert new_keys.key_for(SUBJECT) == key
    assert store.keys.get(SUBJECT) is None
    store.recorder.insert_events([], data_keys=new_keys.rows)
    new_keys.committed()
    with count_statements() as tally:
        assert store.keys.get(SUBJECT) == key
    assert not tally.statements


def test_a_subject_can_have_only_one_key_ever(store: Store) -> None:
    save_key(store, store.keys)
    with pytest.raises(IntegrityError):
        save_key(store, store.keys)
    store.recorder.insert_events([], destroyed_keys=[SUBJECT])
    with pytest.raises(IntegrityError):
        save_key(store, store.keys)
    with pytest.raises(KeyDestroyed):
        NewKeys(store.keys).key_for(SUBJECT)


def test_a_key_can_be_destroyed_before_it_exists_and_twice(store: Store) -> None:
    store.recorder.insert_events([], destroyed_keys=[SUBJECT, SUBJECT])
    store.recorder.insert_events([], destroyed_keys=[SUBJECT])
    with pytest.raises(IntegrityError):
        save_key(store, store.keys)


def test_a_wrong_master_key_names_the_setting(store: Store) -> None:
    save_key(store, store.keys)
    other = DataKeys(MasterKey(bytes(32)), store.database.engine)
    with pytest.raises(MasterKeyError, match=r"CASEWORK_MASTER_KEY_FILE.*does not open"):
        other.get(SUBJECT)
