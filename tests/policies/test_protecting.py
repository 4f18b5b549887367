"""What protects a child is due in the holidays as in term: never in school days."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import pytest

from casework.domain.clocks import LONDON, Unit
from casework.domain.playbook import Rule
from casework.domain.playbook.rules import Modality
from casework.domain.vocabulary import Content
from casework.library import Library
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import PACKS, PEOPLE, CaseFile
from tests.domain.situations import KINDS, opening_of

MOMENTS: Final = {
    "in term": ("2026-09-14 10:00", "2026-09-14 23:59", "2026-09-15"),
    "on the first day of half-term": ("2026-10-26 09:00", "2026-10-26 23:59", "2026-10-27"),
    "on the first day of the Christmas holiday": ("2026-12-19 11:00", "2026-12-19 23:59", "2026-12-21"),
    "on Christmas Eve": ("2026-12-24 11:00", "2026-12-24 23:59", "2026-12-29"),
    "on the first day of the Easter holiday": ("2027-03-26 11:00", "2027-03-26 23:59", "2027-03-30"),
    "on the first day of the summer holiday": ("2027-07-22 11:00", "2027-07-22 23:59", "2027-07-23"),
    "on a Friday at 23:30": ("2026-11-13 23:30", "2026-11-14 10:00", "2026-11-16"),
}
"""When it is reported, until when the same day lasts, and the next working day."""
STEPS_THAT_PROTECT: Final = {
    *(
        "acknowledge",
        "assess_risk",
        "assess_welfare",
        "make_safe",
        "contain",
        "welfare_check",
        "consult_lado",
        "consider_police",
    ),
    *("establish_involvement", "request_block"),
}
"""Every duty to take one of these has a clock that never waits for school days."""


def every_rule(pack: str) -> list[Rule]:
    library = Library.own()
    floors = list(library.floors.values())
    return [*library.packs[PACKS[pack]].rules, *(rule for floor in floors for rule in floor.every_rule())]


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("reported", MOMENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_due_as_the_clock_says(kind: str, reported: str, pack: str) -> None:
    moment, same_day, working_day = MOMENTS[reported]
    case = CaseFile(kind, pack, reported=moment, people=PEOPLE[kind])
    found = 0
    for duty in case.playbook.duties(case.incident, TEST_CALENDAR):
        clock = duty.rule.clock
        if not duty.rule.protects or clock is None or clock.of != "reported":
            continue
        if clock.critical is not None and case.playbook.critical_since(case.incident) is not None:
            assert duty.due_at == case.now + timedelta(hours=1), duty.rule.id
            continue
        assert duty.due_at is not None
        due = f"{duty.due_at.astimezone(LONDON):%Y-%m-%d %H:%M}"
        if (clock.within, clock.unit) == (0, Unit.DAYS):
            assert due == same_day, duty.rule.id
        else:
            assert (clock.within, clock.unit) == (1, Unit.WORKING_DAYS), duty.rule.id
            assert due == f"{working_day} 23:59", duty.rule.id
        found += 1
    assert found


@pytest.mark.parametrize("pack", PACKS)
def test_every_duty_of_these_steps_protects(pack: str) -> None:
    for rule in every_rule(pack):
        if rule.step in STEPS_THAT_PROTECT and rule.is_duty and rule.modality is not Modality.MAY:
            assert rule.protects, rule.id


@pytest.mark.parametrize("pack", PACKS)
def test_parents_are_informed_the_same_day_of_nudes_and_of_self_harm(pack: str) -> None:
    nudes = CaseFile("sexting", pack, reported="2026-12-18 15:00")
    assert nudes.due("inform_parents") == "2026-12-18"
    assert nudes.due("establish_involvement") == "2026-12-18"
    harm = CaseFile(
        "cyberbullying", pack, reported="2026-12-19 15:00", **opening_of("self-harm-parents", "x")
    )
    assert harm.due("inform_parents") == "2026-12-19"


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("reported", MOMENTS)
def test_risk_and_self_harm_are_looked_at_the_same_day(reported: str, pack: str) -> None:
    moment, same_day, _ = MOMENTS[reported]
    content = (Content.SELF_HARM, Content.SEXUAL)
    case = CaseFile("cyberbullying", pack, reported=moment, content=content)
    case.take("assess_risk", moment, coercion="unknown")
    rules = {"self-harm-welfare", "self-harm-referral", "sexual-content-risk"}
    rules |= {"sexual-content-risk-to-police", "sexual-content-risk-to-social-care"}
    due = {
        duty.rule.id: f"{duty.due_at.astimezone(LONDON):%Y-%m-%d %H:%M}"
        for duty in case.playbook.duties(case.incident, TEST_CALENDAR)
        if duty.rule.id in rules and duty.due_at is not None
    }
    assert due == dict.fromkeys(rules, same_day)


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_report_of_the_holidays_is_triaged_then(kind: str, pack: str) -> None:
    """Saturday 19 December: the next school day is 4 January."""
    case = CaseFile(kind, pack, reported="2026-12-19 10:00")
    low_level = kind == "staff_misuse"
    assert case.due("triage") <= ("2026-12-29" if low_level else "2026-12-21")
