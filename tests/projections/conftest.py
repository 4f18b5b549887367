"""An application with a school in it, on each engine in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casework.application import Casework
from casework.storage.migrations import create_tables
from casework_projections.views import Views
from tests.engines import TEMPLATE_PREPARERS
from tests.histories import SchoolHistory, opened

if create_tables not in TEMPLATE_PREPARERS:
    TEMPLATE_PREPARERS.append(create_tables)


@pytest.fixture
def app(engine_url: str, tmp_path: Path) -> Iterator[Casework]:
    """The application, its tables and views made, with nothing recorded."""
    with opened(engine_url, tmp_path) as app:
        yield app


@pytest.fixture
def history(app: Casework) -> SchoolHistory:
    """A school under `st_thomas` on the first day of the test calendar."""
    return SchoolHistory(app)


@pytest.fixture
def views(app: Casework) -> Views:
    """The views, as one process holds them."""
    return Views(app)
