"""A view updated event by event equals a rebuilt one, and neither has a name or a narrative in clear."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from casework.domain.account_change import ChangeUser
from casework.domain.clocks import Closure
from casework.domain.errors import Invalid, Refused
from casework.domain.fields import Partial
from casework.domain.incident import Incident
from casework.domain.vocabulary import Category, Involvement
from casework.usecases.schools import ChangeSchool
from casework_projections.views import catch_up as registry
from casework_projections.views import replay
from casework_projections.views.catch_up import Views
from tests.calendars import TEST_CALENDAR
from tests.conftest import CI_SETTING
from tests.histories import SECRET_WORDS, SchoolHistory
from tests.projections.watching import dump

WALKS = 2 if os.environ.get(CI_SETTING) else 1
KINDS = ("cyberbullying", "sexting", "unsolicited_contact")
ALWAYS_POSSIBLE = (
    *("add_note", "correct", "invite_parent", "escalate", "assess_risk", "withhold_from_parents"),
    *("debrief", "consider_police", "reopen", "close", "debrief", "waive"),
)


class Walk:
    """Random valid steps in a few incidents."""

    def __init__(self, history: SchoolHistory, seed: int) -> None:
        self.history = history
        self.chance = random.Random(seed)  # noqa: S311
        self.unknown = history.person(Category.UNKNOWN, "Who")
        self.incidents = [history.report(kind) for kind in KINDS]

    def step(self) -> None:
        moves: Sequence[Callable[[], object]] = (
            *([self._answer] * 6),
            *([self._anything] * 3),
            self._report,
            self._involve,
            self._assign,
            self._reclassify,
            self._new_calendar,
            self._change_user,
            *([self._correct] * 4),
            self._withdraw,
            *([self._connect] * 2),
            *([self._decide] * 2),
        )
        try:
            self.chance.choice(moves)()
        except (Invalid, Refused):
            self.history.at += timedelta(minutes=1)

    def _one(self) -> Any:
        return self.chance.choice(self.incidents)

    def _answer(self) -> None:
        history = self.history
        case = history.app.cases.admit_reader(history.context(history.dsl), self._one())
        due = case.outstanding()
        if due:
            duty = self.chance.choice(due)
            history.take(case.incident.id, str(duty.rule.step), **duty.preset)

    def _anything(self) -> None:
        self.history.take(self._one(), self.chance.choice(ALWAYS_POSSIBLE))

    def _report(self) -> None:
        confidential = self.chance.random() < 0.5
        kind = self.chance.choice(KINDS)
        self.incidents.append(self.history.report(kind, confidential_reporter=confidential))

    def _involve(self) -> None:
        incident = self.history.app.record.load(Incident, self._one())
        assert incident is not None
        if any(party.person == self.unknown for party in incident.people):
            known = self.history.parent
            self.history.take(incident.id, "identify_person", person=self.unknown, as_=known)
        else:
            witness = Involvement.WITNESS
            self.history.take(incident.id, "involve_person", person=self.unknown, involvement=witness)

    def _correct(self) -> None:
        """Void a step, a correction too, or replace a value of one."""
        incident = self.history.app.record.load(Incident, self._one())
        assert incident is not None
        step = self.chance.choice(incident.timeline)
        changes: dict[str, Any] = {"void": True}
        if step.note is None and self.chance.random() < 0.4:
            changes = {"fields": Partial(type(step), {"note": self.history.name("Said of it")})}
        self.history.take(incident.id, "correct", corrects=step.number, correction=None, **changes)

    def _withdraw(self) -> None:
        incident = self.history.app.record.load(Incident, self._one())
        assert incident is not None
        party = self.chance.choice(incident.people)
        self.history.take(incident.id, "withdraw_involvement", person=party.person)

    def _connect(self) -> None:
        one, other = self._one(), self._one()
        if self.chance.random() < 0.5:
            self.history.take(one, "link", incident=other)
        else:
            self.history.take(one, "close_as_duplicate", of=other)

    def _assign(self) -> None:
        self.history.take(self._one(), "assign", user=self.history.head.id)

    def _reclassify(self) -> None:
        self.history.take(
            self._one(), "reclassify", kind="cyberbullying", reason=self.history.name("A reason for")
        )

    def _decide(self) -> None:
        approve = self.chance.random() < 0.5
        self.history.decide(self._one(), approve=approve)

    def _change_user(self) -> None:
        history, active = self.history, self.chance.random() < 0.5
        person = self.chance.choice([None, history.teacher, history.parent])
        command = ChangeUser(
            name=history.name("User"),
            email=history.name(f"{uuid4()}@example.org"),
            person=person,
            active=active,
        )
        history.app.users.change(history.context(history.admin), history.reporter.id, command)

    def _new_calendar(self) -> None:
        day = self.history.at.date() + timedelta(days=self.chance.randrange(1, 5))
        calendar = msgspec.structs.replace(TEST_CALENDAR, closures=(Closure(day, day, "Snow"),))
        history = self.history
        history.app.schools.change(
            history.context(history.admin), history.id, ChangeSchool(calendar=calendar)
        )


@pytest.mark.parametrize("seed", range(WALKS))
def test_incremental_views_equal_rebuilt_ones(
    history: SchoolHistory, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk = Walk(history, seed)
    # Two processes, each with its own cache, take turns at views that have caught up to different events.
    processes = [Views(history.app), Views(history.app)]
    for module in (registry, replay):
        monkeypatch.setattr(module, "BATCH", 7)
    for _ in range(90):
        walk.step()
        if walk.chance.random() < 0.4:
            views = walk.chance.choice(processes)
            some = walk.chance.sample([*views], walk.chance.randint(1, 3))
            with views.read(*some):
                pass
    first = processes[0]
    for view in first:
        first.catch_up(view)
    before = dump(history.app, *first)

    rebuilt = Views(history.app)
    for name in rebuilt.names():
        rebuilt.rebuild(name)

    after = dump(history.app, *rebuilt)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
    assert all(before[name] for name in ("view_caseload", "view_figures", "view_people", "view_users"))
    written = repr(before).casefold()
    assert not [word for word in SECRET_WORDS if word.casefold() in written]


def test_no_view_table_holds_a_name_or_a_narrative(history: SchoolHistory) -> None:
    for kind in KINDS:
        incident = history.report(kind, confidential_reporter=True)
        history.take(incident, "add_note")
        history.drive(incident)
    views = Views(history.app)
    for view in views:
        views.catch_up(view)

    held = dump(history.app, *views)

    assert held["view_lessons"]
    written = repr(held).casefold()
    assert not [word for word in SECRET_WORDS if word.casefold() in written]
    assert str(history.reporter.id) not in repr(held["view_caseload"])
    assert history.reporter.id.hex not in repr(held["view_caseload"])
