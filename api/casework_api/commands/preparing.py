"""Creates the keys and the tables before the application is opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from casework.settings import Settings
from casework.storage.keys import MasterKey
from casework.storage.migrations import create_tables
from casework_api.commands.opening import database_errors, opened
from casework_projections.views.catch_up import Views


def prepare(settings: Settings) -> None:
    """Create the keys and the tables if they do not exist."""
    if not settings.master_key_file.exists():
        _make_master_key(settings.master_key_file)
    with database_errors("cannot be created or reached", OSError):
        create_tables(settings.database_url)
    with opened(settings) as app:
        Views(app).create_tables()


def _make_master_key(path: Path) -> None:
    """Create a key at `path` atomically: another process that starts now reads the same key."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    MasterKey.create(draft)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
