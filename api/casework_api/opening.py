"""Making and opening what casework keeps its record in, for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from casework.application import Casework
from casework.settings import Settings
from casework.storage.keys import MasterKey
from casework.storage.migrations import create_tables
from casework_projections.views import Views


def prepare(settings: Settings) -> None:
    """Make the keys and the tables where they are not there yet."""
    if not settings.master_key_file.exists():
        MasterKey.create(settings.master_key_file)
    create_tables(settings.database_url)
    with opened(settings) as app:
        Views(app).create_tables()


@contextmanager
def opened(settings: Settings) -> Iterator[Casework]:
    """The application, closed at the end."""
    app = Casework(settings)
    try:
        yield app
    finally:
        app.close()
