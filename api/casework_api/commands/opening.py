"""Opens the application and its views, for the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, TypeVar

import psycopg
from eventsourcing.persistence import PersistenceError
from sqlalchemy.exc import SQLAlchemyError

from casework.application import Casework
from casework.domain.access import SYSTEM
from casework.domain.errors import SetUpError
from casework.settings import Settings
from casework.storage.database import SETTING
from casework_api.composition import application, reading_room
from casework_api.http.logs import configure_logging
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import Question

T = TypeVar("T")

_DATABASE_ERRORS: Final = (PersistenceError, SQLAlchemyError, sqlite3.Error, psycopg.Error)
_UNREADABLE: Final = "cannot be read; if it is new, run casework init first"


@contextmanager
def opened(settings: Settings) -> Iterator[Casework]:
    """The application, closed at the end. Raises SetUpError if its log cannot be read.

    What its views set aside is logged on the error stream.
    """
    configure_logging()
    with database_errors(_UNREADABLE):
        app = application(settings)
    try:
        with database_errors(_UNREADABLE):
            app.log.check()
        yield app
    finally:
        app.close()


@contextmanager
def database_errors(fault: str, *others: type[Exception]) -> Iterator[None]:
    """Raise SetUpError with `fault` for an error of the database in the block, or one of the `others`.

    The error's own message is left out, because it may contain parts of the URL.
    """
    failures: tuple[type[Exception], ...] = (*_DATABASE_ERRORS, *others)
    try:
        yield
    except failures:
        raise SetUpError(f"{SETTING}: the database {fault}") from None


def answer(app: Casework, question: Question[T], now: datetime) -> T:
    """Answer `question`, asked by the system at `now`."""
    return reading_room(app).answer(question, Asker(principal=SYSTEM, now=now))
