"""Sealing personal text, decrypting it only when it is read, and what remains after erasure."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.sealed import ERASED, Sealed
from casework.storage.keys import KeyDestroyed, MasterKey, NewKeys, NoKey
from casework.storage.migrations import create_tables
from casework.storage.observation import count_statements
from casework.storage.sealing import SealedForm, Sealer, Tampered, open_bytes, seal_bytes
from tests.storage.stores import Store, opened

SUBJECT = uuid4()
# Every text; half of a surrogate pair is not a character and has no UTF-8.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path_factory.mktemp('sealing') / 'casework.db'}"
    create_tables(url)
    with opened(url) as store:
        store.recorder.insert_events([], data_keys=[store.keys.create(SUBJECT)])
        yield store


@pytest.fixture
def subject(store: Store) -> UUID:
    """A subject with a data key of its own, which the test destroys."""
    subject = uuid4()
    store.recorder.insert_events([], data_keys=[store.keys.create(subject)])
    return subject


def destroy(store: Store, subject: UUID) -> None:
    store.recorder.insert_events([], destroyed_keys=[subject])
    store.keys.forget([subject])


@given(plain=st.binary(), key=st.binary(min_size=32, max_size=32), subject=st.uuids())
def test_a_sealed_text_opens_to_the_same_text(plain: bytes, key: bytes, subject: UUID) -> None:
    assert open_bytes(key, seal_bytes(key, plain, subject), subject) == plain


@given(plain=st.binary(max_size=40), data=st.data())
def test_any_changed_byte_is_detected(plain: bytes, data: st.DataObject) -> None:
    key = b"k" * 32
    sealed = bytearray(seal_bytes(key, plain, SUBJECT))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Tampered):
        open_bytes(key, bytes(sealed), SUBJECT)


@given(cut=st.integers(0, 36))
def test_a_truncated_ciphertext_is_detected(cut: int) -> None:
    with pytest.raises(Tampered):
        open_bytes(b"k" * 32, seal_bytes(b"k" * 32, b"a summary", SUBJECT)[:cut], SUBJECT)


def test_a_ciphertext_opens_only_for_its_subject() -> None:
    with pytest.raises(Tampered):
        open_bytes(b"k" * 32, seal_bytes(b"k" * 32, b"a name", SUBJECT), uuid4())


def test_sealing_the_same_text_twice_gives_different_ciphertexts(store: Store) -> None:
    assert store.sealer.seal("a name", SUBJECT) != store.sealer.seal("a name", SUBJECT)


@given(text=TEXTS)
def test_a_text_is_unchanged_after_its_json_form_and_its_token(store: Store, text: str) -> None:
    form = store.sealer.seal(text, SUBJECT)
    closed = store.sealer.closed(form)
    assert store.sealer.from_token(store.sealer.to_token(closed)).text == text
    assert store.sealer.from_token(store.sealer.to_token(Sealed(text, SUBJECT))).text == text
    assert closed.under == SUBJECT


def test_a_token_copies_a_ciphertext_without_decrypting_it(store: Store) -> None:
    form = store.sealer.seal("a name", SUBJECT)
    closed = store.sealer.closed(form)
    store.keys.forget([SUBJECT])
    with count_statements() as tally:
        token = store.sealer.to_token(closed)
    assert not tally.statements
    assert token == form["k"] + form["c"]
    assert closed.text == "a name"
    assert store.sealer.to_token(closed) == token
    assert store.sealer.to_token(store.sealer.from_token(token)) == token


def test_a_value_without_a_subject_has_no_token(store: Store) -> None:
    with pytest.raises(ValueError, match="no subject"):
        store.sealer.to_token(Sealed("a name"))


def test_a_value_is_decrypted_once_when_first_read(store: Store) -> None:
    store.keys.forget([SUBJECT])
    with count_statements() as tally:
        closed = store.sealer.closed(store.sealer.seal("a name", SUBJECT))
        store.keys.forget([SUBJECT])
        tally.statements.clear()
        assert "name" not in repr(closed)
        assert not tally.statements
        assert closed.text == "a name"
        assert len(tally.statements) == 1
        store.keys.forget([SUBJECT])
        assert closed.text == "a name"
        assert len(tally.statements) == 1


def test_a_text_reads_as_erased_after_its_key_is_destroyed(store: Store, subject: UUID) -> None:
    form = store.sealer.seal("a name", subject)
    destroy(store, subject)
    closed = store.sealer.closed(form)
    assert closed.erased
    assert closed.text == ERASED


def test_many_erased_values_need_one_statement(store: Store, subject: UUID) -> None:
    form = store.sealer.seal("a name", subject)
    destroy(store, subject)
    values = [store.sealer.closed(form) for _ in range(50)]
    with count_statements() as tally:
        assert all(value.erased for value in values)
    assert len(tally.statements) == 1


def test_an_erased_value_is_copied_as_ciphertext(store: Store, subject: UUID) -> None:
    form = store.sealer.seal("a name", subject)
    destroy(store, subject)
    closed = store.sealer.closed(form)
    assert closed.text == ERASED
    assert store.sealer.to_token(closed) == form["k"] + form["c"]
    assert store.sealer.form(closed, uuid4()) == form


def test_nothing_is_sealed_under_a_destroyed_key(store: Store, subject: UUID) -> None:
    destroy(store, subject)
    with pytest.raises(KeyDestroyed):
        store.sealer.seal("a name", subject)
    with pytest.raises(KeyDestroyed):
        store.sealer.seal("a name", subject, NewKeys(store.keys))


def test_sealing_without_new_keys_needs_an_existing_key(store: Store) -> None:
    with pytest.raises(NoKey):
        store.sealer.seal("a name", uuid4())


def test_the_key_of_a_value_takes_precedence_over_the_aggregate(store: Store) -> None:
    aggregate = uuid4()
    assert store.sealer.form(Sealed("a name", SUBJECT), aggregate)["k"] == SUBJECT.hex
    with pytest.raises(NoKey):
        store.sealer.form(Sealed("a name"), aggregate)


@pytest.mark.parametrize(
    "form",
    [
        None,
        3,
        "text",
        [],
        {},
        {"k": SUBJECT.hex},
        {"c": "AA=="},
        {"k": "no hex", "c": "AA=="},
        {"k": 3, "c": ""},
    ],
)
def test_an_invalid_form_of_a_sealed_value_is_refused(store: Store, form: SealedForm) -> None:
    with pytest.raises(ValueError, match=r"sealed value|hexadecimal"):
        store.sealer.closed(form)


@pytest.mark.parametrize("base64", ["", "AA==", "not base64!", "é"])
def test_an_invalid_ciphertext_counts_as_tampered(store: Store, base64: str) -> None:
    closed = store.sealer.closed({"k": SUBJECT.hex, "c": base64})
    with pytest.raises(Tampered) as found:
        _ = closed.text
    assert str(SUBJECT) in str(found.value)


def test_a_copied_value_can_be_decrypted(store: Store) -> None:
    copied = deepcopy(store.sealer.closed(store.sealer.seal("a name", SUBJECT)))
    assert copied.text == "a name"


@pytest.mark.parametrize(
    "spelling",
    [
        "Zoë  Straße",
        "zoë straße",
        " ZOË STRASSE ",
        "Zoe\u0308 Stra\u00dfe",
        "ｚｏë\tstrasse\n",
        "zoë\u00a0straße",
    ],
)
def test_the_index_of_a_name_does_not_depend_on_spelling(store: Store, spelling: str) -> None:
    assert store.sealer.blind_index(spelling) == store.sealer.blind_index("zoë strasse")


def test_the_index_matches_only_the_complete_name(store: Store) -> None:
    names = ["zoë strasse", "zoe strasse", "zoë", "strasse zoë", "zoëstrasse", ""]
    assert len({store.sealer.blind_index(name) for name in names}) == len(names)


@given(name=TEXTS)
def test_the_index_does_not_depend_on_case_or_space(store: Store, name: str) -> None:
    index = store.sealer.blind_index(name)
    assert index == store.sealer.blind_index(f"  {name}\t")
    assert index == store.sealer.blind_index(name.casefold())
    assert len(index) == 64


def test_the_index_depends_on_the_master_key(store: Store, tmp_path: Path) -> None:
    other = Sealer(store.keys, MasterKey.create(tmp_path / "other.key"))
    assert other.blind_index("a name") != store.sealer.blind_index("a name")
