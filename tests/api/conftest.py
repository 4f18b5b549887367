"""A school over HTTP for each test, on each engine in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from casework.application import Casework
from casework.storage.migrations import create_tables
from casework_projections.views import Views
from tests.api.client import House, settings_for
from tests.engines import TEMPLATE_PREPARERS


def create_views(url: str) -> None:
    """Make the views' tables in the database at `url`."""
    with TemporaryDirectory() as folder:
        app = Casework(settings_for(url, Path(folder)))
        Views(app).create_tables()
        app.close()
        app.database.close()


for preparer in (create_tables, create_views):
    if preparer not in TEMPLATE_PREPARERS:
        TEMPLATE_PREPARERS.append(preparer)


@pytest.fixture
def open_house(engine_url: str, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Opens a school under a pack at a moment."""
    houses: list[House] = []

    def opened(pack: str = "st_thomas", now: str = "2026-09-01 09:00") -> House:
        houses.append(House(settings_for(engine_url, tmp_path), pack, now))
        return houses[-1]

    yield opened
    for house in houses:
        house.close()


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    """A school under `st_thomas`, on the first day of the test calendar."""
    return open_house()
