"""Fixtures for every test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final, NoReturn

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from tests.engines import (
    Engine,
    PostgresEngine,
    PostgresUnavailableError,
    SQLiteEngine,
    postgres_server,
    scratch_folder,
)

LONGEST: Final = Path(__file__).parent / "whole"
CI_SETTING: Final = "CASEWORK_CI"

# A slow machine must not fail a test. CI always tries the same examples, so that a failure can be reproduced.
hypothesis.settings.register_profile("local", deadline=None, max_examples=25)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=60, derandomize=True)
hypothesis.settings.register_profile("long", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("ci" if os.environ.get(CI_SETTING) else "local")

# Tests create many objects and keep few of them.
gc.set_threshold(50_000, 20, 50)

# pytest reads this when a test first requests its `tmp_path`.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(scratch_folder()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first, so that the workers finish at about the same time."""
    items.sort(key=lambda item: not item.path.is_relative_to(LONGEST))
    # The collected items exist until the end, so the garbage collector need not scan them.
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """In a worker, report a passed test only once: six messages take as long as a test."""
    if not hasattr(item.config, "workerinput") or item.config.option.durations is not None:
        return None
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


@pytest.fixture(scope="session")
def sqlite_engine(tmp_path_factory: pytest.TempPathFactory) -> SQLiteEngine:
    """SQLite, with its template prepared."""
    return SQLiteEngine(tmp_path_factory.mktemp("sqlite-template"))


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """The URL of a PostgreSQL server. If there is none, the test is skipped; in CI it fails."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres_server())
        except PostgresUnavailableError as fault:
            without_postgres(str(fault))
        yield url


@pytest.fixture(scope="session")
def postgres_engine(postgres_server_url: str) -> Iterator[PostgresEngine]:
    """PostgreSQL, with its template prepared."""
    with closing(PostgresEngine(postgres_server_url)) as engine:
        yield engine


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Both engines, one after the other."""
    name = "sqlite_engine" if request.param == "sqlite" else "postgres_engine"
    fixture: Engine = request.getfixturevalue(name)
    return fixture


@pytest.fixture
def engine_url(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """The URL of a separate database with empty tables, for each engine."""
    with engine.database(tmp_path) as url:
        yield url


@pytest.fixture
def blank_engine_url(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """The URL of a separate database without tables, for each engine."""
    with engine.database(tmp_path, blank=True) as url:
        yield url


def without_postgres(reason: str) -> NoReturn:
    """Skip the test for `reason`, or fail it in CI, where both engines must be tested."""
    outcome = pytest.fail if os.environ.get(CI_SETTING) else pytest.skip
    outcome(f"no PostgreSQL: {reason}")
