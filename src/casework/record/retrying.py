"""Retrying a command when another writer was first."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from casework.record.port import Conflict

R = TypeVar("R")

_RETRIES: Final = 24


def retrying(command: Callable[[], R]) -> R:
    """Run `command`; retry from the start if another writer was first. Raises Conflict after many tries."""
    for attempt in range(_RETRIES):
        began = time.monotonic()
        try:
            return command()
        except Conflict:
            # Two writers that collided would collide again if they waited equally long. How long to wait
            # depends on how long one attempt takes on this machine.
            took = time.monotonic() - began
            time.sleep(random.uniform(0, took * (attempt + 1)))  # noqa: S311
    return command()
