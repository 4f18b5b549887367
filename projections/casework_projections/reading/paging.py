"""Lists one page at a time, with an opaque cursor that is valid only for one list and its filters."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from datetime import datetime
from typing import Any, Final, Generic, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.errors import Invalid
from casework.domain.moments import standard

T = TypeVar("T")

MAX_CURSOR: Final = 1024
_TAG_BYTES: Final = 16
_CURSOR: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_CURSOR}}}")

Position: TypeAlias = list[str | int | None]
"""The sort keys of the last item of a page. A client can read them: ids, dates and counts, never a name."""


def position_of(moment: datetime, key: UUID) -> Position:
    """The position after an item of a list that is sorted by a moment and then by id."""
    return [moment.isoformat(), key.hex]


def moment_and_id(position: Position) -> tuple[datetime, UUID]:
    """The moment and the id in a position made by `position_of`."""
    moment, key = position
    return datetime.fromisoformat(str(moment)), UUID(str(key))


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A page of a list: `next` is the cursor of the next page, null at the end.

    `stale` is true if the page may be out of date.
    """

    items: tuple[T, ...]
    next: str | None
    stale: bool | UnsetType = UNSET


class Part(msgspec.Struct, frozen=True):
    """The page to return: at most `limit` items after the page that returned `cursor`.

    Without a limit it is the rest of the list; without a cursor it starts at the first item.
    """

    limit: int | None = None
    cursor: str | None = None


class Cursors:
    """Makes and reads cursors under a `key` of at least 16 bytes, the same in every process."""

    def __init__(self, key: bytes) -> None:
        if len(key) < _TAG_BYTES:
            raise ValueError(f"the key must have at least {_TAG_BYTES} bytes")
        self._key = key

    def make(self, position: Position, scope: Any) -> str:
        """A cursor that continues after `position`.

        `scope` names the list, its filters and, if the items depend on the user, the user. It may be
        anything msgspec encodes as JSON; the cursor is signed for it but does not contain it.
        """
        payload = msgspec.json.encode(position)
        cursor = urlsafe_b64encode(self._tag(payload, scope) + payload).rstrip(b"=").decode()
        if len(cursor) > MAX_CURSOR:
            raise ValueError("the position is too long for a cursor")
        return cursor

    def read(self, cursor: str, scope: Any) -> Position:
        """The position in `cursor`. Raises Invalid if it is broken, forged or of another `scope`."""
        if _CURSOR.fullmatch(cursor):
            try:
                raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            except Base64Error:
                raw = b""
            tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
            canonical = urlsafe_b64encode(raw).rstrip(b"=").decode() == cursor
            if canonical and hmac.compare_digest(tag, self._tag(payload, scope)):
                return msgspec.json.decode(payload, type=Position)
        raise Invalid.at("cursor", "is not a cursor of this list")

    def start(self, part: Part, scope: Any) -> Position | None:
        """The position after which `part` starts; None for the first item. Raises Invalid."""
        return None if part.cursor is None else self.read(part.cursor, scope)

    def cut(self, part: Part, scope: Any, count: int) -> tuple[slice, str | None]:
        """The slice of a list of `count` items that is `part`, and the next page's cursor. Raises Invalid."""
        after = self.start(part, scope)
        first = 0 if after is None else int(str(after[0]))
        last = count if part.limit is None else first + part.limit
        return slice(first, last), self.make([last], scope) if last < count else None

    def _tag(self, payload: bytes, scope: Any) -> bytes:
        bound = msgspec.json.encode(
            ["casework cursor", scope, payload], order="deterministic", enc_hook=standard
        )
        return hmac.digest(self._key, bound, hashlib.sha256)[:_TAG_BYTES]
