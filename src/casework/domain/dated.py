"""Facts that apply from a day on: the minimum ages of platforms."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from casework.domain.moments import LocalDate
from casework.domain.naming import normalised


class AgeSince(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The minimum age from a day on, and the source that says so."""

    since: LocalDate
    minimum_age: int
    source: str


class Platform(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A platform, its other names, and its minimum ages over time."""

    name: str
    ages: tuple[AgeSince, ...]
    also: tuple[str, ...] = ()

    def age_on(self, day: date) -> AgeSince | None:
        """The row in force on `day`; None before the first row."""
        in_force = [row for row in self.ages if row.since <= day]
        return max(in_force, key=lambda row: row.since, default=None)


class Platforms:
    """The table of platforms. Any of a platform's names finds it; case and spacing make no difference."""

    def __init__(self, platforms: Iterable[Platform]) -> None:
        self.all = tuple(platforms)
        self._by_name = {
            normalised(name): platform for platform in self.all for name in (platform.name, *platform.also)
        }

    def minimum_age(self, name: str, day: date) -> int | None:
        """The minimum age of the platform `name` on `day`; None if it is not in the table."""
        platform = self._by_name.get(normalised(name))
        row = None if platform is None else platform.age_on(day)
        return None if row is None else row.minimum_age


def school_year(day: date) -> int:
    """The year in which the school year of `day` began: it runs from September to August."""
    return day.year if day.month >= 9 else day.year - 1
