"""Whether somebody in an incident was a child on its day."""

from __future__ import annotations

from enum import StrEnum

from casework.domain.vocabulary import Category


class Age(StrEnum):
    """Whether a person was a child on the day of the incident."""

    CHILD = "child"
    ADULT = "adult"
    UNKNOWN = "unknown"


def age_of(category: Category, adult: bool | None) -> Age:
    """By the birth date, if it says whether they were `adult`; else by the category."""
    if adult is not None:
        return Age.ADULT if adult else Age.CHILD
    if category.is_of_adults:
        return Age.ADULT
    return Age.CHILD if category is Category.PUPIL else Age.UNKNOWN
