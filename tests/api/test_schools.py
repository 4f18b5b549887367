"""A school over HTTP: the policy it follows, and when it is to be looked at again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.client import House, Json, body_of

on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


def changed(house: House, **fields: Any) -> Json:
    answer = house.ask("admin", "PATCH", f"/schools/{house.school}", json=fields)
    assert answer.status_code == 200, answer.text
    return body_of(answer)


def review_of(house: House) -> Json:
    (step,) = house.get("dsl", f"/schools/{house.school}")["next_steps"]
    assert step["step"] == "review_policy"
    return step


def overdue_in_the_summary(house: House) -> Json:
    return house.get("dsl", f"/schools/{house.school}/governor-summary?term=2026-autumn")["policies_overdue"]


@on_sqlite
def test_a_policy_that_was_not_looked_at_in_time_is_overdue(house: House) -> None:
    assert (review_of(house)["due_at"], review_of(house)["overdue"]) == ("2017-06-01", True)
    assert overdue_in_the_summary(house) == [{"pack": "st_thomas@2016-06", "review_due": "2017-06-01"}]


@on_sqlite
def test_a_policy_looked_at_and_kept_is_due_again_a_year_on(house: House) -> None:
    house.clock.set("2026-09-14 10:00")
    shown = changed(house, policy_reviewed_on="2026-09-10")
    assert shown["policy"] == {
        "edition": "st_thomas@2016-06",
        "reviewed_on": "2026-09-10",
        "review_due": "2027-09-10",
    }
    assert (review_of(house)["due_at"], review_of(house)["overdue"]) == ("2027-09-10", False)
    assert overdue_in_the_summary(house) == []


@on_sqlite
def test_a_review_is_not_recorded_before_it_is_held(house: House) -> None:
    answer = house.ask(
        "admin", "PATCH", f"/schools/{house.school}", json={"policy_reviewed_on": "2026-09-02"}
    )
    assert (answer.status_code, list(body_of(answer)["errors"])) == (422, ["$.policy_reviewed_on"])
    assert review_of(house)["overdue"]


@on_sqlite
def test_another_policy_holds_for_what_is_reported_from_then_on(house: House) -> None:
    before = house.bullying("2026-09-14 10:20")["id"]
    house.clock.set("2026-09-15 09:00")
    assert changed(house, pack="headcorn")["policy"]["edition"] == "headcorn@2022-03"
    house.clock.set("2026-09-16 09:00")
    after = house.bullying("2026-09-16 09:00")["id"]
    packs = [house.get("dsl", f"/incidents/{each}")["policy"]["pack"] for each in (before, after)]
    assert packs == ["st_thomas@2016-06", "headcorn@2022-03"]


@on_sqlite
@pytest.mark.parametrize("who", ["dsl", "headteacher", "governor", "reporter"])
def test_only_an_administrator_changes_a_school(house: House, who: str) -> None:
    answer = house.ask(who, "PATCH", f"/schools/{house.school}", json={"policy_reviewed_on": "2026-08-31"})
    assert answer.status_code == 403
