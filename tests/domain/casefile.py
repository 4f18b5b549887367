"""Incidents for the tests of the domain, built from steps, without a database and without a clock."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Self, TypeVar
from uuid import UUID, uuid5

import msgspec

from casework.domain.access import Identity, Principal
from casework.domain.aggregate import Aggregate
from casework.domain.bars import Bonds
from casework.domain.case import AtSchool, case_of
from casework.domain.clocks import LONDON
from casework.domain.errors import Refusal, Refused
from casework.domain.incident import STEPS, Incident, Step, examples
from casework.domain.incident.evidence import EvidenceFile
from casework.domain.incident.examples import typed
from casework.domain.incident.outcomes import Debrief
from casework.domain.incident.reporting import Party, Policy, Report
from casework.domain.incident.slots import Occasion, Slot, Slots
from casework.domain.incident.telling import Tell
from casework.domain.playbook import Duty, Playbook, Rule
from casework.domain.school import School, SchoolOpened
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Category, Involvement
from casework.library import Library
from casework.usecases.steps.stages import Stages
from casework.usecases.steps.surroundings import Surroundings
from tests.calendars import TEST_CALENDAR

S = TypeVar("S", bound=Step)
NAMESPACE = UUID(int=7)
FLOOR = "england@2026-09-01"
SWITCHES = tuple(switch.id for switch in Library.own().floors[FLOOR].switches)
"""Every dated duty of the floor, whether it is in force or not."""
IN_FORCE = Library.own().floors[FLOOR].switches_on(date(2026, 9, 1))
"""The dated duties that are in force by the shipped files."""
PACKS = {pack.id: pack.edition for pack in Library.own().packs.values()}


def known(name: str) -> UUID:
    """An id derived from `name`, the same in every test."""
    return uuid5(NAMESPACE, name)


TARGET, ALLEGED, PARENT, TEACHER, UNKNOWN = map(known, ("target", "alleged", "parent", "teacher", "unknown"))
CHILD_OF_TEN = known("a pupil of ten")
POSTER = known("a parent who posted")
STRANGER, SIXTH_FORMER = known("a stranger"), known("a pupil of 18")
DSL, HEAD = known("dsl"), known("head")
FILE = EvidenceFile(id=known("file"), sha256="0" * 64, size=1, media_type="image/png")

TWO_PUPILS = ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil"))
Named = tuple[UUID, str, str] | tuple[UUID, str, str, bool]
"""A person, the involvement, the category, and whether they were 18 or over, if their birth date is known."""
PEOPLE: defaultdict[str, tuple[Named, ...]] = defaultdict(lambda: TWO_PUPILS)
"""The people in a case of each kind; two pupils if a kind has no others."""
PEOPLE |= {
    "unsolicited_contact": ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil")),
    "online_grooming": ((TARGET, "target", "pupil"), (STRANGER, "alleged", "external")),
    "parent_post": ((TEACHER, "target", "staff"), (POSTER, "alleged", "parent")),
    "underage_use": ((TARGET, "target", "pupil"),),
    "image_without_consent": ((TARGET, "target", "pupil"), (POSTER, "alleged", "parent")),
    "inappropriate_content": ((TARGET, "target", "pupil"),),
    "adult_image": ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil")),
    "staff_misuse": ((TEACHER, "alleged", "staff"),),
    "staff_allegation": ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff")),
}
LATER_STEPS = [step for step in STEPS if step != Report.name()]
"""Every step except the first."""
REPORT_FIELDS: dict[str, dict[str, Any]] = {"unsolicited_contact": {"direction": "pupil_to_staff"}}


def at(moment: str) -> datetime:
    """`2026-09-14 10:20` in London."""
    return datetime.fromisoformat(moment).replace(tzinfo=LONDON)


class _Identities:
    """Who the users among `found` are in cases."""

    def __init__(self, found: Mapping[UUID, Aggregate]) -> None:
        self._found = found

    def __call__(self, user_id: UUID) -> Identity:
        user = self._found[user_id]
        assert isinstance(user, User)
        return Identity(user_id, user.persons)

    def of(self, principal: Principal) -> Identity:
        return Identity(principal.id, principal.persons)


def a_school() -> School:
    """A school without appointments."""
    opened = SchoolOpened(
        originator_id=known("school"),
        originator_version=1,
        by=known("admin"),
        role="admin",
        request_id="school",
        happened_at=at("2026-09-01 09:00"),
        recorded_at=at("2026-09-01 09:00"),
        name="A School",
        pack=PACKS["st_thomas"],
        jurisdiction="england",
        pupils_on_roll=210,
        calendar=TEST_CALENDAR,
    )
    school = School.replay([opened])
    assert school is not None
    return school


def rules_about(kind: str, playbook: Playbook) -> list[Rule]:
    """The rules of `playbook` that apply to `kind`, in its order."""
    return [rule for rule in playbook.rules if rule.applies_to(kind)]


class CaseFile:
    """One incident and its present time; each step is taken `pace` after the one before, by default an hour.

    `switches` are the dated duties that are on; by default those of the shipped floor on the day.
    """

    def __init__(
        self,
        kind: str = "cyberbullying",
        pack: str = "st_thomas",
        reported: str = "2026-09-14 10:20",
        people: tuple[Named, ...] | None = None,
        reported_as: str = "dsl",
        switches: tuple[str, ...] | None = None,
        pace: timedelta = timedelta(hours=1),
        **fields: Any,
    ) -> None:
        self.now = at(reported)
        self.pace = pace
        if switches is None:
            switches = Library.own().floors[FLOOR].switches_on(self.now.date())
        self.playbook: Playbook = Library.own().playbook(FLOOR, PACKS[pack], switches)
        values = typed(Report, examples.example("report", self._before(kind)))
        parties = PEOPLE[kind] if people is None else people
        values["people"] = tuple(
            Party(
                person=person,
                involvement=Involvement(role),
                category=Category(category),
                adult=adult[0] if adult else None,
                under_13=True if person == CHILD_OF_TEN else None,
            )
            for person, role, category, *adult in parties
        )
        report = Report(
            **{**self._stamp(1, known(f"{kind} {pack}")), "role": reported_as},
            policy=Policy(floor=FLOOR, pack=PACKS[pack], switches=switches),
            reporter=Sealed(str(DSL)),
            **{**values, **REPORT_FIELDS.get(kind, {}), **fields},
        )
        self.incident = Incident.report(report, self.playbook)

    def reported(self, report: Report, **fields: Any) -> Self:
        """The same case if its report had these `fields`."""
        self.incident = Incident.report(msgspec.structs.replace(report, **fields), self.playbook)
        return self

    def take(self, step: str, when: str | None = None, **fields: Any) -> Self:
        """Take `step`; `fields` replaces fields of its example."""
        self.now = at(when) if when else self.now + self.pace
        built = self.build(step, **fields)
        self.incident.take(built, self.playbook)
        return self

    def build(self, step: str, **fields: Any) -> Step:
        """The step as it would be taken, without taking it."""
        stamp = self._stamp(self.incident.version + 1, self.incident.id)
        values = example(step, self.incident, self.now, **fields)
        built = STEPS[step](**stamp, **values)
        if isinstance(built, Tell) and built.told_role is not None:
            built = msgspec.structs.replace(built, counts_for=(built.told_role,))
        return built.numbered() if isinstance(built, Debrief) else built

    def completed(self, step: S, found: Mapping[UUID, Aggregate] | None = None) -> S:
        """`step` with the fields that casework fills in; `found` holds the aggregates it refers to."""
        at_school = AtSchool(Principal(id=DSL), a_school(), self.now, _Identities(found or {}))
        around = Surroundings(
            case=case_of(
                self.incident, at_school, self.playbook, self.now, bars=self.incident.bars(Bonds(()))
            ),
            school=a_school(),
            library=Library.own(),
            found=found or {},
            moment=self.now,
        )
        return Stages.complete(step, around)

    def copy(self) -> CaseFile:
        """A copy of the case as it is now, independent of this one."""
        incident = Incident.replay(self.incident.timeline)
        assert incident is not None
        twin = copy.copy(self)
        twin.incident = incident
        return twin

    def refusal(self, step: str, **fields: Any) -> Refusal:
        """Why `step` is refused, after checking that the incident has not changed."""
        version, state = self.incident.version, self.incident.state
        try:
            self.take(step, **fields)
        except Refused as refused:
            assert (self.incident.version, self.incident.state) == (version, state)
            return refused.refusal
        raise AssertionError(f"{step} was not refused")

    def outstanding(self) -> list[Duty]:
        return self.playbook.outstanding(self.incident, TEST_CALENDAR)

    def due(self, step: str, **preset: Any) -> str:
        """The local day on which `step` is due, with the minute if it is due within the day."""
        duty = next(
            duty
            for duty in self.outstanding()
            if duty.rule.step == step and preset.items() <= duty.preset.items()
        )
        assert duty.due_at is not None
        moment = duty.due_at.astimezone(LONDON)
        return f"{moment:%Y-%m-%d}" if moment.second == 59 else f"{moment:%Y-%m-%d %H:%M}"

    def requires(self, step: str, **preset: Any) -> bool:
        """Whether `step` is among the duties that must be done or considered."""
        return any(
            duty.rule.step == step and duty.rule.modality != "may" and preset.items() <= duty.preset.items()
            for duty in self.outstanding()
        )

    def answer_everything(self, but: frozenset[str] = frozenset()) -> Self:
        """Take every step that is due, until only those in `but` and optional ones are left."""
        for _ in range(60):
            asked = (d for d in self.outstanding() if d.rule.modality != "may" and d.rule.step not in but)
            duty = next((d for d in asked if not self._waits(d)), None)
            if duty is None or duty.rule.step is None:
                return self
            self.answer(duty)
        raise AssertionError("the playbook never stops requiring steps")

    def _waits(self, duty: Duty) -> bool:
        """Whether the step comes after the answers of agencies, as a debrief does."""
        if duty.rule.step != "debrief":
            return False
        refusal = self.playbook.refusal(self.incident, self.build("debrief"))
        return refusal is not None and refusal.rule == "debrief-waits"

    def answer(self, duty: Duty) -> Self:
        """Take the step that `duty` asks for; withhold it from parents who may not be informed yet."""
        try:
            return self.take(duty.rule.step or "", **ANSWERED_WITH.get(duty.rule.id, {}), **duty.preset)
        except Refused:
            if duty.rule.step != "inform_parents":
                raise
            return self.take("withhold_from_parents", **duty.preset)

    def _before(self, kind: str) -> Occasion:
        """The values for the report's example; the incident occurred a quarter of an hour before it."""
        slots: Slots = {
            Slot.SCHOOL: known("school"),
            Slot.KIND: kind,
            Slot.OCCURRED_AT: self.now - timedelta(minutes=15),
            Slot.CHILD: TARGET,
            Slot.ALLEGED: ALLEGED,
        }
        return Occasion(now=self.now, slots=slots)

    def _stamp(self, number: int, incident: UUID) -> dict[str, Any]:
        return {
            "originator_id": incident,
            "originator_version": number,
            "by": DSL,
            "role": "dsl",
            "request_id": f"request {number}",
            "happened_at": self.now,
            "recorded_at": self.now,
        }


