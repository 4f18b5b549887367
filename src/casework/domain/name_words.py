"""Titles, words for what people are at a school, the names of posts, and short forms of given names.

They are data, in `name_words.toml` beside this file, and are checked when they are loaded.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Final

import msgspec

from casework.domain.name_folding import folded
from casework.domain.vocabulary import Role


class NameWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The content of the file.

    `titles` are no part of a name. `role_words` mostly are not, but some are names too. `posts` are the names
    of roles, which mean the same with words `around_posts`. `short_forms` are by the full given name.
    """

    titles: tuple[str, ...]
    role_words: tuple[str, ...]
    around_posts: tuple[str, ...]
    posts: Mapping[Role, tuple[str, ...]]
    short_forms: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        """Raise ValueError, which names the first mistake."""
        for fault in (*self._not_folded(), *self._repeated(), *self._around()):
            raise ValueError(fault)

    def _lists(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield from (("titles", self.titles), ("role_words", self.role_words))
        yield "around_posts", self.around_posts
        yield "posts", tuple(each for names in self.posts.values() for each in names)
        yield from ((f"short_forms.{name}", (name, *forms)) for name, forms in self.short_forms.items())

    def _not_folded(self) -> Iterator[str]:
        for name, words in self._lists():
            several = name == "posts"
            for word in words:
                if not word or folded(word) != word or (" " in word and not several):
                    yield f"{name}: {word!r} is not a word as names are compared"

    def _repeated(self) -> Iterator[str]:
        for name, words in self._lists():
            yield from (f"{name}: {word!r} is repeated" for word in repeated(words))

    def _around(self) -> Iterator[str]:
        """A word that is left out around posts would never be found in the name of one."""
        left_out = {*self.around_posts, *self.titles}
        for names in self.posts.values():
            for name in names:
                yield from (f"posts: {name!r} has {word!r}" for word in name.split() if word in left_out)


def repeated(words: Iterable[str]) -> list[str]:
    """The words that are given more than once."""
    return [word for word, times in Counter(words).items() if times > 1]


def name_words(text: str) -> NameWords:
    """The words in the text of a TOML file. Raises ValueError, which says what is wrong with it."""
    return msgspec.convert(tomllib.loads(text), NameWords)


def _full_names(short_forms: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The given names that each short form stands for."""
    found: dict[str, list[str]] = defaultdict(list)
    for full, forms in short_forms.items():
        for form in forms:
            found[form].append(full)
    return {form: tuple(names) for form, names in found.items()}


_WORDS: Final = name_words(
    resources.files(__package__).joinpath("name_words.toml").read_text(encoding="utf-8")
)
TITLES: Final = frozenset(_WORDS.titles)
ROLE_WORDS: Final = frozenset(_WORDS.role_words)
AROUND_POSTS: Final = frozenset((*_WORDS.around_posts, *_WORDS.titles))
POSTS: Final = {tuple(name.split()): role for role, names in _WORDS.posts.items() for name in names}
FULL_NAMES: Final = _full_names(_WORDS.short_forms)
