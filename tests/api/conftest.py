"""A school over HTTP for each test, on each engine in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.api.client import Clock, FrozenClock, House, opened_house
from tests.engines import Engine
from tests.settings import prepare_every_table

prepare_every_table()

SCENARIOS = f"{__package__}.test_scenarios"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the scenarios a second time, in frozen time."""
    if "open_house" in metafunc.fixturenames and metafunc.module.__name__.startswith(SCENARIOS):
        metafunc.parametrize("open_house", [Clock, FrozenClock], ids=["set", "frozen"], indirect=True)


@pytest.fixture
def open_house(
    engine: Engine, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., House]]:
    """Opens the test's only school, under a pack at a moment, with the clock given as parameter."""
    clock: type[Clock] = getattr(request, "param", Clock)
    with ExitStack() as stack:

        def opened(pack: str = "st_thomas", now: str = "2026-09-01 09:00") -> House:
            return stack.enter_context(opened_house(engine, tmp_path, pack, now, clock))

        yield opened


@pytest.fixture
def house(open_house: Callable[..., House]) -> House:
    """A school under `st_thomas`, on the first day of the test calendar."""
    return open_house()