def example(step: str, incident: Incident, now: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """Fields with which `step` is valid, whatever the playbook says; `fields` replaces some of them."""
    occasion = Occasion(now=now or incident.recorded_at, slots=slots(incident))
    given = {**FILLED_IN.get(step, {}), **OF_A_KIND.get((step, incident.kind), {}), **fields}
    return typed(STEPS[step], examples.example(step, occasion, given))


def slots(incident: Incident) -> Slots:
    """The values for the open places of the examples in these tests."""
    return {
        Slot.SCHOOL: incident.school,
        Slot.KIND: incident.kind,
        Slot.OTHER_KIND: "cyberbullying",
        Slot.PACK: "headcorn",
        Slot.OCCURRED_AT: incident.occurred_at,
        Slot.CHILD: next(iter(incident.children()), TARGET),
        Slot.ALLEGED: ALLEGED,
        Slot.ADULT: TEACHER,
        Slot.UNKNOWN: UNKNOWN,
        Slot.NEWCOMER: known("another"),
        Slot.PARENT: PARENT,
        Slot.COLLEAGUE: DSL,
        Slot.HEAD: HEAD,
        Slot.ACTION: next(iter(incident.open_actions), known("no action")),
        Slot.FILE: FILE.id,
        Slot.OTHER_INCIDENT: known("another incident"),
    }


FILLED_IN: dict[str, dict[str, Any]] = {
    "involve_person": {"category": Category.PUPIL},
    "identify_person": {"category": Category.PUPIL},
    "check_age": {"minimum_age": 13},
    "rebase": {"policy": Policy(floor=FLOOR, pack=PACKS["headcorn"], switches=IN_FORCE)},
}
"""The fields that casework fills in, for steps that are built without it."""

ANSWERED_WITH: dict[str, dict[str, Any]] = {"adult-pupil-asked": {"inform_parents": False}}
"""The fields that answer a duty which several values answer."""

OF_A_KIND: dict[tuple[str, str], dict[str, Any]] = {
    ("debrief", "online_grooming"): {"where_enquiries_stand": Sealed("CEOP still looks for the account.")},
    ("request_removal", "adult_image"): {"addressee": "revenge_porn_helpline"},
}
"""The fields with which a step that the kind always asks for is allowed in it."""
