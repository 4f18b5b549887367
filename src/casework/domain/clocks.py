"""Computes when something is due: in elapsed hours, calendar days and months, working days or school days.

Everything is counted in Europe/London, and the day that starts a clock is not counted. Nothing here
reads the current time.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from itertools import pairwise
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import holidays
import msgspec

from casework.domain.limits import Length
from casework.domain.moments import LocalDate

LONDON: Final = ZoneInfo("Europe/London")

CLOCK_LEAD: Final = timedelta(minutes=2)
"""How far a client's clock may be ahead of the server's."""

LATE_AFTER: Final = timedelta(days=1)
"""How long after something was done it may be recorded and still count from then: 24 elapsed hours."""

_ONE_DAY: Final = timedelta(days=1)
_END_OF_DAY: Final = time(23, 59, 59)
_EVENING: Final = time(20)
_NEXT_MORNING: Final = time(10)
_SATURDAY: Final = 5
TERM_NAME: Final = re.compile(r"([0-9]{4})-(spring|summer|autumn)")
_SEASONS: Final = ("spring", "summer", "autumn")


def is_recorded_late(done_at: datetime, recorded_at: datetime) -> bool:
    """Whether what was done at `done_at` was recorded more than a day later."""
    return recorded_at.timestamp() - done_at.timestamp() > LATE_AFTER.total_seconds()


class Term(msgspec.Struct, frozen=True):
    """A term of one school, both days included, named `2026-autumn`, `2027-spring` or `2027-summer`."""

    name: str
    starts_on: LocalDate
    ends_on: LocalDate


class Closure(msgspec.Struct, frozen=True):
    """Days of a term on which the school is closed to everyone (half-term, snow), first and last included."""

    starts_on: LocalDate
    ends_on: LocalDate
    name: str = ""

    def covers(self, day: date) -> bool:
        """Whether the school is closed on `day`."""
        return self.starts_on <= day <= self.ends_on


class Calendar(msgspec.Struct, frozen=True, cache_hash=True):
    """One school's terms, closures and INSET days, as far as the school has entered them."""

    terms: Annotated[tuple[Term, ...], Length(100)]
    closures: Annotated[tuple[Closure, ...], Length(300)] = ()
    inset: Annotated[tuple[LocalDate, ...], Length(300)] = ()

    def faults(self) -> list[tuple[str, str]]:
        """What is wrong, as (path, message) such as `("terms[1].ends_on", "is before …")`.

        Terms may be in any order. Messages never repeat what was entered.
        """
        return [
            *_term_faults(self.terms),
            *_order_faults(self.terms),
            *_closure_faults(self.closures, self.terms),
        ]

    def is_school_day(self, day: date) -> bool:
        """Whether pupils are in: a working day of a term, outside closures and INSET."""
        days = _school_days(self)
        return bisect_left(days, day) < bisect_right(days, day)

    def term_on(self, day: date) -> Term | None:
        """The term that `day` belongs to; None only if the school has no terms.

        A day in a holiday belongs to the term before it, and a day before all terms to the first, so that
        every incident belongs to exactly one term.
        """
        begun = [term for term in self.terms if term.starts_on <= day]
        if begun:
            return max(begun, key=_start)
        return min(self.terms, key=_start, default=None)

    def term(self, name: str) -> Term | None:
        """The term of that name; None if there is none."""
        return next((term for term in self.terms if term.name == name), None)


class Unit(StrEnum):
    """What a span is counted in."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    SCHOOL_DAYS = "school_days"
    MONTHS = "months"


class Span(msgspec.Struct, frozen=True):
    """A length of time, such as 10 school days. Raises ValueError if `amount` is negative."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.amount < 0:
            raise ValueError("a span must not be negative")


def day_of(moment: datetime) -> date:
    """The day of `moment` in Europe/London. Raises ValueError if `moment` is naive."""
    return _in_london(moment).date()


def start_of(day: date) -> datetime:
    """The moment at which `day` begins in London."""
    return datetime.combine(day, time(), LONDON)


def synchronised(moment: datetime, now: datetime) -> datetime:
    """`now` if `moment` is up to two minutes after it, else `moment`: the clock of a client may be ahead.

    A moment without an offset is returned unchanged; a later check refuses it.
    """
    if moment.utcoffset() is None:
        return moment
    return now if now < moment <= now + CLOCK_LEAD else moment


def is_working_day(day: date) -> bool:
    """Whether `day` is a weekday and not a bank holiday in England (`holidays` has those of 1872 to 2100)."""
    return day.weekday() < _SATURDAY and day not in _bank_holidays(day.year)


