"""Opens the application and its views, for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from casework.application import Casework
from casework.domain.access import SYSTEM
from casework.settings import Settings
from casework_api.composition import reading_room
from casework_api.http.logs import configure_logging, log_set_aside
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import Question
from casework_projections.views.catch_up import Views

T = TypeVar("T")


@contextmanager
def opened(settings: Settings) -> Iterator[Casework]:
    """The application, closed at the end."""
    app = Casework(settings)
    try:
        yield app
    finally:
        app.close()


def opened_views(app: Casework) -> Views:
    """The views over `app`. What they set aside is logged on the error stream."""
    configure_logging()
    return Views(app, notice=log_set_aside)


def answer(app: Casework, question: Question[T], now: datetime) -> T:
    """Answer `question`, asked by the system at `now`."""
    return reading_room(app, opened_views(app)).answer(question, Asker(principal=SYSTEM, now=now))
