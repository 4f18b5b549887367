"""The caseload lists the incidents that the reader may see, in order, filtered before a page is cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from casework.domain.clocks import Closure
from casework.domain.incident import Incident
from casework.domain.user import User
from casework.domain.vocabulary import Category, Involvement, Role, State, Stream
from casework.usecases.schools import ChangeSchool
from casework.usecases.steps.named import Named
from casework_api.composition import reading_room
from casework_projections.reading.known import listing
from casework_projections.reading.listing import After, Filters, Involved, Listed, Listing
from casework_projections.views.case_tables import cases
from casework_projections.views.catch_up import Views
from tests.calendars import TEST_CALENDAR
from tests.histories import SchoolHistory, london


@contextmanager
def known(views: Views, history: SchoolHistory, user: User | None = None) -> Iterator[Listing]:
    """The caseload as `user` may see it."""
    room = reading_room(history.app, views)
    with room.snapshot(*views.of_cases) as snapshot:
        yield listing(room, snapshot, history.asker(user))


def listed(
    views: Views, history: SchoolHistory, user: User | None = None, limit: int = 100, **filters: Any
) -> list[Listed]:
    with known(views, history, user) as cases:
        return cases.page(Filters(**filters), now=history.at, limit=limit)[0]


def chronology(
    views: Views, history: SchoolHistory, person: UUID, user: User | None = None
) -> list[Involved]:
    with known(views, history, user) as cases:
        return cases.chronology(person)


def ids(found: list[Listed]) -> list[UUID]:
    return [each.incident for each in found]


def allegation(history: SchoolHistory, by: User | None = None) -> UUID:
    people = (
        Named(person=history.target, involvement=Involvement.TARGET),
        Named(person=history.teacher, involvement=Involvement.ALLEGED),
    )
    return history.report("unsolicited_contact", by=by, direction="staff_to_pupil", people=people)


def test_a_row_has_the_values_of_the_incident(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    history.take(incident, "acknowledge")
    history.take(incident, "save_evidence")
    (row,) = listed(views, history)
    assert row.incident == incident
    assert (row.kind, row.state, row.stream) == ("cyberbullying", State.EVIDENCE_SAVED, Stream.CHILD)
    assert (row.version, row.term, row.platform) == (3, "2026-autumn", "WhatsApp")
    assert row.received
    assert not row.own
    assert row.reported_at == london("2026-09-14 10:20")
    assert row.next_due_at == london("2026-09-15 23:59:59") == min(step.due_at for step in row.due)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["late", "early"]),
        ({"kind": "sexting"}, ["late"]),
        ({"state": State.ESCALATED}, ["early"]),
        ({"state": State.REPORTED}, ["late"]),
        ({"term": "2026-autumn"}, ["early"]),
        ({"term": "2027-spring"}, ["late"]),
        ({"overdue": True}, ["early"]),
        ({"overdue": False}, ["late"]),
        ({"reported_from": london("2026-10-01 00:00")}, ["late"]),
        ({"reported_to": london("2026-10-01 00:00")}, ["early"]),
        ({"school": UUID(int=1)}, []),
        ({"person": UUID(int=1)}, []),
        ({"assigned_to": UUID(int=1)}, []),
    ],
)
def test_each_filter_finds_its_cases(
    history: SchoolHistory, views: Views, filters: dict[str, Any], found: list[str]
) -> None:
    named = {history.report(at="2026-09-14 10:20"): "early"}
    history.take(next(iter(named)), "escalate")
    named[history.report("sexting", at="2027-01-12 09:00")] = "late"
    assert [named[incident] for incident in ids(listed(views, history, **filters))] == found


def test_a_person_and_an_assignee_each_find_their_cases(history: SchoolHistory, views: Views) -> None:
    plain, assigned = history.report(), history.report()
    history.take(assigned, "assign", user=history.head.id)
    witness = history.person(Category.PUPIL)
    history.take(plain, "involve_person", person=witness, involvement=Involvement.WITNESS)
    assert ids(listed(views, history, assigned_to=history.head.id)) == [assigned]
    assert ids(listed(views, history, person=witness)) == [plain]
    assert set(ids(listed(views, history, person=history.target))) == {plain, assigned}


def test_an_identified_person_replaces_the_unknown_one(history: SchoolHistory, views: Views) -> None:
    unknown = history.person(Category.UNKNOWN)
    parties = (Named(person=unknown, involvement=Involvement.ALLEGED),)
    incident = history.report(people=parties)
    history.take(incident, "identify_person", person=unknown, as_=history.alleged)
    assert ids(listed(views, history, person=history.alleged)) == [incident]
    assert ids(listed(views, history, person=unknown)) == []
    # The reporter does not see who was identified.
    assert ids(listed(views, history, history.reporter, person=unknown)) == [incident]
    assert ids(listed(views, history, history.reporter, person=history.alleged)) == []


def test_pages_are_complete_and_repeat_nothing_while_incidents_arrive(
    history: SchoolHistory, views: Views
) -> None:
    before = []
    for day in range(1, 10):
        # Several at one moment, so that the id decides the order.
        before += [history.report(at=f"2026-09-{day + 10} 10:00") for _ in range(day % 3 + 1)]
    pages, after = [], None
    while True:
        with known(views, history) as found:
            page, after = found.page(Filters(school=history.id), now=history.at, limit=4, after=after)
        pages += page
        if after is None:
            break
        assert after == After(page[-1].reported_at, page[-1].incident)
        history.report(at="2026-10-01 10:00")
    assert sorted(ids(pages)) == sorted(before)
    assert pages == sorted(pages, key=lambda row: (-row.reported_at.timestamp(), row.incident.hex))


def test_lists_show_only_what_the_user_may_see(history: SchoolHistory, views: Views) -> None:
    subject = history.appointed(Role.DSL, person=history.teacher)
    both = history.appointed(Role.DEPUTY_DSL, Role.REPORTER)
    stranger = history.appointed()
    users = [*history.users.values(), subject, both, stranger]
    incidents = [
        history.report(by=history.reporter),
        history.report("unsolicited_contact", by=subject),
        history.report(by=history.reporter, confidential_reporter=True),
        allegation(history),
        allegation(history, by=both),
    ]
    history.take(incidents[-1], "assign", by=history.head, user=both.id)
    for user in users:
        seen = {row.incident: row for row in listed(views, history, user)}
        for incident_id in incidents:
            incident = history.app.record.load(Incident, incident_id)
            assert incident is not None
            stands = history.app.cases.of(history.context(user), incident).standing
            assert (incident_id in seen) is stands.knows
            if stands.knows:
                assert seen[incident_id].own is (stands.reads_as is None)


def test_a_reporter_sees_only_what_they_submitted(history: SchoolHistory, views: Views) -> None:
    incident = history.report("sexting", at="2026-09-14 10:20")
    for step in ("acknowledge", "save_evidence", "escalate"):
        history.take(incident, step)
    (row,) = listed(views, history, history.reporter)
    assert row.own
    assert (row.state, row.critical, row.version) == (State.REPORTED, False, 2)
    assert (row.next_due_at, row.due) == (None, ())
    history.at = london("2026-10-14 10:20")
    assert listed(views, history, history.reporter, state=State.ESCALATED) == []
    assert listed(views, history, history.reporter, overdue=True) == []
    assert ids(listed(views, history, history.dsl, overdue=True)) == [incident]


def test_a_chronology_is_in_order_of_occurrence(history: SchoolHistory, views: Views) -> None:
    later = history.report(at="2026-09-15 10:00")
    earlier = history.report(at="2026-09-16 10:00", occurred_at=london("2026-09-10 08:00"))
    history.report(people=())
    history.take(earlier, "involve_person", person=history.alleged, involvement=Involvement.WITNESS)
    found = chronology(views, history, history.alleged)
    assert [(each.listed.incident, each.involvements) for each in found] == [
        (earlier, (Involvement.ALLEGED, Involvement.WITNESS)),
        (later, (Involvement.ALLEGED,)),
    ]
    assert chronology(views, history, history.alleged, history.users[Role.GOVERNOR]) == []


def test_a_new_calendar_changes_due_dates(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    history.take(incident, "acknowledge")
    history.take(incident, "triage")
    (before,) = listed(views, history)
    closures = (Closure(london("2026-09-15 00:00").date(), london("2026-09-16 00:00").date(), "Snow"),)
    calendar = msgspec.structs.replace(TEST_CALENDAR, closures=closures)
    history.app.schools.change(history.context(history.admin), history.id, ChangeSchool(calendar=calendar))
    (after,) = listed(views, history)
    assert before.next_due_at is not None
    assert after.next_due_at == before.next_due_at + timedelta(days=2)


def test_reports_in_confidence_cannot_be_joined_to_open_ones(history: SchoolHistory, views: Views) -> None:
    for confidential in (True, False, True, False):
        history.report(by=history.reporter, confidential_reporter=confidential)
    assert len(listed(views, history, history.reporter)) == 4
    with views.read(views.caseload) as connection:
        rows = connection.execute(select(cases.c.incident, cases.c.reported_by)).all()
    marks: dict[bool, set[str | None]] = {True: set(), False: set()}
    for row in rows:
        incident = history.app.record.load(Incident, row.incident)
        assert incident is not None
        marks[incident.confidential_reporter].add(row.reported_by)
    assert [len(found) for found in marks.values()] == [1, 1]
    assert marks[True].isdisjoint(marks[False])


def test_a_case_is_overdue_from_the_first_of_its_duties(history: SchoolHistory, views: Views) -> None:
    incident = history.report(at="2026-09-14 10:20")
    first, later = london("2026-09-14 23:59:59"), london("2026-09-15 23:59:59")
    (row,) = listed(views, history)
    assert {step.due_at for step in row.due} == {first, later}
    assert row.next_due_at == first
    for moment, overdue in ((first, False), (first + timedelta(seconds=1), True)):
        history.at = moment
        assert ids(listed(views, history, overdue=True)) == ([incident] if overdue else [])
        assert ids(listed(views, history, overdue=False)) == ([] if overdue else [incident])
