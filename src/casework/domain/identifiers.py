"""The numbers by which schools and the NHS know a child, and their check characters."""

from __future__ import annotations

import re
from typing import Final

_UPN: Final = re.compile(r"[A-Z]\d{11}[\dA-Z]", re.ASCII)
_UPN_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""I, O and S are not used: they look like digits."""
_NHS_NUMBER: Final = re.compile(r"\d{10}", re.ASCII)


def compact(number: str) -> str:
    """`number` without spaces and hyphens, in capitals: two ways to write one number become the same."""
    return re.sub(r"[\s-]", "", number).upper()


def upn_fault(upn: str) -> str | None:
    """What is wrong with a unique pupil number in its compact form; None if nothing is.

    The first letter checks the rest: each digit times its place, from 2 to 13, added up, modulo 23. The last
    character of a temporary number is a letter and counts as its place among the letters in use.
    Source: Department for Education, guide to unique pupil numbers.
    """
    if not _UPN.fullmatch(upn) or not {upn[0], upn[-1]} <= {*_UPN_LETTERS, *"0123456789"}:
        return "must be a letter and 12 digits, or a letter, 11 digits and a letter"
    values = [*map(int, upn[1:-1]), _value(upn[-1])]
    expected = _UPN_LETTERS[sum(place * value for place, value in enumerate(values, start=2)) % 23]
    return None if upn[0] == expected else "has a wrong check letter"


def nhs_number_fault(number: str) -> str | None:
    """What is wrong with an NHS number in its compact form; None if nothing is.

    The last digit checks the rest: the first nine times 10 down to 2, added up, modulo 11, taken from 11; 11
    counts as 0, and no number has 10. Source: NHS Data Dictionary, NHS NUMBER.
    """
    if not _NHS_NUMBER.fullmatch(number):
        return "must be 10 digits"
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), number, strict=False))
    return None if (11 - total % 11) % 11 == int(number[-1]) else "has a wrong check digit"


def _value(character: str) -> int:
    return int(character) if character.isdigit() else _UPN_LETTERS.index(character)
