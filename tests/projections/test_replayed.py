"""Incidents that a view set aside are listed and counted from their history, for users who may see them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection

from casework.domain.access import SYSTEM, Permission
from casework.domain.account_change import ChangeUser
from casework.domain.incident import Incident
from casework.domain.school import AppointmentEnded
from casework.domain.user import User, UserChanged, UserLinked
from casework.domain.vocabulary import Category, Involvement, Role, State
from casework.usecases.schools import ChangeSchool
from casework.usecases.steps.named import Named
from casework_api.composition import reading_room
from casework_projections.reading import unrestricted
from casework_projections.reading.admission import reach_at
from casework_projections.reading.asking import Asker
from casework_projections.reading.deadlines import Deadline
from casework_projections.reading.governor_summary import ReadSummary
from casework_projections.reading.known import listing
from casework_projections.reading.lessons import ReadLessons
from casework_projections.reading.listing import After, Filters, Listed, Listing
from casework_projections.reading.paging import Part
from casework_projections.reading.room import Question
from casework_projections.reading.summary_sources import sources
from casework_projections.reading.unrestricted import CompareEveryCase, ListEveryDeadline
from casework_projections.views.caseload import Caseload
from casework_projections.views.catch_up import Views
from casework_projections.views.directory import Directory
from casework_projections.views.figures import IncidentFigures
from casework_projections.views.lessons_learnt import LessonsLearnt
from casework_projections.views.replay import IncidentView
from casework_projections.views.set_aside import set_aside
from casework_projections.views.view import Batch
from tests.histories import SchoolHistory
from tests.projections.watching import spoil

T = TypeVar("T")

CannotWrite = Callable[[type[IncidentView], Collection[UUID]], None]

FILTERS: Sequence[Filters] = (
    Filters(),
    Filters(kind="sexting"),
    Filters(state=State.REPORTED),
    Filters(state=State.CLOSED),
    Filters(overdue=True),
    Filters(overdue=False),
    Filters(term="2026-autumn"),
    Filters(term="2027-spring"),
)


@pytest.fixture
def cannot_write(monkeypatch: pytest.MonkeyPatch) -> CannotWrite:
    """Makes a class of views fail on some incidents."""

    def spoil(view: type[IncidentView], ids: Collection[UUID]) -> None:
        write = view.write

        def failing(self: Any, connection: Connection, incidents: Sequence[Incident]) -> None:
            if any(incident.id in ids for incident in incidents):
                raise ArithmeticError
            write(self, connection, incidents)

        monkeypatch.setattr(view, "write", failing)

    return spoil


@contextmanager
def known(views: Views, history: SchoolHistory, reader: User) -> Iterator[Listing]:
    """The caseload as `reader` may see it."""
    room = reading_room(history.app, views)
    with room.snapshot(*views.of_cases) as snapshot:
        yield listing(room, snapshot, history.asker(reader))


def listed(views: Views, history: SchoolHistory, reader: User, filters: Filters = FILTERS[0]) -> list[Listed]:
    """Every page of the list shown to `reader`."""
    found: list[Listed] = []
    after: After | None = None
    while True:
        with known(views, history, reader) as cases:
            page, after = cases.page(filters, now=history.at, limit=2, after=after)
        found += page
        if after is None:
            return found


def as_system(views: Views, history: SchoolHistory, question: Question[T]) -> T:
    """The answer to `question`, asked by the system."""
    return reading_room(history.app, views).answer(question, Asker(principal=SYSTEM, now=history.at))


def every_deadline(views: Views, history: SchoolHistory) -> list[Deadline]:
    return sorted(as_system(views, history, ListEveryDeadline()).items, key=repr)


def new_ones(views: Views, history: SchoolHistory, reader: User) -> dict[str, int]:
    """How many incidents a summary counts for `reader`, and how many lessons they see."""
    room, asker = reading_room(history.app, views), history.asker(reader)
    at = room.admission.school(asker, history.id, Permission.READ_SUMMARY)
    reach = reach_at(at)
    with room.snapshot(*views.of_cases, views.figures, views.lessons) as snapshot:
        counted = sources(
            room, snapshot, at.school, term="2026-autumn", compared=(), as_of=history.at, reach=reach
        )
    return {"counted": len(counted.figures["2026-autumn"]), "lessons": len(counted.lessons)}


class Story:
    """Incidents of every type, read by users of every role."""

    def __init__(self, history: SchoolHistory) -> None:
        self.history = history
        self.subject = history.appointed(Role.DSL, person=history.teacher)
        history.appointed(Role.HEADTEACHER, person=history.teacher)
        both = history.appointed(Role.DEPUTY_DSL, Role.REPORTER)
        roles = (Role.DSL, Role.HEADTEACHER, Role.CHAIR_OF_GOVERNORS, Role.REPORTER)
        self.readers = [*(history.users[role] for role in roles), self.subject, both, history.appointed()]
        self.witness = history.person(Category.PUPIL)
        people = (
            Named(person=history.target, involvement=Involvement.TARGET),
            Named(person=history.teacher, involvement=Involvement.ALLEGED),
        )
        report = history.report
        self.incidents = [
            report(at="2026-09-14 10:20"),
            report("sexting", confidential_reporter=True),
            report("unsolicited_contact", by=self.subject),
            report("unsolicited_contact", direction="staff_to_pupil", people=people),
            report("unsolicited_contact", direction="staff_to_pupil", people=people, by=both),
            report(at="2027-01-12 09:00"),
        ]
        history.take(
            self.incidents[0], "involve_person", person=self.witness, involvement=Involvement.WITNESS
        )
        history.take(self.incidents[0], "assign", user=history.head.id)
        # One of the two heads is alleged, so that neither has the case.
        chair = history.users[Role.CHAIR_OF_GOVERNORS]
        history.take(self.incidents[4], "assign", by=chair, user=both.id)
        history.drive(self.incidents[5])

    def shown(self, views: Views) -> dict[str, Any]:
        """Everything that the caseload shows to any user."""
        said: dict[str, Any] = {}
        people = (self.history.target, self.history.teacher, self.witness)
        more = (Filters(assigned_to=self.history.head.id), *(Filters(person=each) for each in people))
        for number, reader in enumerate(self.readers):
            for filters in (*FILTERS, *more):
                said[f"{number} {filters}"] = listed(views, self.history, reader, filters)
            with known(views, self.history, reader) as cases:
                said[f"{number} due"] = {each.incident: each for each in cases.deadlines()}
                for person in people:
                    said[f"{number} {person}"] = cases.chronology(person)
        said["counted"] = [new_ones(views, self.history, each) for each in (self.history.dsl, self.subject)]
        said["due"] = every_deadline(views, self.history)
        compared = CompareEveryCase(self.history.id, under="st_thomas@2016-06", other="headcorn@2022-03")
        said["compared"] = as_system(views, self.history, compared)
        return said


def test_lists_are_the_same_with_incidents_set_aside(
    history: SchoolHistory, cannot_write: CannotWrite
) -> None:
    story = Story(history)
    views = Views(history.app)
    expected = story.shown(views)
    assert any(expected.values())
    cannot_write(Caseload, story.incidents[::2] + story.incidents[4:])
    views.rebuild("caseload")
    with views.read(views.caseload) as connection:
        assert len(set_aside(connection, views.caseload)) == 4
    shown = story.shown(views)
    assert {name: said for name, said in shown.items() if said != expected[name]} == {}


def test_every_case_of_a_school_is_compared_once(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrestricted, "_PAGE", 2)
    incidents = [history.report() for _ in range(5)]
    question = CompareEveryCase(history.id, under="st_thomas@2016-06", other="headcorn@2022-03")
    compared = as_system(Views(history.app), history, question)
    assert sorted(each.incident for each in compared) == sorted(incidents)


def test_an_outdated_row_does_not_decide_access(history: SchoolHistory, cannot_write: CannotWrite) -> None:
    """A child's case turns out to be about a lead, but the row of the caseload is not updated."""
    story = Story(history)
    views = Views(history.app)
    incident = story.incidents[0]
    assert incident in [each.incident for each in listed(views, history, story.subject)]
    cannot_write(Caseload, [incident])
    history.take(incident, "involve_person", person=history.teacher, involvement=Involvement.ALLEGED)
    for reader in (story.subject, history.dsl):
        assert incident not in [each.incident for each in listed(views, history, reader)]
    chair = history.users[Role.CHAIR_OF_GOVERNORS]
    seen = {each.incident: each for each in listed(views, history, chair)}
    assert seen[incident].version == 4
    assert new_ones(views, history, story.subject)["counted"] == len(story.incidents) - 5


