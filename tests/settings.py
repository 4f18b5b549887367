"""Settings for a test's own database and folder, and its tables."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from casework.settings import Settings
from casework.storage.keys import MasterKey
from casework.storage.migrations import create_tables
from casework_api.commands.opening import opened
from casework_projections.views.catch_up import Views
from tests.engines import TEMPLATE_PREPARERS


def settings_for(url: str, folder: Path, *, key: bytes | None = None) -> Settings:
    """Settings with a vault and a master key in `folder`: the existing key, else `key`, else a new one."""
    file = folder / "keys" / "master.key"
    if not file.exists():
        MasterKey.create(file)
        if key is not None:
            file.write_bytes(key)
    return Settings(database_url=url, evidence_url=f"file:{folder}/evidence", master_key_file=file)


def prepare_every_table() -> None:
    """Create the tables of the log, the keys and the views in every test database."""
    for preparer in (create_tables, _create_views):
        if preparer not in TEMPLATE_PREPARERS:
            TEMPLATE_PREPARERS.append(preparer)


def _create_views(url: str) -> None:
    with TemporaryDirectory() as folder, opened(settings_for(url, Path(folder))) as app:
        Views(app).create_tables()
