"""A year at the demonstration school, recorded through the use cases with the clock set to each moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from casework.application import Casework
from casework.domain.access import SYSTEM, Principal
from casework.domain.account_change import AppointUser, ChangeUser
from casework.domain.case import Case
from casework.domain.clocks import LONDON, Calendar, day_of
from casework.domain.errors import Refused
from casework.domain.event import unstamped
from casework.domain.incident import STEPS
from casework.domain.incident.examples import example, typed
from casework.domain.incident.slots import Occasion, Slot, Slots
from casework.domain.person import Related
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Category, Direction, Relation, Role, Setting
from casework.usecases.context import Context
from casework.usecases.people import RegisterPerson
from casework.usecases.schools import OpenSchool
from casework.usecases.steps.reporting import ReportIncident
from casework.usecases.steps.taking import TakeStep
from casework.usecases.users import RegisterUser
from casework_api.demo.calendar import calendar_around
from casework_api.demo.people import PARENT_FORENAME, STRANGER, TEACHER, USERS, pupil_names
from casework_api.demo.texts import CONTENT, PLATFORMS, SUMMARIES, VOICES, Scene, fields

_CATEGORIES: Final = dict.fromkeys(("chair_of_governors", "vice_chair", "governor"), Category.GOVERNOR)
"""What users of the demonstration are who are not staff."""
INCIDENTS: Final = 60
PUPILS: Final = 36
KINDS: Final = ("cyberbullying",) * 6 + ("unsolicited_contact",) * 2 + ("sexting",) * 2
RARE_KINDS: Final = ("online_grooming", "online_grooming", "adult_image", "other_concern")
"""The kinds of the other incidents, each as often as it is named."""
OF_THE_TEACHER: Final = ("unsolicited_contact", "adult_image")
"""The kinds in which the target is a member of staff."""
_WAITS: Final = (5, 10, 20, 30, 45, 60, 90, 600)
"""Minutes from one step to the next: mostly on the same morning, sometimes on the next day."""
# In a real history some steps are in time, some are late, and some are left open.
_LEFT_OPEN: Final = 0.15
_SOME_TIME: Final = timedelta(days=40)


class Cast(msgspec.Struct):
    """The users and people of the school; `parents` by the id of the child, `stranger` of no school."""

    school: UUID
    users: dict[str, User]
    pupils: list[UUID]
    parents: dict[UUID, UUID]
    teacher: UUID
    stranger: UUID


class Demo(msgspec.Struct):
    """What the command line prints when the database is filled."""

    school: UUID
    tokens: dict[str, str]


def fill(app: Casework, moment: datetime, progress: Callable[[int, int], None]) -> Demo:
    """Fill an empty database with the same year for every run on the same day.

    `progress` is called with the number of incidents done and their total.
    """
    day = day_of(moment)
    rng = Random(day.toordinal())  # noqa: S311
    calendar = calendar_around(day)
    # The year ends on the day before, so that it does not depend on the hour of the run.
    story = _Story(app, rng, calendar, datetime.combine(day, time(), tzinfo=LONDON))
    cast = story.open_school()
    for place, (reported, kind) in enumerate(zip(story.times(), story.kinds(), strict=True)):
        story.incident(cast, reported, kind)
        progress(place + 1, INCIDENTS)
    issued = Context(principal=SYSTEM, now=moment, key=f"demo {day}")
    tokens = {
        role: app.tokens.issue(msgspec.structs.replace(issued, key=f"token {role} {day}"), user.id).token
        for role, user in cast.users.items()
    }
    return Demo(school=cast.school, tokens=tokens)


class _Story:
    def __init__(self, app: Casework, rng: Random, calendar: Calendar, moment: datetime) -> None:
        self.app = app
        self.rng = rng
        self.calendar = calendar
        self.moment = moment
        self.count = 0

    def context(self, user: User | None, now: datetime) -> Context:
        """A request with a key of its own, so that ids are the same every time on the same day."""
        self.count += 1
        principal = SYSTEM if user is None else Principal.of(user)
        return Context(principal=principal, now=now, key=f"demo {self.count}")

    def open_school(self) -> Cast:
        """The school, one user for each role, pupils with one parent each, and one member of staff."""
        opened = datetime.combine(self.calendar.terms[0].starts_on, time(9), tzinfo=LONDON)
        register = self.app.users.register
        admin = register(
            self.context(None, opened),
            RegisterUser(name=Sealed(USERS[0][1]), email=Sealed("admin@school.example")),
            administrator=True,
        )
        settings = OpenSchool(
            name="Demonstration Primary School",
            pack="headcorn",
            jurisdiction="england",
            pupils_on_roll=210,
            calendar=self.calendar,
        )
        school = self.app.schools.open(self.context(admin, opened), settings)
        users = {"admin": admin}
        for role, name in USERS[1:]:
            person = self._person(admin, opened, school.id, _CATEGORIES.get(role, Category.STAFF), name)
            user = RegisterUser(name=Sealed(name), email=Sealed(f"{role}@school.example"), person=person)
            users[role] = register(self.context(admin, opened), user)
            appointment = AppointUser(user=users[role].id, role=Role(role), from_=day_of(opened))
            self.app.appointments.appoint(self.context(admin, opened), school.id, appointment)
        person = self._person(admin, opened, school.id, Category.STAFF, USERS[0][1])
        self.app.users.change(self.context(None, opened), admin.id, ChangeUser(person=person))
        pupils, parents = self._families(school.id, users["dsl"], opened)
        teacher = self._person(users["dsl"], opened, school.id, Category.STAFF, TEACHER)
        stranger = self._person(users["dsl"], opened, school.id, Category.EXTERNAL, STRANGER)
        return Cast(school.id, users, pupils, parents, teacher, stranger)

    def _families(self, school: UUID, dsl: User, opened: datetime) -> tuple[list[UUID], dict[UUID, UUID]]:
        pupils: list[UUID] = []
        parents: dict[UUID, UUID] = {}
        for name in pupil_names(PUPILS, self.rng):
            born = date(
                opened.year - self.rng.randint(8, 11), self.rng.randint(1, 12), self.rng.randint(1, 28)
            )
            pupil = self._person(
                dsl, opened, school, Category.PUPIL, name, born_on=born, year_group=self.rng.randint(3, 6)
            )
            relation = (Related(relation=Relation.PARENT_OF, person=pupil),)
            surname = name.split()[-1]
            parents[pupil] = self._person(
                dsl, opened, school, Category.PARENT, f"{PARENT_FORENAME} {surname}", relations=relation
            )
            pupils.append(pupil)
        return pupils, parents

    def _person(
        self, by: User, at: datetime, school: UUID, category: Category, name: str, **more: Any
    ) -> UUID:
        person = RegisterPerson(school=school, category=category, name=Sealed(name), distinct=True, **more)
        return self.app.people.register(self.context(by, at), person).id

    def times(self) -> list[datetime]:
        """When the incidents were reported: in school hours of the last three terms, in order."""
        today = day_of(self.moment)
        begun = [term for term in self.calendar.terms if term.starts_on <= today][-3:]
        days = [
            day
            for offset in range((today - begun[0].starts_on).days)
            if self.calendar.is_school_day(day := begun[0].starts_on + timedelta(days=offset))
        ]
        return sorted(
            datetime.combine(
                self.rng.choice(days), time(self.rng.randint(9, 15), self.rng.randint(0, 59)), tzinfo=LONDON
            )
            for _ in range(INCIDENTS)
        )

    def kinds(self) -> list[str]:
        """The kinds of the incidents, in order."""
        kinds = [*RARE_KINDS, *self.rng.choices(KINDS, k=INCIDENTS - len(RARE_KINDS))]
        self.rng.shuffle(kinds)
        return kinds

    def incident(self, cast: Cast, reported: datetime, kind: str) -> None:
        """One incident, from its report to its last step before now."""
        case = self._report(cast, reported, kind)
        recent = self.moment - reported < _SOME_TIME
        leave_open = recent or self.rng.random() < _LEFT_OPEN
        steps = self.rng.randint(2, 12) if leave_open else 80
        clock = reported
        children = set(case.incident.children())
        scene = Scene(
            incident=case.incident,
            now=clock,
            rng=self.rng,
            parents={child: parent for child, parent in cast.parents.items() if child in children},
            colleague=cast.users["deputy_dsl"].id,
            head=cast.users["headteacher"].id,
        )
        for _ in range(steps):
            clock = self._next_moment(clock)
            if clock >= self.moment:
                return
            scene.incident, scene.now = case.incident, clock
            done = self._step(case, cast, scene)
            if done is None:
                return
            case = done

    def _step(self, case: Case, cast: Cast, scene: Scene) -> Case | None:
        """Take the next step the playbook requires, else close the case. None if neither is possible."""
        if case.incident.closed:
            return None
        duties = [duty for duty in case.outstanding() if duty.rule.modality != "may"]
        done = {step.name() for step in case.incident.timeline}
        if duties and duties[0].rule.step == "debrief" and "complete_investigation" not in done:
            step, preset = "complete_investigation", {}
        elif duties:
            step, preset = str(duties[0].rule.step), duties[0].preset
        else:
            step, preset = "close", {}
        taken = TakeStep(
            incident=case.incident.id, step=unstamped(STEPS[step], **fields(step, scene, preset))
        )
        try:
            return self.app.incidents.take(self.context(cast.users["dsl"], scene.now), taken).case
        except Refused:
            return None

    def _report(self, cast: Cast, reported: datetime, kind: str) -> Case:
        alleged, target = self.rng.sample(cast.pupils, 2)
        of_the_teacher = kind in OF_THE_TEACHER
        slots: Slots = {
            Slot.SCHOOL: cast.school,
            Slot.KIND: kind,
            Slot.CHILD: cast.teacher if of_the_teacher else target,
            Slot.ALLEGED: cast.stranger if kind == "online_grooming" else alleged,
        }
        varied: dict[str, Any] = {
            "occurred_at": (reported - timedelta(minutes=self.rng.randint(10, 900))).astimezone(UTC),
            "reported_at": reported.astimezone(UTC),
            "setting": self.rng.choice(tuple(Setting)),
            "platform": self.rng.choice(PLATFORMS),
            "summary": self.rng.choice(SUMMARIES[kind]),
            "content": self.rng.choice(CONTENT[kind]),
        }
        if kind == "unsolicited_contact":
            varied["direction"] = Direction.PUPIL_TO_STAFF
        if not of_the_teacher and self.rng.random() < 0.5:
            varied["child_voice"] = self.rng.choice(VOICES)
        recorded = reported + timedelta(minutes=self.rng.randint(1, 40))
        values = example("report", Occasion(now=reported, slots=slots), varied)
        return self.app.incidents.report(
            self.context(cast.users["reporter"], recorded),
            ReportIncident(**typed(ReportIncident, values)),
        )

    def _next_moment(self, clock: datetime) -> datetime:
        """Some time later, on a working morning or afternoon."""
        later = clock + timedelta(minutes=self.rng.choice(_WAITS))
        while later.weekday() > 4 or not 8 <= later.hour <= 17:
            later = datetime.combine(
                day_of(later) + timedelta(days=1), time(8, self.rng.randint(0, 59)), tzinfo=LONDON
            )
        return later
