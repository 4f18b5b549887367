"""How slow a client may be."""

from __future__ import annotations

import math

import msgspec

from casework_api.serving.loop import TooSlow


class Pace(msgspec.Struct, frozen=True):
    """How long a client may keep us waiting: `seconds`, and one more for every `bytes_per_second` moved.

    It may never pause for longer than `seconds`, however many bytes it has moved.
    """

    seconds: float
    bytes_per_second: float = math.inf


class Paces(msgspec.Struct, frozen=True):
    """The pace for what a client does: begin another request, send its header or body, read an answer."""

    idle: Pace
    header: Pace
    body: Pace
    answer: Pace


class Progress:
    """The bytes moved at a pace, and the seconds spent waiting for the client."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.moved = 0
        self.waited = 0.0

    def seconds_left(self) -> float:
        """How long the client may pause now. Raises TooSlow."""
        left = self._pace.seconds + self.moved / self._pace.bytes_per_second - self.waited
        if left <= 0:
            raise TooSlow
        return min(left, self._pace.seconds)
