"""One thread for many clients: what waits for a socket gives way to what does not."""

from __future__ import annotations

import math
import selectors
from collections.abc import Callable
from time import monotonic
from typing import Final, Protocol

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

READABLE: Final = selectors.EVENT_READ
WRITABLE: Final = selectors.EVENT_WRITE

_TICK_SECONDS: Final = 0.5


class TooSlow(TimeoutError):
    """The client has used up its time."""


class HasDescriptor(Protocol):
    """A socket, or the number of one."""

    def fileno(self) -> int: ...


class Loop:
    """Lets greenlets wait for sockets. Only the greenlet that made it may run it.

    Times are kept to half a second. A greenlet must hold no lock and no transaction while it waits, for
    the others run in the same thread.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._main = getcurrent()
        self._deadlines: dict[greenlet, float] = {}
        self._next_check = 0.0

    def watch(self, source: HasDescriptor | int, on_readable: Callable[[], object]) -> None:
        """Call `on_readable` whenever something has arrived at `source`."""
        self._selector.register(source, READABLE, on_readable)

    def unwatch(self, source: HasDescriptor | int) -> None:
        self._selector.unregister(source)

    def wait(self, source: HasDescriptor, event: int, seconds: float) -> None:
        """Let others run until `source` is READABLE or WRITABLE. Raises TooSlow after `seconds`."""
        waiter = getcurrent()
        self._selector.register(source, event, waiter.switch)
        self._deadlines[waiter] = monotonic() + seconds
        try:
            self._main.switch()
        finally:
            del self._deadlines[waiter]
            self._selector.unregister(source)

    def hurry(self, waiter: greenlet, seconds: float) -> None:
        """Have `waiter`, if it waits, wait no longer than `seconds` from now."""
        if waiter in self._deadlines:
            self._deadlines[waiter] = min(self._deadlines[waiter], monotonic() + seconds)

    def turn(self) -> None:
        """Run everything that can go on; return after half a second where nothing can."""
        ready = self._selector.select(_TICK_SECONDS)
        now = monotonic()
        for key, _ in ready:
            key.data()
        # What arrived while those ran is not too late: it is found before its time is looked at.
        if now >= self._next_check:
            self._next_check = now + _TICK_SECONDS
            self.end_waits(now)

    def end_waits(self, until: float = math.inf) -> None:
        """Raise TooSlow in whatever waits for something that was to come by `until`."""
        for waiter in [waiter for waiter, deadline in self._deadlines.items() if deadline <= until]:
            waiter.throw(TooSlow)

    def close(self) -> None:
        self._selector.close()
