"""A view that cannot apply an event sets it aside, reports it, applies the others, and retries."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection

from casework.domain.event import TOPICS
from casework.domain.incident import Step
from casework.domain.incident.reporting import AddNote, Report
from casework.usecases.schools import ChangeSchool
from casework_projections.views import catch_up as registry
from casework_projections.views import replay, set_aside
from casework_projections.views.apart import apart
from casework_projections.views.catch_up import NotRebuildable, Views
from casework_projections.views.set_aside import SetAside, ViewBroken, held_aside, is_stale
from casework_projections.views.view import View
from tests.histories import SECRET_WORDS, SchoolHistory
from tests.projections.watching import Faulty, dump, recorded, seen, spoil

Notified = list[SetAside]


def watched(history: SchoolHistory, view: View, notified: Notified | None = None) -> Views:
    """The views of one process, with `view` added."""
    views = Views(history.app, view, notice=lambda row, _: None if notified is None else notified.append(row))
    views.create_tables()
    return views


def aside(views: Views, view: View) -> list[SetAside]:
    """What `view` has set aside, once it has caught up with the log."""
    with views.read(view) as connection:
        return held_aside(connection, view)


def unknown_edition(state: dict[str, Any]) -> None:
    state["policy"]["pack"] = "nowhere@1"


def test_the_event_is_set_aside_and_the_rest_is_applied(history: SchoolHistory) -> None:
    notified: Notified = []
    faulty = Faulty(AddNote)
    views = watched(history, faulty, notified)
    incident, other = history.report(), history.report()
    history.take(incident, "add_note")
    position = recorded(history.app)
    history.take(incident, "acknowledge")
    history.take(other, "acknowledge")

    with views.read(faulty) as connection:
        assert is_stale(connection)
        assert set_aside.set_aside(connection, faulty) == {incident}
        assert seen(connection) == recorded(history.app) - 1
    assert views.position(faulty) == recorded(history.app)
    expected = SetAside("watching", position, incident, AddNote.TOPIC, "ArithmeticError", loads=True)
    assert notified == aside(views, faulty) == [expected]
    assert views.counts_aside() == set_aside.Counts({"watching": 1}, 0)
    with views.read(views.caseload) as connection:
        assert not is_stale(connection)


def test_what_is_stored_about_it_holds_nothing_from_the_event(history: SchoolHistory) -> None:
    views = watched(history, faulty := Faulty(Step))
    history.take(history.report(), "add_note")
    written = repr([msgspec.structs.asdict(row) for row in aside(views, faulty)]).casefold()
    assert not [word for word in SECRET_WORDS if word.casefold() in written]


def test_it_is_retried_at_the_next_event_of_its_aggregate(history: SchoolHistory) -> None:
    notified: Notified = []
    views = watched(history, faulty := Faulty(AddNote), notified)
    incident = history.report()
    for step in ("add_note", "add_note"):
        history.take(incident, step)
    assert len(aside(views, faulty)) == 2
    history.report()
    assert len(aside(views, faulty)) == 2

    history.take(incident, "acknowledge")
    assert len(aside(views, faulty)) == 2
    faulty.failing = ()
    history.take(incident, "triage")
    assert aside(views, faulty) == []
    with views.read(faulty) as connection:
        assert seen(connection) == recorded(history.app)
        assert not is_stale(connection)
    assert len(notified) == 2


def test_each_process_retries_it_once(history: SchoolHistory) -> None:
    notified: Notified = []
    views = watched(history, Faulty(AddNote), notified)
    history.take(history.report(), "add_note")
    views.catch_up("watching")
    still = watched(history, faulty := Faulty(AddNote), notified)
    assert len(aside(still, faulty)) == len(notified) == 1

    mended = watched(history, sound := Faulty(), notified)
    assert aside(mended, sound) == []
    with mended.read(sound) as connection:
        assert seen(connection) == recorded(history.app)
    assert len(notified) == 1


@pytest.mark.parametrize("how", ["rebuild", "another version"])
def test_it_is_retried_from_the_first_event(history: SchoolHistory, how: str) -> None:
    views = watched(history, faulty := Faulty(AddNote))
    history.take(history.report(), "add_note")
    assert aside(views, faulty)

    class Next(Faulty):
        version: ClassVar[int] = Faulty.version + 1

    sound = Faulty() if how == "rebuild" else Next()
    later = Views(history.app, sound)
    if how == "rebuild":
        later.rebuild("watching")
    assert aside(later, sound) == []
    with later.read(sound) as connection:
        assert seen(connection) == recorded(history.app)


def test_an_incident_is_set_aside_without_its_batch(history: SchoolHistory) -> None:
    incidents = [history.report() for _ in range(5)]
    position = spoil(history.app, incidents[2], unknown_edition)
    history.take(incidents[3], "acknowledge")
    views = Views(history.app)
    for view in (views.caseload, views.figures):
        assert aside(views, view) == [
            SetAside(view.name, position, incidents[2], "incident.report", "PlaybookError", loads=True)
        ]
    shown = {row[0] for row in dump(history.app, views.caseload)["view_caseload"]}
    assert shown == {incidents[0], incidents[1], incidents[3], incidents[4]}
    assert aside(views, views.people) == aside(views, views.directory) == []


def test_an_incident_set_aside_is_one_row_however_many_events_follow(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    notified: list[SetAside] = []
    views = Views(history.app, notice=lambda row, _: notified.append(row))
    incident = history.report()
    history.take(incident, "acknowledge")
    # A new edition, because the library caches playbooks.
    edition = f"nowhere@{uuid4()}"
    spoil(history.app, incident, lambda state: state["policy"].update(pack=edition))
    assert len(aside(views, views.caseload)) == 1
    same = ChangeSchool(calendar=history.school.calendar)
    history.app.schools.change(history.context(history.admin), history.id, same)
    assert len(aside(views, views.caseload)) == 1
    library = history.app.library
    monkeypatch.setitem(library.packs, edition, library.packs[history.school.pack])
    history.take(incident, "add_note")
    assert aside(views, views.caseload) == []
    assert [row.aggregate for row in notified] == [incident]
    with views.read(views.caseload):
        stored_view = dump(history.app, views.caseload)
    Views(history.app).rebuild("caseload")
    assert dump(history.app, views.caseload) == stored_view


def test_an_unreadable_state_stops_no_view(history: SchoolHistory) -> None:
    incident = history.report()
    position = spoil(history.app, incident, lambda state: state.clear())
    other = history.report()
    views = Views(history.app)
    for view in (views.caseload, views.figures, views.lessons):
        (row,) = aside(views, view)
        assert (row.position, row.aggregate, row.loads) == (position, incident, False)
    assert views.counts_aside().unreadable == 1
    assert {row[0] for row in dump(history.app, views.caseload)["view_caseload"]} == {other}


def test_an_unknown_topic_is_set_aside_until_a_release_knows_it(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident, stranger = history.report(), uuid4()
    later = StoredEvent(stranger, 1, "approval.requested", b'{"name": "Quillfeather"}')
    history.app.log.event_recorder.insert_events([later])
    position = recorded(history.app)
    history.take(incident, "acknowledge")
    views = Views(history.app)
    for view in views:
        assert [(row.position, row.aggregate) for row in aside(views, view)] == [(position, stranger)]
        assert views.position(view) == recorded(history.app)
    with views.read(views.caseload):
        assert {row[0] for row in dump(history.app, views.caseload)["view_caseload"]} == {incident}

    monkeypatch.setitem(TOPICS, later.topic, AddNoteOfNobody)
    upgraded = Views(history.app)
    for view in upgraded:
        assert aside(upgraded, view) == []


class AddNoteOfNobody(msgspec.Struct):
    """Stands for an event class that no view is about."""


def test_many_faults_in_one_batch_are_found_and_nothing_else(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (registry, replay):
        monkeypatch.setattr(module, "BATCH", 50)
    incident = history.report()
    for number in range(40):
        history.take(incident, "add_note" if number % 7 == 0 else "correct")
    views = watched(history, faulty := Faulty(AddNote))
    assert [row.topic for row in aside(views, faulty)] == [AddNote.TOPIC] * 6
    with views.read(faulty) as connection:
        assert seen(connection) == recorded(history.app) - 6


def test_an_outage_sets_no_event_aside(history: SchoolHistory) -> None:
    class Away(Faulty):
        def apply(self, connection: Connection, batch: object) -> None:
            connection.exec_driver_sql("SELECT 1 FROM no_such_table")

    views = watched(history, away := Away())
    before = views.position(away)
    with pytest.raises(Exception, match="no_such_table"), views.read(away):
        pass
    assert views.position(away) == before
    assert views.counts_aside().views == {}


def test_a_view_with_too_many_events_set_aside_is_broken(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(set_aside, "MOST_REPLAYED", 1)
    views = watched(history, faulty := Faulty(Step))
    history.report()
    with views.read(faulty) as connection:
        assert len(set_aside.replayable(connection, faulty)) == 1
    history.report()
    with views.read(faulty) as connection, pytest.raises(ViewBroken, match="watching set aside more than 1"):
        set_aside.replayable(connection, faulty)


def test_halving_finds_one_fault_in_few_attempts(history: SchoolHistory) -> None:
    tried: list[int] = []

    def work(items: Any) -> None:
        tried.append(len(items))
        if 313 in items:
            raise ArithmeticError

    with history.app.database.writer.connect() as connection:
        ((item, error),) = apart(connection, range(500), work)
        assert apart(connection, [], work) == []
    assert item == 313
    assert isinstance(error, ArithmeticError)
    assert len(tried) < 20


class Kept(Faulty):
    """A view with data that is not in the log."""

    rebuildable: ClassVar[bool] = False


def test_a_view_that_cannot_be_rebuilt_keeps_its_rows(history: SchoolHistory) -> None:
    stored_view = Kept()
    views = watched(history, stored_view)
    history.report()
    views.catch_up(stored_view)
    before = dump(history.app, stored_view)
    with pytest.raises(NotRebuildable, match="the view watching cannot be rebuilt"):
        views.rebuild("watching")

    class Next(Kept):
        version: ClassVar[int] = Kept.version + 1

    with pytest.raises(NotRebuildable, match="the view watching cannot be rebuilt"):
        Views(history.app, Next()).catch_up("watching")
    assert dump(history.app, stored_view) == before
    assert views.position(stored_view) == recorded(history.app)


def test_erased_data_sets_no_event_aside(history: SchoolHistory) -> None:
    incident = history.report(confidential_reporter=True)
    history.drive(incident)
    keys = [Report.reporter_key_of(incident), incident, history.target, history.dsl.id, history.id]
    history.app.record.commit(destroying=keys)
    views = Views(history.app)
    for name in views.names():
        views.rebuild(name)
    with views.read(*views):
        assert views.counts_aside().views == {}
        assert dump(history.app, views.lessons)["view_lessons"]
