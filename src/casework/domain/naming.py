"""Finding a person's name in a text, and normalising names so that they can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Shorter parts of a name (Li, de, St) are too often other words.
_SHORTEST_PART = 3


def normalised(name: str) -> str:
    """`name` in the form used to compare names: compatibility forms folded, lower case, single spaces."""
    # Case folding can undo the normal form, so normalise again.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def holds_word(text: str, words: Iterable[str]) -> bool:
    """Whether `text` contains one of `words` as a whole word or phrase, in any spelling of case."""
    plain = normalised("".join(char for char in text if unicodedata.category(char) != "Cf"))
    return any(re.search(rf"(?<!\w){re.escape(normalised(word))}(?!\w)", plain) for word in words)


def holds_name(text: str, names: Iterable[str]) -> bool:
    """Whether `text` contains one of `names`: the whole name in any spelling of case, or a part of it.

    A part counts only if it is capitalised: "will" is a word, but "Will" may be a name.
    """
    plain = normalised(text)
    words = set(re.findall(r"[^\W\d_]+", unicodedata.normalize("NFKC", text)))
    capitalised = {word.casefold() for word in words if word[0].isupper()}
    for name in names:
        whole = normalised(name)
        if re.search(rf"(?<!\w){re.escape(whole)}(?!\w)", plain):
            return True
        parts = re.findall(r"[^\W\d_]+", whole)
        if any(part in capitalised for part in parts if len(part) >= _SHORTEST_PART):
            return True
    return False
