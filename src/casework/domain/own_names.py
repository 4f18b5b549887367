"""Whether a name in a case could be a user's own, in whichever way a colleague wrote it down.

It says yes more often than `name_likeness`, which compares two records: a wrong "no" shows a case to the
person it is about, a wrong "yes" is put right with `clear_name`. Names are prepared once, as `Written`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from casework.domain.name_folding import folded
from casework.domain.name_likeness import LEAST_SOUNDS, are_distinct, sounds_of
from casework.domain.name_words import AROUND_POSTS, FULL_NAMES, POSTS, ROLE_WORDS, TITLES
from casework.domain.vocabulary import Role

Parts = tuple[str, ...]

_NOISE: Final = TITLES | ROLE_WORDS
_ASIDE: Final = re.compile(r"[(\[{]([^)\]}]*)[)\]}]?")
_HYPHEN: Final = re.compile(r"[-\u2010-\u2015\u2212/]")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SILENT: Final = re.compile(r"(?<=[^aeiou][^aeiou])e$|(?<=[aeiou][aeiou][^aeiou])e$")
_ENDING: Final = re.compile(r"(ie|ey|y)$")
_DOUBLED: Final = re.compile(r"(.)\1+")
_MOST_INITIALS: Final = 4
_SOUNDS_ALONE: Final = 3
"""A part that stands alone needs more sounds: Hill is not Hall, although Jo Hill could be Jo Hall."""
_LETTERS_WITH_SLIP: Final = 5
"""Parts of a name with fewer letters are not taken for each other because of a slip of one letter."""


class Written(msgspec.Struct, frozen=True, gc=False):
    """A name as it was written, in every way in which it can be read.

    `readings` are its parts; `surname` those of the surname. If the name is nothing but a double-barrelled
    surname, `barrels` are its parts; if nothing but initials, `initials` are they; a single initial only
    counts beside a title. `post` is set if it names nobody but who holds that post.
    """

    readings: tuple[Parts, ...] = ()
    surname: Parts = ()
    barrels: Parts = ()
    initials: Parts = ()
    post: Role | None = None

    @property
    def own(self) -> tuple[Parts, ...]:
        """The readings that are a whole name, if the name is a user's own: in one part only if all are."""
        return tuple(each for each in self.readings if len(each) > 1) or self.readings


def written(name: str) -> Written:
    """`name` prepared to be compared. What is in brackets may be the name, or only say who it is."""
    asides = _ASIDE.findall(name)
    main = _ASIDE.sub(" ", name) if asides else name
    found = [_written(text) for text in ((main, *asides, name) if asides else (main,))]
    return Written(
        readings=tuple(dict.fromkeys(reading for each in found for reading in each.readings)),
        surname=found[0].surname,
        barrels=tuple(barrel for each in found for barrel in each.barrels),
        initials=next((each.initials for each in found if each.initials), ()),
        post=next((each.post for each in found if each.post is not None), None),
    )


def _written(text: str) -> Written:
    words = folded(text).split()
    meant = tuple(word for word in words if not _is_noise(word))
    whole = tuple(word for word in words if word not in TITLES)
    barrels = _barrels(text) if _HYPHEN.search(text) else []
    alone = tuple(barrel for pieces in barrels for barrel in pieces if meant == pieces)
    return Written(
        # Head and Dean are names too.
        readings=tuple(dict.fromkeys(each for each in (meant, whole, *_singled(meant, barrels)) if each)),
        surname=_surname(text, meant),
        barrels=alone,
        initials=_initials(text, meant, titled=len(meant) < len(words)),
        post=POSTS.get(tuple(word for word in words if word not in AROUND_POSTS)),
    )


def _is_noise(word: str) -> bool:
    return word in _NOISE or (not word.isalpha() and any(letter.isdigit() for letter in word))


def _barrels(text: str) -> list[Parts]:
    """The parts of each word with a hyphen."""
    found = (
        tuple(piece for piece in folded(word).split() if not _is_noise(piece))
        for word in text.split()
        if _HYPHEN.search(word)
    )
    return [pieces for pieces in found if len(pieces) > 1]


def _singled(meant: Parts, barrels: Iterable[Parts]) -> Iterator[Parts]:
    """`meant` with one part of a double-barrelled name in place of all."""
    for pieces in barrels:
        rest = list((Counter(meant) - Counter(pieces)).elements())
        if rest:
            yield from ((*rest, piece) for piece in pieces)


def _surname(text: str, meant: Parts) -> Parts:
    """The parts of the surname: the last word, or what stands before a comma."""
    words = [
        kept
        for word in text.split(",", maxsplit=1)[0].split()
        if (kept := tuple(piece for piece in folded(word).split() if not _is_noise(piece)))
    ]
    return words[-1] if words else meant[-1:]


def _initials(text: str, meant: Parts, *, titled: bool) -> Parts:
    """The initials, if the name is nothing else: H. H., HH, Mrs H."""
    if all(len(part) == 1 for part in meant):
        return meant if len(meant) > 1 or titled else ()
    if len(meant) > 1 or not 1 < len(meant[0]) <= _MOST_INITIALS:
        return ()
    capitals = any(word.isupper() and folded(word) == meant[0] for word in _LETTERS.findall(text))
    return tuple(meant[0]) if capitals or not set(meant[0]) & set("aeiouy") else ()


