"""Terms as periods that begin at midnight in London and together contain every moment."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import Column, ColumnElement, and_, true

from casework.domain.clocks import LONDON, Calendar, Term


class UnknownTerm(LookupError):
    """A school has no term of that name."""


def term_named(calendar: Calendar, name: str) -> Term:
    """The term of that name. Raises UnknownTerm."""
    term = calendar.term(name)
    if term is None:
        raise UnknownTerm
    return term


def term_bounds(calendar: Calendar, name: str) -> tuple[datetime | None, datetime | None]:
    """The start (included) and end (excluded) of the term, in agreement with `Calendar.term_on` for days.

    None means unbounded: the first term includes everything before it, the last everything after it.
    Raises UnknownTerm.
    """
    term = term_named(calendar, name)
    starts = sorted(each.starts_on for each in calendar.terms)
    place = starts.index(term.starts_on)
    since = None if place == 0 else _midnight(starts[place])
    return since, _midnight(starts[place + 1]) if place + 1 < len(starts) else None


def in_term(column: Column[datetime], calendar: Calendar, name: str) -> ColumnElement[bool]:
    """Whether the moment in `column` is in the term, in SQL. Raises UnknownTerm."""
    since, until = term_bounds(calendar, name)
    return and_(true() if since is None else column >= since, true() if until is None else column < until)


def is_in_term(moment: datetime, calendar: Calendar, name: str) -> bool:
    """Whether `moment` is in the term. Raises UnknownTerm."""
    since, until = term_bounds(calendar, name)
    return (since is None or moment >= since) and (until is None or moment < until)


def term_before(calendar: Calendar, name: str) -> Term | None:
    """The term before the one of that name, if the school has entered it. Raises UnknownTerm."""
    term = term_named(calendar, name)
    earlier = [each for each in calendar.terms if each.starts_on < term.starts_on]
    return max(earlier, key=lambda each: each.starts_on, default=None)


def same_term_last_year(calendar: Calendar, name: str) -> Term | None:
    """The term of the same season a year earlier, if the school has entered it. Raises UnknownTerm."""
    year, _, season = term_named(calendar, name).name.partition("-")
    return calendar.term(f"{int(year) - 1}-{season}")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, LONDON)
