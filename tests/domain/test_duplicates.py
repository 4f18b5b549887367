"""Two records could be of one person if their names are alike and nothing else excludes it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.domain.duplicates import Description, could_be_one_person, likeness_keys
from casework.domain.name_likeness import parts_of
from casework.domain.vocabulary import Category

ADULTS = [
    *(Category.STAFF, Category.GOVERNOR, Category.CONTRACTOR, Category.VOLUNTEER),
    *(Category.VISITOR, Category.PARENT),
]


def described(*names: str, category: Category = Category.PUPIL, **fields: Any) -> Description:
    return Description(names=tuple(map(parts_of, names or ["Petra Pupil"])), category=category, **fields)


def both_ways(one: Description, other: Description) -> bool:
    """The answer, which is the same from either side."""
    answer = could_be_one_person(one, other)
    assert could_be_one_person(other, one) is answer
    return answer


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Petra Pupil",), True),
        (("P. Pupil",), True),
        (("Pupil, Pétra",), True),
        (("Polly Other", "Petra Pupil"), True),
        (("Polly Pupil",), False),
        (("Miss",), False),
        ((), True),
    ],
)
def test_one_name_of_each_must_be_alike(names: tuple[str, ...], expected: bool) -> None:
    assert both_ways(described(*names), described()) is expected


@pytest.mark.parametrize("category", Category)
def test_a_pupil_is_no_adult_of_the_school_and_no_parent(category: Category) -> None:
    assert both_ways(described(), described(category=category)) is (category not in ADULTS)


@pytest.mark.parametrize("one", [each for each in Category if each is not Category.PUPIL])
@pytest.mark.parametrize("other", [each for each in Category if each is not Category.PUPIL])
def test_all_others_may_be_recorded_in_any_two_categories(one: Category, other: Category) -> None:
    assert both_ways(described(category=one), described(category=other))


@pytest.mark.parametrize(
    ("born_on", "expected"),
    [
        (date(2016, 3, 4), True),
        (date(2016, 4, 3), True),
        (None, True),
        (date(2016, 3, 5), False),
        (date(2015, 3, 4), False),
        (date(2015, 4, 3), False),
    ],
)
def test_two_days_of_birth_are_the_same_or_have_day_and_month_exchanged(
    born_on: date | None, expected: bool
) -> None:
    assert both_ways(described(born_on=born_on), described(born_on=date(2016, 3, 4))) is expected


@pytest.mark.parametrize(
    ("year", "expected"), [(4, True), (3, True), (5, True), (None, True), (2, False), (6, False)]
)
def test_two_year_groups_are_at_most_one_year_apart(year: int | None, expected: bool) -> None:
    assert both_ways(described(year_group=year), described(year_group=4)) is expected


def test_days_of_birth_count_more_than_year_groups() -> None:
    born_on = date(2016, 3, 4)
    assert both_ways(described(born_on=born_on, year_group=1), described(born_on=born_on, year_group=6))
    other = described(born_on=date(2017, 3, 4), year_group=4)
    assert not both_ways(described(born_on=born_on, year_group=4), other)


PARTS = ["petra", "peter", "p", "philip", "filip", "f", "anne", "marie", "annemarie", "obrien", "brien", "o"]
MORE = [
    "j",
    "gill",
    "jill",
    "smith",
    "smyth",
    "schmidt",
    "cecil",
    "c",
    "kay",
    "xavier",
    "wu",
    "vu",
    "li",
    "ng",
]
NAME = st.lists(st.sampled_from([*PARTS, *MORE]), min_size=1, max_size=4).map(tuple)


@settings(max_examples=1000)
@given(one=NAME, other=NAME)
def test_records_that_could_be_of_one_person_share_a_key(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    first, second = (Description(names=(name,), category=Category.PUPIL) for name in (one, other))
    keys, others = ({key.of: key.weak for key in likeness_keys(each)} for each in (first, second))
    shared = [of for of in keys.keys() & others.keys() if not (keys[of] and others[of])]
    assert shared or not could_be_one_person(first, second)
