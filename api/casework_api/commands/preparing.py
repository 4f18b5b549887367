"""Making the keys and the tables, once, before anything is opened."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from casework.settings import Settings
from casework.storage.keys import MasterKey
from casework.storage.migrations import create_tables
from casework_api.commands.opening import opened
from casework_projections.views.catch_up import Views


def prepare(settings: Settings) -> None:
    """Make the keys and the tables where they are not there yet."""
    if not settings.master_key_file.exists():
        _make_master_key(settings.master_key_file)
    create_tables(settings.database_url)
    with opened(settings) as app:
        Views(app).create_tables()


def _make_master_key(path: Path) -> None:
    """A key at `path`, there whole or not at all: whoever else starts at this moment reads the same one."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    MasterKey.create(draft)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()
