"""What a row of the matrix checks: in one situation, the result that a playbook gives because of one rule.

A row describes its rule by what the rule does, so it fails if the rule is deleted or changed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import Any, Final

import msgspec

from casework.domain.clocks import LONDON
from casework.domain.incident import Incident
from casework.domain.incident.reporting import Report
from casework.domain.playbook import Duty, Modality, Pack, Playbook
from casework.domain.vocabulary import Content
from casework.library import Library
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import (
    ALLEGED,
    FLOOR,
    POSTER,
    SWITCHES,
    TARGET,
    TEACHER,
    UNKNOWN,
    CaseFile,
    rules_about,
)

Story = Callable[[CaseFile], CaseFile]
Fields = dict[str, Any]
Taken = tuple[str, Fields]

# A Thursday before an INSET day, half-term and another INSET day, so that each unit gives a different day.
REPORTED: Final = "2026-10-22 09:00"
SAME_DAY: Final = "2026-10-22"
NEXT_WORKING_DAY: Final = "2026-10-23"
NEXT_SCHOOL_DAY: Final = "2026-11-03"
SECOND_SCHOOL_DAY: Final = "2026-11-04"
FIFTH_WORKING_DAY: Final = "2026-10-29"
FIFTH_SCHOOL_DAY: Final = "2026-11-09"
TENTH_SCHOOL_DAY: Final = "2026-11-16"
LATER: Final = "2027-03-01"

DEBRIEF: Final = ("debrief", "close")
CLOSE: Final = ("close",)

OF_STAFF: Final[Fields] = {"people": ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))}
BY_STAFF: Final[Fields] = {
    "people": ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff")),
    "direction": "staff_to_pupil",
}
BY_AN_ADULT: Final[Fields] = {"people": BY_STAFF["people"]}
BY_AN_ADULT_AND_A_PUPIL: Final[Fields] = {
    "people": (*BY_STAFF["people"], (ALLEGED, "alleged", "pupil")),
}
BY_A_CONTRACTOR: Final[Fields] = {"people": ((TARGET, "target", "pupil"), (TEACHER, "alleged", "contractor"))}
BY_A_STRANGER: Final[Fields] = {
    "people": ((TARGET, "target", "pupil"), (UNKNOWN, "alleged", "unknown")),
}
ABOUT_A_CHILD: Final[Fields] = {"people": ((TARGET, "target", "pupil"), (POSTER, "alleged", "parent"))}
ON_OUR_ACCOUNT: Final[Fields] = {"on_school_account": True}
NOBODY_KNOWN: Final[Fields] = {"people": ()}
HATE: Final[Fields] = {"content": (Content.RACIST,)}
INDECENT: Final[Fields] = {"content": (Content.INDECENT_IMAGE,)}
THREAT: Final[Fields] = {"content": (Content.THREATENING,)}
SELF_HARM: Final[Fields] = {"content": (Content.SELF_HARM,)}
DISCLOSED: Final[Fields] = {"content": (Content.PERSONAL_DATA,)}
SEXUAL: Final[Fields] = {"content": (Content.SEXUAL,)}
GROOMING: Final[Fields] = {"content": (Content.ADULT_CONTACT,)}

MEETS_THRESHOLD: Final[Taken] = ("decide_threshold", {"limbs": ("harmed",), "met": True})
SAYS_NO_BREACH: Final[Taken] = ("decide", {"breach": None})
LEFT: Final[Taken] = ("record_departure", {"person": TEACHER})
OLD_ENOUGH: Final[Taken] = ("check_age", {"age": 14, "minimum_age": 13})
CIRCUMVENTED: Final[Taken] = ("contain", {"circumvented": True})
RISK_UNKNOWN: Final[Taken] = ("assess_risk", {"coercion": "unknown"})
ADULT_FOUND: Final[Taken] = ("assess_risk", {"adult_involved": "yes"})
MAY_BE_AT_RISK: Final[Taken] = ("assess_welfare", {"at_risk_now": "unknown"})
OUT_OF_SCHOOL: Final[Taken] = ("triage", {"timing": "out_of_school"})
FOUND_TO_BE_BULLYING: Final[Taken] = ("reclassify", {"kind": "cyberbullying"})
REFUSED: Final[Taken] = ("record_removal", {"outcome": "refused"})
POLICE_HOLD: Final[Taken] = ("record_agency_response", {"enquiry": "open", "hold_parents": True})
ANOTHER_YEARS_CONSENT: Final[Fields] = {
    "in_force": True,
    "consent_date": date(2025, 9, 9),
    "given_in_school_year": False,
}

FLOOR_ALONE: Final = Playbook(
    Library.own().floors[FLOOR],
    Pack(id="silent", version="1", title="Silent", review_every_months=12, sources=(), rules=()),
    SWITCHES,
)


def _nothing_since(case: CaseFile) -> CaseFile:
    return case


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of incident, the fields of its report, and the steps taken since."""

    kind: str
    opening: Fields = {}
    since: Story = _nothing_since

    def case(self, playbook: Playbook) -> CaseFile:
        """The case in this situation under `playbook`."""
        case = CaseFile(self.kind, reported=REPORTED, **self.opening)
        case.playbook = playbook
        return self.since(case)


