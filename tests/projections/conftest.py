"""An application with a school, on each engine in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from casework.application import Casework
from casework_projections.views.catch_up import Views
from tests.engines import Engine
from tests.histories import SchoolHistory, opened_history
from tests.settings import prepare_every_table

prepare_every_table()


@pytest.fixture
def history(engine: Engine, tmp_path: Path) -> Iterator[SchoolHistory]:
    """A school under `st_thomas` on the first day of the test calendar."""
    with opened_history(engine, tmp_path) as history:
        yield history


@pytest.fixture
def app(history: SchoolHistory) -> Casework:
    """The application that stores the history."""
    return history.app


@pytest.fixture
def views(app: Casework) -> Views:
    """The views, as one process has them."""
    return Views(app)
