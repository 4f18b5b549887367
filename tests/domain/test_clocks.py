"""When duties are due: the examples of the domain, the clock changes, and properties that always hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from casework.domain.clocks import (
    LONDON,
    Calendar,
    Closure,
    Span,
    Term,
    Unit,
    day_of,
    due,
    is_working_day,
    synchronised,
)
from tests.calendars import TEST_CALENDAR, TEST_CALENDAR_JSON

AUTUMN, SPRING, SUMMER = TEST_CALENDAR.terms
LAST_DAY = SUMMER.ends_on
NO_CALENDAR = Calendar(terms=())


def at(moment: str) -> datetime:
    """A time in London, such as `2026-11-10 12:00`."""
    return datetime.fromisoformat(moment).replace(tzinfo=LONDON)


def last_day(day: str, amount: int, unit: Unit, calendar: Calendar = TEST_CALENDAR) -> str:
    """The day on which a duty is due whose time is `amount` of `unit` after noon of `day`."""
    moment = due(at(f"{day} 12:00"), Span(amount, unit), calendar)
    assert moment.timetz() == moment.replace(hour=23, minute=59, second=59, microsecond=0).timetz()
    return moment.date().isoformat()


@pytest.mark.parametrize(
    ("day", "amount", "expected"),
    [
        pytest.param("2026-09-14", 1, "2026-09-15", id="Monday to Tuesday"),
        pytest.param("2026-09-21", 10, "2026-10-05", id="two school weeks"),
        pytest.param("2026-10-05", 2, "2026-10-07", id="parents invited"),
        pytest.param("2026-10-22", 1, "2026-11-03", id="INSET, half-term, INSET"),
        pytest.param("2026-11-26", 1, "2026-11-30", id="an INSET Friday"),
        pytest.param("2026-12-18", 1, "2027-01-04", id="Christmas"),
        pytest.param("2027-03-25", 1, "2027-04-12", id="Easter"),
        pytest.param("2027-04-30", 1, "2027-05-04", id="May Day"),
        pytest.param("2026-08-10", 1, "2026-09-03", id="before the first term"),
        pytest.param("2026-10-22", 0, "2026-10-22", id="none, on a school day"),
        pytest.param("2026-10-23", 0, "2026-11-03", id="none, on an INSET day"),
        pytest.param("2027-01-02", 0, "2027-01-04", id="none, at a weekend"),
    ],
)
def test_school_days_end_on_the_nth_school_day_after_the_start(day: str, amount: int, expected: str) -> None:
    assert last_day(day, amount, Unit.SCHOOL_DAYS) == expected


@pytest.mark.parametrize(
    ("day", "amount", "expected"),
    [
        pytest.param("2027-07-20", 1, "2027-07-21", id="the last known school day"),
        pytest.param("2027-07-21", 1, "2027-07-22", id="the day after it"),
        pytest.param("2027-07-20", 3, "2027-07-23", id="across the end"),
        pytest.param("2027-08-27", 1, "2027-08-31", id="a bank holiday past the end"),
        pytest.param("2027-08-27", 0, "2027-08-27", id="none, on a working day"),
        pytest.param("2027-08-28", 0, "2027-08-31", id="none, on a Saturday"),
    ],
)
def test_school_days_outside_known_terms_are_working_days(day: str, amount: int, expected: str) -> None:
    assert last_day(day, amount, Unit.SCHOOL_DAYS) == expected


def test_school_days_of_a_school_without_terms_are_working_days() -> None:
    assert last_day("2026-10-22", 1, Unit.SCHOOL_DAYS, NO_CALENDAR) == "2026-10-23"


def test_a_closure_up_to_the_last_day_counts_on_from_that_day() -> None:
    shut = msgspec.structs.replace(TEST_CALENDAR, closures=(Closure(date(2027, 7, 19), LAST_DAY),))
    assert last_day("2027-07-19", 0, Unit.SCHOOL_DAYS, shut) == "2027-07-22"
    assert last_day("2027-07-16", 2, Unit.SCHOOL_DAYS, shut) == "2027-07-23"


@pytest.mark.parametrize(
    ("day", "amount", "expected"),
    [
        pytest.param("2026-10-08", 1, "2026-10-09", id="LADO"),
        pytest.param("2026-10-22", 1, "2026-10-23", id="INSET is a working day"),
        pytest.param("2026-10-23", 1, "2026-10-26", id="half-term is working days"),
        pytest.param("2026-12-24", 1, "2026-12-29", id="Christmas, Boxing Day in lieu"),
        pytest.param("2026-12-31", 1, "2027-01-04", id="New Year"),
        pytest.param("2027-03-25", 1, "2027-03-30", id="Easter"),
        pytest.param("2028-01-01", 0, "2028-01-04", id="New Year in lieu"),
        pytest.param("2026-12-25", 0, "2026-12-29", id="none, on Christmas Day"),
        pytest.param("2026-12-29", 0, "2026-12-29", id="none, on a working day"),
        pytest.param("2022-09-16", 1, "2022-09-20", id="a bank holiday of one year only"),
    ],
)
def test_working_days_end_on_the_nth_working_day_after_the_start(
    day: str, amount: int, expected: str
) -> None:
    assert last_day(day, amount, Unit.WORKING_DAYS) == expected


@pytest.mark.parametrize(
    ("day", "amount", "unit", "expected"),
    [
        ("2026-11-10", 0, Unit.DAYS, "2026-11-10"),
        ("2026-12-24", 2, Unit.DAYS, "2026-12-26"),
        ("2026-11-10", 0, Unit.MONTHS, "2026-11-10"),
        ("2026-11-10", 2, Unit.MONTHS, "2027-01-10"),
        ("2026-12-31", 2, Unit.MONTHS, "2027-02-28"),
        ("2027-08-31", 6, Unit.MONTHS, "2028-02-29"),
        ("2022-03-01", 12, Unit.MONTHS, "2023-03-01"),
        ("2024-02-29", 24, Unit.MONTHS, "2026-02-28"),
    ],
)
def test_calendar_days_and_months_end_on_the_day_that_much_later(
    day: str, amount: int, unit: Unit, expected: str
) -> None:
    assert last_day(day, amount, unit) == expected


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        pytest.param("2026-11-10T12:00:00+00:00", 48, "2026-11-12T12:00:00+00:00", id="takedown"),
        pytest.param("2026-10-24T12:00:00+01:00", 72, "2026-10-27T11:00:00+00:00", id="clocks go back"),
        pytest.param("2027-03-27T12:00:00+00:00", 72, "2027-03-30T13:00:00+01:00", id="clocks go forward"),
        pytest.param("2026-10-25T01:30:00+01:00", 1, "2026-10-25T01:30:00+00:00", id="an hour that is twice"),
        pytest.param("2026-07-01T12:00:00+00:00", 0, "2026-07-01T13:00:00+01:00", id="none"),
    ],
)
def test_hours_are_elapsed_hours_across_clock_changes(start: str, hours: int, expected: str) -> None:
    moment = due(datetime.fromisoformat(start), Span(hours, Unit.HOURS), TEST_CALENDAR)
    assert moment.isoformat() == expected


@pytest.mark.parametrize(
    ("start", "amount", "expected"),
    [
        pytest.param("2026-10-24T12:00:00+01:00", 0, "2026-10-24T23:59:59+01:00", id="before the change"),
        pytest.param("2026-10-24T12:00:00+01:00", 1, "2026-10-25T23:59:59+00:00", id="after the change"),
        pytest.param("2027-03-27T12:00:00+00:00", 1, "2027-03-28T23:59:59+01:00", id="in spring"),
        pytest.param("2026-09-14T23:30:00+00:00", 0, "2026-09-15T23:59:59+01:00", id="tomorrow in London"),
        pytest.param("2026-09-14T20:00:00-10:00", 1, "2026-09-16T23:59:59+01:00", id="from another zone"),
    ],
)
def test_days_end_in_london(start: str, amount: int, expected: str) -> None:
    moment = due(datetime.fromisoformat(start), Span(amount, Unit.DAYS), TEST_CALENDAR)
    assert moment.isoformat() == expected


@pytest.mark.parametrize("unit", [unit for unit in Unit if unit not in (Unit.HOURS, Unit.DAYS)])
def test_a_start_within_the_last_second_of_the_day_is_not_due_before_it(unit: Unit) -> None:
    start = at("2026-09-14 23:59:59.500000")
    assert due(start, Span(0, unit), TEST_CALENDAR) == start


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-09-14 00:00", "2026-09-14 23:59:59"),
        ("2026-09-14 20:00", "2026-09-14 23:59:59"),
        ("2026-09-14 20:01", "2026-09-15 10:00"),
        ("2026-09-14 23:59:59.500000", "2026-09-15 10:00"),
        ("2026-10-24 23:30", "2026-10-25 10:00"),
        ("2026-12-24 23:30", "2026-12-25 10:00"),
    ],
)
def test_what_is_due_the_same_day_and_begins_in_the_evening_is_due_the_next_morning(
    start: str, expected: str
) -> None:
    assert due(at(start), Span(0, Unit.DAYS), TEST_CALENDAR) == at(expected)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        due(datetime(2026, 9, 14, 12), Span(1, Unit.HOURS), TEST_CALENDAR)
    with pytest.raises(ValueError, match="time zone"):
        day_of(datetime(2026, 9, 14, 12))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        pytest.param("2026-09-14T22:59:59Z", "2026-09-14", id="summer, before midnight"),
        pytest.param("2026-09-14T23:00:00Z", "2026-09-15", id="summer, midnight"),
        pytest.param("2026-12-14T23:00:00Z", "2026-12-14", id="winter"),
        pytest.param("2026-09-15T08:30:00+10:00", "2026-09-14", id="sent from far to the east"),
        pytest.param("2026-09-14T18:30:00-05:00", "2026-09-15", id="sent from the west"),
    ],
)
def test_the_day_of_a_moment_is_its_day_in_london(moment: str, day: str) -> None:
    assert day_of(datetime.fromisoformat(moment)).isoformat() == day


@given(lead=st.timedeltas(-timedelta(days=1), timedelta(days=1)), zone=st.sampled_from([LONDON, UTC]))
@example(lead=timedelta(minutes=2), zone=UTC)
@example(lead=timedelta(minutes=2, microseconds=1), zone=LONDON)
@example(lead=timedelta(microseconds=1), zone=LONDON)
@example(lead=timedelta(0), zone=UTC)
def test_a_moment_up_to_two_minutes_ahead_becomes_now(lead: timedelta, zone: tzinfo) -> None:
    now = datetime(2026, 9, 14, 9, 20, tzinfo=UTC)
    moment = (now + lead).astimezone(zone)
    ahead = timedelta(0) < lead <= timedelta(seconds=120)
    assert synchronised(moment, now) == (now if ahead else moment)


def test_a_negative_span_is_refused() -> None:
    with pytest.raises(ValueError, match="must not be negative"):
        Span(-1, Unit.DAYS)
    with pytest.raises(msgspec.ValidationError, match="must not be negative"):
        msgspec.convert({"amount": -1, "unit": "days"}, Span)


@pytest.mark.parametrize("year", [1872, 1950, 2026, 2051, 2100])
def test_christmas_is_never_a_working_day(year: int) -> None:
    assert not is_working_day(date(year, 12, 25))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        pytest.param("2026-09-02", False, id="INSET before term"),
        pytest.param("2026-09-03", True, id="first day"),
        pytest.param("2026-09-05", False, id="Saturday"),
        pytest.param("2026-10-28", False, id="half-term"),
        pytest.param("2026-11-02", False, id="INSET in term"),
        pytest.param("2026-12-18", True, id="last day"),
        pytest.param("2026-12-21", False, id="holiday"),
        pytest.param("2027-05-03", False, id="bank holiday in term"),
    ],
)
def test_holidays_closures_and_inset_days_are_not_school_days(day: str, expected: bool) -> None:
    assert TEST_CALENDAR.is_school_day(date.fromisoformat(day)) is expected


@pytest.mark.parametrize(
    ("day", "term"),
    [
        pytest.param("2026-08-01", AUTUMN, id="before the first"),
        pytest.param("2026-09-03", AUTUMN, id="first day"),
        pytest.param("2026-10-28", AUTUMN, id="half-term"),
        pytest.param("2027-01-03", AUTUMN, id="Christmas holiday"),
        pytest.param("2027-01-04", SPRING, id="first day of the next"),
        pytest.param("2027-04-11", SPRING, id="Easter holiday"),
        pytest.param("2028-01-01", SUMMER, id="after the last"),
    ],
)
@pytest.mark.parametrize(
    "calendar", [TEST_CALENDAR, Calendar((SUMMER, AUTUMN, SPRING))], ids=["in order", "not"]
)
def test_every_day_belongs_to_one_term(calendar: Calendar, day: str, term: Term) -> None:
    assert calendar.term_on(date.fromisoformat(day)) == term


def test_a_school_without_terms_has_no_term_for_a_day() -> None:
    assert NO_CALENDAR.term_on(date(2026, 9, 14)) is None


def test_a_term_is_found_by_name() -> None:
    assert TEST_CALENDAR.term("2027-spring") == SPRING
    assert TEST_CALENDAR.term("2028-spring") is None


def autumn(starts_on: str, ends_on: str, name: str = "2026-autumn") -> Term:
    return Term(name, date.fromisoformat(starts_on), date.fromisoformat(ends_on))


SEP_TO_DEC = autumn("2026-09-03", "2026-12-18")


@pytest.mark.parametrize(
    ("calendar", "paths"),
    [
        pytest.param(TEST_CALENDAR, [], id="the test calendar"),
        pytest.param(NO_CALENDAR, [], id="nothing entered yet"),
        pytest.param(Calendar((SUMMER, AUTUMN, SPRING)), [], id="listed in any order"),
        pytest.param(
            Calendar((autumn("2026-12-18", "2026-09-03"),)), ["terms[0].ends_on"], id="a term backwards"
        ),
        pytest.param(
            Calendar((SEP_TO_DEC, autumn("2026-12-19", "2026-12-20"))), ["terms[1].name"], id="a name twice"
        ),
        pytest.param(
            Calendar((SPRING, Term("2027-summer", SPRING.ends_on, LAST_DAY))),
            ["terms[1].starts_on"],
            id="terms sharing a day",
        ),
        pytest.param(
            Calendar((Term("2027-summer", SPRING.ends_on, LAST_DAY), SPRING)),
            ["terms[0].starts_on"],
            id="terms sharing a day, listed in any order",
        ),
        pytest.param(
            Calendar((autumn("2026-09-03", "2062-12-18"),)), ["terms[0].ends_on"], id="a mistyped year"
        ),
        pytest.param(
            Calendar((autumn("2027-09-03", "2027-12-17"),)),
            ["terms[0].starts_on", "terms[0].ends_on"],
            id="the name of another year",
        ),
        pytest.param(
            Calendar(
                (
                    msgspec.structs.replace(SPRING, name="2027-summer"),
                    msgspec.structs.replace(SUMMER, name="2027-spring"),
                )
            ),
            ["terms[1].name"],
            id="names the wrong way round",
        ),
        pytest.param(
            Calendar((SEP_TO_DEC,), (Closure(date(2026, 10, 30), date(2026, 10, 26)),)),
            ["closures[0].ends_on"],
            id="a closure backwards",
        ),
        pytest.param(
            Calendar((SEP_TO_DEC,), (Closure(date(2027, 10, 26), date(2027, 10, 30)),)),
            ["closures[0].starts_on"],
            id="a closure after every term",
        ),
        pytest.param(
            Calendar((SEP_TO_DEC,), (Closure(date(2026, 8, 31), date(2026, 9, 2)),)),
            ["closures[0].starts_on"],
            id="a closure before every term",
        ),
        pytest.param(
            Calendar((SEP_TO_DEC,), (Closure(date(2026, 12, 18), date(2027, 1, 1)),)),
            [],
            id="a closure reaching into the holiday",
        ),
    ],
)
def test_a_fault_names_the_field_by_its_path(calendar: Calendar, paths: list[str]) -> None:
    assert [path for path, _ in calendar.faults()] == paths


@pytest.mark.parametrize(
    "name", ["", "autumn", "2026", "2026-winter", "26-autumn", "2026-Autumn", "2026-autumn\n", "٢٠٢٦-autumn"]
)
def test_the_name_of_a_term_must_be_year_and_season(name: str) -> None:
    ((path, message),) = Calendar((msgspec.structs.replace(AUTUMN, name=name),)).faults()
    assert path == "terms[0].name"
    assert "year and autumn, spring or summer" in message


def test_a_calendar_is_unchanged_after_encoding_and_decoding() -> None:
    encoded = msgspec.json.encode(TEST_CALENDAR)
    decoded = msgspec.json.decode(encoded, type=Calendar)
    assert decoded == TEST_CALENDAR
    assert hash(decoded) == hash(TEST_CALENDAR)
    assert msgspec.json.decode(encoded) == TEST_CALENDAR_JSON


# Two years around the test calendar: its terms, its holidays and the time after its end.
starts = st.datetimes(
    datetime(2026, 7, 1),
    datetime(2028, 6, 30),
    timezones=st.sampled_from([LONDON, UTC, timezone(timedelta(hours=-10))]),
)
units = st.sampled_from(Unit)
day_units = st.sampled_from([Unit.DAYS, Unit.WORKING_DAYS, Unit.SCHOOL_DAYS, Unit.MONTHS])
amounts = st.integers(0, 60)
calendars = st.sampled_from([TEST_CALENDAR, NO_CALENDAR, Calendar((SUMMER,)), Calendar((SPRING, AUTUMN))])


@given(starts, amounts, units, calendars)
def test_no_duty_is_due_before_its_clock_starts(
    start: datetime, amount: int, unit: Unit, calendar: Calendar
) -> None:
    assert due(start, Span(amount, unit), calendar).astimezone(UTC) >= start.astimezone(UTC)


@given(starts, amounts, units, calendars)
def test_a_longer_time_is_never_due_sooner(
    start: datetime, amount: int, unit: Unit, calendar: Calendar
) -> None:
    sooner, later = (due(start, Span(count, unit), calendar) for count in (amount, amount + 1))
    assert sooner.astimezone(UTC) <= later.astimezone(UTC)


@given(starts, amounts, day_units, calendars)
def test_a_later_start_is_never_due_sooner(
    start: datetime, amount: int, unit: Unit, calendar: Calendar
) -> None:
    span = Span(amount, unit)
    assert due(start, span, calendar) <= due(start + timedelta(days=1), span, calendar)


@given(starts, amounts, calendars)
def test_school_days_end_on_school_days_while_terms_are_known(
    start: datetime, amount: int, calendar: Calendar
) -> None:
    day = due(start, Span(amount, Unit.SCHOOL_DAYS), calendar).date()
    ends = [term.ends_on for term in calendar.terms]
    assert calendar.is_school_day(day) or (day > max(ends, default=date.min) and is_working_day(day))


@given(starts, amounts)
def test_working_days_end_on_working_days(start: datetime, amount: int) -> None:
    assert is_working_day(due(start, Span(amount, Unit.WORKING_DAYS), TEST_CALENDAR).date())


@given(starts, st.integers(1, 60), st.integers(0, 60), st.sampled_from([Unit.WORKING_DAYS, Unit.SCHOOL_DAYS]))
def test_two_spans_in_sequence_equal_their_sum(start: datetime, first: int, then: int, unit: Unit) -> None:
    halfway = due(start, Span(first, unit), TEST_CALENDAR)
    in_one = due(start, Span(first + then, unit), TEST_CALENDAR)
    assert due(halfway, Span(then, unit), TEST_CALENDAR) == in_one


@given(starts, st.integers(1, 60))
def test_school_days_equal_a_day_by_day_count(start: datetime, amount: int) -> None:
    day = day_of(start)
    left = amount
    while left and day <= LAST_DAY:
        day += timedelta(days=1)
        left -= TEST_CALENDAR.is_school_day(day)
    assume(not left and day <= LAST_DAY)
    assert due(start, Span(amount, Unit.SCHOOL_DAYS), TEST_CALENDAR).date() == day


@given(st.dates(date(2026, 8, 1), date(2027, 9, 30)))
def test_school_days_are_working_days_of_a_term_that_is_not_shut(day: date) -> None:
    term = TEST_CALENDAR.term_on(day)
    assert term is not None
    shut = day in TEST_CALENDAR.inset or any(closure.covers(day) for closure in TEST_CALENDAR.closures)
    pupils_in = is_working_day(day) and term.starts_on <= day <= term.ends_on and not shut
    assert TEST_CALENDAR.is_school_day(day) is pupils_in
