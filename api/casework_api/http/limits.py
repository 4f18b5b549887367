"""Limits on the size of bodies and the rate of requests, and the security headers of every answer."""

from __future__ import annotations

import io
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import ClientDisconnected

from casework_api.http.problems import too_large, too_many_requests, too_slow

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_JSON_BODY: Final = 256 * 1024

View = TypeVar("View", bound=Callable[..., Any])

# Without it, rounding errors in the sum of intervals could refuse the last request of a burst.
_ROUNDING: Final = 1e-6

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def takes_body(max_bytes: int) -> Callable[[View], View]:
    """Let the decorated view accept a body of up to `max_bytes`, which it reads as a stream.

    While the view waits for more of the body, other requests run in the same thread, so it must not hold a
    lock or a transaction then.
    """

    def mark(view: View) -> View:
        vars(view)["max_body"] = max_bytes
        return view

    return mark


def register_body_limit(app: Flask, max_bytes: int = MAX_JSON_BODY) -> None:
    """Answer 413 to a body over `max_bytes`; if its length is declared, before reading any of it.

    A body without a declared length is counted while it is read; one that the server does not delimit
    reads as empty. A view marked with `takes_body` has its own limit. Register this before anything that
    reads a body. Flask's `MAX_CONTENT_LENGTH` is not used: with it, werkzeug reads a body without a declared
    length up to the limit and silently drops the rest.
    """

    def limit_body() -> None:
        limit: int = getattr(_view(), "max_body", max_bytes)
        if (request.content_length or 0) > limit:
            raise too_large(limit)
        if "wsgi.input_terminated" in request.environ:
            request.environ["wsgi.input"] = _Counted(request.environ["wsgi.input"], limit)

    app.before_request(limit_body)


class _Counted(io.RawIOBase):
    """A body that raises a problem after `limit` bytes, and if the client is too slow or disconnects."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer).cast("B")
        try:
            chunk = self._stream.read(min(len(room), self._left + 1))
        except TimeoutError:
            raise too_slow() from None
        except Exception as error:
            # Each server has its own exceptions for a body that is cut off or wrongly chunked.
            raise ClientDisconnected from error
        if len(chunk) > self._left:
            raise too_large(self._limit)
        self._left -= len(chunk)
        room[: len(chunk)] = chunk
        return len(chunk)


def _view() -> Callable[..., Any] | None:
    view = current_app.view_functions.get(request.endpoint or "")
    view_class = getattr(view, "view_class", None)
    return getattr(view_class, request.method.lower(), view)


def _seconds() -> float:
    # A test of a client may freeze `time.monotonic`. When it runs again it is decades earlier, and buckets
    # would stay empty for that long.
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class RateLimit:
    """A token bucket for each key: `burst` requests at once, then `per_second`.

    Each process has its own buckets, so several processes together allow several times as much. At most
    `capacity` keys are stored; the least recently used is dropped first, and then starts full again.
    A bucket is one number, the moment it would be full: the virtual scheduling algorithm of ITU-T I.371.
    """

    def __init__(
        self,
        per_second: float = 20.0,
        burst: int = 200,
        capacity: int = 10_000,
        clock: Callable[[], float] = _seconds,
    ) -> None:
        if per_second <= 0 or burst < 1 or capacity < 1:
            raise ValueError("a rate limit must let something through")
        self._interval = 1 / per_second
        self._tolerance = (burst - 1) * self._interval + _ROUNDING
        self._capacity = capacity
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def wait(self, key: str) -> float:
        """Take a token for `key`. Returns 0 if there was one, else the seconds until there will be one."""
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.get(key, now), now)
            wait = full_at - now - self._tolerance
            if wait <= 0:
                self._full_at[key] = full_at + self._interval
            self._full_at.move_to_end(key)
            if len(self._full_at) > self._capacity:
                self._full_at.popitem(last=False)
            return max(wait, 0.0)

    def check(self, key: str) -> None:
        """Take a token for `key`. Raises a problem (429), with the time to wait, if there is none."""
        wait = self.wait(key)
        if wait > 0:
            raise too_many_requests(max(1, math.ceil(wait)))


def register_security_headers(app: Flask) -> None:
    """Add `SECURITY_HEADERS` to every answer of `app`, unless its view has set them."""

    def protect(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    app.after_request(protect)
