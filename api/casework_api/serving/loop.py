"""One thread for many clients: while one waits for its socket, others run."""

from __future__ import annotations

import math
import select
from collections.abc import Callable
from time import monotonic
from typing import Final, Protocol

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

READABLE: Final = select.POLLIN
WRITABLE: Final = select.POLLOUT

_TICK_SECONDS: Final = 0.5
_WAKES_ONE: Final = getattr(select, "EPOLLEXCLUSIVE", 0)


class TooSlow(TimeoutError):
    """The client has used up its time."""


class HasDescriptor(Protocol):
    """A socket, or another object with a file descriptor."""

    def fileno(self) -> int: ...


class _Poll:
    """`select.poll` with the methods of `select.epoll`, for systems other than Linux."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self.register = self._poll.register
        self.unregister = self._poll.unregister

    def poll(self, seconds: float) -> list[tuple[int, int]]:
        return self._poll.poll(seconds * 1000)

    def close(self) -> None:
        """There is nothing to close."""


class Loop:
    """Lets greenlets wait for sockets. Only the greenlet that created it may run it.

    Time limits are accurate to half a second, and `on_tick` is called as often, unless a greenlet runs for
    longer. A greenlet must not hold a lock or a transaction while it waits, because the others run in the
    same thread.
    """

    def __init__(self, on_tick: Callable[[], object]) -> None:
        self._on_tick = on_tick
        self._poller = getattr(select, "epoll", _Poll)()
        self._callbacks: dict[int, Callable[[], object]] = {}
        self._main = getcurrent()
        self._deadlines: dict[greenlet, float] = {}
        self._next_check = 0.0

    def watch(self, source: HasDescriptor | int, on_readable: Callable[[], object]) -> None:
        """Call `on_readable` whenever something has arrived at `source`."""
        self._register(_descriptor(source), READABLE, on_readable)

    def watch_shared(self, source: HasDescriptor, on_readable: Callable[[], object]) -> None:
        """As `watch`, for a source that several processes watch.

        Only one of those that wait is called: the one that has watched it longest. Elsewhere than on Linux
        all are called.
        """
        self._register(source.fileno(), READABLE | _WAKES_ONE, on_readable)

    def unwatch(self, source: HasDescriptor | int) -> None:
        descriptor = _descriptor(source)
        del self._callbacks[descriptor]
        self._poller.unregister(descriptor)

    def wait(self, source: HasDescriptor, event: int, seconds: float) -> None:
        """Let others run until `source` is READABLE or WRITABLE. Raises TooSlow after `seconds`.

        It may return too early: if a wait is ended by `end`, what it waited for may still end the next one.
        """
        waiter, descriptor = getcurrent(), source.fileno()
        self._register(descriptor, event, waiter.switch)
        self._deadlines[waiter] = monotonic() + seconds
        try:
            self._main.switch()
        finally:
            del self._deadlines[waiter]
            self.unwatch(descriptor)

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
        ready = [self._callbacks[descriptor] for descriptor, _ in self._poller.poll(_TICK_SECONDS)]
        now = monotonic()
        for callback in ready:
            callback()
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
        self._poller.close()

    def _register(self, descriptor: int, event: int, callback: Callable[[], object]) -> None:
        self._callbacks[descriptor] = callback
        self._poller.register(descriptor, event)


def _descriptor(source: HasDescriptor | int) -> int:
    return source if isinstance(source, int) else source.fileno()
