"""A school over HTTP for each test, on each engine in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.api.client import House, opened_house
from tests.engines import Engine
from tests.settings import prepare_every_table

prepare_every_table()


@pytest.fixture
def open_house(engine: Engine, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Opens the test's one school, under a pack at a moment."""
    with ExitStack() as stack:

        def opened(pack: str = "st_thomas", now: str = "2026-09-01 09:00") -> House:
            return stack.enter_context(opened_house(engine, tmp_path, pack, now))

        yield opened


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    """A school under `st_thomas`, on the first day of the test calendar."""
    return open_house()
