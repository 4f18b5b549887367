"""A read catches up its views for a limited time, and waits for a process that is already doing so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy.exc import DBAPIError

from casework.storage import database
from casework_projections.views import catch_up, replay
from casework_projections.views.catch_up import Views, ViewsBehind
from tests.histories import SchoolHistory
from tests.projections.watching import recorded

HOLD = "UPDATE view_positions SET position = position"


@pytest.fixture
def short_waits(history: SchoolHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits for locks, set before this process first applies an event."""
    assert "applier" not in vars(history.app.database)
    monkeypatch.setattr(database, "LOCK_SECONDS", 0.02)


def test_repeated_reads_let_a_view_catch_up(history: SchoolHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    history.drive(history.report())
    for module in (catch_up, replay):
        monkeypatch.setattr(module, "BATCH", 3)
    monkeypatch.setattr(catch_up, "READ_SECONDS", 0)
    views = Views(history.app)
    for reached in range(3, recorded(history.app), 3):
        with pytest.raises(ViewsBehind, match="behind the log: governor_summary"), views.read(views.figures):
            pass
        assert views.position("governor_summary") == reached
    with views.read(views.figures):
        assert views.position("governor_summary") == recorded(history.app)


def test_a_read_fails_as_soon_as_its_time_is_up(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.drive(history.report())
    for module in (catch_up, replay):
        monkeypatch.setattr(module, "BATCH", 3)
    monkeypatch.setattr(catch_up, "READ_SECONDS", 0)
    monkeypatch.setattr(catch_up, "monotonic", lambda: 0.0)
    views = Views(history.app)
    with pytest.raises(ViewsBehind), views.read(views.caseload):
        pass


def test_a_read_of_a_view_without_progress_fails(
    short_waits: None, history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "STALL_SECONDS", 0.05)
    views = Views(history.app)
    with history.app.database.writer.begin() as holder:
        holder.exec_driver_sql(HOLD)
        with pytest.raises(ViewsBehind, match="people"):
            views.catch_up("people")
    views.catch_up("people")
    assert views.position("people") == recorded(history.app)


def test_a_read_waits_for_a_process_that_holds_its_views(
    short_waits: None, history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited, was_held = Event(), database.lock_was_held

    def noticed(error: DBAPIError) -> bool:
        waited.set()
        return was_held(error)

    monkeypatch.setattr(catch_up, "lock_was_held", noticed)
    views = Views(history.app)

    def read() -> int:
        with views.read(views.people):
            return views.position("people")

    with ThreadPoolExecutor(1) as pool:
        with history.app.database.writer.begin() as holder:
            holder.exec_driver_sql(HOLD)
            reading = pool.submit(read)
            assert waited.wait(30)
        assert reading.result(30) == recorded(history.app)
