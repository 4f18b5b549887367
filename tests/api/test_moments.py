"""How moments and days from a client are compared with the server's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import pytest
from werkzeug.test import TestResponse

from casework.domain.clocks import CLOCK_LEAD
from tests.api.client import House, Json, body_of

Sends = Callable[[House, str, Json], TestResponse]


def report(house: House, _: str, sent: Json) -> TestResponse:
    said = {"school": house.school, "kind": "cyberbullying", "setting": "on_site", "summary": "Unkind words."}
    said |= {"occurred_at": house.clock().isoformat()}
    return house.ask("reporter", "POST", "/incidents", json=said | sent)


def acknowledge(house: House, incident: str, sent: Json) -> TestResponse:
    return house.step(incident, "acknowledge", **sent)


def save_evidence(house: House, incident: str, sent: Json) -> TestResponse:
    now = house.clock().isoformat()
    said = {"form": "written_account", "description": "A note.", "captured_at": now, "incident_at": now}
    return house.step(incident, "save_evidence", **said | sent)


def upload(house: House, incident: str, sent: Json) -> TestResponse:
    return house.upload(incident, b"Words somebody sent.", **sent)


FIELDS: Final[list[tuple[Sends, str]]] = [
    (report, "occurred_at"),
    (report, "reported_at"),
    (acknowledge, "at"),
    (save_evidence, "captured_at"),
    (save_evidence, "incident_at"),
    (upload, "at"),
    (upload, "captured_at"),
    (upload, "incident_at"),
]
KEPT_AS: Final = {"reported_at": "happened_at", "at": "happened_at"}
"""The fields that have another name in the log than in the request."""


def moment_kept(house: House, answer: TestResponse, incident: str, field: str) -> datetime:
    """The value in the log of `field` of the step in the answer."""
    incident = body_of(answer)["id"] if "state" in body_of(answer) else incident
    last = house.get("dsl", f"/incidents/{incident}/steps")["items"][-1]
    return datetime.fromisoformat((last | last["fields"])[KEPT_AS.get(field, field)])


@pytest.mark.parametrize(("sends", "field"), FIELDS, ids=lambda value: getattr(value, "__name__", value))
def test_a_moment_two_minutes_ahead_is_taken_as_now(house: House, sends: Sends, field: str) -> None:
    incident = house.bullying("2026-09-14 10:20")["id"]
    house.clock.set("2026-09-14 11:00")
    send = partial(sends, house, incident)
    ahead = house.clock() + CLOCK_LEAD
    events = house.events()
    beyond = send({field: (ahead + timedelta(microseconds=1)).isoformat()})
    assert (beyond.status_code, body_of(beyond)["errors"]) == (422, {f"$.{field}": ["is in the future"]})
    assert house.events() == events
    within = send({field: ahead.isoformat()})
    assert within.status_code == 201, within.text
    assert moment_kept(house, within, incident, field) == house.clock()


def test_a_planned_meeting_keeps_its_future_moment(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20")["id"]
    parent = house.person("Pat Parent", "parent")
    meeting = (house.clock() + timedelta(minutes=1)).isoformat()
    asked = {"parent": parent, "relation_confirmed": "His mother, who says so.", "method": "telephone"}
    house.take(incident, "invite_parent", meeting_at=meeting, purpose="To talk.", **asked)
    last = house.get("dsl", f"/incidents/{incident}/steps")["items"][-1]
    assert last["fields"]["meeting_at"] == meeting


def test_a_child_born_today_in_london_is_registered(house: House) -> None:
    # Half an hour past midnight of the 15th in London.
    house.clock.moment = datetime(2026, 9, 14, 23, 30, tzinfo=UTC)
    house.person("Newton Newborn", "unknown", born_on="2026-09-15")
    body = {"school": house.school, "category": "unknown", "name": "Nora Newborn", "born_on": "2026-09-16"}
    answer = house.ask("dsl", "POST", "/people", json=body)
    assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.born_on": ["is in the future"]})


def test_an_incident_after_its_report_is_refused_as_such(house: House) -> None:
    house.clock.set("2026-09-14 11:00")
    sent = {"occurred_at": "2026-09-14T10:05:00+01:00", "reported_at": "2026-09-14T10:00:00+01:00"}
    answer = report(house, "", sent)
    assert (answer.status_code, body_of(answer)["errors"]) == (
        422,
        {"$.occurred_at": ["is after reported_at"]},
    )
