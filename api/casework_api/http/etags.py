"""`If-Match`, which prevents lost updates, and `Idempotency-Key`, which prevents repeating a change."""

from __future__ import annotations

import re
from typing import Final

from flask import request

from casework_api.http.problems import malformed, precondition_required

IF_MATCH: Final = "If-Match"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"

# A weak tag never matches here (RFC 9110 §13.1.1), and a version has one tag, not a list.
_VERSION: Final = re.compile(r'"(0|[1-9][0-9]{0,17})"')
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


def etag(version: int) -> str:
    """The entity tag of `version`: `"3"`, quotes included."""
    return f'"{version}"'


def if_match() -> int | None:
    """The version the client last read; None for `*`, which matches any version.

    Raises a problem if the header is missing (428) or is neither one version nor `*` (422).
    """
    return parse_if_match(request.headers.get(IF_MATCH))


def parse_if_match(header: str | None) -> int | None:
    """Like `if_match`, for this value of the header."""
    if header is None:
        raise precondition_required()
    if header.strip() == "*":
        return None
    version = _VERSION.fullmatch(header.strip())
    if version is None:
        raise malformed({IF_MATCH: ['must be one version in quotes, such as "3", or *']})
    return int(version[1])


def idempotency_key() -> str | None:
    """The client's key for this request; None if there is none. Raises a problem (422) if it is not valid."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None and not _KEY.fullmatch(key):
        raise malformed({IDEMPOTENCY_KEY: ["must be 1 to 255 visible ASCII characters"]})
    return key