@pytest.mark.parametrize(
    "policy", [{"pack": "nowhere@1"}, {"floor": "england@2026-10-01"}], ids=["pack", "floor"]
)
def test_an_incident_without_its_edition_is_due_by_the_rules_that_remain(
    history: SchoolHistory, policy: dict[str, str]
) -> None:
    incident = history.report()
    spoil(history.app, incident, lambda state: state["policy"].update(policy))
    views = Views(history.app)
    (row,) = listed(views, history, history.dsl)
    assert (row.incident, row.critical) == (incident, False)
    assert "acknowledge" in {step.step for step in row.due}
    due = every_deadline(views, history)
    assert {each.step for each in due} == {step.step for step in row.due}
    with views.read(views.caseload) as connection:
        assert set_aside(connection, views.caseload) == {incident}
    views.rebuild("caseload")
    assert every_deadline(views, history) == due


def test_an_unreadable_incident_is_hidden_and_its_duties_stay_due(history: SchoolHistory) -> None:
    incident, other = history.report(), history.report()
    views = Views(history.app)
    before = every_deadline(views, history)
    spoil(history.app, incident, lambda state: state.pop("setting"))
    same = ChangeSchool(calendar=history.school.calendar)
    history.app.schools.change(history.context(history.admin), history.id, same)

    later = Views(history.app)
    for reader in history.users.values():
        assert incident not in [row.incident for row in listed(later, history, reader)]
    assert [row.incident for row in listed(later, history, history.dsl)] == [other]
    assert every_deadline(later, history) == before
    assert new_ones(later, history, history.dsl)["counted"] == 1
    assert later.counts_aside().unreadable == 1
    assert as_system(later, history, ListEveryDeadline()).unjudged == (incident,)

    later.rebuild("caseload")
    assert {each.incident for each in every_deadline(later, history)} == {other}
    assert as_system(later, history, ListEveryDeadline(history.id)).unjudged == (incident,)


