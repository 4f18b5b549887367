"""One thread for many clients: while one waits for its socket, others run."""

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
    """A socket, or another object with a file descriptor."""

    def fileno(self) -> int: ...


class Loop:
    """Lets greenlets wait for sockets. Only the greenlet that created it may run it.

    Time limits are accurate to half a second, and `on_tick` is called as often, unless a greenlet runs for
    longer. A greenlet must not hold a lock or a transaction while it waits, because the others run in the
    same thread.
    """

    def __init__(self, on_tick: Callable[[], object]) -> None:
        self._on_tick = on_tick
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
        """Let others run until `source` is READABLE or WRITABLE. Raises TooSlow after `seconds`.

        It may return too early: if a wait is ended by `end`, what it waited for may still end the next one.
        """
        waiter = getcurrent()
        self._selector.register(source, event, waiter.switch)
        self._deadlines[waiter] = monotonic() + seconds
        try:
            self._main.switch()
        finally:
            del self._deadlines[waiter]
            self._selector.unregister(source)

    def hurry(self, waiter: greenlet, seconds: float) -> None:
        """If `waiter` is waiting, limit its wait to `seconds` from now."""
        if waiter in self._deadlines:
            self._deadlines[waiter] = min(self._deadlines[waiter], monotonic() + seconds)

    def end(self, waiter: greenlet) -> None:
        """Raise TooSlow in `waiter`, if it waits."""
        if waiter in self._deadlines:
            waiter.throw(TooSlow)

    def turn(self) -> None:
        """Run every greenlet that can continue; return after half a second if none can."""
        ready = self._selector.select(_TICK_SECONDS)
        now = monotonic()
        for key, _ in ready:
            key.data()
        # `now` is from before those ran: what arrived meanwhile is not too late, and the next turn finds it.
        if now >= self._next_check:
            self._next_check = now + _TICK_SECONDS
            self._on_tick()
            self.end_waits(now)

    def end_waits(self, until: float = math.inf) -> None:
        """Raise TooSlow in every greenlet whose deadline is not after `until`."""
        for waiter in [waiter for waiter, deadline in self._deadlines.items() if deadline <= until]:
            self.end(waiter)

    def close(self) -> None:
        self._selector.close()