def due(start: datetime, span: Span, calendar: Calendar) -> datetime:
    """The last moment, in Europe/London, at which something due `span` after `start` is in time.

    Hours are elapsed hours, also when the clocks change. Every other unit ends at 23:59:59 of a day. For
    days and months this is the day that many days or months later, or the last day of a month that is too
    short; but what is due on the day itself, and starts after 20:00, is due at 10:00 on the next day. For
    working and school days it is the nth such day after the day of `start`; for 0 it is the day of `start` if
    that is such a day, else the next one. After the last term that the school has entered, working days are
    counted instead of school days: a duty must always have a date.

    Raises ValueError if `start` is naive, and OverflowError or ValueError for a date after the year 9999.
    """
    local = _in_london(start)
    day = local.date()
    match span.unit:
        case Unit.HOURS:
            return (start.astimezone(UTC) + timedelta(hours=span.amount)).astimezone(LONDON)
        case Unit.DAYS if span.amount == 0 and local.time() > _EVENING:
            return datetime.combine(day + _ONE_DAY, _NEXT_MORNING, LONDON)
        case Unit.DAYS:
            last = day + timedelta(days=span.amount)
        case Unit.MONTHS:
            last = _months_after(day, span.amount)
        case Unit.WORKING_DAYS:
            last = _working_days_after(*_first_counted(day, span.amount))
        case Unit.SCHOOL_DAYS:
            last = _school_days_after(*_first_counted(day, span.amount), calendar)
    # If it starts within the last second of its last day, it must not be due before it starts.
    return max(local, datetime.combine(last, _END_OF_DAY, LONDON))


def _in_london(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment must have a time zone")
    return moment.astimezone(LONDON)


def _first_counted(day: date, count: int) -> tuple[date, int]:
    """The day to count from and the count. Counting 0 from `day` is counting 1 from the day before."""
    return (day, count) if count else (day - _ONE_DAY, 1)


def _months_after(day: date, count: int) -> date:
    years, months = divmod(day.month - 1 + count, 12)
    year, month = day.year + years, months + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _working_days_after(day: date, count: int) -> date:
    while count:
        day += _ONE_DAY
        count -= is_working_day(day)
    return day


def _school_days_after(day: date, count: int, calendar: Calendar) -> date:
    days = _school_days(calendar)
    position = bisect_right(days, day) + count - 1
    if position < len(days):
        return days[position]
    last_known = max((term.ends_on for term in calendar.terms), default=day)
    return _working_days_after(max(day, last_known), position - len(days) + 1)


@cache
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("GB", subdiv="ENG", years=year))


@lru_cache(maxsize=256)
def _school_days(calendar: Calendar) -> tuple[date, ...]:
    """The days pupils are in, in order. The cache is large enough for the calendars of a trust."""
    inset = frozenset(calendar.inset)
    return tuple(
        sorted(
            {
                day
                for term in calendar.terms
                for day in _days_of(term)
                if is_working_day(day)
                and day not in inset
                and not any(closure.covers(day) for closure in calendar.closures)
            }
        )
    )


def _days_of(term: Term) -> Iterator[date]:
    return (term.starts_on + timedelta(days=n) for n in range((term.ends_on - term.starts_on).days + 1))


def _start(term: Term) -> date:
    return term.starts_on


def _place(name: str) -> tuple[int, ...]:
    """The year and the number of the season in the name of a term; empty if `name` is not such a name."""
    parts = TERM_NAME.fullmatch(name)
    return () if parts is None else (int(parts[1]), _SEASONS.index(parts[2]))


def _term_faults(terms: Iterable[Term]) -> Iterator[tuple[str, str]]:
    names: set[str] = set()
    for number, term in enumerate(terms):
        path = f"terms[{number}]"
        place = _place(term.name)
        if not place:
            yield f"{path}.name", "is not a year and autumn, spring or summer, such as 2026-autumn"
        elif term.name in names:
            yield f"{path}.name", "is the name of an earlier term"
        else:
            names.add(term.name)
            # A mistyped year would make a term years long, and duties due on the wrong days.
            for field, day in (("starts_on", term.starts_on), ("ends_on", term.ends_on)):
                if day.year != place[0]:
                    yield f"{path}.{field}", "is not in the year of the term's name"
        if term.ends_on < term.starts_on:
            yield f"{path}.ends_on", "is before the term starts"


def _order_faults(terms: tuple[Term, ...]) -> Iterator[tuple[str, str]]:
    by_start = sorted(enumerate(terms), key=lambda numbered: numbered[1].starts_on)
    for (earlier, before), (later, after) in pairwise(by_start):
        place = _place(after.name)
        if after.starts_on <= before.ends_on:
            yield f"terms[{later}].starts_on", f"is before terms[{earlier}] ends"
        elif place and place < _place(before.name):
            yield f"terms[{later}].name", f"names an earlier term than terms[{earlier}], which comes before"


def _closure_faults(closures: Iterable[Closure], terms: tuple[Term, ...]) -> Iterator[tuple[str, str]]:
    for number, closure in enumerate(closures):
        if closure.ends_on < closure.starts_on:
            yield f"closures[{number}].ends_on", "is before the closure starts"
        elif not any(
            term.starts_on <= closure.ends_on and closure.starts_on <= term.ends_on for term in terms
        ):
            yield f"closures[{number}].starts_on", "the closure is outside every term"