def test_the_incidents_of_an_unreadable_school_are_counted_and_named(history: SchoolHistory) -> None:
    incidents = {history.report(), history.report()}
    spoil(history.app, history.id, lambda state: state.clear())
    views = Views(history.app)
    with views.read(views.caseload):
        assert views.counts_aside().unreadable == len(incidents)
    due = as_system(views, history, ListEveryDeadline())
    assert (set(due.unjudged), due.stale) == (incidents, True)


def test_reports_are_the_same_with_incidents_set_aside(
    history: SchoolHistory, cannot_write: CannotWrite
) -> None:
    incidents = [history.report(at=f"2026-09-{day} 10:20") for day in (14, 15, 16)]
    for incident in incidents:
        history.drive(incident)

    def said(views: Views) -> list[Any]:
        found: list[Any] = [history.answer(ReadSummary(school=history.id), views=views).incidents]
        for term in ("2026-autumn", None):
            part = Part(1)
            while part.cursor is not None or part == Part(1):
                page = history.answer(ReadLessons(history.id, term, part), views=views)
                found.append(page.items)
                part = Part(1, page.next) if page.next is not None else Part()
        return found

    views = Views(history.app)
    expected = said(views)
    cannot_write(IncidentFigures, incidents[1:])
    cannot_write(LessonsLearnt, incidents[:2])
    for name in (views.figures.name, views.lessons.name):
        views.rebuild(name)
    with views.read(views.figures, views.lessons) as connection:
        assert set_aside(connection, views.figures) == set(incidents[1:])
        assert set_aside(connection, views.lessons) == set(incidents[:2])
    assert said(views) == expected


def test_addresses_come_from_the_users_when_the_directory_is_outdated(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = history.appointed(Role.HEADTEACHER, person=history.teacher)
    views = Views(history.app)
    apply = Directory.apply

    def failing(self: Directory, connection: Connection, batch: Batch) -> None:
        if any(batch.of(UserLinked, UserChanged)):
            raise ArithmeticError
        apply(self, connection, batch)

    monkeypatch.setattr(Directory, "apply", failing)
    address = f"{uuid4()}@example.org"
    other = history.person(Category.STAFF)
    command = ChangeUser(email=history.name(address), person=other)
    history.app.users.change(history.context(history.admin), leader.id, command)
    with views.read(views.directory) as connection:
        assert set_aside(connection, views.directory) == {leader.id}
        assert views.directory.at_address(connection, history.name(address).text) == {leader.id}
        assert views.directory.at_address(connection, leader.email.text) == frozenset()


def test_roles_come_from_the_school_when_the_directory_is_outdated(
    history: SchoolHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader = history.appointed(Role.HEADTEACHER, person=history.teacher)
    views = Views(history.app)
    day = history.at.date()

    with views.read(views.directory) as connection:
        (held,) = views.directory.appointments_of(connection, leader.id)
        assert views.directory.roles_of(connection, leader.id, day) == {history.id: (Role.HEADTEACHER,)}

    apply = Directory.apply

    def failing(self: Directory, connection: Connection, batch: Batch) -> None:
        if any(batch.of(AppointmentEnded)):
            raise ArithmeticError
        apply(self, connection, batch)

    monkeypatch.setattr(Directory, "apply", failing)
    history.app.appointments.end(history.context(history.admin), history.id, held.id)
    other = history.appointed(Role.DSL)
    with views.read(views.directory) as connection:
        assert set_aside(connection, views.directory) == {history.id}
        (ended,) = views.directory.appointments_of(connection, leader.id)
        assert not ended.in_force(day)
        assert views.directory.roles_of(connection, leader.id, day) == {}
        (new,) = views.directory.appointments_of(connection, other.id)
        assert new.role is Role.DSL
