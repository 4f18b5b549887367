"""The use cases with a record in memory, without a database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.access import SYSTEM, Principal
from casework.domain.account_change import AppointUser
from casework.domain.appointment import Appointment
from casework.domain.case import Case
from casework.domain.clocks import CLOCK_LEAD, synchronised
from casework.domain.errors import Forbidden, Invalid, NotFound
from casework.domain.event import unstamped
from casework.domain.incident.evidence import OpenEvidence, SaveEvidence
from casework.domain.incident.reporting import AddNote
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Category, EvidenceForm, Involvement, Role, Setting
from casework.library import Library
from casework.record.gate import NoGate
from casework.record.known_people import EverybodyKnown
from casework.record.memory import MemoryRecord
from casework.record.recusals import NoRecusals
from casework.record.user_directory import NoDirectory
from casework.usecases.account_approvals import AccountApprovals
from casework.usecases.appointments import Appointments
from casework.usecases.approvals import Approvals
from casework.usecases.cases import Cases
from casework.usecases.context import Context
from casework.usecases.enrolment import Enrolment
from casework.usecases.incidents import Incidents
from casework.usecases.people import People, RegisterPerson
from casework.usecases.schools import OpenSchool, Schools
from casework.usecases.secrets import Secrets
from casework.usecases.steps.named import Named
from casework.usecases.steps.reporting import ReportIncident
from casework.usecases.steps.taking import TakeStep
from casework.usecases.tokens import Tokens
from casework.usecases.users import RegisterUser, Users
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import at

NOW = at("2026-09-14 10:20")


class InMemory:
    """A school, a user for each role, and a pupil, with a record in memory."""

    def __init__(self) -> None:
        record, library = MemoryRecord(), Library.own()
        self.record = record
        secrets = Secrets(lambda purpose: sha256(purpose.encode()).digest())
        self.schools = Schools(record, library)
        self.cases = Cases(record, self.schools, library, NoRecusals(), NoGate())
        self.incidents = Incidents(record, self.cases, self.schools, library, secrets)
        self._users = Users(record, NoDirectory())
        self.people = People(record, self.schools, EverybodyKnown(), NoDirectory())
        self.appointments = Appointments(record, self.schools, NoDirectory())
        enrolment = Enrolment(record, secrets, Tokens(record, secrets), NoDirectory())
        accounts = AccountApprovals(record, NoDirectory(), self.appointments, self._users, enrolment)
        self.approvals = Approvals(record, self.cases, self.incidents.taking, accounts)
        system = Context(principal=SYSTEM, now=NOW)
        school = OpenSchool(
            name="A School",
            pack="st_thomas",
            jurisdiction="england",
            pupils_on_roll=210,
            calendar=TEST_CALENDAR,
        )
        self.school = self.schools.open(system, school).id
        self.users = {role: self.user(role) for role in Role}
        self.pupil = self.person(Category.PUPIL)

    def user(self, role: Role, person: UUID | None = None) -> User:
        """A user who holds `role`. They are `person`, or a new person if the role needs one."""
        if person is None and role.reads_cases:
            person = self.on_roll(role)
        registered = RegisterUser(name=Sealed(role), email=Sealed(f"{role}@school.example"), person=person)
        user = self._users.register(Context(principal=SYSTEM, now=NOW), registered)
        appointment = AppointUser(user=user.id, role=role, from_=date(2026, 9, 1))
        self.appointments.appoint(Context(principal=SYSTEM, now=NOW), self.school, appointment)
        return user

    def on_roll(self, name: str) -> UUID:
        """A member of staff."""
        person = RegisterPerson(school=self.school, category=Category.STAFF, name=Sealed(name))
        return self.people.register(Context(principal=SYSTEM, now=NOW), person).id

    def person(self, category: Category) -> UUID:
        """A person of the school."""
        person = RegisterPerson(school=self.school, category=category, name=Sealed("Tess Target"))
        return self.people.register(Context(principal=SYSTEM, now=NOW), person).id

    def by(self, role: Role) -> Context:
        return Context(principal=Principal.of(self.users[role]), now=NOW)

    def report(self, occurred_at: datetime = NOW, reported_at: datetime | None = None) -> Case:
        report = ReportIncident(
            school=self.school,
            kind="cyberbullying",
            occurred_at=occurred_at,
            setting=Setting.ON_SITE,
            summary=Sealed("Something unkind was sent round."),
            people=(Named(person=self.pupil, involvement=Involvement.TARGET),),
            reported_at=reported_at,
        )
        return self.incidents.report(self.by(Role.REPORTER), report)


@pytest.fixture(scope="module")
def school() -> InMemory:
    return InMemory()


def test_a_lead_reads_a_report_and_takes_a_step(school: InMemory) -> None:
    incident = school.report().incident
    step = TakeStep(incident=incident.id, step=unstamped(AddNote, text=Sealed("Rang home.")), expected=1)
    school.incidents.take(school.by(Role.DSL), step)
    case = school.cases.admit_reader(school.by(Role.DSL), incident.id)
    assert [taken.name() for taken in case.incident.timeline] == ["report", "add_note"]
    assert [party.category for party in case.incident.people] == [Category.PUPIL]
    assert case.outstanding()


def test_no_user_takes_a_step_that_casework_records(school: InMemory) -> None:
    incident = school.report().incident.id
    step = TakeStep(incident=incident, step=unstamped(OpenEvidence, file=incident))
    with pytest.raises(Invalid) as raised:
        school.incidents.take(school.by(Role.DSL), step)
    assert raised.value.errors == {"$.step": ["is recorded by casework itself"]}


LEADS: Final = st.one_of(
    st.timedeltas(-timedelta(minutes=10), timedelta(minutes=10)),
    st.sampled_from([CLOCK_LEAD, CLOCK_LEAD + timedelta(microseconds=1), timedelta(seconds=1)]),
)


@given(occurred=LEADS, reported=LEADS)
def test_a_report_is_stored_with_times_of_the_server_clock(
    school: InMemory, occurred: timedelta, reported: timedelta
) -> None:
    moments = {"occurred_at": NOW + occurred, "reported_at": NOW + reported}
    stored = {name: synchronised(moment, NOW) for name, moment in moments.items()}
    if not stored["occurred_at"] <= stored["reported_at"] <= NOW:
        with pytest.raises(Invalid):
            school.report(**moments)
        return
    incident = school.report(**moments).incident
    assert {"occurred_at": incident.occurred_at, "reported_at": incident.reported_at} == stored


@given(at=LEADS, captured=LEADS, shown=LEADS)
def test_a_step_is_stored_with_times_of_the_server_clock(
    school: InMemory, at: timedelta, captured: timedelta, shown: timedelta
) -> None:
    incident = school.report(occurred_at=NOW - timedelta(hours=1)).incident
    step = unstamped(
        SaveEvidence,
        form=EvidenceForm.WRITTEN_ACCOUNT,
        description=Sealed("A note."),
        captured_at=NOW + captured,
        incident_at=NOW + shown,
    )
    command = TakeStep(incident=incident.id, step=step, at=NOW + at)
    ahead = {"$.at": at, "$.captured_at": captured, "$.incident_at": shown}
    refused = {path for path, lead in ahead.items() if lead > CLOCK_LEAD}
    if refused:
        with pytest.raises(Invalid) as raised:
            school.incidents.take(school.by(Role.DSL), command)
        assert set(raised.value.errors) == refused
        return
    school.incidents.take(school.by(Role.DSL), command)
    (stored,) = school.cases.admit_reader(school.by(Role.DSL), incident.id).incident.taken(SaveEvidence)
    assert [stored.happened_at, stored.captured_at, stored.incident_at] == [
        min(NOW + lead, NOW) for lead in ahead.values()
    ]


def test_no_other_role_may_read_the_case(school: InMemory) -> None:
    incident = school.report().incident.id
    with pytest.raises(NotFound):
        school.cases.admit(school.by(Role.GOVERNOR), incident)
    with pytest.raises(Forbidden):
        school.cases.admit_reader(school.by(Role.REPORTER), incident)


def test_the_system_cannot_read_a_case(school: InMemory) -> None:
    system = Context(principal=SYSTEM, now=NOW)
    with pytest.raises(NotFound):
        school.cases.admit(system, school.report().incident.id)


@pytest.mark.parametrize(
    ("until", "last_day"),
    [
        pytest.param(None, date(2026, 9, 13), id="without an end"),
        pytest.param(date(2027, 7, 31), date(2026, 9, 13), id="later"),
        pytest.param(date(2026, 7, 31), date(2026, 7, 31), id="already ended"),
    ],
)
def test_ending_an_appointment_never_moves_its_last_day_later(
    school: InMemory, until: date | None, last_day: date
) -> None:
    system = Context(principal=SYSTEM, now=NOW)
    user = school.user(Role.REPORTER).id
    command = AppointUser(user=user, role=Role.GOVERNOR, from_=date(2025, 9, 1), until=until)
    appointment = school.appointments.appoint(system, school.school, command)
    assert isinstance(appointment, Appointment)
    school.appointments.end(Context(principal=SYSTEM, now=NOW), school.school, appointment.id)
    assert school.schools.found(school.school).appointments[appointment.id].until == last_day


def test_ids_derived_under_a_secret_depend_on_it() -> None:
    request = Context(principal=SYSTEM, now=NOW, key="one key")
    requests = (request, request.under(b"a secret"), request.under(b"another secret"))
    assert len({each.new_id("incident") for each in requests}) == 3
    assert len({each.request for each in requests}) == 3