class Requires(Situation, frozen=True, kw_only=True):
    """A step is due, by a day (or minute), with these recipients, and blocks other steps while it is open."""

    step: str
    clause: str
    modality: str = "must"
    due: str | None = None
    told: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    preset: Fields = {}

    def holds(self, rule: str, case: CaseFile, playbook: Playbook) -> bool:
        duties = [duty for duty in playbook.duties(case.incident, TEST_CALENDAR) if self._is_this(duty)]
        return bool(duties) and all(self._bars(step, rule, case, playbook) for step in DEBRIEF)

    def _is_this(self, duty: Duty) -> bool:
        actual = (duty.rule.step, duty.rule.clause, duty.rule.modality, duty.rule.told)
        expected = (self.step, self.clause, self.modality, self.told)
        return actual == expected and moment(duty) == self.due and self.preset.items() <= duty.preset.items()

    def _bars(self, step: str, rule: str, case: CaseFile, playbook: Playbook) -> bool:
        refusal = playbook.refusal(case.incident, case.build(step))
        return (refusal is not None and rule in refusal.outstanding) is (step in self.bars)


class Refuses(Situation, frozen=True, kw_only=True):
    """A step is refused, by this clause."""

    step: str
    clause: str
    fields: Fields = {}

    def holds(self, rule: str, case: CaseFile, playbook: Playbook) -> bool:
        refusal = playbook.refusal(case.incident, case.build(self.step, **self.fields))
        return refusal is not None and (refusal.rule, refusal.clause) == (rule, self.clause)


class RefusesReport(Situation, frozen=True, kw_only=True):
    """A report is refused, by this clause: the report of the situation, changed to the kind `as_kind`."""

    as_kind: str
    clause: str

    def holds(self, rule: str, case: CaseFile, playbook: Playbook) -> bool:
        (reported,) = case.incident.taken(Report)
        report = msgspec.structs.replace(reported, kind=self.as_kind)
        refusal = playbook.refusal(Incident(report), report)
        return refusal is not None and (refusal.rule, refusal.clause) == (rule, self.clause)


class Forbids(Situation, frozen=True, kw_only=True):
    """Conduct that no step records is forbidden, with a reason that contains `word`."""

    clause: str
    word: str

    def holds(self, rule: str, case: CaseFile, playbook: Playbook) -> bool:
        return any(
            forbidden.modality is Modality.MUST_NOT
            and forbidden.step is None
            and forbidden.clause == self.clause
            and self.word in forbidden.reason
            for forbidden in rules_about(case.incident.kind, playbook)
        )


Row = Requires | Refuses | RefusesReport | Forbids


def moment(duty: Duty) -> str | None:
    """The local day on which a duty is due, with the minute if it is due within the day."""
    if duty.due_at is None:
        return None
    local = duty.due_at.astimezone(LONDON)
    return f"{local:%Y-%m-%d}" if local.time() == time(23, 59, 59) else f"{local:%Y-%m-%d %H:%M}"


def taking(*steps: str | Taken) -> Story:
    """Take these steps one after the other, each given by its name or with its fields."""

    def story(case: CaseFile) -> CaseFile:
        for step in steps:
            name, fields = (step, {}) if isinstance(step, str) else step
            case.take(name, **fields)
        return case

    return story
