"""The calendar a user subscribes to: deadlines without names, opened by an address, revocable at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import icalendar
import pytest

from casework.domain.access import SYSTEM
from casework.domain.event import event_of
from casework.domain.user import Scope, Token, TokenIssued, User
from casework.domain.vocabulary import Role
from casework.usecases.bearer_strings import TokenString, hashed
from casework.usecases.context import Context
from tests.api.client import House, body_of
from tests.projections.watching import spoil


def feed(house: House, token: str, status: int = 200) -> str:
    answer = house.http.get(f"/api/v1/calendar/{token}")
    assert answer.status_code == status, answer.text
    return answer.text


def summaries(text: str) -> list[str]:
    return [str(event["summary"]) for event in icalendar.Calendar.from_ical(text).walk("VEVENT")]


def test_it_holds_what_is_due_and_nothing_of_the_case(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20", summary="Unkind words about Tess")
    text = feed(house, house.own_token("dsl", "calendar")["token"])
    assert f"{incident['id'][:8]}: acknowledge" in summaries(text)
    assert len(summaries(text)) == len([i for i in house.next_steps(incident["id"]) if "due_at" in i])
    for personal in ("Tess", "Unkind", "bullying", incident["id"]):
        assert personal not in text


def test_it_shows_its_user_only_what_they_may_read(house: House) -> None:
    house.bullying("2026-09-14 10:20")
    assert summaries(feed(house, house.own_token("reporter", "calendar")["token"])) == []


def test_it_warns_that_deadlines_may_be_missing(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20")["id"]
    spoil(house.casework, UUID(incident), lambda state: state.pop("setting"))
    text = feed(house, house.own_token("dsl", "calendar")["token"])
    assert summaries(text) == ["casework: some deadlines may be missing or out of date"]


def test_its_token_opens_only_it_and_no_other_token_opens_it(house: House) -> None:
    token = house.own_token("dsl", "calendar")["token"]
    answer = house.http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    feed(house, house.tokens["dsl"], status=404)
    feed(house, "cw_nonsense", status=404)


def test_it_may_be_asked_for_by_a_name_that_ends_in_ics(house: House) -> None:
    token = house.own_token("dsl", "calendar")["token"]
    assert feed(house, f"{token}.ics") == feed(house, token)
    feed(house, f"{token}.ics.ics", status=404)


@pytest.mark.parametrize("scopes", [["calendar", "read"], ["write", "calendar"]])
def test_its_token_has_no_other_scope(house: House, scopes: list[str]) -> None:
    events = house.events()
    answer = house.ask("dsl", "POST", f"/users/{house.users['dsl']}/tokens", json={"scopes": scopes})
    assert (answer.status_code, list(body_of(answer)["errors"])) == (422, ["$.scopes"])
    assert house.events() == events


def test_a_token_of_several_scopes_from_an_earlier_release_does_not_open_it(house: House) -> None:
    found = house.casework.record.load(User, UUID(house.users["dsl"]))
    assert found is not None
    secret = "5" * 64
    token = Token(
        id=UUID(int=5),
        secret_hash=hashed(secret),
        scopes=(Scope.CALENDAR, Scope.READ),
        expires_at=house.clock() + timedelta(days=1),
    )
    context = Context(principal=SYSTEM, now=house.clock())
    found.append(event_of(context.stamp(found.id, found.version + 1, Role.ADMIN), TokenIssued, token=token))
    house.casework.record.commit(found)
    shown = str(TokenString(user=found.id, of=token.id, secret=secret))
    feed(house, shown, status=404)
    answer = house.http.get("/api/v1/me", headers={"Authorization": f"Bearer {shown}"})
    assert answer.status_code == 200


def test_it_ends_when_its_token_is_revoked(house: House) -> None:
    issued = house.own_token("dsl", "calendar")
    path = f"/users/{house.users['dsl']}/tokens/{issued['id']}"
    assert house.ask("dsl", "DELETE", path).status_code == 204
    feed(house, issued["token"], status=404)


def test_only_five_of_its_tokens_are_valid_at_one_time(house: House) -> None:
    issued = [house.own_token("dsl", "calendar") for _ in range(5)]
    path, calendar = f"/users/{house.users['dsl']}/tokens", {"scopes": ["calendar"]}
    answer = house.ask("dsl", "POST", path, json=calendar)
    assert (answer.status_code, body_of(answer)["rule"]) == (409, "too-many")
    house.own_token("dsl", "read")
    house.ask("dsl", "DELETE", f"{path}/{issued[0]['id']}")
    house.own_token("dsl", "calendar")
