"""Lists a page at a time: `?limit=` and an opaque `?cursor=` that fits one list and its filters only."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeAlias

import marshmallow as ma
import msgspec

from casework.domain.fields import Text
from casework.domain.moments import standard
from casework_api.http.fields import Record, Strict, Words
from casework_api.http.problems import malformed

DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 100

_TAG_BYTES: Final = 16
_MAX_CURSOR: Final = 1024
_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{1,1024}")
_DIGITS: Final = re.compile(r"-?[0-9]{1,9}")

Position: TypeAlias = list[str | int | None]
"""The sort keys of the last item of a page. A client can read them: ids, dates and counts, never a name."""


class QueryNumber(Strict):
    """A whole number in a query string, from `minimum` to `maximum`, in plain digits."""

    fault: ClassVar = "must be a whole number"

    def __init__(
        self, minimum: int, maximum: int, *, metadata: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        self._range = range(minimum, maximum + 1)
        documented = {"type": "integer", "minimum": minimum, "maximum": maximum}
        super().__init__(metadata={**documented, **(metadata or {})}, **options)

    def read(self, value: Any) -> int:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise ValueError
        number = int(value)
        if number not in self._range:
            raise ma.ValidationError(f"must be from {self._range[0]} to {self._range[-1]}")
        return number


class QueryFlag(Strict):
    """`true` or `false` in a query string."""

    documented: ClassVar = {"type": "boolean"}
    fault: ClassVar = "must be true or false"

    def read(self, value: Any) -> bool:
        if value not in ("true", "false"):
            raise ValueError
        return bool(value == "true")


class PageQuery(Record):
    """The query parameters of every list; the query of a list inherits them and adds its filters."""

    limit = QueryNumber(
        1,
        MAX_LIMIT,
        load_default=DEFAULT_LIMIT,
        metadata={"default": DEFAULT_LIMIT, "description": "How many items at most."},
    )
    cursor = Words(Text(max=_MAX_CURSOR), metadata={"description": "`next` of the page before, unchanged."})


class Page(msgspec.Struct, frozen=True):
    """What is asked for: at most `limit` items after the position `after`; None for the first page."""

    limit: int
    after: Position | None = None


class Cursors:
    """Makes and reads cursors under a `key` of at least 16 bytes, the same in every process."""

    def __init__(self, key: bytes) -> None:
        if len(key) < _TAG_BYTES:
            raise ValueError(f"the key must have at least {_TAG_BYTES} bytes")
        self._key = key

    def make(self, position: Position, scope: Any) -> str:
        """A cursor that goes on after `position`.

        `scope` names the list, its filters and, where what is shown depends on who asks, the actor;
        it may be anything msgspec encodes as JSON, and is bound to the cursor without being in it.
        """
        payload = msgspec.json.encode(position)
        cursor = urlsafe_b64encode(self._tag(payload, scope) + payload).rstrip(b"=").decode()
        if len(cursor) > _MAX_CURSOR:
            raise ValueError("the position is too long for a cursor")
        return cursor

    def read(self, cursor: str, scope: Any) -> Position:
        """The position in `cursor`; a problem (422) where it is broken, forged or of another `scope`."""
        if _CURSOR.fullmatch(cursor):
            try:
                raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            except Base64Error:
                raw = b""
            tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
            canonical = urlsafe_b64encode(raw).rstrip(b"=").decode() == cursor
            if canonical and hmac.compare_digest(tag, self._tag(payload, scope)):
                return msgspec.json.decode(payload, type=Position)
        raise malformed({"cursor": ["is not a cursor of this list"]})

    def page(self, query: Mapping[str, Any], scope: Any) -> Page:
        """The page that `query`, loaded by a `PageQuery`, asks for."""
        cursor = query.get("cursor")
        return Page(query["limit"], None if cursor is None else self.read(cursor, scope))

    def _tag(self, payload: bytes, scope: Any) -> bytes:
        bound = msgspec.json.encode(
            ["casework cursor", scope, payload], order="deterministic", enc_hook=standard
        )
        return hmac.digest(self._key, bound, hashlib.sha256)[:_TAG_BYTES]


def cut(cursors: Cursors, query: Mapping[str, Any], scope: Any, count: int) -> tuple[slice, str | None]:
    """The part that `query` asks for of a list of `count` items, all at hand, and the cursor of the rest."""
    page = cursors.page(query, scope)
    first = 0 if page.after is None else int(str(page.after[0]))
    last = first + page.limit
    return slice(first, last), cursors.make([last], scope) if last < count else None
