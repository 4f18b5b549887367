"""Events as readable JSON, and read back in the current version of their class."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID, uuid4

import msgspec
import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.event import TOPICS, Event
from casework.domain.fields import Name, Short
from casework.domain.moments import LocalDate
from casework.domain.sealed import Sealed
from casework.storage.keys import NewKeys, NoKey
from casework.storage.mapper import SealingMapper
from casework.storage.migrations import create_tables
from tests.storage.stores import Store, noted, opened

AGGREGATE = UUID("9a8b7c6d-5e4f-4a3b-8c1d-0e9f8a7b6c5d")
SECRET = "Priya Nobody-Real"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Guest(msgspec.Struct, frozen=True):
    name: Name
    age: int | None = None


class Party(Event, frozen=True, kw_only=True):
    """An event with every type of field."""

    TOPIC: ClassVar[str] = "test_storage.party"
    VERSION: ClassVar[int] = 3

    as_: UUID = msgspec.field(name="as")
    colour: Colour
    held_on: LocalDate
    sure: bool
    heads: int
    about: str
    remark: Short | None = None
    guests: tuple[Guest, ...] = ()
    colours: frozenset[Colour] = frozenset()

    @classmethod
    def upcast(cls, state: dict[str, Any], version: int) -> dict[str, Any]:
        if version < 2:
            state["heads"] = state.pop("count")
        if version < 3:
            state["about"] = state.get("about") or "unsaid"
        return state


del TOPICS[Party.TOPIC]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path_factory.mktemp('mapper') / 'casework.db'}"
    create_tables(url)
    with opened(url) as store:
        store.recorder.insert_events([], data_keys=[store.keys.create(AGGREGATE)])
        yield store


@pytest.fixture(scope="module")
def mapper(store: Store) -> Iterator[SealingMapper]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TOPICS, Party.TOPIC, Party)
        yield store.events.mapper


def party(**fields: Any) -> Party:
    plain: dict[str, Any] = {
        "originator_id": AGGREGATE,
        "originator_version": 7,
        "by": UUID(int=1),
        "role": "dsl",
        "request_id": "r",
        "happened_at": datetime(2026, 9, 14, 10, 20, tzinfo=timezone(timedelta(hours=1))),
        "recorded_at": datetime(2026, 9, 14, 9, 20, 0, 5, tzinfo=UTC),
        "as_": UUID(int=2),
        "colour": Colour.RED,
        "held_on": date(2026, 9, 14),
        "sure": True,
        "heads": 3,
        "about": "nothing",
    }
    return Party(**{**plain, **fields})


def stored(topic: str, state: Any) -> StoredEvent:
    return StoredEvent(AGGREGATE, 7, topic, state if isinstance(state, bytes) else json.dumps(state).encode())


def test_the_state_is_plain_json_without_module_names_or_secrets(mapper: SealingMapper) -> None:
    row = mapper.to_stored_event(
        party(remark=Sealed(SECRET), guests=(Guest(Sealed(SECRET), 9),), colours=frozenset({"red", "blue"}))
    )
    assert (row.originator_id, row.originator_version, row.topic) == (AGGREGATE, 7, "test_storage.party")
    state = json.loads(row.state)
    assert SECRET.encode() not in row.state
    for sealed in (state.pop("remark"), state["guests"][0].pop("name")):
        assert sealed["k"] == AGGREGATE.hex
        assert set(sealed) == {"k", "c"}
    assert state == {
        "v": 3,
        "by": "00000000-0000-0000-0000-000000000001",
        "role": "dsl",
        "request_id": "r",
        "request_digest": "",
        "happened_at": "2026-09-14T10:20:00+01:00",
        "recorded_at": "2026-09-14T09:20:00.000005Z",
        "as": "00000000-0000-0000-0000-000000000002",
        "colour": "red",
        "held_on": "2026-09-14",
        "sure": True,
        "heads": 3,
        "about": "nothing",
        "guests": [{"age": 9}],
        "colours": ["blue", "red"],
    }
    assert next(iter(json.loads(row.state))) == "v"


def test_the_first_version_of_an_event_stores_no_version(mapper: SealingMapper) -> None:
    row = mapper.to_stored_event(noted(AGGREGATE))
    assert "v" not in json.loads(row.state)


@given(
    text=st.text(st.characters(exclude_categories=["Cs"])),
    heads=st.integers(-(2**63), 2**63 - 1),
    about=st.text(st.characters(exclude_categories=["Cs"])),
    happened=st.datetimes(timezones=st.just(UTC)),
    held=st.dates(),
    colours=st.frozensets(st.sampled_from(Colour)),
)
def test_an_event_read_back_equals_the_stored_one(
    mapper: SealingMapper,
    text: str,
    heads: int,
    about: str,
    happened: datetime,
    held: date,
    colours: frozenset[Colour],
) -> None:
    event = party(
        remark=Sealed(text),
        guests=(Guest(Sealed(text, AGGREGATE)), Guest(Sealed("another"), heads)),
        heads=heads,
        about=about,
        happened_at=happened,
        held_on=held,
        colours=colours,
    )
    assert mapper.to_domain_event(mapper.to_stored_event(event)) == event


def test_frozen_times_are_stored_like_real_ones(mapper: SealingMapper) -> None:
    real = mapper.to_stored_event(party())
    with freeze_time("2026-09-14 09:20:00.000005"):
        # While time is frozen, both are instances of freezegun's classes.
        frozen = mapper.to_stored_event(
            party(recorded_at=datetime.now(UTC), held_on=datetime.now(UTC).date())
        )
        read_frozen = mapper.to_domain_event(real)
    assert frozen.state == real.state
    assert read_frozen == party()


def test_sealed_values_are_decrypted_only_when_read(mapper: SealingMapper, store: Store) -> None:
    row = mapper.to_stored_event(party(remark=Sealed(SECRET)))
    event = mapper.to_domain_event(row)
    assert isinstance(event, Party)
    assert SECRET not in repr(event)
    assert event.remark is not None
    assert event.remark.text == SECRET
    assert event.remark.under == AGGREGATE


def test_a_sealed_value_is_copied_to_another_event_as_ciphertext(mapper: SealingMapper) -> None:
    row = mapper.to_stored_event(party(remark=Sealed(SECRET)))
    event = mapper.to_domain_event(row)
    assert isinstance(event, Party)
    copied = mapper.to_stored_event(party(remark=event.remark, originator_id=uuid4()))
    assert json.loads(copied.state)["remark"] == json.loads(row.state)["remark"]


def test_older_versions_are_read_as_the_current_one(mapper: SealingMapper) -> None:
    state = json.loads(mapper.to_stored_event(party(heads=12)).state)
    del state["v"], state["about"]
    state["count"] = state.pop("heads")
    oldest = mapper.to_domain_event(stored(Party.TOPIC, state))
    assert oldest == party(heads=12, about="unsaid")
    older = {**state, "v": 2, "heads": 4}
    assert mapper.to_domain_event(stored(Party.TOPIC, older)) == party(heads=4, about="unsaid")


@pytest.mark.parametrize("version", [0, 4, -1, "2", None, 2.0])
def test_an_unknown_version_is_refused(mapper: SealingMapper, version: Any) -> None:
    state = {**json.loads(mapper.to_stored_event(party()).state), "v": version}
    with pytest.raises(MapperDeserialisationError):
        mapper.to_domain_event(stored(Party.TOPIC, state))


def test_an_unknown_topic_is_refused(mapper: SealingMapper) -> None:
    with pytest.raises(MapperDeserialisationError, match=r"'test_storage.unheard_of', event 7 of 9a8b"):
        mapper.to_domain_event(stored("test_storage.unheard_of", {}))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"colour": SECRET}, r"\$\.colour"),
        ({"heads": SECRET}, r"\$\.heads"),
        ({"remark": SECRET}, r"\$\.remark"),
        ({"remark": {"k": SECRET, "c": ""}}, r"\$\.remark"),
        ({"guests": [{"name": {"k": "", "c": ""}}]}, r"\$\.guests"),
        ({"happened_at": SECRET}, r"\$\.happened_at"),
        ({"by": SECRET}, r"\$\.by"),
    ],
)
def test_an_invalid_state_is_reported_only_by_its_path(
    mapper: SealingMapper, change: dict[str, Any], path: str
) -> None:
    state = {**json.loads(mapper.to_stored_event(party()).state), **change}
    with pytest.raises(MapperDeserialisationError, match=path) as refusal:
        mapper.to_domain_event(stored(Party.TOPIC, state))
    assert SECRET not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize("state", [b"", b"{", b"[]", b"3", b"{}", b"\xff", b'{"v": 3}'])
def test_a_state_that_is_not_an_event_is_refused(mapper: SealingMapper, state: bytes) -> None:
    with pytest.raises(MapperDeserialisationError):
        mapper.to_domain_event(stored(Party.TOPIC, state))


def test_a_missing_key_is_created_only_if_it_can_be_stored(mapper: SealingMapper, store: Store) -> None:
    subject = uuid4()
    with pytest.raises(NoKey):
        mapper.to_stored_event(noted(subject))
    new_keys = NewKeys(store.keys)
    mapper.to_stored_event(noted(subject), new_keys)
    assert [row.subject for row in new_keys.rows] == [subject]


def test_a_field_that_cannot_be_stored_is_named_by_its_type(mapper: SealingMapper) -> None:
    with pytest.raises(NotImplementedError, match="object has no JSON form"):
        mapper.to_stored_event(party(about=object()))
