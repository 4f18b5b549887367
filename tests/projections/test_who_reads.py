"""Random histories of schools: after each action, users read exactly the cases that a plain model lets them.

The model is `plain_model`. It is compared with the door to a single case and with the list of cases. To try
more examples, name a profile of `tests/conftest.py`: `pytest --hypothesis-profile long`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, event, given, note, settings
from hypothesis import strategies as st

from casework.application import Casework
from casework.domain.access import SYSTEM, Actor, Principal
from casework.domain.account_change import AppointUser, ChangeAppointment, ChangeUser
from casework.domain.appointment import Appointment
from casework.domain.approval import About
from casework.domain.case import Case as CaseFound
from casework.domain.clocks import LONDON, day_of
from casework.domain.errors import Declined, NotFound
from casework.domain.event import unstamped
from casework.domain.incident import STEPS
from casework.domain.incident.reporting import Party
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import (
    Category,
    Direction,
    Involvement,
    Matter,
    Relation,
    Role,
    Setting,
)
from casework.usecases.account_approvals import DecideApproval
from casework.usecases.approvals import AskApproval
from casework.usecases.conflicts import OwnConflict
from casework.usecases.context import Context
from casework.usecases.joins import OtherPerson, SamePerson
from casework.usecases.people import ChangePerson, RegisterPerson
from casework.usecases.relations import RelatePerson
from casework.usecases.schools import OpenSchool
from casework.usecases.steps.named import Named
from casework.usecases.steps.reporting import ReportIncident
from casework.usecases.steps.taking import TakeStep
from casework.usecases.users import RegisterUser
from casework_api.commands.opening import opened
from casework_api.composition import reading_room
from casework_projections.reading.asking import Asker
from casework_projections.reading.gate import RowGate
from casework_projections.reading.known import page_of
from casework_projections.reading.listing import Filters
from casework_projections.reading.paging import Part
from casework_projections.reading.room import ReadingRoom
from tests.calendars import TEST_CALENDAR
from tests.engines import Engine, scratch_folder
from tests.histories import london
from tests.projections import plain_model as plain
from tests.settings import settings_for

T = TypeVar("T")

BEGINS: Final = "2026-09-14 10:20"
FIRST_DAY: Final = date(2026, 9, 1)
REASON: Final = "A reason of more than ten characters."
OAK: Final = {
    "lead": (Role.DSL, "Dana Leadley"),
    "deputy": (Role.DEPUTY_DSL, "Della Poole"),
    "head": (Role.HEADTEACHER, "Harriet Heddle"),
    "chair": (Role.CHAIR_OF_GOVERNORS, "Charles Baird"),
    "vice": (Role.VICE_CHAIR, "Vera Visser"),
    "senior": (Role.SLT, "Simon Sharp"),
}
ELM: Final = {"elm lead": (Role.DSL, "Lena Moss"), "elm head": (Role.HEADTEACHER, "Hugo Lund")}
NAMES: Final = ("Harriet Heddle", "D. Leadley", "Mrs Poole", "Della Marsh", "Baird, Charles", "Max Munro")
CATEGORIES: Final = (Category.STAFF, Category.PUPIL, Category.PARENT, Category.UNKNOWN)
RELATIONS: Final = (
    *(Relation.SPOUSE_OF, Relation.PARENT_OF, Relation.SIBLING_OF, Relation.CLOSE_FRIEND_OF),
    Relation.LINE_MANAGER_OF,
)
KINDS: Final = (
    *(("cyberbullying", None), ("staff_allegation", None), ("parent_post", None), ("staff_misuse", None)),
    ("unsolicited_contact", Direction.STAFF_TO_PUPIL),
)
OF_STAFF: Final = {"staff_allegation", "staff_misuse", "unsolicited_contact"}
INVOLVEMENTS: Final = (*(Involvement.ALLEGED, Involvement.TARGET, Involvement.PARENT, Involvement.WITNESS),)
POSTS: Final = (
    *(Role.HEADTEACHER, Role.DSL, Role.DEPUTY_DSL, Role.CHAIR_OF_GOVERNORS, Role.VICE_CHAIR, Role.SLT),
)
PART_OF_EXAMPLES: Final = {"sqlite_engine": 2, "postgres_engine": 8}
"""One in how many of the examples of the profile is tried on each engine: one takes half a second."""
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)


@dataclass
class World:
    """The real application and the plain model after the same actions.

    `ids` are those of schools, users, people and cases by their names in the model; `barred` is what ever
    shut users out of cases and was not lifted by two other people.
    """

    app: Casework
    now: datetime = field(default_factory=lambda: london(BEGINS))
    ids: dict[str, UUID] = field(default_factory=dict)
    model: plain.Model = field(default_factory=plain.Model)
    posts: list[UUID] = field(default_factory=list)
    relations: list[tuple[UUID, str, plain.Bond]] = field(default_factory=list)
    barred: set[tuple[str, str, str]] = field(default_factory=set)

    def over(self, app: Casework) -> World:
        """The same in a copy of its database, which `app` has opened."""
        kept = {name: value for name, value in vars(self).items() if name != "app"}
        return World(app, **deepcopy(kept))

    @property
    def today(self) -> date:
        return day_of(self.now)

    def context(self, user: str) -> Context:
        return Context(principal=self.principal(user), now=self.now)

    def principal(self, user: str) -> Principal:
        found = self.app.record.peek(User, self.ids[user])
        assert found is not None
        return Principal.of(found)

    def tried(self, users: Iterable[str], command: Callable[[Context], T]) -> tuple[str, T] | None:
        """The first of the users who may give the command, and what they get; None if all are refused."""
        for user in users:
            if user == ADMIN or self.model.users[user].active:
                with suppress(Declined):
                    return user, command(self.context(user))
        return None

    def readers(self, case: str) -> list[str]:
        """The active users who may read a case by the model."""
        users = self.model.users.items()
        return [key for key, user in users if user.active and self.model.reads(key, case, self.today)]

    def leads(self, school: str) -> list[str]:
        """The users who may change people at a school."""
        return [key for key in self.model.users if self.model.roles(key, school, self.today) & {*plain.LEADS}]

    # What the start and the actions are made of

    def open_school(self, school: str) -> None:
        command = OpenSchool(
            name=school,
            pack="st_thomas",
            jurisdiction="england",
            calendar=TEST_CALENDAR,
            pupils_on_roll=210,
        )
        self.ids[school] = self.app.schools.open(self.context(ADMIN), command).id

    def user(self, user: str, name: str) -> None:
        command = RegisterUser(name=Sealed(name), email=Sealed(f"{uuid4()}@school.example"))
        self.ids[user] = self.app.users.register(self.context(ADMIN), command).id
        self.model.users[user] = plain.User([name])

    def person(self, by: str, school: str, name: str, category: Category, record: str) -> bool:
        """Register a person; `by` is a user who may."""
        command = RegisterPerson(school=self.ids[school], category=category, name=Sealed(name))
        done = self.tried([by], lambda context: self.app.people.register(context, command))
        if done is None:
            return False
        person = done[1]
        self.ids[record] = person.id
        self.model.people[record] = plain.Person(
            school, category.value, name, person.details.on_roll, self.now
        )
        return True

    def link(self, user: str, record: str) -> bool:
        command = ChangeUser(person=self.ids[record])
        before = self.app.record.peek(User, self.ids[user])
        done = self.tried([ADMIN], lambda context: self.app.users.change(context, self.ids[user], command))
        if done is None or before is None:
            return False
        # Nobody has enrolled, so that one administrator makes every change.
        assert isinstance(done[1], User)
        if len(done[1].links) == len(before.links):
            return False
        self.model.link(user, record)
        return True

    def appoint(self, user: str, school: str, role: Role, stands_in_for: Role | None = None) -> bool:
        first = FIRST_DAY if not self.model.cases else self.today
        command = AppointUser(user=self.ids[user], role=role, from_=first, standing_in_for=stands_in_for)
        done = self.tried(
            [ADMIN], lambda context: self.app.appointments.appoint(context, self.ids[school], command)
        )
        if done is None:
            return False
        assert isinstance(done[1], Appointment)
        self.posts.append(done[1].id)
        standing_in = None if stands_in_for is None else stands_in_for.value
        self.model.posts.append(plain.Post(user, school, role.value, first, None, standing_in))
        return True


ADMIN: Final = "admin"


def begun(app: Casework) -> World:
    """Two schools; the deputy of the first is a deputy at the second too, under a maiden name."""
    world = World(app)
    command = RegisterUser(name=Sealed("Ada Adminson"), email=Sealed("admin@school.example"))
    system = Context(principal=SYSTEM, now=world.now)
    world.ids[ADMIN] = app.users.register(system, command, administrator=True).id
    for school, users in (("oak", OAK), ("elm", ELM)):
        world.open_school(school)
        for user, (role, name) in users.items():
            world.user(user, name)
            employed(world, user, school, role, name)
    employed(world, "deputy", "elm", Role.DEPUTY_DSL, "Della Marsh")
    world.user("aide", "Ruth Okoro")
    assert world.appoint("aide", "oak", Role.REPORTER)
    for name, category in (("Petra Quill", Category.PUPIL), ("Paul Quill", Category.PARENT)):
        assert world.person("lead", "oak", name, category, f"the {category}")
    assert world.person("lead", "oak", "Account unknown", Category.UNKNOWN, "the stranger")
    return world


def employed(world: World, user: str, school: str, role: Role, name: str) -> None:
    """A user with a record on the roll of a school, and a role."""
    record = f"{user} at {school}"
    assert world.person(ADMIN, school, name, Category.STAFF, record)
    assert world.appoint(user, school, Role.REPORTER)
    assert world.link(user, record)
    assert world.appoint(user, school, role)


class Turn(msgspec.Struct, frozen=True):
    """One action. Its numbers choose among what there is, so that every action means something."""

    def play(self, world: World) -> str | None:
        """Do it; what happened, or None if nothing did."""
        raise NotImplementedError


def chosen(number: int, things: Collection[T]) -> T:
    return [*things][number % len(things)]


class Registers(Turn, frozen=True):
    """The user registers a person who has one of a few names."""

    user: int
    name: int
    category: int

    def play(self, world: World) -> str | None:
        by, name = chosen(self.user, world.model.users), chosen(self.name, NAMES)
        school = "elm" if by in ELM else "oak"
        category, record = chosen(self.category, CATEGORIES), f"record {len(world.model.people)}"
        if not world.person(by, school, name, category, record):
            return None
        return f"{by} registers {record}: {name}, {category}"


class Reports(Turn, frozen=True):
    """A user reports what happened some days ago."""

    user: int
    kind: int
    people: tuple[tuple[int, int, int], ...]
    in_confidence: bool
    about_leader: bool | None
    days_ago: int

    def play(self, world: World) -> str | None:
        model, number = world.model, len(world.model.cases) + 1
        by, (kind, direction) = chosen(self.user, model.users), chosen(self.kind, KINDS)
        school = "elm" if by in ELM else "oak"
        occurred_at = world.now - self.days_ago * DAY - MINUTE
        named = [self._named(world, school, *each) for each in self.people]
        command = ReportIncident(
            school=world.ids[school],
            kind=kind,
            direction=direction,
            occurred_at=occurred_at,
            setting=Setting.ON_SITE,
            summary=Sealed("What was said and done."),
            confidential_reporter=self.in_confidence,
            about_leader=self.about_leader,
            people=tuple(each for each, _ in named),
        )
        done = world.tried([by], lambda context: world.app.incidents.report(context, command))
        if done is None:
            return None
        case = f"case {number}"
        self._record(world, case, done[1], [words for _, words in named])
        said = {None: "", True: ", about the leader", False: ", not about the leader"}[self.about_leader]
        confidence = " in confidence" if self.in_confidence else ""
        people = ", ".join(f"{each.involvement} {words}" for each, words in named)
        ago = f" of {self.days_ago} days ago" if self.days_ago else ""
        return f"{by} reports {case}{confidence}: {kind}{ago} ({people}){said}"

    def _named(self, world: World, school: str, how: int, which: int, involved: int) -> tuple[Named, str]:
        involvement = chosen(involved, INVOLVEMENTS)
        if how % 4 == 1:
            user = chosen(which, world.model.users)
            return Named(involvement=involvement, user=world.ids[user]), user
        if how % 4 == 2:
            role = chosen(which, POSTS)
            return Named(involvement=involvement, role=role), role
        record = chosen(which, [key for key, each in world.model.people.items() if each.school == school])
        return Named(involvement=involvement, person=world.ids[record]), record

    def _record(self, world: World, case: str, found: CaseFound, named: list[str]) -> None:
        model, report = world.model, found.incident
        school = next(key for key, value in world.ids.items() if value == report.school)
        by = next(key for key in model.users if report.reported_by(world.ids[key]))
        world.ids[case] = report.id
        about = model.cases[case] = plain.Case(
            school,
            report.kind in OF_STAFF,
            report.occurred_at,
            day_of(report.occurred_at),
            by,
        )
        told = iter(named)
        for party in report.people:
            # Who is named twice in one role counts once.
            words = next(each for each in told if self._is(world, party, each))
            user = words if words in model.users else None
            if words in set(POSTS):
                (user,) = model.holding(words, school, about.occurred_on) or model.holding(
                    words, school, world.today
                )
            record = next((key for key, value in world.ids.items() if value == party.person), None)
            if user is not None:
                assert party.user == world.ids[user]
                known = [each for each in model.users[user].persons if model.people[each].school == school]
                assert record == (known[-1] if known else None)
                if party.involvement.value in plain.SUBJECTS:
                    about.subjects.append(plain.Subject(user, world.now))
                elif party.involvement is Involvement.PARENT:
                    about.parents.append(plain.Subject(user, world.now))
            if record is None:
                assert user is not None
                record = f"record {len(model.people)}"
                world.ids[record] = party.person
                name = model.users[user].names[-1]
                model.people[record] = plain.Person(
                    school, "staff", name, on_roll=False, registered=world.now
                )
            model.involve(case, record, party.involvement.value, world.now)
        names_somebody = any(party.involvement is Involvement.ALLEGED for party in report.people)
        untold = self.about_leader is None and self.in_confidence and not names_somebody and about.of_staff
        if self.about_leader or untold:
            about.may_be_about_leader = True
            for user in model.led(school, about.occurred_on, world.today):
                for member in (user, *model.users[user].persons):
                    about.subjects.append(plain.Subject(member, world.now))

    @staticmethod
    def _is(world: World, party: Party, words: str) -> bool:
        """Whether a party of a report was named by these words."""
        by_role = words in set(POSTS)
        return by_role or world.ids[words] in (party.person, party.user)


class OfCase(Turn, frozen=True):
    """An action in a case, if there is one."""

    case: int

    def play(self, world: World) -> str | None:
        cases = [case for case in world.model.cases if self.fits(world, case)]
        return self.act(world, chosen(self.case, cases)) if cases else None

    def fits(self, world: World, case: str) -> bool:
        """Whether the action is possible in a case, as far as that is easily known."""
        return bool(world.readers(case))

    def act(self, world: World, case: str) -> str | None:
        raise NotImplementedError

    def take(self, world: World, case: str, users: Iterable[str], step: str, **fields: Any) -> str | None:
        """The first of the users who may take a step, or None if nobody may."""
        command = TakeStep(incident=world.ids[case], step=unstamped(STEPS[step], **fields))
        done = world.tried(users, lambda context: world.app.incidents.take(context, command))
        return None if done is None else done[0]


class Involves(OfCase, frozen=True):
    """A reader adds a person to a case."""

    person: int
    involvement: int

    def act(self, world: World, case: str) -> str | None:
        record, involvement = chosen(self.person, world.model.people), chosen(self.involvement, INVOLVEMENTS)
        fields = {"person": world.ids[record], "involvement": involvement}
        by = self.take(world, case, world.readers(case), "involve_person", **fields)
        if by is None:
            return None
        world.model.involve(case, record, involvement.value, world.now)
        return f"{by} adds {record} to {case} as {involvement}"


class Identifies(OfCase, frozen=True):
    """A reader says who an unknown person is."""

    unknown: int
    person: int

    def fits(self, world: World, case: str) -> bool:
        return super().fits(world, case) and bool(world.model.cases[case].unknown)

    def act(self, world: World, case: str) -> str | None:
        (was, _) = chosen(self.unknown, world.model.cases[case].unknown)
        record = chosen(self.person, world.model.people)
        fields = {"person": world.ids[was], "as_": world.ids[record]}
        by = self.take(world, case, world.readers(case), "identify_person", **fields)
        if by is None:
            return None
        world.model.identify(case, was, record, world.now)
        return f"{by} identifies {was} in {case} as {record}"


class Assigns(OfCase, frozen=True):
    """A reader assigns a case to a user."""

    user: int

    def act(self, world: World, case: str) -> str | None:
        user, about = chosen(self.user, world.model.users), world.model.cases[case]
        by = self.take(world, case, world.readers(case), "assign", user=world.ids[user])
        if by is None:
            return None
        about.assigned.add(user)
        if about.of_staff:
            about.appointed.add(user)
        return f"{by} assigns {case} to {user}"


class Declares(OfCase, frozen=True):
    """A reader declares a conflict of interest."""

    user: int

    def act(self, world: World, case: str) -> str | None:
        user, command = chosen(self.user, world.readers(case)), OwnConflict(reason=Sealed(REASON))
        declare = world.app.conflicts.declare
        if world.tried([user], lambda context: declare(context, world.ids[case], command)) is None:
            return None
        members = [user, *world.model.users[user].persons]
        declared = world.model.cases[case].declared
        world.model.cases[case].declared = dict.fromkeys(members, world.now) | declared
        return f"{user} declares a conflict in {case}"


class Clears(OfCase, frozen=True):
    """A reader says that a person of the case is not a user, whose name is alike if there is one."""

    by: int
    person: int
    user: int

    def fits(self, world: World, case: str) -> bool:
        return super().fits(world, case) and bool(world.model.cases[case].involved)

    def act(self, world: World, case: str) -> str | None:
        model, readers, involved = world.model, world.readers(case), world.model.cases[case].involved
        record, by = chosen(self.person, involved), chosen(self.by, readers)
        school = model.cases[case].school
        alike = [user for user in model.users if record in model.namesakes(user, school)]
        user = chosen(self.user, alike or model.users)
        fields = {"person": world.ids[record], "user": world.ids[user], "reason": Sealed(REASON)}
        if self.take(world, case, [by], "clear_name", **fields) is None:
            return None
        assert len(world.model.different([by, user])) == 2, f"{by} cleared {user}, who is the same person"
        world.model.cleared.add((record, user))
        world.barred -= {each for each in world.barred if (each[0], each[2]) == (user, record)}
        return f"{by} says in {case} that {record} is not {user}"


class LetsIn(OfCase, frozen=True):
    """Two readers let a user in again, the first whom they may."""

    user: int

    def act(self, world: World, case: str) -> str | None:
        shut_out = [user for user in world.model.users if world.model.is_shut_out(user, case, world.today)]
        place = self.user % (len(shut_out) or 1)
        tried = (self._let_in(world, case, user) for user in shut_out[place:] + shut_out[:place])
        return next((happened for happened in tried if happened is not None), None)

    def _let_in(self, world: World, case: str, user: str) -> str | None:
        readers = world.readers(case)
        about = About(incident=world.ids[case], user=world.ids[user])
        ask = AskApproval(what=Matter.LET_IN, about=about, reason=Sealed(REASON))
        asked = world.tried(readers, lambda context: world.app.approvals.ask(context, ask))
        if asked is None:
            return None
        by, approval = asked
        decision = DecideApproval(approve=True, reason=Sealed(REASON))
        decide = world.app.approvals.decide
        decided = world.tried(readers, lambda context: decide(context, approval.id, decision))
        if decided is None:
            return None
        assert len(world.model.different([by, decided[0], user])) == 3, f"{by} and {decided[0]} let {user} in"
        world.model.let_in(case, user, world.now)
        own = {user, *world.model.users[user].persons}
        for key, other in world.model.users.items():
            if own & {key, *other.persons}:
                world.barred.discard((key, case, key))
        return f"{by} and {decided[0]} let {user} into {case}"


class Joins(Turn, frozen=True):
    """A lead says that two records are one person."""

    one: int
    other: int

    def play(self, world: World) -> str | None:
        one, other = (chosen(each, world.model.people) for each in (self.one, self.other))
        command = SamePerson(person=world.ids[other], reason=Sealed(REASON))
        leads = world.leads(world.model.people[one].school)
        join = world.app.joins.join
        done = world.tried(leads, lambda context: join(context, world.ids[one], command))
        if done is None:
            return None
        world.model.bonds.append(plain.Bond(one, other, same=True))
        return f"{done[0]} joins {one} and {other}"


class Parts(Turn, frozen=True):
    """A lead says that two joined records are two people."""

    which: int

    def play(self, world: World) -> str | None:
        people = world.model.people
        bonds = [each for each in world.model.bonds if each.same and each.one in people and not each.ended]
        if not bonds:
            return None
        bond, command = chosen(self.which, bonds), OtherPerson(reason=Sealed(REASON))
        one, other = world.ids[bond.one], world.ids[bond.other]
        leads = world.leads(world.model.people[bond.one].school)
        done = world.tried(leads, lambda context: world.app.joins.part(context, one, other, command))
        if done is None:
            return None
        bond.ended = world.now
        return f"{done[0]} parts {bond.one} and {bond.other}"


class Relates(Turn, frozen=True):
    """A lead records what a person is to another, perhaps from a day to come, and perhaps to a last day."""

    one: int
    relation: int
    other: int
    from_in: int | None
    until_in: int | None

    def play(self, world: World) -> str | None:
        one, other = (chosen(each, world.model.people) for each in (self.one, self.other))
        relation = chosen(self.relation, RELATIONS)
        first = None if self.from_in is None else world.today + self.from_in * DAY
        last = None if self.until_in is None else world.today + self.until_in * DAY
        command = RelatePerson(relation=relation, person=world.ids[other], from_=first, until=last)
        relate = world.app.relations.relate
        leads = world.leads(world.model.people[one].school)
        done = world.tried(leads, lambda context: relate(context, world.ids[one], command))
        if done is None:
            return None
        ended = None if last is None else datetime.combine(last + DAY, time(), LONDON)
        bond = plain.Bond(one, other, same=False, first=first, ended=ended)
        world.relations.append((done[1].id, one, bond))
        if relation.value in plain.CLOSE:
            world.model.bonds.append(bond)
        days = "".join(f" {word} {day}" for word, day in (("from", first), ("until", last)) if day)
        return f"{done[0]} relates {one} {relation} {other}{days}"


class Unrelates(Turn, frozen=True):
    """A lead ends a relation."""

    which: int

    def play(self, world: World) -> str | None:
        if not world.relations:
            return None
        relation, person, bond = chosen(self.which, world.relations)
        end, leads = world.app.relations.end, world.leads(world.model.people[person].school)
        done = world.tried(leads, lambda context: end(context, world.ids[person], relation))
        if done is None:
            return None
        bond.ended = world.now if bond.ended is None else min(bond.ended, world.now)
        world.relations.remove((relation, person, bond))
        return f"{done[0]} ends the relation of {bond.one} and {bond.other}"


class Links(Turn, frozen=True):
    """The administrator links a user to a person."""

    user: int
    person: int

    def play(self, world: World) -> str | None:
        user, record = chosen(self.user, world.model.users), chosen(self.person, world.model.people)
        return f"{user} is linked to {record}" if world.link(user, record) else None


class Renames(Turn, frozen=True):
    """A lead gives a person another name or category."""

    person: int
    name: int | None
    category: int | None

    def play(self, world: World) -> str | None:
        record = chosen(self.person, world.model.people)
        known = world.model.people[record]
        name = known.name if self.name is None else chosen(self.name, NAMES)
        category = known.category if self.category is None else chosen(self.category, CATEGORIES).value
        if (name, category) == (known.name, known.category):
            return None
        command = ChangePerson(reason=Sealed(REASON), name=Sealed(name), category=Category(category))
        change, leads = world.app.people.change, world.leads(known.school)
        done = world.tried(leads, lambda context: change(context, world.ids[record], command))
        if done is None:
            return None
        known.name, known.category = name, category
        known.categories.append((world.now, category))
        known.note_name()
        return f"{done[0]} changes {record} to {name}, {category}"


class RenamesUser(Turn, frozen=True):
    """The administrator gives a user another name."""

    user: int
    name: int

    def play(self, world: World) -> str | None:
        user, name = chosen(self.user, world.model.users), chosen(self.name, NAMES)
        command, change = ChangeUser(name=Sealed(name)), world.app.users.change
        if world.tried([ADMIN], lambda context: change(context, world.ids[user], command)) is None:
            return None
        world.model.users[user].names.append(name)
        return f"{user} is now called {name}"


class Deactivates(Turn, frozen=True):
    """The administrator deactivates a user, or activates them again."""

    user: int

    def play(self, world: World) -> str | None:
        user = chosen(self.user, world.model.users)
        active = not world.model.users[user].active
        command, change = ChangeUser(active=active), world.app.users.change
        if world.tried([ADMIN], lambda context: change(context, world.ids[user], command)) is None:
            return None
        world.model.users[user].active = active
        return f"{user} is {'activated' if active else 'deactivated'}"


class Appoints(Turn, frozen=True):
    """The administrator appoints a user to a role, perhaps standing in for another."""

    user: int
    role: int
    stands_in_for: int | None

    def play(self, world: World) -> str | None:
        user, role = chosen(self.user, world.model.users), chosen(self.role, POSTS)
        other = None if self.stands_in_for is None else chosen(self.stands_in_for, POSTS[:-1])
        school = "elm" if user in ELM else "oak"
        if not world.appoint(user, school, role, other):
            return None
        return f"{user} is appointed {role}" + ("" if other is None else f", standing in for {other}")


class EndsPost(Turn, frozen=True):
    """The administrator ends an appointment: its last day becomes yesterday."""

    post: int

    def play(self, world: World) -> str | None:
        number = self.post % len(world.posts)
        post = world.model.posts[number]
        end, school = world.app.appointments.end, world.ids[post.school]
        if world.tried([ADMIN], lambda context: end(context, school, world.posts[number])) is None:
            return None
        yesterday = world.today - DAY
        if post.held(world.today):
            post.ended = world.today
        post.last = max(min(yesterday, post.last or yesterday), post.first - DAY)
        return f"{post.user} is no longer {post.role}"


class Absent(Turn, frozen=True):
    """The administrator records that a user is absent for some days, or that they are back."""

    post: int
    days: int | None

    def play(self, world: World) -> str | None:
        number, today = self.post % len(world.posts), world.today
        post = world.model.posts[number]
        until = None if self.days is None else today + self.days * DAY
        command, change = ChangeAppointment(absent_until=until), world.app.appointments.change
        school = world.ids[post.school]
        done = world.tried([ADMIN], lambda context: change(context, school, world.posts[number], command))
        if done is None:
            return None
        post.absent = {day for day in post.absent if day < today}
        post.absent |= {today + number * DAY for number in range(0 if self.days is None else self.days + 1)}
        return f"{post.user} as {post.role} is " + ("back" if until is None else f"absent until {until}")


class Waits(Turn, frozen=True):
    """Days pass."""

    days: int

    def play(self, world: World) -> str | None:
        world.now += self.days * DAY
        return f"it is {world.today}"


few: Final = st.integers(0, 15)
some_days: Final = st.none() | st.integers(0, 2)
named: Final = st.lists(st.tuples(few, few, few), max_size=2).map(tuple)
reports: Final = st.builds(
    Reports, few, few, named, st.booleans(), st.none() | st.booleans(), st.integers(0, 3)
)
TURNS: Final = st.one_of(
    reports,
    reports,
    st.builds(Involves, few, few, few),
    st.builds(Relates, few, few, few, some_days, some_days),
    st.builds(Joins, few, few),
    st.builds(Registers, few, few, few),
    st.builds(Clears, few, few, few, few),
    st.builds(LetsIn, few, few),
    st.builds(LetsIn, few, few),
    st.builds(Declares, few, few),
    st.builds(Parts, few),
    st.builds(Unrelates, few),
    st.builds(Identifies, few, few, few),
    st.builds(Assigns, few, few),
    st.builds(Links, few, few),
    st.builds(Renames, few, st.none() | few, st.none() | few),
    st.builds(RenamesUser, few, few),
    st.builds(Deactivates, few),
    st.builds(Appoints, few, few, st.none() | few),
    st.builds(EndsPost, few),
    st.builds(Absent, few, some_days),
    st.builds(Waits, st.integers(1, 3)),
)
# Several short lists, because hypothesis seldom makes a long one.
some: Final = st.lists(TURNS, max_size=6)
histories: Final = st.tuples(some, reports, some, some, some).map(
    lambda each: [*each[0], each[1], *each[2], *each[3], *each[4]]
)


@contextmanager
def opened_world(engine: Engine, folder: Path) -> Iterator[World]:
    """The schools of `begun`, in a database of their own."""

    def begin(url: str) -> tuple[World, bytes]:
        with TemporaryDirectory() as temporary:
            given = settings_for(url, Path(temporary))
            with opened(given) as app:
                return begun(app), given.master_key_file.read_bytes()

    world, key = engine.template(World, begin)
    with engine.database(folder, like=World) as url, opened(settings_for(url, folder, key=key)) as app:
        yield world.over(app)


def compare(world: World, room: ReadingRoom) -> None:
    """Each active user reads what the model says, at the door and in the list."""
    model, today = world.model, world.today
    read = set[str]()
    for user in (key for key, each in model.users.items() if each.active):
        asker = Asker(principal=world.principal(user), now=world.now)
        rows = page_of(room, asker, Filters(), Part(limit=100), ["cases"]).items
        listed = {row.incident: row.own for row in rows}
        for case in model.cases:
            reads = model.reads(user, case, today)
            expected = "reads" if reads else "own" if model.knows_own_report(user, case, today) else "nothing"
            at_the_door = door(room, asker, world.ids[case])
            in_the_list = {None: "nothing", True: "own", False: "reads"}[listed.get(world.ids[case])]
            assert (at_the_door, in_the_list) == (expected, expected), f"{user} and {case}"
            world.barred |= {(user, case, each) for each in model.shut_out_now(user, case, world.now)}
            shut_out = [each for each in world.barred if each[:2] == (user, case)]
            assert not (reads and shut_out), f"{user} was let back into {case}: {shut_out}"
            is_shut_out = shut_out_by_row(world, room, user, case)
            assert expected == "nothing" or not is_shut_out, f"the row of {case} shuts out {user}"
            if expected == "nothing":
                event(f"shut out by {'a row' if is_shut_out else 'a history'}")
            read |= {case} if reads else set()
    for case in model.cases.keys() - read:
        event(f"nobody is left to read a case ({'allegation' if model.cases[case].of_staff else 'child'})")


def shut_out_by_row(world: World, room: ReadingRoom, user: str, case: str) -> bool:
    """Whether the row of a case alone shuts the user out, looked at by a process that has just started."""
    principal = world.principal(user)
    seen = RowGate(room.views).glance(principal, world.ids[case], world.today)
    school = None if seen is None else world.app.record.peek(School, seen.school)
    return (
        seen is not None and school is not None and seen.is_closed_to(Actor.at(principal, school, world.now))
    )


def door(room: ReadingRoom, asker: Asker, case: UUID) -> str:
    """What the door to a case shows the user: all of it, their own report, or nothing."""
    try:
        found = room.admission.case(asker, case)
    except NotFound:
        return "nothing"
    return "own" if found.standing.reads_as is None else "reads"


def play(engine: Engine, turns: list[Turn]) -> None:
    """Play the turns, and compare after each."""
    with TemporaryDirectory(dir=scratch_folder()) as folder, opened_world(engine, Path(folder)) as world:
        room = reading_room(world.app)
        for turn in turns:
            world.now += MINUTE
            happened = turn.play(world)
            if happened is not None:
                note(happened)
                compare(world, room)


@pytest.mark.parametrize("fixture", PART_OF_EXAMPLES)
def test_users_read_what_the_plain_model_says(fixture: str, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(fixture)

    @settings(
        max_examples=settings().max_examples // PART_OF_EXAMPLES[fixture],
        suppress_health_check=[*HealthCheck],
        phases=set(Phase) - {Phase.explain},
    )
    @given(histories)
    def agree(turns: list[Turn]) -> None:
        play(engine, turns)

    agree()
