"""Term dates like those of schools in England, for the years around a day."""

from __future__ import annotations

from datetime import date, timedelta

from casework.domain.clocks import Calendar, Closure, Term

MONDAY, WEDNESDAY, FRIDAY = 0, 2, 4


def calendar_around(day: date) -> Calendar:
    """Three school years, with `day` in the middle one: autumn, spring and summer with their half-terms."""
    first = day.year - (1 if day.month < 9 else 0) - 1
    terms: list[Term] = []
    closures: list[Closure] = []
    inset: list[date] = []
    for year in range(first, first + 3):
        then = year + 1
        autumn = Term(f"{year}-autumn", _on(date(year, 9, 2), WEDNESDAY), _on(date(year, 12, 15), FRIDAY))
        spring = Term(f"{then}-spring", _on(date(then, 1, 4), MONDAY), _on(date(then, 3, 24), FRIDAY))
        summer = Term(f"{then}-summer", _on(date(then, 4, 12), MONDAY), _on(date(then, 7, 18), FRIDAY))
        terms += [autumn, spring, summer]
        around = (date(year, 10, 24), date(year + 1, 2, 13), date(year + 1, 5, 25))
        closures += [_half_term(_on(day, MONDAY)) for day in around]
        inset += [autumn.starts_on, _on(date(year, 11, 23), FRIDAY)]
    return Calendar(terms=tuple(terms), closures=tuple(closures), inset=tuple(inset))


def _half_term(monday: date) -> Closure:
    return Closure(monday, monday + timedelta(days=4), "half-term")


def _on(day: date, weekday: int) -> date:
    """The first such weekday on or after `day`."""
    return day + timedelta(days=(weekday - day.weekday()) % 7)
