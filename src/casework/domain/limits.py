"""Limits on numbers, days, times and lists in a record, so that every table computed from it can hold them.

Unlike msgspec's own constraints, these are not enforced when an event is read: an event that was recorded
under earlier limits can still be loaded.
"""

from __future__ import annotations

from collections.abc import Sized
from datetime import date, datetime, timedelta
from typing import Annotated, Final

import msgspec


class Between(msgspec.Struct, frozen=True):
    """The least and the greatest whole number that a field accepts."""

    low: int
    high: int

    def fault(self, number: int) -> str | None:
        """What is wrong with `number`; None if nothing is."""
        return None if self.low <= number <= self.high else f"must be from {self.low} to {self.high}"


class Length(msgspec.Struct, frozen=True):
    """How many items a list may hold."""

    max: int

    def fault(self, items: Sized) -> str | None:
        """What is wrong with the length of `items`; None if nothing is."""
        return f"must hold at most {self.max}" if len(items) > self.max else None


INT32: Final = Between(-(2**31), 2**31 - 1)
"""The limits of a whole number whose field declares none."""

MOST_ITEMS: Final = Length(1000)
"""The length of a list whose field declares none."""

YEARS: Final = Between(1900, 2199)
"""The years of every day and time. A clock that starts in any of them ends within the range of a datetime."""

# The school years of England: N2 is -2, N1 is -1, R is 0, and year 14 a third year of sixth form.
YEAR_GROUPS: Final = Between(-2, 14)
YearGroup = Annotated[int, YEAR_GROUPS]
Count = Annotated[int, Between(0, INT32.high)]


def day_fault(day: date) -> str | None:
    """What is wrong with a day, or with the day of a time; None if nothing is."""
    return YEARS.fault(day.year)


def time_fault(moment: datetime) -> str | None:
    """What is wrong with a time; None if nothing is."""
    offset = moment.utcoffset()
    # The log stores an offset in whole minutes: a stored time with any other offset would be another moment.
    if offset is None or offset % timedelta(minutes=1):
        return "must have an offset from UTC in whole minutes"
    return day_fault(moment)
