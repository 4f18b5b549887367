"""Events as each release stored them, which every later release must read.

`python -m tests.domain.test_corpus write` adds the events, data keys and words that are missing from the
corpus of the current release; it changes nothing that is there. In the file of an event, `state` is what the
release stored, and never changes; `event` is what must be read from it. `words.json` has every word that a
field of an event may hold.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid5

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import create_engine, insert

from casework.domain.event import TOPICS, Event
from casework.domain.sealed import ERASED, Sealed
from casework.storage.keys import DataKeys, MasterKey, NewKeys
from casework.storage.mapper import SealingMapper
from casework.storage.sealing import Sealer
from casework.storage.tables import data_keys
from tests.domain.test_event import BY_TOPIC

CORPUS: Final = Path(__file__).parent.parent / "corpus"
RELEASE: Final = "v0.1.0"
KEYS_FILE: Final = "data-keys.json"
WORDS_FILE: Final = "words.json"
MASTER_KEY: Final = MasterKey(bytes(range(32)))
NAMESPACE: Final = UUID(int=11)

Json = dict[str, Any]


@contextmanager
def mapper_with(keys: dict[str, str]) -> Iterator[SealingMapper]:
    """The real mapper, with a table that contains the wrapped `keys` (base64, by subject in hex)."""
    engine = create_engine("sqlite://")
    try:
        data_keys.metadata.create_all(engine, [data_keys])
        with engine.begin() as connection:
            for subject, wrapped in keys.items():
                connection.execute(
                    insert(data_keys).values(subject=UUID(subject), wrapped=b64decode(wrapped))
                )
        yield SealingMapper(Sealer(DataKeys(MASTER_KEY, engine), MASTER_KEY))
    finally:
        engine.dispose()


def plain(event: Event) -> Json:
    """An event as JSON with its sealed texts in plain."""
    return dict(json.loads(msgspec.json.encode(event, enc_hook=_readable)))


def _readable(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.text
    raise NotImplementedError(f"{type(value).__name__} has no readable form")


def read(path: Path) -> Json:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def releases() -> list[Path]:
    return sorted(folder for folder in CORPUS.glob("*") if folder.is_dir())


def stored_forms() -> list[Any]:
    return [
        pytest.param(path, id=f"{folder.name} {path.stem}")
        for folder in releases()
        for path in sorted(folder.glob("*.json"))
        if path.name not in (KEYS_FILE, WORDS_FILE)
    ]


def loaded(path: Path, keys: dict[str, str]) -> Json:
    """The event that the current release reads from a stored file, with its texts in plain."""
    form = read(path)
    with mapper_with(keys) as mapper:
        state = msgspec.json.encode(form["state"])
        row = StoredEvent(UUID(form["originator_id"]), form["originator_version"], form["topic"], state)
        return plain(mapper.to_domain_event(row))


def as_recorded(found: Any, recorded: Any) -> Any:
    """`found` without the fields that `recorded` does not have, which a later release may have added."""
    if isinstance(recorded, dict) and isinstance(found, dict):
        return {name: as_recorded(found[name], value) for name, value in recorded.items() if name in found}
    if isinstance(recorded, list) and isinstance(found, list) and len(found) == len(recorded):
        return [as_recorded(item, value) for item, value in zip(found, recorded, strict=True)]
    return found


@pytest.mark.parametrize("path", stored_forms())
def test_stored_events_of_every_release_are_read_unchanged(path: Path) -> None:
    form = read(path)
    found = loaded(path, read(path.parent / KEYS_FILE))
    assert as_recorded(found, form["event"]) == form["event"]
    assert ERASED not in json.dumps(found)


@pytest.mark.parametrize("path", stored_forms())
def test_without_data_keys_an_event_is_read_without_its_texts(path: Path) -> None:
    form = read(path)
    found = loaded(path, {})
    holds_texts = '"k":' in msgspec.json.encode(form["state"]).decode()
    assert (ERASED in json.dumps(found)) is holds_texts
    assert found["originator_version"] == form["event"]["originator_version"]


@pytest.mark.parametrize("path", stored_forms())
def test_a_stored_event_contains_no_plain_text(path: Path) -> None:
    assert "Words of" not in json.dumps(read(path)["state"])


def test_every_event_is_in_the_corpus() -> None:
    files = {path.name for path in (CORPUS / RELEASE).glob("*.json")}
    assert files - {KEYS_FILE, WORDS_FILE} == {f"{cls.TOPIC}.json" for cls in BY_TOPIC}


@pytest.mark.parametrize("release", releases(), ids=lambda folder: folder.name)
def test_every_word_that_a_release_may_have_stored_is_still_known(release: Path) -> None:
    known = words()
    for field, stored in read(release / WORDS_FILE).items():
        assert set(stored) <= set(known[field]), field


def test_every_word_is_in_the_corpus() -> None:
    assert read(CORPUS / RELEASE / WORDS_FILE) == words()


@pytest.mark.parametrize("cls", BY_TOPIC, ids=lambda cls: cls.TOPIC)
def test_every_field_of_an_event_in_the_corpus_has_a_value(cls: type[Event]) -> None:
    recorded = read(CORPUS / RELEASE / f"{cls.TOPIC}.json")["event"]
    assert not [name for name, value in recorded.items() if value in (None, "", [], {})]


def words() -> dict[str, list[str]]:
    """The words that each field of each event may hold, by topic and field."""
    return {
        field: sorted(word.value for word in enum)
        for cls in TOPICS.values()
        if cls.__module__.startswith("casework.")
        for field, enum in _enums(cls, cls.TOPIC)
    }


def _enums(hint: Any, path: str) -> Iterator[tuple[str, type[Enum]]]:
    if arguments := get_args(hint):
        for part in arguments:
            yield from _enums(part, path)
    elif isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        for name, field in _hints(hint).items():
            yield from _enums(field, f"{path}.{name}")
    elif isinstance(hint, type) and issubclass(hint, Enum):
        yield path, hint


def sample(cls: type[Event]) -> Event:
    """An event of this class with a value in every field, always the same values."""
    return _value(cls, cls.TOPIC)  # type: ignore[no-any-return]


def _value(hint: Any, path: str) -> Any:
    if get_origin(hint) in (Union, UnionType):
        return _value(next(part for part in get_args(hint) if part is not type(None)), path)
    if get_origin(hint) is tuple:
        return (_value(get_args(hint)[0], f"{path}[0]"),)
    if issubclass(hint, msgspec.Struct):
        return hint(**{name: _value(field, f"{path}.{name}") for name, field in _hints(hint).items()})
    if issubclass(hint, Enum):
        return next(iter(hint))
    return _SIMPLE[hint](path)


def _hints(struct: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(struct)
    return {field.name: hints[field.name] for field in msgspec.structs.fields(struct)}


_SIMPLE: Final[dict[Any, Callable[[str], Any]]] = {
    Sealed: lambda path: Sealed(f"Words of {path}"),
    UUID: lambda path: uuid5(NAMESPACE, path),
    datetime: lambda _: datetime(2026, 9, 14, 9, 20, 30, 123456, tzinfo=UTC),
    date: lambda _: date(2026, 9, 14),
    str: lambda path: f"code of {path}",
    int: lambda _: 7,
    bool: lambda _: True,
}


def write(folder: Path = CORPUS / RELEASE) -> list[str]:
    """Add the files and words that `folder` does not have yet. Returns the names of the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    keys_path = folder / KEYS_FILE
    keys: dict[str, str] = read(keys_path) if keys_path.exists() else {}
    written = []
    for cls in TOPICS.values():
        path = folder / f"{cls.TOPIC}.json"
        if path.exists() or not cls.__module__.startswith("casework."):
            continue
        event = sample(cls)
        with mapper_with(keys) as mapper:
            new_keys = NewKeys(mapper.sealer.keys)
            row = mapper.to_stored_event(event, new_keys)
        keys |= {made.subject.hex: b64encode(made.wrapped).decode() for made in new_keys.rows}
        form = {
            "topic": row.topic,
            "originator_id": str(row.originator_id),
            "originator_version": row.originator_version,
            "state": json.loads(row.state),
            "event": plain(event),
        }
        _save(path, form)
        written.append(path.name)
    _save(keys_path, keys)
    words_path = folder / WORDS_FILE
    stored: dict[str, list[str]] = read(words_path) if words_path.exists() else {}
    merged = words() | stored
    _save(words_path, {field: sorted({*merged[field], *words().get(field, ())}) for field in sorted(merged)})
    return written


def _save(path: Path, content: Json) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] != ["write"]:
        sys.exit("usage: python -m tests.domain.test_corpus write")
    sys.stdout.writelines(f"{name}\n" for name in write())
