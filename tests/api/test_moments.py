"""How the moments and days a client sends are compared with the clock of the server."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.api.client import House, body_of


def test_a_child_born_on_this_london_day_is_registered(house: House) -> None:
    # Half an hour past midnight of the 15th in London.
    house.clock.moment = datetime(2026, 9, 14, 23, 30, tzinfo=UTC)
    house.person("Newton Newborn", "unknown", born_on="2026-09-15")
    body = {"school": house.school, "category": "unknown", "name": "Nora Newborn", "born_on": "2026-09-16"}
    answer = house.ask("dsl", "POST", "/people", json=body)
    assert (answer.status_code, body_of(answer)["errors"]) == (422, {"$.born_on": ["is in the future"]})
