"""Incidents for the domain's tests: told as policy is told, with no database and no clock."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from uuid import UUID, uuid5

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.clocks import LONDON
from casework.domain.errors import Refusal, Refused
from casework.domain.incident import STEPS, Incident, Step
from casework.domain.incident.evidence import EvidenceFile
from casework.domain.incident.outcomes import Action, Debrief, Lesson
from casework.domain.incident.reporting import Party, Policy, Report
from casework.domain.playbook import Duty, Playbook, Rule
from casework.domain.school import School, SchoolOpened
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Change, EvidenceForm, Involvement, Setting
from casework.library import Library
from casework.usecases.steps.stages import Stages
from casework.usecases.steps.surroundings import Surroundings
from tests.calendars import TEST_CALENDAR

S = TypeVar("S", bound=Step)
NAMESPACE = UUID(int=7)
FLOOR = "england@2026-09-01"
PACKS = {pack.id: pack.edition for pack in Library.own().packs.values()}


def known(name: str) -> UUID:
    """The id that stands for `name` in these tests."""
    return uuid5(NAMESPACE, name)


TARGET, ALLEGED, PARENT, TEACHER, UNKNOWN = map(known, ("target", "alleged", "parent", "teacher", "unknown"))
DSL, HEAD = known("dsl"), known("head")
FILE = EvidenceFile(id=known("file"), sha256="0" * 64, size=1, media_type="image/png")
REASON = Sealed("A reason of more than ten characters.")

PEOPLE = {
    "cyberbullying": ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil")),
    "unsolicited_contact": ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil")),
    "sexting": ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil")),
    "parent_post": ((TEACHER, "target", "staff"), (PARENT, "alleged", "parent")),
    "underage_use": ((TARGET, "target", "pupil"),),
    "image_without_consent": ((TARGET, "target", "pupil"), (PARENT, "alleged", "parent")),
    "inappropriate_content": ((TARGET, "target", "pupil"),),
    "staff_misuse": ((TEACHER, "alleged", "staff"),),
    "staff_allegation": ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff")),
}
REPORT_FIELDS: dict[str, dict[str, Any]] = {"unsolicited_contact": {"direction": "pupil_to_staff"}}


def at(moment: str) -> datetime:
    """`2026-09-14 10:20` in London."""
    return datetime.fromisoformat(moment).replace(tzinfo=LONDON)


def a_school() -> School:
    """A school at which nobody is appointed."""
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
    """The rules of `playbook` about `kind`, in its order."""
    return [rule for rule in playbook.rules if rule.applies_to(kind)]


class CaseFile:
    """One incident and the time it has come to; each step is taken an hour after the one before."""

    def __init__(
        self,
        kind: str = "cyberbullying",
        pack: str = "st_thomas",
        reported: str = "2026-09-14 10:20",
        people: tuple[tuple[UUID, str, str], ...] | None = None,
        **fields: Any,
    ) -> None:
        self.now = at(reported)
        self.playbook: Playbook = Library.own().playbook(FLOOR, PACKS[pack])
        parties = PEOPLE[kind] if people is None else people
        report = Report(
            **self._stamp(1, known(f"{kind} {pack}")),
            school=known("school"),
            kind=kind,
            occurred_at=fields.pop("occurred_at", self.now - timedelta(minutes=15)),
            setting=Setting.ON_SITE,
            summary=fields.pop("summary", Sealed("What was said to have happened.")),
            policy=Policy(floor=FLOOR, pack=PACKS[pack]),
            reporter=Sealed(str(DSL)),
            people=tuple(
                Party(person=person, involvement=Involvement(role), category=Category(category))
                for person, role, category in parties
            ),
            **{**REPORT_FIELDS.get(kind, {}), **fields},
        )
        self.incident = Incident.report(report, self.playbook)

    def take(self, step: str, when: str | None = None, **fields: Any) -> CaseFile:
        """Take `step`, with the fields of `EXAMPLES` where none are given for it."""
        self.now = at(when) if when else self.now + timedelta(hours=1)
        built = self.build(step, **fields)
        self.incident.take(built, self.playbook)
        return self

    def build(self, step: str, **fields: Any) -> Step:
        """The step, not taken."""
        stamp = self._stamp(self.incident.version + 1, self.incident.id)
        given = {**example(step, self.incident), **fields}
        types = _field_types(step)
        words = {
            name: msgspec.convert(value, types[name])
            for name, value in given.items()
            if isinstance(value, str)
        }
        built = STEPS[step](**stamp, **{**given, **words})
        return built.numbered() if isinstance(built, Debrief) else built

    def completed(self, step: S, found: Mapping[UUID, Aggregate] | None = None) -> S:
        """`step` with the fields casework fills in; `found` are the things it names."""
        around = Surroundings(
            incident=self.incident,
            school=a_school(),
            library=Library.own(),
            found=found or {},
            moment=self.now,
        )
        return Stages.complete(step, around)

    def copy(self) -> CaseFile:
        """The case as it stands, which goes its own way from here."""
        incident = Incident.replay(self.incident.timeline)
        assert incident is not None
        twin = copy.copy(self)
        twin.incident = incident
        return twin

    def refusal(self, step: str, **fields: Any) -> Refusal:
        """Why `step` is refused; the incident must not have changed."""
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
        """The local day, and for a time within it the minute, on which `step` is due."""
        duty = next(
            duty
            for duty in self.outstanding()
            if duty.rule.step == step and preset.items() <= duty.preset.items()
        )
        assert duty.due_at is not None
        moment = duty.due_at.astimezone(LONDON)
        return f"{moment:%Y-%m-%d}" if moment.second == 59 else f"{moment:%Y-%m-%d %H:%M}"

    def asks_for(self, step: str, **preset: Any) -> bool:
        """Whether `step` is among what must be done or considered."""
        return any(
            duty.rule.step == step and duty.rule.modality != "may" and preset.items() <= duty.preset.items()
            for duty in self.outstanding()
        )

    def answer_everything(self, but: frozenset[str] = frozenset()) -> CaseFile:
        """Take every step that is due until only those in `but`, and what may be done, are left."""
        for _ in range(60):
            duty = next(
                (d for d in self.outstanding() if d.rule.modality != "may" and d.rule.step not in but), None
            )
            if duty is None or duty.rule.step is None:
                return self
            self.take(duty.rule.step, **duty.preset)
        raise AssertionError("the playbook never stops asking")

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


@cache
def _field_types(step: str) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(STEPS[step])}


def example(step: str, incident: Incident) -> dict[str, Any]:
    """Fields with which `step` is well formed, whatever the playbook says of it."""
    fields = EXAMPLES[step]
    child = next(iter(incident.children()), TARGET)
    filled = {name: child if value == "a child" else value for name, value in fields.items()}
    if filled.get("action") == "an action":
        filled["action"] = next(iter(incident.open_actions), known("no action"))
    if step == "save_evidence" and incident.kind == "sexting":
        filled["form"] = EvidenceForm.WRITTEN_ACCOUNT
    return filled


_NO_RISK = dict.fromkeys(
    ("adult_involved", "coercion", "violent_or_unusual", "under_13_sexual", "immediate_risk"), "no"
)
_TEXT = Sealed("Some words.")
_CAPTURED = at("2026-09-14 10:10")
EXAMPLES: dict[str, dict[str, Any]] = {
    "acknowledge": {},
    "triage": {"timing": "in_school", "critical": False, "rationale": REASON},
    "involve_person": {"person": known("another"), "involvement": "witness", "category": "pupil"},
    "identify_person": {"person": UNKNOWN, "as_": known("another"), "category": "pupil"},
    "add_note": {"text": _TEXT},
    "assign": {"user": HEAD},
    "seek_advice": {"of": _TEXT, "advice": _TEXT},
    "record_search": {
        "person": "a child",
        "searched_by": DSL,
        "witness": HEAD,
        "grounds": REASON,
        "found": _TEXT,
    },
    "save_evidence": {
        "form": EvidenceForm.SCREENSHOT,
        "description": _TEXT,
        "captured_at": _CAPTURED,
        "incident_at": _CAPTURED,
    },
    "open_evidence": {"file": FILE.id},
    "request_removal": {"addressee": "report_remove"},
    "record_removal": {"outcome": "removed"},
    "record_child_voice": {"person": "a child", "voice": _TEXT},
    "inform_parents": {"parent": PARENT, "child": "a child", "method": _TEXT, "summary": _TEXT},
    "withhold_from_parents": {"child": "a child", "reason": REASON, "review_on": date(2027, 3, 1)},
    "invite_parent": {
        "parent": PARENT,
        "meeting_at": at("2027-03-01 16:00"),
        "method": _TEXT,
        "purpose": _TEXT,
    },
    "record_meeting": {"parent": PARENT, "outcome": "attended", "with_": (DSL,)},
    "family_decision": {"decision": _TEXT, "decided_by": _TEXT},
    "advise": {"person": "a child", "about": "official_channel", "text": _TEXT},
    "offer_support": {"person": "a child", "what": _TEXT},
    "apply_sanction": {"person": "a child", "what": _TEXT},
    "consider_police": {"refer": False, "reason": REASON},
    "escalate": {"agency": "police", "reason": REASON},
    "record_agency_response": {"agency": "police", "outcome": _TEXT, "enquiry": "closed"},
    "assess_risk": _NO_RISK,
    "attest_no_copy": {"statement": REASON},
    "record_viewing": {
        "viewer": DSL,
        "authorised_by": HEAD,
        "witness": HEAD,
        "place": _TEXT,
        "reason": REASON,
    },
    "record_deletion": {"person": "a child", "advised_by": "police"},
    "establish_involvement": {"person": "a child", "held": True, "passed_on": False},
    "make_safe": {"how": REASON},
    "classify_contact": {"immediate_family": False, "no_reply_attested": True},
    "decide_threshold": {"limbs": (), "met": False, "rationale": REASON},
    "decide": {"decision": _TEXT, "rationale": REASON},
    "complete_investigation": {"findings": _TEXT},
    "debrief": {
        "summary": _TEXT,
        "lessons": (Lesson(text=Sealed("Teach it earlier."), changes=Change.CURRICULUM),),
        "actions": (Action(text=_TEXT, owner=_TEXT, due_on=date(2027, 3, 1), lesson=0),),
    },
    "complete_action": {"action": "an action", "effect": _TEXT},
    "cancel_action": {"action": "an action", "reason": REASON},
    "waive": {"waived": "offer_support", "reason": REASON, "authorised_by": HEAD},
    "correct": {"corrects": 1, "correction": _TEXT, "reason": REASON},
    "reclassify": {"kind": "cyberbullying", "reason": REASON},
    "check_age": {"person": "a child", "platform": "TikTok", "age": 10, "minimum_age": 13},
    "check_consent": {"person": "a child", "in_force": False},
    "contain": {"what": _TEXT},
    "request_block": {"url": Sealed("https://example.org/page")},
    "confirm_block": {"outcome": _TEXT},
    "ban_from_computing": {
        "person": "a child",
        "from_": date(2026, 9, 15),
        "until": date(2026, 9, 30),
        "reason": REASON,
    },
    "welfare_check": {"person": "a child", "prevent_considered": True, "outcome": _TEXT},
    "decide_data_breach": {"notify_regulator": False, "reason": REASON},
    "check_pattern": {"person": TEACHER, "earlier": (), "conclusion": REASON},
    "appoint_case_manager": {"user": HEAD},
    "consult_lado": {"advice": _TEXT, "may_tell_subject": True, "may_tell_parents": True},
    "decide_suspension": {"suspend": False, "alternatives": _TEXT, "reason": REASON},
    "tell_subject": {"method": _TEXT},
    "determine_outcome": {"outcome": "unfounded", "rationale": REASON},
    "give_outcome_copy": {"to": _TEXT},
    "decide_regulatory_referral": {"dbs": False, "tra": False, "reason": REASON},
    "rebase": {"pack": "headcorn", "reason": REASON, "policy": Policy(floor=FLOOR, pack="headcorn@2022-03")},
    "close": {"outcome": _TEXT, "rationale": REASON},
    "reopen": {"reason": REASON},
}
