"""Whether two names could be of one person, whichever way each of them was heard, spelt or shortened.

It is asked where a wrong "no" would show a case to the person it is about, so it says yes rather too often.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from casework.domain.name_folding import folded
from casework.domain.name_words import TITLES

_SPELLINGS: Final = (
    *(("ph", "f"), ("ck", "k"), ("sch", "s"), ("sh", "s"), ("ch", "k"), ("th", "t"), ("gh", "g")),
    *(("qu", "k"), ("c", "k"), ("q", "k"), ("x", "ks"), ("z", "s"), ("v", "f"), ("w", "f"), ("j", "g")),
)
"""Letters that are often written for each other."""
_LEFT_OUT: Final = frozenset("aeiouyh")
LEAST_SOUNDS: Final = 2
"""Parts of a name with fewer sounds are not compared by them."""


def parts_of(name: str) -> tuple[str, ...]:
    """The parts of `name` as names are compared (`name_folding`), without titles such as Mrs."""
    return parts_in(folded(name))


def parts_in(folded_name: str) -> tuple[str, ...]:
    """As `parts_of`, for a name that is folded already."""
    return tuple(part for part in folded_name.split() if part not in TITLES)


def could_be(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two names, given by their parts, could be of one person.

    The order of the parts makes no difference, and the longer name may have more of them. A part may be
    written as its initial or in another spelling; but if there is only one part, it must be the same.
    """
    if "".join(one) == "".join(other):
        return bool(one)
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) < 2:
        return any(part in longer for part in shorter if len(part) > 1)
    found = [_like(part, longer) for part in shorter]
    places = [each for each in found if each]
    return len(places) == len(shorter) and are_distinct(places) and _any_whole(shorter, longer)


def _like(part: str, others: Sequence[str]) -> frozenset[int]:
    """The places of those of `others` that could be `part`."""
    return frozenset(place for place, other in enumerate(others) if _could_be_part(part, other))


def _could_be_part(one: str, other: str) -> bool:
    if one == other:
        return True
    if len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    sounds = sounds_of(one)
    return len(sounds) >= LEAST_SOUNDS and sounds == sounds_of(other)


def are_distinct(places: Sequence[frozenset[int]]) -> bool:
    """Whether a different place can be chosen from each."""
    if not places:
        return True
    first, rest = places[0], places[1:]
    return any(are_distinct([each - {place} for each in rest]) for place in first)


def _any_whole(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether a part that is more than an initial could be one of the other name."""
    return any(_could_be_part(part, each) for part in one if len(part) > 1 for each in other if len(each) > 1)


@lru_cache(maxsize=1 << 16)
def sounds_of(part: str) -> str:
    """The consonants of a part of a name, the same for its usual spellings: `smt` for Smith and Smyth."""
    text = part
    for written, sound in _SPELLINGS:
        text = text.replace(written, sound)
    kept = text[:1] + "".join(letter for letter in text[1:] if letter not in _LEFT_OUT)
    return "".join(letter for letter, _ in groupby(kept))
