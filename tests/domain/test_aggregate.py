"""An aggregate is the result of its events, each applied once and in order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import pytest

from casework.domain.aggregate import Request
from casework.domain.event import Event
from casework.domain.sealed import Sealed
from casework.domain.user import Scope, Token, TokenIssued, TokenRevoked, User, UserRegistered
from tests.domain.casefile import CaseFile, at

USER = UUID(int=1)
TOKENS = (UUID(int=2), UUID(int=3))
NOON = at("2026-09-14 12:00")


def stamp(number: int, request: str = "") -> dict[str, Any]:
    return {
        "originator_id": USER,
        "originator_version": number,
        "by": USER,
        "role": "admin",
        "request_id": request or f"request {number}",
        "request_digest": f"digest {number}",
        "happened_at": NOON,
        "recorded_at": NOON,
    }


def issued(number: int, token: UUID = TOKENS[0]) -> TokenIssued:
    issued_token = Token(id=token, secret_hash="0" * 64, scopes=(Scope.READ,), expires_at=NOON)
    return TokenIssued(**stamp(number), token=issued_token)


REGISTERED = UserRegistered(**stamp(1), name=Sealed("A User"), email=Sealed("user@example.org"))
REVOKED = TokenRevoked(**stamp(3), token=TOKENS[0])


def replayed(*events: Event) -> User:
    user = User.replay(events)
    assert user is not None
    return user


def test_replaying_no_events_returns_none() -> None:
    assert User.replay([]) is None


@pytest.mark.parametrize("number", [0, 1, 3])
def test_an_event_out_of_order_is_refused_and_changes_nothing(number: int) -> None:
    user = replayed(REGISTERED)
    with pytest.raises(ValueError, match="in order"):
        user.append(issued(number))
    assert (user.version, user.tokens, [*user.collect_events()]) == (1, {}, [])


def test_a_stream_that_does_not_begin_with_the_first_event_is_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        User.replay([msgspec.structs.replace(REGISTERED, originator_version=2)])


@pytest.mark.parametrize("missing", [1, 2])
def test_a_stream_with_a_gap_is_refused(missing: int) -> None:
    events = [REGISTERED, issued(2), REVOKED, issued(4, TOKENS[1])]
    del events[missing]
    with pytest.raises(ValueError, match="in order"):
        User.replay(events)


def test_replaying_in_parts_equals_replaying_at_once() -> None:
    events = [REGISTERED, issued(2), REVOKED, issued(4, TOKENS[1])]
    whole = replayed(*events)
    for cut in range(len(events) + 1):
        part = User.replay(events[cut:], User.replay(events[:cut]))
        assert part is not None
        assert vars(part) == vars(whole)
    assert (whole.id, whole.version, [*whole.tokens]) == (USER, 4, [TOKENS[1]])


def test_recorded_events_are_collected_once_replayed_ones_never() -> None:
    user = replayed(REGISTERED)
    assert user.collect_events() == []

    user.append(issued(2))
    user.append(REVOKED)
    assert user.collect_events() == [issued(2), REVOKED]
    assert user.collect_events() == []


def test_a_request_is_stored_with_the_last_event_it_caused() -> None:
    again = msgspec.structs.replace(REVOKED, request_id="request 2", request_digest="another")
    user = replayed(REGISTERED, issued(2), again)
    assert user.requests == {"request 1": Request(1, "digest 1"), "request 2": Request(3, "another")}


def test_an_incident_accepts_only_steps() -> None:
    incident = CaseFile().incident
    foreign = msgspec.structs.replace(REVOKED, originator_id=incident.id, originator_version=2)
    with pytest.raises(TypeError, match=r"user\.token_revoked is not a step"):
        incident.append(foreign)
    assert (incident.version, len(incident.timeline)) == (1, 1)


@pytest.mark.parametrize("number", [1, 3])
def test_an_incident_refuses_a_step_out_of_order(number: int) -> None:
    case = CaseFile()
    with pytest.raises(ValueError, match="in order"):
        case.incident.append(msgspec.structs.replace(case.build("save_evidence"), originator_version=number))
    assert (case.incident.version, [*case.incident.requests]) == (1, ["request 1"])


@pytest.mark.parametrize("number", [1, 3])
def test_an_incident_is_unchanged_by_a_step_out_of_order(number: int) -> None:
    case = CaseFile()
    step = msgspec.structs.replace(case.build("save_evidence"), originator_version=number)
    with pytest.raises(ValueError, match="in order"):
        case.incident.append(step)
    assert (case.incident.state, len(case.incident.timeline)) == ("reported", 1)
