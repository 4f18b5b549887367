"""Whether two records could be of one person, by what they say of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from datetime import date
from typing import Final

import msgspec

from casework.domain.moments import LocalDate
from casework.domain.name_likeness import LEAST_SOUNDS, could_be, sounds_of
from casework.domain.vocabulary import Category

Parts = tuple[str, ...]

MOST_YEARS_APART: Final = 1
"""How far apart two year groups of one child may be: a record of last year may not have been moved up."""


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a record says of a person: all their names, by their parts, and what is known of the rest."""

    names: tuple[Parts, ...]
    category: Category
    year_group: int | None = None
    born_on: LocalDate | None = None


def could_be_one_person(one: Description, other: Description) -> bool:
    """Whether two records could be of one person.

    A name of one must be like a name of the other (`name_likeness.could_be`), their categories must not
    exclude each other, and neither must their ages. What is not known excludes nothing.
    """
    return could_be_called_the_same(one, other) and _ages_agree(one, other)


def could_be_called_the_same(one: Description, other: Description) -> bool:
    """As `could_be_one_person`, whatever their ages."""
    return _categories_agree(one.category, other.category) and any(
        could_be(mine, theirs) for mine in one.names for theirs in other.names
    )


class LikenessKey(msgspec.Struct, frozen=True):
    """What records that could be of one person have in common.

    Two records need not be compared because of a key that is `weak` for both.
    """

    of: Hashable
    weak: bool = False


def likeness_keys(described: Description) -> Iterator[LikenessKey]:
    """Keys of a record. Two records that could be of one person share one, which is weak for at most one.

    With them, only a few of all pairs of a school need to be compared.
    """
    for parts in described.names:
        yield LikenessKey(("whole", "".join(parts)))
        # A name of one part is like every name that has the part.
        for part in parts:
            yield LikenessKey(("part", part), weak=len(parts) > 1)
        # Of two longer names, one part is alike, and another one begins alike.
        for place, part in enumerate(parts):
            others = {_beginning(other) for at, other in enumerate(parts) if at != place}
            for alike in _forms(part):
                for beginning in others:
                    yield LikenessKey(("two", alike, beginning))


def _forms(part: str) -> Iterator[Hashable]:
    """Two parts of names that are more than initials and could be the same have one of these in common."""
    if len(part) > 1:
        yield "whole", part
        sounds = sounds_of(part)
        if len(sounds) >= LEAST_SOUNDS:
            yield "sounds", sounds


def _beginning(part: str) -> str:
    """The same letter for any two parts that could be the same, also for an initial: P, Philip, Filip."""
    first = sounds_of(part)[:1]
    return "f" if first == "p" else first


def _categories_agree(one: Category, other: Category) -> bool:
    """A pupil is no adult of the school, and no parent. All others may be recorded twice."""
    pupil = Category.PUPIL
    return not (one is pupil and other.is_of_adults) and not (other is pupil and one.is_of_adults)


def _ages_agree(one: Description, other: Description) -> bool:
    """Days of birth decide if both are known, day and month exchanged at most; year groups if these are."""
    if one.born_on is not None and other.born_on is not None:
        return _same_day(one.born_on, other.born_on)
    first, second = _year_now(one), _year_now(other)
    return first is None or second is None or abs(first - second) <= MOST_YEARS_APART


def _year_now(described: Description) -> int | None:
    """The year group; that of a former pupil is the one in which they left."""
    return None if described.category is Category.FORMER_PUPIL else described.year_group


def _same_day(one: date, other: date) -> bool:
    in_order = (one.day, one.month) == (other.day, other.month)
    exchanged = (one.day, one.month) == (other.month, other.day)
    return one.year == other.year and (in_order or exchanged)
