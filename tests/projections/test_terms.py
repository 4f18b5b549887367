"""A term contains exactly the moments whose day in London is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.clocks import day_of
from casework_projections.views.terms import UnknownTerm, same_term_last_year, term_before, term_bounds
from tests.calendars import TEST_CALENDAR

MOMENTS = st.datetimes(datetime(2026, 6, 1), datetime(2027, 12, 1), timezones=st.just(UTC))
BOUNDS = {term.name: term_bounds(TEST_CALENDAR, term.name) for term in TEST_CALENDAR.terms}
EDGES = [edge for bounds in BOUNDS.values() for edge in bounds if edge is not None]
NEAR_EDGES = st.builds(
    lambda edge, seconds: edge + timedelta(seconds=seconds), st.sampled_from(EDGES), st.integers(-2, 2)
)


@given(MOMENTS | NEAR_EDGES)
def test_every_moment_is_only_in_the_term_of_its_day(moment: datetime) -> None:
    found = [
        name
        for name, (since, until) in BOUNDS.items()
        if (since is None or since <= moment) and (until is None or moment < until)
    ]
    term = TEST_CALENDAR.term_on(day_of(moment))
    assert found == [term and term.name]


def test_an_earlier_term_is_found_only_if_the_school_entered_it() -> None:
    before = term_before(TEST_CALENDAR, "2027-spring")
    assert before is not None
    assert before.name == "2026-autumn"
    assert term_before(TEST_CALENDAR, "2026-autumn") is None
    assert same_term_last_year(TEST_CALENDAR, "2027-spring") is None


@pytest.mark.parametrize("ask", [term_bounds, term_before, same_term_last_year])
def test_an_unknown_term_is_refused(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(UnknownTerm):
        ask(TEST_CALENDAR, "2030-autumn")
