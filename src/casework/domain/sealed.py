"""Personal text: plain while it is in use, encrypted wherever it is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

ERASED: Final = "[erased]"


class Sealed:
    """A name or a narrative that may be stored only when encrypted with a data key.

    `under` is the id of the person, incident, user or school whose data key seals the text; `None` means
    the aggregate whose event holds it. A value read from the log is closed: it is decrypted when its
    `text` is first read, and reads as `[erased]` once its data key has been destroyed.

    `_unseal` is not dropped after decryption, because it holds the ciphertext. To copy a value, storage
    copies this ciphertext, so that an erased value is never stored as the text `[erased]`.
    """

    __slots__ = ("_opened", "_text", "_unseal", "under")

    def __init__(self, text: str, under: UUID | None = None) -> None:
        self._text: str | None = text
        self._unseal: Callable[[], str | None] | None = None
        self._opened = True
        self.under = under

    @classmethod
    def closed(cls, under: UUID, unseal: Callable[[], str | None]) -> Sealed:
        """A value whose text `unseal` returns when needed; `unseal` returns None once it was erased."""
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
        """Whether the key that sealed this text was destroyed."""
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
