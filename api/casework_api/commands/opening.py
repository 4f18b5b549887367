"""Opening what casework keeps its record in, for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from casework.application import Casework
from casework.settings import Settings


@contextmanager
def opened(settings: Settings) -> Iterator[Casework]:
    """The application, closed at the end."""
    app = Casework(settings)
    try:
        yield app
    finally:
        app.close()
