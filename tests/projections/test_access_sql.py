"""The table of who may read which cases gives the same result in SQL and in Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, select

from casework.application import Casework
from casework.domain.access import (
    BARRED,
    HANDLE,
    NEXT,
    READ,
    Actor,
    All,
    AnyOf,
    AppointedToCase,
    AssignedToCase,
    CaseFacts,
    ComesByRoute,
    Grant,
    Holder,
    Identity,
    InStream,
    IsAboutLeader,
    IsShutOut,
    Not,
    Predicate,
    Principal,
    Reader,
    Staff,
    holds,
)
from casework.domain.appointment import (
    ROLES_STOOD_IN_FOR,
    Absence,
    Appointment,
    acting_as,
    awake,
    ever_led,
    held_roles,
)
from casework.domain.bars import Bar, Why
from casework.domain.vocabulary import Involvement, Role, Stream
from casework_projections.reading.access_sql import (
    BARS,
    HANDLES,
    READS,
    handling_parameters,
    holding,
    reads,
)
from casework_projections.reading.asking import Asker, Reach, reach_of
from casework_projections.views.case_tables import APPOINTED, ASSIGNEE, cases, members
from casework_projections.views.catch_up import Views
from casework_projections.views.directory_tables import Held, appointments, links, users
from casework_projections.views.recusals import bars_table

EXAMPLES: Final = 60
FIRST: Final = date(2026, 9, 1)
SCHOOLS: Final = [UUID(int=number) for number in (11, 12)]
USERS: Final = [UUID(int=number) for number in (21, 22)]
PEOPLE: Final = [UUID(int=number) for number in (31, 32)]
BYSTANDER: Final = UUID(int=33)
READER: Final = USERS[0]
ROW: Final[dict[str, Any]] = {
    "kind": "a kind",
    "reported_kind": "a kind",
    "reported_stream": "child",
    "submitted_at": datetime(2026, 9, 1, tzinfo=UTC),
    "submitted_occurred_at": datetime(2026, 9, 1, tzinfo=UTC),
    "submitted_setting": "on_site",
    "state": "reported",
    "critical": False,
    "is_open": True,
    "report_open": True,
    "received": False,
    "occurred_at": datetime(2026, 9, 1, tzinfo=UTC),
    "reported_at": datetime(2026, 9, 1, tzinfo=UTC),
    "recorded_at": datetime(2026, 9, 1, tzinfo=UTC),
    "may_be_about_leader": False,
    "setting": "on_site",
    "version": 1,
    "reporter_version": 1,
    "due": [],
}
"""The columns of the caseload on which access does not depend."""


class Member(msgspec.Struct, frozen=True):
    """A person or a user in a case, with one involvement."""

    member: UUID
    involved_as: str
    at_present: bool


class Made(msgspec.Struct, frozen=True):
    """A case: its school, its stream, the people and users in it, and to whom it is closed."""

    school: UUID
    stream: Stream
    members: tuple[Member, ...]
    bars: tuple[Bar, ...]
    recorded_at: datetime

    def facts(self) -> CaseFacts:
        return CaseFacts(
            stream=self.stream,
            occurred_on=OCCURRED_ON,
            recorded_at=self.recorded_at,
            appointed=frozenset(m.member for m in self.members if m.involved_as == APPOINTED),
            assigned=frozenset(m.member for m in self.members if m.involved_as == ASSIGNEE),
            bars=self.bars,
        )


def every_case() -> Iterator[Made]:
    """A case for each school, each stream, each involvement of people and users, and each type of bar."""
    target, alleged, witness = (
        way.value for way in (Involvement.TARGET, Involvement.ALLEGED, Involvement.WITNESS)
    )
    first, second = (
        [None, *(Member(person, way, present) for way, present in ways)]
        for person, ways in (
            (PEOPLE[0], [(alleged, True), (alleged, False), (witness, True)]),
            (PEOPLE[1], [(witness, True)]),
        )
    )
    users_in = [None, *(Member(READER, way, True) for way in (ASSIGNEE, APPOINTED))]
    every = product(SCHOOLS, Stream, BARS_IN, first, second, users_in)
    for place, (school, stream, bars, *members_in) in enumerate(every):
        given = tuple(member for member in members_in if member is not None)
        # The bars of the people a case is about are always written with it.
        about = [m.member for m in given if m.involved_as in {target, alleged}]
        closed = (*(Bar(member=each, why=Why.SUBJECT) for each in about), *bars)
        # Some were recorded before a provisional appointment, some after it, whatever else is true of them.
        yield Made(school, stream, given, closed, MOMENTS[place // 5 % len(MOMENTS)])


OCCURRED_ON: Final = FIRST
MOMENTS: Final = [datetime(2026, 9, day, 12, tzinfo=UTC) for day in (1, 2)]
BARS_IN: Final = [
    (),
    (Bar(member=PEOPLE[1], why=Why.SUBJECT),),
    (Bar(member=PEOPLE[0], why=Why.WITNESS), Bar(member=USERS[1], why=Why.WITNESS)),
    (Bar(member=PEOPLE[1], why=Why.RELATED, from_=FIRST + timedelta(days=1)),),
    (Bar(member=READER, why=Why.DECLARED), Bar(member=PEOPLE[1], why=Why.RELATED)),
]
CASES: Final = {UUID(int=100 + place): case for place, case in enumerate(every_case())}


class World(msgspec.Struct, frozen=True):
    """The users, all the people they were ever linked to, their namesakes, and their appointments."""

    persons: Mapping[UUID, frozenset[UUID]]
    namesakes: Mapping[UUID, frozenset[UUID]]
    held: Sequence[Held]

    def identity(self, user: UUID) -> Identity:
        return Identity(user, self.persons[user], self.namesakes[user])

    def staff(self, school: UUID, day: date) -> Staff:
        held = self.at(school)
        return tuple(
            Holder(
                identity=self.identity(led.user),
                role=role,
                led=led,
                acts=led.user in acting_as(self.awake_at(school, day), role, day),
                reads=role in held_roles(self.awake_at(school, day), led.user, day).held,
                since=held_roles(self.awake_at(school, day), led.user, day).provisional.get(role),
            )
            for role in Role
            for led in ever_led(held, role)
        )

    def actor(self, school: UUID, day: date) -> Actor:
        roles = held_roles(self.awake_at(school, day), READER, day)
        return Actor.with_roles(Principal(id=READER, persons=self.persons[READER]), roles)

    def at(self, school: UUID) -> list[Held]:
        return [each for each in self.held if each.school == school]

    def awake_at(self, school: UUID, day: date) -> list[Appointment]:
        held = self.at(school)
        return [*awake(held, {each.user for each in held if each.may_sleep(day)}, day)]

    def reader(self, school: UUID, day: date) -> Reader:
        return Reader(identity=self.identity(READER), today=day, staff=lambda: self.staff(school, day))


# Few days, and mostly roles that predicates name, so that random worlds often match them.
days = st.integers(0, 2).map(lambda number: FIRST + timedelta(days=number))
roles = st.sampled_from([Role.HEADTEACHER, *NEXT, Role.SLT] * 3 + [*Role])


@st.composite
def appointments_of(draw: st.DrawFn, school: UUID, user: UUID) -> list[Held]:
    """One or two roles, most of them held all the time, some standing in, some with an absence.

    Their roles may sleep from a day on. Some of those that do not, and stand in for none, are provisional.
    """
    periods = st.just((FIRST, None)) | st.tuples(days, st.none() | days)
    sleeps_from = draw(st.none() | days)
    moments = st.none() | st.sampled_from(MOMENTS)
    made = st.builds(
        lambda id_, role, period, standing_in_for, absences, since: Held(
            id=id_,
            school=school,
            user=user,
            role=role,
            from_=period[0],
            until=period[1],
            standing_in_for=standing_in_for,
            absences=tuple(absences),
            sleeps_from=sleeps_from,
            provisional_since=since if sleeps_from is None and standing_in_for is None else None,
        ),
        st.uuids(),
        roles,
        periods,
        st.none() | st.sampled_from(sorted(ROLES_STOOD_IN_FOR)),
        st.lists(st.builds(Absence, days, days), max_size=1),
        moments,
    )
    return draw(st.lists(made, min_size=1, max_size=2))


worlds = st.builds(
    World,
    persons=st.fixed_dictionaries(
        {user: st.frozensets(st.sampled_from([*PEOPLE, BYSTANDER]), max_size=2) for user in USERS}
    ),
    namesakes=st.fixed_dictionaries(
        {user: st.frozensets(st.sampled_from(PEOPLE), max_size=1) for user in USERS}
    ),
    held=st.tuples(*(appointments_of(school, user) for school in SCHOOLS for user in USERS)).map(
        lambda lists: [held for one in lists for held in one]
    ),
)
simple: st.SearchStrategy[Predicate] = st.one_of(
    st.just(IsShutOut()),
    st.just(AppointedToCase()),
    st.just(AssignedToCase()),
    st.builds(InStream, st.sampled_from(Stream)),
    st.just(IsAboutLeader()),
    st.builds(ComesByRoute, st.sampled_from(NEXT)),
)
predicates: st.SearchStrategy[Predicate] = st.recursive(
    simple,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=5,
)


@pytest.fixture
def connection(app: Casework) -> Iterator[Connection]:
    """A connection that sees every case, and is rolled back."""
    with app.database.writer.connect() as connection:
        connection.execute(
            cases.insert(),
            [
                {
                    **ROW,
                    "incident": incident,
                    "school": case.school,
                    "stream": case.stream.value,
                    "recorded_at": case.recorded_at,
                }
                for incident, case in CASES.items()
            ],
        )
        involved = [
            {**msgspec.structs.asdict(member), "incident": incident, "in_report": True}
            for incident, case in CASES.items()
            for member in case.members
        ]
        connection.execute(members.insert(), involved)
        closed = [
            {
                "incident": incident,
                "member": bar.member,
                "why": bar.why.value,
                "from": bar.from_,
                "until": bar.until,
            }
            for incident, case in CASES.items()
            for bar in dict.fromkeys(case.bars)
        ]
        connection.execute(bars_table.insert(), closed)
        yield connection
        connection.rollback()


@contextmanager
def written(connection: Connection, world: World) -> Iterator[None]:
    """Insert the rows of the directory about `world` for the duration of the block."""
    people = [
        {"user": user, "version": 1, "name": "sealed", "active": True, "address_index": None}
        for user in world.persons
    ]
    linked = [
        {"user": user, "person": person} for user, persons in world.persons.items() for person in persons
    ]
    held = [
        {
            "appointment": each.id,
            "school": each.school,
            "user": each.user,
            "role": each.role.value,
            "from": each.from_,
            "until": each.until,
            "standing_in_for": each.standing_in_for,
            "absences": msgspec.to_builtins(each.absences),
            "sleeps_from": each.sleeps_from,
            "provisional_since": each.provisional_since,
        }
        for each in world.held
    ]
    savepoint = connection.begin_nested()
    connection.execute(users.insert(), people)
    if linked:
        connection.execute(links.insert(), linked)
    connection.execute(appointments.insert(), held)
    yield
    savepoint.rollback()


def reach_on(day: date, views: Views, connection: Connection, world: World) -> Reach:
    principal = Principal(id=READER, persons=world.persons[READER])
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    reach = reach_of(Asker(principal=principal, now=noon), views.directory, connection)
    return msgspec.structs.replace(
        reach, identity=world.identity(READER), staff_of=lambda school: world.staff(school, day)
    )


def everywhere(reach: Reach) -> Reach:
    """`reach` with a role at every school for which the staff must be known."""
    chair = Actor(user=READER, persons=reach.identity.persons, roles=(Role.CHAIR_OF_GOVERNORS,))
    return msgspec.structs.replace(reach, actors=dict.fromkeys(SCHOOLS, chair))


def found(connection: Connection, condition: ColumnElement[bool], reach: Reach) -> set[UUID]:
    """The cases for which `condition` holds in SQL."""
    given = handling_parameters(connection, reach)
    return set(connection.scalars(select(cases.c.incident).where(condition), given))


def grants(world: World, case: Made, day: date, table: tuple[Grant, ...] = READ) -> bool:
    """Whether any role of the reader gives them access to the case by `table`, in Python."""
    actor = world.actor(case.school, day).in_case(case.recorded_at)
    facts, reader = case.facts(), world.reader(case.school, day)
    return any(
        actor.role_for(grant.permission) is not None and holds(grant.when, facts, reader) for grant in table
    )


def test_sql_and_python_admit_the_same_readers_at_each_moment(connection: Connection, views: Views) -> None:
    @settings(max_examples=EXAMPLES)
    @given(world=worlds, moments=st.tuples(days, days))
    def compare(world: World, moments: tuple[date, date]) -> None:
        with written(connection, world):
            for day in moments:
                reach = reach_on(day, views, connection, world)
                barred = {
                    incident
                    for incident, case in CASES.items()
                    if holds(BARRED, case.facts(), world.reader(case.school, day))
                }
                granted = {incident for incident, case in CASES.items() if grants(world, case, day)}
                assert found(connection, BARS, reach) == barred
                assert found(connection, READS, reach) == granted - barred
                for_this_reader = reads(handling_parameters(connection, reach))
                assert found(connection, for_this_reader, reach) == granted - barred
                handled = {key for key, case in CASES.items() if grants(world, case, day, HANDLE)}
                assert found(connection, HANDLES, reach) == handled - barred

    compare()


def test_sql_and_python_agree_on_every_form_of_predicate(connection: Connection, views: Views) -> None:
    @settings(max_examples=EXAMPLES)
    @given(world=worlds, day=days, predicate=predicates)
    def compare(world: World, day: date, predicate: Predicate) -> None:
        with written(connection, world):
            reach = everywhere(reach_on(day, views, connection, world))
            held = {
                incident
                for incident, case in CASES.items()
                if holds(predicate, case.facts(), world.reader(case.school, day))
            }
            assert found(connection, holding(predicate), reach) == held

    compare()