class _Places(NamedTuple):
    """Where in a user's name a part could stand, alone and beside others; and whether it is more there
    than an initial."""

    alone: bool
    beside: frozenset[int]
    whole: bool


class OwnName:
    """One reading of a name of a user, prepared to be compared with many."""

    def __init__(self, parts: Parts, surname: Parts) -> None:
        self._parts = parts
        self._joined = "".join(parts)
        self._surname = surname
        self._initials = Counter(part[0] for part in parts)
        self._ends = {part[0] for part in (*parts[:1], *parts[-1:])}
        longer = [(at, part) for at, part in enumerate(parts) if len(part) > 1]
        self._alone = {at: _forms(part, _SOUNDS_ALONE) for at, part in longer}
        self._beside = {at: _forms(part, LEAST_SOUNDS) for at, part in longer}
        self._places: dict[str, _Places] = {}

    def could_be(self, name: Written) -> bool:
        """Whether `name` could be a name of the user.

        Accents, order, spellings, short forms, titles and what somebody is at the school make no difference,
        and the longer name may have more parts. A part may be an initial, beside one that is not. Initials
        alone must all be found in the name, or all of its initials in them. A double-barrelled surname may
        have the user's as a part.
        """
        if any(map(self._reads_as, name.readings)):
            return True
        if any(_alone(barrel, mine) for barrel in name.barrels for mine in self._surname):
            return True
        return bool(name.initials) and self._has_initials(name.initials)

    def _reads_as(self, parts: Parts) -> bool:
        if "".join(parts) == self._joined:
            return True
        found = [self._at(part) for part in parts]
        if len(parts) == 1 or len(self._parts) == 1:
            return any(each.alone for each in found)
        if not any(each.whole for each in found):
            return False
        if len(parts) <= len(self._parts):
            return are_distinct([each.beside for each in found])
        needed = [
            frozenset(at for at, each in enumerate(found) if place in each.beside)
            for place in range(len(self._parts))
        ]
        return are_distinct(needed)

    def _at(self, part: str) -> _Places:
        places = self._places.get(part)
        if places is None:
            places = self._places[part] = self._looked_up(part)
        return places

    def _looked_up(self, part: str) -> _Places:
        if len(part) == 1:
            at = frozenset(at for at, mine in enumerate(self._parts) if mine[0] == part)
            return _Places(False, at, False)
        forms, first = _forms(part, LEAST_SOUNDS), part[0]
        slips = {at for at, mine in enumerate(self._parts) if mine[0] == first and _is_slip(part, mine)}
        whole = {at for at, each in self._beside.items() if not each.isdisjoint(forms)}
        # What is alike alone is alike beside others.
        alone = bool(slips) or any(
            not self._alone[at].isdisjoint(_forms(part, _SOUNDS_ALONE)) for at in whole
        )
        initials = (at for at, mine in enumerate(self._parts) if mine == first)
        return _Places(alone, frozenset((*whole, *slips, *initials)), bool(whole or slips))

    def _has_initials(self, initials: Parts) -> bool:
        if len(initials) == 1:
            return initials[0] in self._ends
        theirs = Counter(initials)
        return self._initials.total() > 1 and (theirs <= self._initials or self._initials <= theirs)


def own_names(name: Written) -> tuple[OwnName, ...]:
    """The readings of a user's own name."""
    return tuple(OwnName(parts, name.surname) for parts in name.own)


def could_be_own(own: str, name: str) -> bool:
    """Whether `name` could be that of a user who is called `own`."""
    return any(each.could_be(written(name)) for each in own_names(written(own)))


def _alone(one: str, other: str) -> bool:
    """Whether two parts that are more than initials could be the same, even if one stands alone."""
    if len(one) == 1 or len(other) == 1:
        return False
    return not _forms(one, _SOUNDS_ALONE).isdisjoint(_forms(other, _SOUNDS_ALONE)) or _is_slip(one, other)


@lru_cache(maxsize=1 << 16)
def _forms(part: str, least_sounds: int) -> frozenset[str]:
    """What parts that could be the same have in common: spellings and sounds, also of full given names."""
    names = (part, *FULL_NAMES.get(part, ()))
    sounds = (sounds_of(name) for name in names)
    return frozenset((*map(_spelling, names), *(f"~{each}" for each in sounds if len(each) >= least_sounds)))


def _spelling(part: str) -> str:
    """The same for Deane and Dean, Moore and Moor, Allan and Alan, Jackie and Jacky."""
    short = _SILENT.sub("", part)
    return _DOUBLED.sub(r"\1", _ENDING.sub("i", short))


def _is_slip(one: str, other: str) -> bool:
    """Whether they differ by one letter left out or put in, or by two exchanged, after the first."""
    shorter, longer = sorted((one, other), key=len)
    if one[0] != other[0] or len(longer) - len(shorter) > 1 or len(shorter) < _LETTERS_WITH_SLIP:
        return False
    start = next(
        (at for at, pair in enumerate(zip(shorter, longer, strict=False)) if pair[0] != pair[1]), None
    )
    if start is None:
        return True
    if len(shorter) < len(longer):
        return shorter[start:] == longer[start + 1 :]
    exchanged = shorter[:start] + shorter[start : start + 2][::-1] + shorter[start + 2 :]
    return exchanged == longer
