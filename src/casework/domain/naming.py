"""Finding a person's name in a text, and normalising names so that they can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Shorter parts of a name (Li, de, St) are too often other words.
_SHORTEST_PART = 3


def normalised(name: str) -> str:
    """`name` as it is compared: compatibility forms folded, lower case, single spaces."""
    # Folding the case can undo the normal form, so it is restored afterwards.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.split())


def holds_name(text: str, names: Iterable[str]) -> bool:
    """Whether `text` holds one of `names`: the whole name however written, or a part of it as a name.

    A part counts only where it is written with a capital, as names are: "will" is a word, "Will" may not be.
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
