"""The minimum age of a platform: by each of its names, by day, and on the day of the incident."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.dated import AgeSince, Platform, Platforms, school_year
from casework.domain.incident.facts import fact
from casework.library import Library
from tests.domain.casefile import CaseFile, at

TABLE = Platforms(
    [
        Platform(
            name="Chatter",
            also=("chat ter", "Chattr"),
            # Not in order of date, because rows may be added anywhere.
            ages=(
                AgeSince(since=date(2024, 4, 11), minimum_age=13, source="terms"),
                AgeSince(since=date(2009, 2, 24), minimum_age=12, source="terms"),
                AgeSince(since=date(2018, 5, 25), minimum_age=16, source="terms"),
            ),
        ),
        Platform(name="Pictures", ages=(AgeSince(since=date(2020, 1, 1), minimum_age=18, source="terms"),)),
    ]
)
LIBRARY = Library.own()


@pytest.mark.parametrize(
    ("day", "age"),
    [
        pytest.param(date(2009, 2, 23), None, id="before the platform existed"),
        pytest.param(date(2009, 2, 24), 12, id="its first day"),
        pytest.param(date(2018, 5, 24), 12, id="the last day of the first age"),
        pytest.param(date(2018, 5, 25), 16, id="the first day of the second"),
        pytest.param(date(2024, 4, 10), 16, id="the last day of the second"),
        pytest.param(date(2024, 4, 11), 13, id="the first day of the third"),
        pytest.param(date(2999, 1, 1), 13, id="always after that"),
    ],
)
def test_an_age_applies_from_its_day_until_the_next(day: date, age: int | None) -> None:
    assert TABLE.minimum_age("Chatter", day) == age


@pytest.mark.parametrize("name", ["Chatter", "chatter", " CHATTER ", "Chat  Ter", "chattr", "\uff23hatter"])
def test_a_platform_is_found_by_any_spelling_of_its_names(name: str) -> None:
    assert TABLE.minimum_age(name, date(2026, 9, 14)) == 13


@pytest.mark.parametrize("name", ["", "Chat", "Chatters", "Picture", "Chatter Pictures"])
def test_other_names_match_no_platform(name: str) -> None:
    assert TABLE.minimum_age(name, date(2026, 9, 14)) is None


@given(day=st.dates())
def test_the_age_of_a_day_comes_from_the_latest_earlier_row(day: date) -> None:
    (platform, _) = TABLE.all
    row = platform.age_on(day)
    earlier = sorted(other.since for other in platform.ages if other.since <= day)
    assert (row.since if row else None) == (earlier[-1] if earlier else None)


def test_no_two_shipped_platforms_share_a_name() -> None:
    names = [
        name.casefold() for platform in LIBRARY.platforms.all for name in (platform.name, *platform.also)
    ]
    assert len(set(names)) == len(names)


def test_every_shipped_row_has_a_source_and_its_own_day() -> None:
    for platform in LIBRARY.platforms.all:
        days = [row.since for row in platform.ages]
        assert days
        assert len(set(days)) == len(days)
        assert all(row.source and 0 < row.minimum_age <= 18 for row in platform.ages)


@pytest.mark.parametrize(
    ("occurred", "minimum", "underage"),
    [
        pytest.param("2018-05-24 23:59", 13, False, id="the last minute of thirteen"),
        pytest.param("2018-05-25 00:00", 16, True, id="the first minute of sixteen"),
        pytest.param("2024-04-10 23:59", 16, True, id="the last minute of sixteen"),
        pytest.param("2024-04-11 00:30", 13, False, id="after midnight in London but not in UTC"),
        pytest.param("2026-09-14 08:00", 13, False, id="the day of the report"),
    ],
)
@pytest.mark.parametrize("platform", ["WhatsApp", "whats app"])
def test_a_child_of_14_is_judged_by_the_day_of_the_incident(
    platform: str, occurred: str, minimum: int, underage: bool
) -> None:
    case = CaseFile("underage_use", reported="2026-09-14 09:00", occurred_at=at(occurred))
    step = case.build("check_age", platform=platform, age=14, minimum_age=None)
    case.incident.take(case.completed(step), case.playbook)
    assert fact(case.incident, "underage") == {underage}
    assert [step.minimum_age for step in case.incident.timeline if hasattr(step, "minimum_age")] == [minimum]


def test_a_minimum_age_sent_by_a_client_is_ignored() -> None:
    case = CaseFile("underage_use")
    step = case.build("check_age", platform="TikTok", age=10, minimum_age=5)
    assert getattr(case.completed(step), "minimum_age", None) == 13


def test_on_an_unknown_platform_nobody_counts_as_underage() -> None:
    case = CaseFile("underage_use")
    step = case.build("check_age", platform="an unknown platform", age=10)
    case.incident.take(case.completed(step), case.playbook)
    assert fact(case.incident, "underage") == frozenset()
    assert not case.requires("check_age")


@given(day=st.dates(date(2, 1, 1)))
def test_a_school_year_runs_from_september_to_august(day: date) -> None:
    year = school_year(day)
    assert date(year, 9, 1) <= day
    assert year == date.max.year or day < date(year + 1, 9, 1)
