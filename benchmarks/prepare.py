"""A school with many incidents to measure with, created through the use cases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from sqlalchemy import text

from casework.application import Casework
from casework.domain.access import SYSTEM, Principal
from casework.domain.account_change import AppointUser
from casework.domain.aggregate import Aggregate
from casework.domain.clocks import LONDON, Calendar, day_of
from casework.domain.event import unstamped
from casework.domain.fields import Partial
from casework.domain.incident import STEPS
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Category, Content, Direction, Involvement, Role, Setting, Timing
from casework.settings import Settings
from casework.storage.event_log import EventLog
from casework.storage.stored_record import StoredRecord
from casework.usecases.context import Context
from casework.usecases.people import RegisterPerson
from casework.usecases.schools import OpenSchool
from casework.usecases.steps.named import Named
from casework.usecases.steps.reporting import ReportIncident
from casework.usecases.steps.taking import TakeStep
from casework.usecases.users import RegisterUser
from casework_api.demo.calendar import calendar_around
from casework_projections.views.catch_up import Views

Progress = Callable[[str, int, int], None]
"""Called with what is being created, how many are done, and the total."""

PUPILS: Final = 200
REGISTER: Final = 3_000
"""The people of the second school, where people are searched for."""

TIMELINE_ENTRIES: Final = 100
STEPS_OF_LONG_CASE: Final = 1_000
CORRECTIONS: Final = 100
_TOGETHER: Final = 500
_KINDS: Final = ("cyberbullying", "cyberbullying", "unsolicited_contact", "sexting")
# Invented names: 225 first names and 196 last names, some of which contain others.
_FIRST: Final = (
    ("Al", "Be", "Ca", "Dè", "El", "Fi", "Ga", "Ja", "Ka", "Li", "Ma", "Ni", "Oo", "Sâ", "Żu"),
    ("an", "bel", "cia", "dra", "ene", "fía", "gor", "ice", "jo", "lek", "mia", "ni", "ra", "són", "ya"),
)
_LAST: Final = (
    ("Ash", "Bram", "Cres", "Dun", "Elm", "Fen", "Hart", "Kel", "Łod", "Mars", "Nor", "Oak", "Pem", "Smi"),
    ("bury", "combe", "dale", "ev", "ford", "gate", "ham", "ing", "ley", "man", "ridge", "th", "well", "ów"),
)
_SUMMARY: Final = "A run of unkind messages in the year group chat, carried on at lunch and after school."
_RATIONALE: Final = "Talked through with the deputy; this is in proportion to what happened."


class Prepared(msgspec.Struct, frozen=True):
    """What the measured requests use. `handled` incidents have been acknowledged and triaged.

    `register_token` belongs to a user of the second school, which has many people and no incidents.
    """

    school: UUID
    term: str
    dsl_token: str
    register_token: str
    pupils: list[UUID]
    handled: list[UUID]
    long_incident: UUID
    uncorrected: UUID
    corrected: UUID


class _BulkRecord(StoredRecord):
    """A record that can store the events of many commands in one transaction."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(log)
        self._waiting: list[Aggregate] | None = None

    def commit(self, *aggregates: Aggregate, destroying: Collection[UUID] = ()) -> None:
        if self._waiting is None:
            super().commit(*aggregates, destroying=destroying)
            return
        self._waiting += aggregates
        if len(self._waiting) >= _TOGETHER:
            super().commit(*self._waiting)
            self._waiting.clear()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Store the events of many commands together; no two of them may be about the same aggregate."""
        self._waiting = []
        yield
        waiting, self._waiting = self._waiting, None
        super().commit(*waiting)


def prepare(settings: Settings, incidents: int, now: datetime, progress: Progress) -> Prepared:
    """Fill the database of `settings`, whose tables exist, with a school and `incidents` incidents."""
    app = Casework(settings, _BulkRecord)
    try:
        prepared = _School(app, cast(_BulkRecord, app.record), now).fill(incidents, progress)
        views = Views(app)
        for name in views.names():
            views.catch_up(name, lambda done, total, name=name: progress(f"view {name}", done, total))  # type: ignore[misc]
        if app.database.engine.dialect.name == "postgresql":
            # Autovacuum would do it within a minute or two.
            with app.database.writer.begin() as connection:
                connection.execute(text("ANALYZE"))
        return prepared
    finally:
        app.close()


def _by(user: User, at: datetime) -> Context:
    return Context(principal=Principal.of(user), now=at)


class _School:
    def __init__(self, app: Casework, record: _BulkRecord, now: datetime) -> None:
        self.app = app
        self.together = record.together
        self.now = now
        self.rng = Random(2)  # noqa: S311
        self.calendar = calendar_around(day_of(now))
        self.opened = datetime.combine(self.calendar.terms[0].starts_on, time(9), tzinfo=LONDON)
        self.admin = app.users.register(
            Context(principal=SYSTEM, now=self.opened),
            RegisterUser(name=Sealed("A"), email=Sealed("a@x.example")),
            administrator=True,
        )
        self.school = self._open("Measured Primary School")
        self.dsl = self._user(Role.DSL, self.school)
        with self.together():
            self.pupils = [self._person(self.school, self.dsl, Category.PUPIL) for _ in range(PUPILS)]
            self.teacher = self._person(self.school, self.dsl, Category.STAFF)

    def fill(self, incidents: int, progress: Progress) -> Prepared:
        """Report incidents over a year, acknowledge and triage every second, and write one long timeline."""
        reported = self._report_all(incidents, progress)
        handled = reported[::2]
        self._take_all(handled, "acknowledge", {}, progress)
        triage = {"timing": Timing.IN_SCHOOL, "critical": False, "rationale": Sealed(_RATIONALE)}
        self._take_all(handled, "triage", triage, progress)
        return Prepared(
            school=self.school,
            term=self._term().name,
            dsl_token=self._token(self.dsl),
            register_token=self._register(progress),
            pupils=self.pupils,
            handled=handled,
            long_incident=self._long_incident(),
            uncorrected=self._case_of(STEPS_OF_LONG_CASE, corrections=0, progress=progress),
            corrected=self._case_of(STEPS_OF_LONG_CASE, corrections=CORRECTIONS, progress=progress),
        )

    def _register(self, progress: Progress) -> str:
        """Open the second school, register its people, and return the token of its lead."""
        school = self._open("Populous Primary School")
        lead = self._user(Role.DSL, school)
        with self.together():
            for place in range(REGISTER):
                first, middle, last = (
                    "".join(map(self.rng.choice, each)) for each in (_FIRST, _FIRST, _LAST)
                )
                name = f"{first} {middle} {last}"
                self._person(school, lead, Category.PUPIL, name, year_group=place % 7)
                progress("people", place + 1, REGISTER)
        return self._token(lead)

    def _open(self, name: str) -> UUID:
        school = OpenSchool(
            name=name,
            pack="st_thomas",
            jurisdiction="england",
            pupils_on_roll=420,
            calendar=self.calendar,
        )
        return self.app.schools.open(_by(self.admin, self.opened), school).id

    def _report_all(self, incidents: int, progress: Progress) -> list[UUID]:
        year = timedelta(days=365)
        reported = []
        with self.together():
            for place in range(incidents):
                moment = self.now - year + year * place / incidents
                reported.append(self._report(moment, self.rng.choice(_KINDS)))
                progress("incidents", place + 1, incidents)
        return reported

    def _take_all(
        self, incidents: Sequence[UUID], step: str, fields: dict[str, Any], progress: Progress
    ) -> None:
        with self.together():
            for place, incident in enumerate(incidents):
                self._take(incident, step, **fields)
                progress(f"{step} steps", place + 1, len(incidents))

    def _case_of(self, steps: int, *, corrections: int, progress: Progress) -> UUID:
        """A case of so many steps, the last of which are corrections that replace or void earlier ones."""
        incident = self._report(self.now - timedelta(days=1), "cyberbullying")
        involved = {"person": self.teacher, "involvement": Involvement.WITNESS}
        self._take(incident, "involve_person", **involved)
        others = ("add_note", {"text": Sealed(_SUMMARY)}), ("offer_support", {"what": Sealed(_SUMMARY)})
        for place in range(2, steps - corrections):
            step, fields = others[place % 2]
            person = {"person": self.teacher} if step == "offer_support" else {}
            self._take(incident, step, **fields, **person)
            progress("steps of a long case", place + 1, steps)
        for place in range(corrections):
            number = 3 + 2 * place
            other = Partial(STEPS["add_note"], {"text": Sealed("In other words.")})
            change = {"fields": other} if place % 2 else {"void": True}
            self._take(incident, "correct", corrects=number, reason=Sealed(_RATIONALE), **change)
            progress("corrections of a long case", place + 1, corrections)
        return incident

    def _long_incident(self) -> UUID:
        incident = self._report(self.now, "cyberbullying")
        for place in range(1, TIMELINE_ENTRIES):
            note = Sealed(f"Rang home, note {place}: no answer; to be tried again after lunch.")
            self._take(incident, "add_note", text=note)
        return incident

    def _take(self, incident: UUID, step: str, **fields: Any) -> None:
        taken = TakeStep(incident=incident, step=unstamped(STEPS[step], **fields))
        self.app.incidents.take(_by(self.dsl, self.now), taken)

    def _report(self, moment: datetime, kind: str) -> UUID:
        alleged, target = self.rng.sample(self.pupils, 2)
        contact = kind == "unsolicited_contact"
        fields: dict[str, Any] = {
            "school": self.school,
            "kind": kind,
            "occurred_at": moment.astimezone(UTC),
            "reported_at": moment.astimezone(UTC),
            "setting": self.rng.choice(tuple(Setting)),
            "platform": "WhatsApp",
            "summary": Sealed(_SUMMARY),
            "content": (Content.INDECENT_IMAGE,) if kind == "sexting" else (),
            "people": (
                Named(person=self.teacher if contact else target, involvement=Involvement.TARGET),
                Named(person=alleged, involvement=Involvement.ALLEGED),
            ),
            "direction": Direction.PUPIL_TO_STAFF if contact else None,
        }
        return self.app.incidents.report(_by(self.dsl, moment), ReportIncident(**fields)).incident.id

    def _user(self, role: Role, school: UUID) -> User:
        # A name of their own: cases about namesakes would be closed to them.
        name = f"Ursula {role.value.replace('_', '')}"
        person = self._person(school, self.admin, Category.STAFF, name)
        registered = RegisterUser(name=Sealed(name), email=Sealed(f"{role}@x.example"), person=person)
        user = self.app.users.register(_by(self.admin, self.opened), registered)
        appointment = AppointUser(user=user.id, role=role, from_=day_of(self.opened))
        self.app.appointments.appoint(_by(self.admin, self.opened), school, appointment)
        return user

    def _person(
        self,
        school: UUID,
        by: User,
        category: Category,
        name: str = "An Invented Person",
        year_group: int | None = None,
    ) -> UUID:
        person = RegisterPerson(
            school=school, category=category, name=Sealed(name), year_group=year_group, distinct=True
        )
        return self.app.people.register(_by(by, self.opened), person).id

    def _token(self, user: User) -> str:
        return self.app.tokens.issue(Context(principal=SYSTEM, now=self.now), user.id).token

    def _term(self) -> Any:
        calendar: Calendar = self.calendar
        begun = [term for term in calendar.terms if term.starts_on <= day_of(self.now)]
        return begun[-1]
