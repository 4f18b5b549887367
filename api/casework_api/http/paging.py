"""How a client requests one page of a list: `?limit=` and `?cursor=`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import marshmallow as ma

from casework.domain.fields import Text
from casework_api.http.fields import InputSchema, Strict, Words
from casework_projections.reading.paging import MAX_CURSOR, Part

DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 100

_DIGITS: Final = re.compile(r"-?[0-9]{1,9}")


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


class PageQuery(InputSchema):
    """The query parameters of every list; the query of a list inherits them and adds its filters."""

    limit = QueryNumber(
        1,
        MAX_LIMIT,
        load_default=DEFAULT_LIMIT,
        metadata={"default": DEFAULT_LIMIT, "description": "How many items at most."},
    )
    cursor = Words(Text(max=MAX_CURSOR), metadata={"description": "`next` of the page before, unchanged."})


def part(query: Mapping[str, Any]) -> Part:
    """The part of a list that `query`, loaded by a `PageQuery`, requests."""
    return Part(query["limit"], query.get("cursor"))
