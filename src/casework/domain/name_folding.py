"""Folding a name: the form in which names are compared, whatever letters and marks they are written with.

The sources are Unicode's: UAX #15 (normal forms), UAX #44 (character properties), UAX #11 (width) and section
3.13 of the Unicode Standard (caseless matching).
"""

from __future__ import annotations

import unicodedata
from typing import Final

# Written inside a word and left out: O'Brien is OBrien. They are apostrophes straight and curly, accents and
# primes typed for them, letters like them (Hawaiian, Hebrew, Armenian), and the dot in a Catalan l.l.
_JOINERS: Final = frozenset(
    "\u0027\u0060\u00b4\u00b7\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb"
    "\u055a\u05f3\u05f4\u2018\u2019\u201b\u2027\u2032\u2035\ua78c"
)
# Letters that NFKD leaves whole, by the letters that people type for them.
_LATIN: Final = {
    **dict(zip("łøđħŧıȷðŋɓɗɖƙƴəǝɛɔɣƒʋɨʉ", "lodhtijdnbddkyeeeogfviu", strict=True)),
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
# Forms of one Arabic letter, as Arabic, Persian and Urdu write it. NFKD separates hamza and madda from their
# letters, so that they are left out like other marks; the tatweel only makes a word longer.
_ARABIC: Final = {**dict(zip("ٱىیکةۃہھ", "اييكهههه", strict=True)), "ـ": ""}
_LETTERS: Final = str.maketrans({**_LATIN, **_ARABIC})
# What shows nothing: marks and letters of Default_Ignorable_Code_Point. The others are of category Cf.
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0").union(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
# Canonical combining classes of the marks that are left out: strokes through a letter; the points of Hebrew
# and Arabic; accents. The others are vowels of South and East Asian scripts, which make another name.
_STROKES, _POINTS, _ACCENTS = 1, range(10, 37), 200


def folded(text: str) -> str:
    """`text` in the form in which names are compared: letters and digits, in words separated by one space.

    Case, accents and invisible characters make no difference; an apostrophe is left out, and everything
    else that is no letter or digit separates words. Folding a folded text changes nothing.
    """
    # Each character is worked out once. That is enough: case folding does not look at the next character, and
    # the first normal form has put marks in order.
    return " ".join(unicodedata.normalize("NFD", text).translate(_FOLDS).split())


class _Folds(dict[int, str]):
    """What each character becomes, by its code point; those seen first are kept."""

    def __missing__(self, code: int) -> str:
        text = _folded_character(chr(code))
        if len(self) < _MOST_KEPT:
            self[code] = text
        return text


_MOST_KEPT: Final = 4096
_FOLDS: Final = _Folds()


def _folded_character(character: str) -> str:
    if character in _JOINERS:
        return ""
    # Section 3.13, D146: compatibility caseless matching.
    text = character
    for form in ("NFD", "NFKD", "NFKD"):
        text = unicodedata.normalize(form, text).casefold()
    text = unicodedata.normalize("NFKD", text).translate(_LETTERS)
    return "".join(_kept(each) for each in text)


def _kept(character: str) -> str:
    """`character` if it is part of a word, a space if it separates words, nothing if it is left out."""
    category = unicodedata.category(character)
    if category == "Cf" or character in _INVISIBLE or character in _JOINERS:
        return ""
    if category.startswith("M"):
        order = unicodedata.combining(character)
        return "" if order == _STROKES or order in _POINTS or order >= _ACCENTS else character
    return character if character.isalnum() else " "


def is_word(text: str) -> bool:
    """Whether `text` is one character of a script in which one is often a word, and no space separates them.

    These are the wide characters of UAX #11: Chinese, Japanese and Korean.
    """
    return len(text) == 1 and unicodedata.east_asian_width(text) == "W"
