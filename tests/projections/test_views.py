"""Each read catches up its views with the log: each event is applied once, by one process, per view."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from threading import Event

import pytest

from casework.application import Casework
from casework.settings import Settings
from casework.storage.observation import Tally, count_statements
from casework_api.commands.opening import opened
from casework_projections.reading.cases import ListCases
from casework_projections.reading.paging import Part
from casework_projections.views import catch_up as registry
from casework_projections.views import replay
from casework_projections.views.caseload import Caseload
from casework_projections.views.catch_up import ViewNotCreated, Views
from casework_projections.views.set_aside import is_stale
from tests.forks import processes
from tests.histories import SchoolHistory
from tests.projections.watching import Watching, dump, recorded, seen

REQUEST_LIMIT = 11


@pytest.fixture
def watching(app: Casework) -> tuple[Views, Watching]:
    view = Watching()
    views = Views(app, view)
    views.create_tables()
    return views, view


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (registry, replay):
        monkeypatch.setattr(module, "BATCH", 3)


def events_read(tally: Tally) -> list[str]:
    """The statements that read events, without those that only look up where the log ends."""
    return [sql for sql in tally.statements if "stored_events" in sql and "view_positions" not in sql]


def test_a_read_sees_every_event_stored_before_it(
    history: SchoolHistory, watching: tuple[Views, Watching]
) -> None:
    views, view = watching
    for _ in range(3):
        history.report()
        with views.read(view) as connection:
            assert seen(connection) == recorded(history.app)
    assert views.position(view) == recorded(history.app)
    assert views.lag()["watching"] == 0
    assert views.lag()["governor_summary"] == recorded(history.app)


def test_views_read_together_are_as_of_one_moment(
    history: SchoolHistory, watching: tuple[Views, Watching]
) -> None:
    views, view = watching
    with views.read(view, views.caseload) as connection:
        before = seen(connection)
        history.report()
        other = Views(history.app, Watching())
        other.catch_up("watching")
        assert seen(connection) == before


def test_progress_is_reported_after_every_batch(history: SchoolHistory, small_batches: None) -> None:
    views, progress = Views(history.app), []
    views.catch_up("governor_summary", lambda done, of: progress.append((done, of)))
    length = recorded(history.app)
    assert progress[0] == (0, length)
    assert progress[-1] == (length, length)
    assert [done for done, _ in progress] == sorted({done for done, _ in progress})
    assert len(progress) == -(-length // 3) + 1


def test_a_read_without_new_events_costs_one_statement(history: SchoolHistory) -> None:
    views = Views(history.app)
    every = [*views]
    for _ in range(2):
        history.drive(history.report())
        with views.read(*every):
            pass
        with count_statements() as tally, views.read(*every):
            pass
        assert len(tally.statements) == 1
        assert tally.commits == 0


def test_an_event_is_read_from_the_log_once(history: SchoolHistory) -> None:
    views = Views(history.app)
    incident = history.report()
    for _ in range(2):
        with count_statements() as tally:
            views.catch_up(views.caseload)
        assert len(events_read(tally)) == 1
        history.take(incident, "add_note")


def test_no_events_are_read_for_a_view_that_is_up_to_date(history: SchoolHistory) -> None:
    views = Views(history.app)
    history.report()
    views.catch_up(views.caseload)
    with count_statements() as tally, views.read(views.caseload, views.people):
        pass
    assert len(events_read(tally)) == 1


def test_a_list_after_a_command_stays_within_the_limit_of_a_request(history: SchoolHistory) -> None:
    views, dsl = Views(history.app), history.dsl
    incident = history.report()
    with views.read(*views.of_cases):
        pass
    for step in ("acknowledge", "triage", "invite_parent"):
        history.take(incident, step)
        with count_statements() as tally:
            history.answer(ListCases(part=Part(25)), dsl, views=views)
        # One more is for the user.
        assert len(tally.statements) + 1 <= REQUEST_LIMIT, tally.statements


def test_a_view_stored_with_another_schema_is_rebuilt(history: SchoolHistory) -> None:
    views = Views(history.app)
    history.drive(history.report())
    views.catch_up(views.caseload)
    before = dump(history.app, views.caseload)

    class NextCaseload(Caseload):
        version = Caseload.version + 1

    caseload = NextCaseload(replay.Replay(history.app))
    later = Views(history.app, caseload)
    with history.app.database.writer.begin() as connection:
        connection.exec_driver_sql("DELETE FROM view_caseload")
    with later.read(caseload):
        pass
    assert dump(history.app, caseload) == before


def test_a_half_rebuilt_view_is_never_read(history: SchoolHistory, small_batches: None) -> None:
    for _ in range(4):
        history.report()
    views = Views(history.app)
    over = Event()

    def read() -> set[int]:
        lengths = set()
        other = Views(history.app)
        while not over.is_set():
            lengths.add(len(history.answer(ListCases(), views=other).items))
        return lengths

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        for _ in range(5):
            views.rebuild("caseload")
        over.set()
        assert reading.result(60) == {4}


def test_a_missing_view_raises_an_error_that_says_so(history: SchoolHistory) -> None:
    views = Views(history.app, Watching())
    with pytest.raises(ViewNotCreated, match="watching"):
        views.catch_up("watching")


def read_on(settings: Settings, until: int) -> int:
    """Read the watching view, as a separate process would, until it holds `until` events."""
    view = Watching()
    positions = [0]
    with opened(settings) as app:
        views = Views(app, view)
        while positions[-1] < until:
            with views.read(view, views.caseload) as connection:
                positions.append(seen(connection))
                assert not is_stale(connection), "an event was applied twice"
    assert positions == sorted(positions)
    return positions[-1]


def test_two_processes_apply_each_event_once(
    history: SchoolHistory, watching: tuple[Views, Watching]
) -> None:
    until = recorded(history.app) + 40
    with ProcessPoolExecutor(2, mp_context=processes()) as pool:
        readers = [pool.submit(read_on, history.app.settings, until) for _ in range(2)]
        for _ in range(10):
            incident = history.report()
            for step in ("acknowledge", "triage", "add_note"):
                history.take(incident, step)
        assert [reader.result(60) for reader in readers] == [until, until]


def test_the_threads_of_a_process_apply_each_event_once(
    history: SchoolHistory, watching: tuple[Views, Watching], small_batches: None
) -> None:
    views, view = watching
    incident = history.report()
    until = recorded(history.app) + 40

    def read() -> int:
        count = 0
        while count < until:
            with views.read(view, views.caseload) as connection:
                held = seen(connection)
                assert not is_stale(connection), "an event was applied twice"
            assert held >= count
            count = held
        return count

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for _ in range(40):
            history.take(incident, "add_note")
        assert [reader.result(60) for reader in readers] == [until] * 3
