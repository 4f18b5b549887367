"""Histories for tests, made with the real application: a school, its people, cases taken to their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Self, TypeVar
from uuid import UUID, uuid4

from casework.application import Casework
from casework.domain.access import SYSTEM, Principal
from casework.domain.account_change import AppointUser
from casework.domain.case import Case
from casework.domain.clocks import LONDON, day_of
from casework.domain.event import unstamped
from casework.domain.incident import STEPS, Incident
from casework.domain.incident.examples import example, typed
from casework.domain.incident.slots import Occasion, Slot, Slots
from casework.domain.playbook import Duty, Modality
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Category, Involvement, Role, State
from casework.usecases.account_approvals import DecideApproval
from casework.usecases.context import Context
from casework.usecases.people import RegisterPerson
from casework.usecases.schools import OpenSchool
from casework.usecases.steps.named import Named
from casework.usecases.steps.reporting import ReportIncident
from casework.usecases.steps.taking import TakeStep
from casework.usecases.users import RegisterUser
from casework_api.commands.opening import opened
from casework_api.composition import reading_room
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import Question
from casework_projections.views.catch_up import Views
from tests.calendars import TEST_CALENDAR
from tests.engines import Engine
from tests.settings import settings_for

T = TypeVar("T")

HOUR: Final = timedelta(hours=1)
SECRET_WORDS: Final = ("Quillfeather", "marzipan")
"""Every name in a history contains the first word, every narrative the second; nothing else does."""

NARRATIVE: Final = "He wrote about the marzipan again."
LESSON: Final = "Filters must know marzipan by its other spellings."


def london(moment: str) -> datetime:
    """`2026-09-14 10:20` in London."""
    return datetime.fromisoformat(moment).replace(tzinfo=LONDON)


class SchoolHistory:
    """A school with a user in every role and a few people, and its incidents.

    `at` is the moment of the next request; every step advances it by an hour.
    """

    def __init__(self, app: Casework) -> None:
        self.app = app
        self.at = london("2026-09-03 08:00")
        self.admin = app.users.register(
            self.context(None),
            RegisterUser(name=self.name("Admin"), email=self.name(f"{uuid4()}@example.org")),
            administrator=True,
        )
        school = OpenSchool(
            name="A School",
            pack="st_thomas",
            jurisdiction="england",
            calendar=TEST_CALENDAR,
            pupils_on_roll=210,
        )
        self.id = app.schools.open(self.context(self.admin), school).id
        self.users = {role: self.appointed(role) for role in Role}
        self.dsl, self.head = self.users[Role.DSL], self.users[Role.HEADTEACHER]
        self.reporter = self.users[Role.REPORTER]
        self.target = self.person(Category.PUPIL, "Ada")
        self.alleged = self.person(Category.PUPIL, "Bertie")
        self.parent = self.person(Category.PARENT, "Cora")
        self.teacher = self.person(Category.STAFF, "Dorian")

    def over(self, app: Casework) -> Self:
        """The same history in a copy of its database, which `app` has opened."""
        other = copy(self)
        other.app = app
        return other

    def answer(
        self,
        question: Question[T],
        user: User | None = None,
        *,
        views: Views | None = None,
        now: datetime | None = None,
    ) -> T:
        """The answer to `question`, asked by `user` (default: the lead), from `views`."""
        return reading_room(self.app, views).answer(question, self.asker(user, now))

    def asker(self, user: User | None = None, now: datetime | None = None) -> Asker:
        """`user` (default: the lead) at the present moment of this history, or at `now`."""
        return Asker(principal=Principal.of(user or self.dsl), now=now or self.at)

    @property
    def school(self) -> School:
        school = self.app.record.load(School, self.id)
        assert school is not None
        return school

    @staticmethod
    def name(first: str) -> Sealed:
        return Sealed(f"{first} {SECRET_WORDS[0]}")

    def context(self, user: User | None) -> Context:
        """A request by `user` (by the system if there is none) at the present moment of this history."""
        return Context(principal=SYSTEM if user is None else Principal.of(user), now=self.at)

    def appointed(self, *roles: Role, person: UUID | None = None) -> User:
        """A user who has held `roles` here from the start of the school year.

        They are `person`, or somebody new on the roll if a role needs a person.
        """
        if person is None and any(role.reads_cases for role in roles):
            colleague = RegisterPerson(
                school=self.id, category=Category.STAFF, name=self.name("User"), distinct=True
            )
            person = self.app.people.register(self.context(self.admin), colleague).id
        user = self.app.users.register(
            self.context(self.admin),
            RegisterUser(name=self.name("User"), email=self.name(f"{uuid4()}@example.org"), person=person),
        )
        for role in roles:
            appointment = AppointUser(user=user.id, role=role, from_=date(2026, 9, 1))
            self.app.appointments.appoint(self.context(self.admin), self.id, appointment)
        return user

    def person(self, category: Category, first_name: str = "Eve", **fields: Any) -> UUID:
        """The id of a person registered at this school."""
        person = RegisterPerson(
            school=self.id, category=category, name=self.name(first_name), distinct=True, **fields
        )
        return self.app.people.register(self.context(self.users[Role.DSL]), person).id

    def report(
        self, kind: str = "cyberbullying", *, at: str | None = None, by: User | None = None, **fields: Any
    ) -> UUID:
        """The id of an incident that is reported and recorded at the same moment."""
        if at is not None:
            self.at = london(at)
        occurred_at = self.at - timedelta(minutes=15)
        slots: Slots = {Slot.SCHOOL: self.id, Slot.KIND: kind, Slot.OCCURRED_AT: occurred_at}
        own = {
            "platform": "WhatsApp",
            "people": self.parties(kind),
            **({"direction": "pupil_to_staff"} if kind == "unsolicited_contact" else {}),
        }
        values = example("report", Occasion(now=self.at, slots=slots), own | fields)
        report = ReportIncident(**typed(ReportIncident, values, _secret))
        case = self.app.incidents.report(self.context(by or self.reporter), report)
        return case.incident.id

    def parties(self, kind: str) -> tuple[Named, ...]:
        """The people in an incident of this kind, unless a test names others."""
        target = self.teacher if kind == "unsolicited_contact" else self.target
        return (
            Named(person=target, involvement=Involvement.TARGET),
            Named(person=self.alleged, involvement=Involvement.ALLEGED),
        )

    def take(
        self,
        incident: UUID,
        step: str,
        /,
        *,
        at: str | None = None,
        done: str | None = None,
        by: User | None = None,
        **fields: Any,
    ) -> Case:
        """Take a step, an hour after the last one by default; `fields` replaces fields of its example.

        It was `done` just then, or earlier.
        """
        self.at = self.at + HOUR if at is None else london(at)
        found = self.app.record.load(Incident, incident)
        assert found is not None
        values = self.example(step, found, **fields)
        command = TakeStep(
            incident=incident,
            step=unstamped(STEPS[step], **values),
            at=None if done is None else london(done),
        )
        return self.app.incidents.take(self.context(by or self.dsl), command).case

    def decide(self, incident: UUID, *, approve: bool = True) -> None:
        """Have the head decide everything that is pending about `incident`."""
        case = self.app.cases.admit_reader(self.context(self.head), incident)
        for approval in case.pending:
            decision = DecideApproval(approve=approve, reason=_secret(NARRATIVE))
            self.app.approvals.decide(self.context(self.head), approval.id, decision)

    def drive(self, incident: UUID, until: State = State.CLOSED) -> Case:
        """Take the steps that the playbook requires, one an hour, until the incident has reached `until`."""
        for _ in range(100):
            case = self.app.cases.admit_reader(self.context(self.dsl), incident)
            if case.incident.state.rank >= until.rank:
                return case
            step, preset = self._next(case)
            self.take(incident, step, **preset)
        raise AssertionError("the playbook never stops requiring steps")

    def _next(self, case: Case) -> tuple[str, Mapping[str, Any]]:
        binding = (Modality.MUST, Modality.CONSIDER)
        required = [duty for duty in case.outstanding() if duty.rule.modality in binding and not _ends(duty)]
        if required:
            return str(required[0].rule.step), required[0].preset
        taken = {step.name() for step in case.incident.timeline}
        for step in ("complete_investigation", "debrief"):
            if step not in taken:
                return step, {}
        return "close", {}

    def example(self, step: str, incident: Incident, /, **fields: Any) -> dict[str, Any]:
        """Fields with which a step may be taken in an ordinary case; `fields` replaces some of them."""
        learnt = _learnt(day_of(self.at)) if step == "debrief" else {}
        values = example(step, self._occasion(incident), learnt | fields)
        return typed(STEPS[step], values, _secret)

    def _occasion(self, incident: Incident) -> Occasion:
        slots: Slots = {
            Slot.OCCURRED_AT: incident.occurred_at,
            Slot.CHILD: self.target,
            Slot.ALLEGED: self.alleged,
            Slot.ADULT: self.teacher,
            Slot.PARENT: self.parent,
            Slot.COLLEAGUE: self.dsl.id,
            Slot.HEAD: self.head.id,
            Slot.ACTION: next(iter(incident.open_actions), incident.id),
        }
        return Occasion(now=self.at, slots=slots)


@contextmanager
def opened_history(engine: Engine, folder: Path) -> Iterator[SchoolHistory]:
    """A new history on one engine, with its keys and vault in `folder`."""

    def begin(url: str) -> tuple[SchoolHistory, bytes]:
        with TemporaryDirectory() as temporary:
            settings = settings_for(url, Path(temporary))
            with opened(settings) as app:
                return SchoolHistory(app), settings.master_key_file.read_bytes()

    begun, key = engine.template(SchoolHistory, begin)
    with (
        engine.database(folder, like=SchoolHistory) as url,
        opened(settings_for(url, folder, key=key)) as app,
    ):
        yield begun.over(app)


def _ends(duty: Duty) -> bool:
    return duty.rule.step in ("debrief", "close")


def _secret(text: str) -> Sealed:
    """A text that contains the second secret word: `text` itself, or else the narrative."""
    return Sealed(text if SECRET_WORDS[1] in text else NARRATIVE)


def _learnt(today: date) -> dict[str, Any]:
    """A lesson and two actions, one of them for no lesson."""
    in_three_days, in_a_fortnight = ((today + timedelta(days=days)).isoformat() for days in (3, 14))
    return {
        "lessons": [{"text": LESSON, "changes": "filtering", "clause": "004 §8"}],
        "actions": [
            {"text": NARRATIVE, "owner": "Head of marzipan", "due_on": in_a_fortnight, "lesson": 0},
            {"text": NARRATIVE, "owner": "Governor for marzipan", "due_on": in_three_days},
        ],
    }
