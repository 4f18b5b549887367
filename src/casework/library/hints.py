"""What to write in the place of a word that a file may not use."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


def hint(word: object, known: Iterable[Any]) -> str:
    """The word of `known` that is spelt most like `word`, or all of them if none is like it."""
    words = sorted({_spelt(each) for each in known})
    alike = get_close_matches(str(word), words, n=1)
    if alike:
        return f"; did you mean {alike[0]!r}?"
    return f"; there are {', '.join(words)}" if words else ""


def _spelt(word: Any) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)
