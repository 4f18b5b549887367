"""Unique pupil numbers and NHS numbers: their shape, and that one wrong character is noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.identifiers import compact, nhs_number_fault, upn_fault

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
SHAPE = "must be a letter and 12 digits, or a letter, 11 digits and a letter"


def upn(rest: str) -> str:
    """The number with these 12 characters after its check letter."""
    return next(letter + rest for letter in LETTERS if upn_fault(letter + rest) is None)


@pytest.mark.parametrize("number", ["B801200005001", "P207000016049"])
def test_a_published_example_of_a_pupil_number_is_valid(number: str) -> None:
    assert upn_fault(number) is None


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("A801200005001", "has a wrong check letter"),
        ("Q207000016049", "has a wrong check letter"),
        ("B80120000500", SHAPE),
        ("B8012000050011", SHAPE),
        ("I801200005001", SHAPE),
        ("B80120000500S", SHAPE),
        ("B8012000A5001", SHAPE),
        ("B80120000500\u0661", SHAPE),
        ("8801200005001", SHAPE),
        ("", SHAPE),
    ],
)
def test_what_is_wrong_with_a_pupil_number_is_said(number: str, fault: str) -> None:
    assert upn_fault(number) == fault


@given(digits=st.text("0123456789", min_size=11, max_size=11), last=st.sampled_from("0123456789" + LETTERS))
def test_exactly_one_letter_checks_a_pupil_number(digits: str, last: str) -> None:
    assert sum(upn_fault(letter + digits + last) is None for letter in LETTERS) == 1


@given(
    digits=st.text("0123456789", min_size=12, max_size=12),
    place=st.integers(1, 12),
    wrong=st.sampled_from("0123456789"),
)
def test_one_wrong_digit_of_a_pupil_number_is_noticed(digits: str, place: int, wrong: str) -> None:
    number = upn(digits)
    if number[place] != wrong:
        assert upn_fault(number[:place] + wrong + number[place + 1 :]) == "has a wrong check letter"


@pytest.mark.parametrize("number", ["9434765919", "4505577104"])
def test_a_published_example_of_an_nhs_number_is_valid(number: str) -> None:
    assert nhs_number_fault(number) is None


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("9434765918", "has a wrong check digit"),
        ("943476591", "must be 10 digits"),
        ("94347659190", "must be 10 digits"),
        ("943476591X", "must be 10 digits"),
        ("943476591\u0669", "must be 10 digits"),
    ],
)
def test_what_is_wrong_with_an_nhs_number_is_said(number: str, fault: str) -> None:
    assert nhs_number_fault(number) == fault


@given(st.text("0123456789", min_size=9, max_size=9))
def test_at_most_one_digit_checks_an_nhs_number(digits: str) -> None:
    assert sum(nhs_number_fault(digits + last) is None for last in "0123456789") <= 1


@pytest.mark.parametrize("written", ["943 476 5919", "943-476-5919", " 9434765919\n"])
def test_spaces_and_hyphens_make_no_difference(written: str) -> None:
    assert compact(written) == "9434765919"


def test_a_pupil_number_in_small_letters_is_the_same() -> None:
    assert compact("b801200005001") == "B801200005001"
