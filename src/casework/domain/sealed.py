"""Personal text: plain while it is being worked with, ciphertext wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

ERASED: Final = "[erased]"


class Sealed:
    """A name or a narrative that may be kept only under a data key.

    `under` names the person, incident, user or school whose data key seals the text; `None` means the
    aggregate whose event carries it. A value read back from the log is closed: it is unsealed when its
    `text` is first asked for, and reads as `[erased]` once its data key has been destroyed.

    `_unseal` outlives the opening: storage keeps the ciphertext on it, so that a value kept in a second
    place is copied as it was sealed, and an erased one stays a ciphertext and never becomes `[erased]`.
    """

    __slots__ = ("_opened", "_text", "_unseal", "under")

    def __init__(self, text: str, under: UUID | None = None) -> None:
        self._text: str | None = text
        self._unseal: Callable[[], str | None] | None = None
        self._opened = True
        self.under = under

    @classmethod
    def closed(cls, under: UUID, unseal: Callable[[], str | None]) -> Sealed:
        """A value whose text is fetched by `unseal` when needed; `unseal` answers None once erased."""
        sealed = cls("", under)
        sealed._unseal, sealed._opened = unseal, False
        return sealed

    @property
    def text(self) -> str:
        """The plain text, or `[erased]`."""
        text = self._open()
        return ERASED if text is None else text

    @property
    def erased(self) -> bool:
        """Whether the key that sealed this text is gone."""
        return self._open() is None

    def _open(self) -> str | None:
        if self._unseal is not None and not self._opened:
            self._text, self._opened = self._unseal(), True
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self._open() == other._open()

    def __hash__(self) -> int:
        return hash(self._open())

    def __repr__(self) -> str:
        return "Sealed(…)"
