"""Finding a name by any part of it, in any order: how well a name matches what is searched for.

Both are folded first (`casework.domain.name_folding`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import accumulate
from typing import Final, Generic, Self, TypeVar

import msgspec

from casework.domain.name_folding import folded, is_word

LEAST_LETTERS: Final = 2
"""The letters and digits that a search must have at least; but one letter that is a word (王) is enough."""


class Match(IntEnum):
    """How well a name matches, the best first: every part of the search is at least this."""

    WHOLE = 0
    """The whole name, in any order of its parts."""
    PARTS = 1
    """Whole parts of the name."""
    BEGINNINGS = 2
    """The beginnings of parts."""
    INSIDE = 3
    """Letters inside a part."""


class FoldedName(msgspec.Struct, frozen=True, gc=False):
    """A name as it is compared: its parts with a space before and after each, and without spaces."""

    spaced: str
    joined: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


N = TypeVar("N", bound=FoldedName)


class FoldedNames(Generic[N]):
    """Names to be searched often: also as one text, which is much faster to search than each of them."""

    def __init__(self, names: Iterable[N] = ()) -> None:
        self.names = tuple(names)
        self._text = "".join([f"{name.joined}\n" for name in self.names])
        self._starts = [0, *accumulate(len(name.joined) + 1 for name in self.names)]

    def containing(self, letters: str) -> Iterator[N]:
        """The names that contain `letters`, spaces left out."""
        at = self._text.find(letters)
        while at >= 0:
            place = bisect_right(self._starts, at)
            yield self.names[place - 1]
            at = self._text.find(letters, self._starts[place])


class Part(msgspec.Struct, frozen=True):
    """One part of a search: its letters, after the space before a part of a name, and with both spaces."""

    letters: str
    beginning: str
    whole: str

    def taken_from(self, spaced: str) -> tuple[Match, str] | None:
        """How well this part matches, and the rest of the name without the letters it matched."""
        if self.whole in spaced:
            return Match.PARTS, spaced.replace(self.whole, " ", 1)
        if len(self.letters) == 1 and not is_word(self.letters):
            # The rest of the part stays, but its next letter is no beginning: "J O" is not Jo.
            rest = spaced.replace(self.beginning, " \0", 1)
            return (Match.BEGINNINGS, rest) if self.beginning in spaced else None
        if self.beginning in spaced:
            return Match.BEGINNINGS, spaced.replace(self.beginning, " ", 1)
        if self.letters in spaced:
            return Match.INSIDE, spaced.replace(self.letters, " ", 1)
        return _across(self.letters, spaced.split())


class NameSearch(msgspec.Struct, frozen=True):
    """What is searched for: its parts, the longest first, and all of them together in their order."""

    parts: tuple[Part, ...]
    together: Part

    @classmethod
    def of(cls, text: str) -> Self:
        """The search for `text`. Raises ValueError if it has too few letters to search for."""
        words = folded(text).split()
        joined = "".join(words)
        if len(joined) < LEAST_LETTERS and not is_word(joined):
            raise ValueError("too few letters to search for")
        return cls(tuple(_part(word) for word in sorted(words, key=len, reverse=True)), _part(joined))

    def among(self, names: FoldedNames[N]) -> Iterator[tuple[Match, N]]:
        """Those of `names` in which every part of the search is found, and how well."""
        first, second = self.parts[0].letters, self.parts[:2][-1].letters
        for name in names.containing(first):
            # Most names that contain one part do not contain another.
            match = self.match(name) if second in name.joined else None
            if match is not None:
                yield match, name

    def match(self, name: FoldedName) -> Match | None:
        """How well `name` matches; None if a part of the search is nowhere in it.

        Each letter of the name matches once: "J J" is not Jo Smith. One letter matches only the beginning
        of a part, unless the letter is a word.
        """
        if self.together.letters == name.joined:
            return Match.WHOLE
        if self.together.beginning in name.spaced:
            return Match.PARTS if self.together.whole in name.spaced else Match.BEGINNINGS
        rest, worst = name.spaced, Match.PARTS
        for part in self.parts:
            taken = part.taken_from(rest)
            if taken is None:
                return None
            rest, worst = taken[1], max(worst, taken[0])
        return Match.WHOLE if worst is Match.PARTS and not rest.strip() else worst


def folded_name(name: str) -> FoldedName:
    """`name` as searches compare it."""
    text = folded(name)
    return FoldedName(f" {text} ", text.replace(" ", ""))


def _part(letters: str) -> Part:
    return Part(letters, f" {letters}", f" {letters} ")


def _across(letters: str, words: Sequence[str]) -> tuple[Match, str] | None:
    """As `Part.taken_from`, for letters that reach over parts of a name: "annemarie" is Anne Marie."""
    for first in range(len(words)):
        run = words[first]
        for last in range(first + 1, len(words)):
            if not letters.startswith(run):
                break
            run += words[last]
            if run.startswith(letters):
                rest = " ".join((*words[:first], *words[last + 1 :]))
                return Match.PARTS if run == letters else Match.INSIDE, f" {rest} "
    return None
