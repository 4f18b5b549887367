"""Every event of the log is found by its topic, and an older version is read or refused."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest

import casework.domain
from casework.domain import event as event_module
from casework.domain.event import TOPICS, Event
from casework.domain.incident import STEPS, Step
from casework.domain.user import TokenRevoked

for _module in pkgutil.walk_packages(casework.domain.__path__, "casework.domain."):
    import_module(_module.name)


def subclasses(of: type[Event]) -> Iterator[type[Event]]:
    """Every event class of casework below `of`, without those that tests define."""
    for subclass in of.__subclasses__():
        if subclass.__module__.startswith("casework."):
            yield subclass
        yield from subclasses(subclass)


BY_TOPIC = sorted({cls for cls in subclasses(Event) if cls.__dict__.get("TOPIC")}, key=lambda cls: cls.TOPIC)


@pytest.fixture
def own_topics(monkeypatch: pytest.MonkeyPatch) -> dict[str, type[Event]]:
    """The topics, copied so that a test may add to them."""
    topics = dict(TOPICS)
    monkeypatch.setattr(event_module, "TOPICS", topics)
    return topics


def fields(number: int = 1) -> dict[str, Any]:
    moment = datetime(2026, 9, 14, 9, 20, tzinfo=UTC)
    return {
        "originator_id": UUID(int=1),
        "originator_version": number,
        "by": UUID(int=2),
        "role": "dsl",
        "request_id": "request",
        "happened_at": moment,
        "recorded_at": moment,
    }


@pytest.mark.parametrize("cls", BY_TOPIC, ids=lambda cls: cls.TOPIC)
def test_every_event_is_found_by_its_topic(cls: type[Event]) -> None:
    assert TOPICS[cls.TOPIC] is cls


def test_no_two_events_share_a_topic() -> None:
    topics = [cls.TOPIC for cls in BY_TOPIC]
    assert len(set(topics)) == len(topics) > len(STEPS)


@pytest.mark.parametrize("cls", BY_TOPIC, ids=lambda cls: cls.TOPIC)
def test_a_topic_consists_of_an_aggregate_and_a_fact(cls: type[Event]) -> None:
    aggregate, _, fact = cls.TOPIC.partition(".")
    assert aggregate.isidentifier()
    assert fact.isidentifier()
    assert cls.__doc__


@pytest.mark.parametrize("name", STEPS)
def test_every_step_has_the_name_in_its_topic(name: str) -> None:
    assert STEPS[name].name() == name
    assert issubclass(STEPS[name], Step)


def test_every_event_of_an_incident_is_a_step() -> None:
    about_incidents = {cls for cls in BY_TOPIC if cls.TOPIC.startswith("incident.")}
    assert about_incidents == set(STEPS.values())


def test_a_topic_that_is_already_used_is_refused(own_topics: dict[str, type[Event]]) -> None:
    with pytest.raises(TypeError, match=r"topic 'user.token_revoked' is used by TokenRevoked already"):

        class Usurper(Event, frozen=True, kw_only=True):
            TOPIC: ClassVar[str] = TokenRevoked.TOPIC

    assert own_topics[TokenRevoked.TOPIC] is TokenRevoked


def test_a_class_without_its_own_topic_is_not_registered(own_topics: dict[str, type[Event]]) -> None:
    before = dict(own_topics)

    class Abstract(Event, frozen=True, kw_only=True):
        pass

    class Below(TokenRevoked, frozen=True, kw_only=True):
        pass

    assert own_topics == before
    assert Abstract.TOPIC == ""
    assert Below.TOPIC == TokenRevoked.TOPIC


@pytest.mark.parametrize("cls", BY_TOPIC, ids=lambda cls: cls.TOPIC)
def test_only_earlier_versions_have_an_upcast(cls: type[Event]) -> None:
    state = {"field": "value"}
    assert cls.upcast(state, cls.VERSION) == state
    for version in (0, cls.VERSION + 1, -1):
        with pytest.raises(ValueError, match=rf"^{cls.TOPIC} has no upcast from version {version}$"):
            cls.upcast({"name": "a secret"}, version)


def test_an_upcast_converts_an_older_state_to_the_current_version(own_topics: dict[str, type[Event]]) -> None:
    class Renamed(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "test.renamed"
        VERSION: ClassVar[int] = 2

        present: str

        @classmethod
        def upcast(cls, state: dict[str, Any], version: int) -> dict[str, Any]:
            if version == 1:
                return {"present": state["past"]}
            return super().upcast(state, version)

    assert own_topics["test.renamed"] is Renamed
    assert Renamed(**fields(), **Renamed.upcast({"past": "kept"}, 1)).present == "kept"
    with pytest.raises(ValueError, match="from version 3"):
        Renamed.upcast({}, 3)


def test_an_event_cannot_be_changed() -> None:
    event = TokenRevoked(**fields(), token=UUID(int=3))
    with pytest.raises(AttributeError):
        event.by = UUID(int=4)  # type: ignore[misc]
    assert {"by", "role", "request_id", "happened_at", "recorded_at"} <= {
        field.name for field in msgspec.structs.fields(Event) if field.required
    }
