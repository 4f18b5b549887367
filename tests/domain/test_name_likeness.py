"""Names that could be of one person, and names that could not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.name_likeness import could_be, parts_of


def alike(one: str, other: str) -> bool:
    found = could_be(parts_of(one), parts_of(other))
    assert could_be(parts_of(other), parts_of(one)) is found
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jo Smith", "Jo Smith"),
        ("Smith, Jo", "Jo Smith"),
        ("J. Smith", "Jo Smith"),
        ("Mrs J Smith", "Jo Smith"),
        ("Mr Smith", "Jo Smith"),
        ("Headley", "Harriet Headley"),
        ("Jo Smyth", "Jo Smith"),
        ("Jon Smith", "John Smith"),
        ("Catherine Davies", "Kathryn Davies"),
        ("Stephen Clark", "Steven Clarke"),
        ("Mohammed Ali", "Muhammad Ali"),
        ("Siân Evans", "Sian Evans"),
        ("Annemarie Hall", "Anne Marie Hall"),
        ("Anne-Marie O'Hall", "Anne Marie O\u2019Hall"),
        ("Jo Anne Smith", "Jo Smith"),
        ("Nguyễn Thị Lan", "Lan Nguyen"),
        ("王芳", "王芳"),
    ],
)
def test_could_be_one_person(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jo Smith", "Tess Target"),
        ("Jo Smith", "Jo Target"),
        ("Jo Smith", "Ann Smith"),
        ("J S", "Jo Smith"),
        ("Mr", "Jo Smith"),
        ("", "Jo Smith"),
        ("A", "Ann Smith"),
        ("Jo Jo", "Jo Smith"),
        ("Unknown adult", "Jo Smith"),
    ],
)
def test_could_not_be_one_person(one: str, other: str) -> None:
    assert not alike(one, other)


names = st.lists(st.text(alphabet="abcdehjmnorst", min_size=1, max_size=6), min_size=1, max_size=3)


@given(one=names, other=names)
def test_is_the_same_from_both_sides_and_in_any_order(one: list[str], other: list[str]) -> None:
    found = could_be(one, other)
    assert could_be(other, one) is found
    # "Anne Marie" is Annemarie because of what both are as one word, which is read in one order.
    if "".join(one) != "".join(other) != "".join(one[::-1]):
        assert could_be(one[::-1], other) is found
