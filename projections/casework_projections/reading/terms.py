"""The term a report is about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from casework.domain.errors import Invalid
from casework.domain.school import School
from casework_projections.reading.asking import Asker
from casework_projections.views.terms import UnknownTerm


@contextmanager
def known_term() -> Iterator[None]:
    """Raise Invalid, naming the field, if the school has no term of the requested name."""
    try:
        yield
    except UnknownTerm:
        raise Invalid.at("term", "is not a term of this school") from None


def running_term(school: School, asker: Asker) -> str:
    """The name of the current term. Raises Invalid if the school has entered no terms."""
    term = school.calendar.term_on(asker.today)
    if term is None:
        raise Invalid.at("term", "is needed: the school has entered no terms")
    return term.name
