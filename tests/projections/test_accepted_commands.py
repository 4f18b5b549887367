"""Every view on both engines can store what commands accept: values at and beyond every limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from casework.domain.account_change import AppointUser, ChangeUser
from casework.domain.errors import Declined
from casework.domain.event import unstamped
from casework.domain.incident import STEPS
from casework.domain.incident.amending import Correct, Rebase, Reclassify
from casework.domain.incident.outcomes import Debrief
from casework.domain.vocabulary import (
    Category,
    Change,
    Direction,
    Involvement,
    Relation,
    Role,
    Setting,
    State,
    Stream,
)
from casework.library import Library
from casework.usecases.declarations import DeclareRelationship
from casework.usecases.people import ChangePerson, RegisterPerson
from casework.usecases.relations import RelatePerson
from casework.usecases.schools import ChangeSchool, OpenSchool
from casework.usecases.steps.reporting import ReportIncident
from casework.usecases.steps.taking import TakeStep
from casework.usecases.tokens import IssueToken
from casework.usecases.users import RegisterUser
from casework_projections.views.catch_up import Views
from tests.boundaries import MOMENTS, NOW, Ids, beyond, likely
from tests.calendars import TEST_CALENDAR
from tests.histories import SchoolHistory
from tests.projections.watching import dump

COMMANDS: Final[Sequence[type[msgspec.Struct]]] = (
    RegisterPerson,
    ChangePerson,
    RelatePerson,
    RegisterUser,
    ChangeUser,
    IssueToken,
    OpenSchool,
    ChangeSchool,
    AppointUser,
    DeclareRelationship,
    *(ReportIncident, ReportIncident, ReportIncident),
)
VIEWED: Final = ("debrief", "debrief", "involve_person", "withhold_from_parents", "invite_parent")
"""Steps whose fields views store or count."""
STEP_NAMES: Final = sorted(name for name, step in STEPS.items() if not step.INTERNAL)


class Commands:
    """Sends commands and counts their results."""

    def __init__(self, history: SchoolHistory) -> None:
        self.history = history
        self.incident = self.debriefed = history.report()
        history.drive(self.debriefed, State.DEBRIEFED)
        history.at = NOW
        self.accepted: Counter[str] = Counter()
        # The strategies must be the same for every example.
        self.ids: Ids = {
            "person": (history.target, history.alleged, history.parent, history.teacher),
            "staff": (history.teacher,),
            "user": (history.dsl.id, history.head.id),
            "incident": (self.incident,),
            "school": (history.id,),
        }
        # Fields that must be one of a few words or people.
        self.named: Mapping[type[msgspec.Struct], dict[str, Any]] = {
            OpenSchool: {"calendar": TEST_CALENDAR, "pack": "headcorn", "jurisdiction": "england"},
            ReportIncident: {"kind": "cyberbullying"},
            DeclareRelationship: {"staff": history.teacher, "decided_by": (history.dsl.id, history.head.id)},
            Reclassify: {"kind": "sexting"},
            Rebase: {"pack": "headcorn"},
            Debrief: {"actions": ()},
            Correct: {"corrects": 1},
        }

    def of(self, kind: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Any]]:
        """Fields of a command or a step, some with unusual values."""
        known = self.named.get(kind, {})
        return beyond(kind, self.ids).map(lambda odd: {**likely(kind, self.ids), **known, **odd})

    def send(self, kind: type[msgspec.Struct], fields: dict[str, Any]) -> None:
        """Send a command, which must be accepted or declined."""
        command = kind(**fields)
        try:
            self.senders[kind](command)
        except Declined:
            return
        self.accepted[kind.__name__] += 1

    @property
    def senders(self) -> Mapping[type[msgspec.Struct], Callable[[Any], object]]:
        """What each command is given to."""
        app, history = self.history.app, self.history
        lead, admin = history.context(history.dsl), history.context(history.admin)
        return {
            RegisterPerson: lambda command: app.people.register(lead, command),
            ChangePerson: lambda command: app.people.change(lead, history.target, command),
            RelatePerson: lambda command: app.relations.relate(lead, history.parent, command),
            RegisterUser: lambda command: app.users.register(admin, command),
            ChangeUser: lambda command: app.users.change(admin, history.reporter.id, command),
            IssueToken: lambda command: app.tokens.issue(lead, history.dsl.id, command),
            OpenSchool: lambda command: app.schools.open(admin, command),
            ChangeSchool: lambda command: app.schools.change(admin, history.id, command),
            AppointUser: lambda command: app.appointments.appoint(admin, history.id, command),
            DeclareRelationship: lambda command: app.declarations.declare(lead, command),
            ReportIncident: self.report,
        }

    def report(self, command: ReportIncident) -> None:
        """Report an incident, about which later steps are taken."""
        lead = self.history.context(self.history.dsl)
        self.incident = self.history.app.incidents.report(lead, command).incident.id

    def take(self, incident: UUID, name: str, fields: dict[str, Any], at: Any) -> None:
        """Take a step, which must be accepted or declined."""
        step = TakeStep(incident=incident, step=unstamped(STEPS[name], **fields), at=at)
        try:
            self.history.app.incidents.take(self.history.context(self.history.dsl), step)
        except Declined:
            return
        self.accepted[name] += 1


def test_every_view_can_store_every_accepted_command(history: SchoolHistory) -> None:
    commands = Commands(history)
    views = Views(history.app)
    kinds = st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=4)
    names = st.lists(st.sampled_from([*STEP_NAMES, *VIEWED]), min_size=1, max_size=8)
    moments = st.sampled_from([*([None] * 40), *MOMENTS])

    # Examples share one log, so a failing example cannot be shrunk.
    @given(data=st.data())
    @settings(suppress_health_check=[*HealthCheck], database=None, phases=[Phase.generate])
    def holds(data: st.DataObject) -> None:
        commands.incident = history.report(data.draw(st.sampled_from(["cyberbullying", "sexting"])))
        for kind in data.draw(kinds):
            commands.send(kind, data.draw(commands.of(kind)))
        for name in data.draw(names):
            incident = commands.debriefed if data.draw(st.booleans()) else commands.incident
            commands.take(incident, name, data.draw(commands.of(STEPS[name])), data.draw(moments))
        with views.read(*views):
            pass
        assert views.counts_aside().views == {}

    holds()
    assert len(commands.accepted) >= 5
    incremental = dump(history.app, *views)
    rebuilt = Views(history.app)
    for name in rebuilt.names():
        rebuilt.rebuild(name)
    assert dump(history.app, *rebuilt) == incremental


def test_every_word_of_a_vocabulary_fits_its_column() -> None:
    """As in the tables of the views: 20 characters, 30 for a role, 100 for a kind."""
    lists = (Category, Change, Direction, Involvement, Relation, Setting, State, Stream)
    assert max(len(word) for words in lists for word in words) <= 20
    assert max(len(role) for role in Role) <= 30
    assert max(len(kind) for kind in Library.own().kinds()) <= 100
