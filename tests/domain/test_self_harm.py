"""Self-harm in any kind: each child's welfare and health or social care the same day, police as decided."""

from __future__ import annotations

from typing import Any

import pytest

from casework.domain.incident.protections import takes_back_protection
from casework.domain.vocabulary import Content, State
from tests.domain.casefile import ALLEGED, PACKS, TARGET, UNKNOWN, CaseFile, known

SELF_HARM: dict[str, Any] = {"content": (Content.SELF_HARM,)}
REPORTED = "2026-10-22 09:00"
AGENCIES = ("health", "childrens_social_care")


def self_harm(pack: str = "headcorn", kind: str = "cyberbullying", **fields: Any) -> CaseFile:
    return CaseFile(kind, pack, reported=REPORTED, **SELF_HARM, **fields)


def all_well(case: CaseFile) -> CaseFile:
    return case.take("assess_welfare", person=TARGET).take("assess_welfare", person=ALLEGED)


@pytest.mark.parametrize("pack", PACKS)
def test_self_harm_in_bullying_compels_no_police_and_declining_is_recorded(pack: str) -> None:
    case = self_harm(pack).take("assess_risk", immediate_risk="yes")
    assert not case.requires("escalate", agency="police")
    assert not case.requires("assess_risk")
    case.take("consider_police", refer=False)
    assert not case.requires("escalate", agency="police")


@pytest.mark.parametrize("pack", PACKS)
def test_the_police_are_informed_of_self_harm_once_that_was_decided(pack: str) -> None:
    case = self_harm(pack).take("consider_police", refer=True)
    assert case.due("escalate", agency="police") == "2026-10-22"


@pytest.mark.parametrize("pack", PACKS)
def test_each_child_is_assessed_on_the_day_self_harm_comes_to_light(pack: str) -> None:
    case = CaseFile("cyberbullying", pack, reported=REPORTED)
    assert not case.requires("assess_welfare")
    case.take("record_content", "2026-10-26 11:00", **SELF_HARM)
    for child in (TARGET, ALLEGED):
        assert case.due("assess_welfare", person=child) == "2026-10-26"
    case.take("assess_welfare", person=TARGET)
    assert not case.requires("assess_welfare", person=TARGET)
    assert case.requires("assess_welfare", person=ALLEGED)


@pytest.mark.parametrize("pack", PACKS)
def test_a_case_of_self_harm_is_not_closed_before_each_child_was_assessed(pack: str) -> None:
    case = self_harm(pack).take("assess_welfare", person=TARGET)
    assert "self-harm-welfare" in case.refusal("close").outstanding
    case.take("assess_welfare", person=ALLEGED)
    assert "self-harm-welfare" not in case.refusal("close").outstanding


@pytest.mark.parametrize("agency", AGENCIES)
@pytest.mark.parametrize("answer", ["yes", "unknown"])
@pytest.mark.parametrize("pack", PACKS)
def test_a_child_who_may_be_at_risk_now_is_referred_the_same_day(pack: str, answer: str, agency: str) -> None:
    case = all_well(self_harm(pack)).take("assess_welfare", person=ALLEGED, at_risk_now=answer)
    assert case.due("escalate", agency="health") == "2026-10-22"
    assert "self-harm-referral" in case.refusal("debrief").outstanding
    case.take("escalate", agency=agency)
    assert not case.requires("escalate", agency="health")
    assert case.incident.state is State.ESCALATED


@pytest.mark.parametrize("agency", ["police", "early_help", "platform"])
def test_another_agency_does_not_stand_for_health_or_social_care(agency: str) -> None:
    case = self_harm().take("escalate", agency=agency)
    assert case.requires("escalate", agency="health")


def test_that_health_knows_is_no_referral() -> None:
    case = self_harm().take("assess_welfare", person=TARGET, at_risk_now="yes", health_told=True)
    assert case.requires("escalate", agency="health")


def test_until_each_child_was_assessed_a_referral_is_due() -> None:
    case = self_harm().take("assess_welfare", person=TARGET)
    assert case.due("escalate", agency="health") == "2026-10-22"
    case.take("assess_welfare", person=ALLEGED)
    assert not case.requires("escalate", agency="health")


@pytest.mark.parametrize("people", [(), ((UNKNOWN, "target", "unknown"),)])
def test_self_harm_of_a_child_nobody_can_name_yet_is_referred(people: tuple[Any, ...]) -> None:
    assert self_harm(people=people).due("escalate", agency="health") == "2026-10-22"


def test_no_child_is_assessed_in_a_case_about_adults() -> None:
    case = self_harm(kind="parent_post")
    assert not case.requires("assess_welfare")
    assert not case.requires("escalate", agency="health")


def test_a_late_assessment_does_not_put_the_referral_off() -> None:
    case = self_harm().take("assess_welfare", "2026-10-24 10:00", person=TARGET, at_risk_now="unknown")
    assert case.due("escalate", agency="health") == "2026-10-22"


def test_a_child_found_at_risk_after_all_is_referred_on_that_day() -> None:
    case = all_well(self_harm()).take("assess_welfare", "2026-11-09 10:00", person=TARGET, at_risk_now="yes")
    assert case.due("escalate", agency="health") == "2026-11-09"


def test_a_yes_stays_one_and_an_unknown_is_answered() -> None:
    case = all_well(self_harm()).take("assess_welfare", person=TARGET, at_risk_now="yes")
    case.take("assess_welfare", person=TARGET)
    assert case.requires("escalate", agency="health")
    other = all_well(self_harm()).take("assess_welfare", person=TARGET, at_risk_now="unknown")
    assert not other.take("assess_welfare", person=TARGET).requires("escalate", agency="health")


@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_whoever_is_assessed_as_at_risk_is_referred_in_any_case(answer: str) -> None:
    case = CaseFile("underage_use", "headcorn", reported=REPORTED)
    case.take("assess_welfare", "2026-10-26 10:00", person=TARGET, at_risk_now=answer)
    assert case.due("escalate", agency="health") == "2026-10-26"
    case.take("escalate", agency="childrens_social_care")
    assert not case.requires("escalate", agency="health")


def test_an_assessment_of_no_risk_asks_for_nothing_in_another_case() -> None:
    case = CaseFile("underage_use", "headcorn").take("assess_welfare")
    assert not case.requires("escalate", agency="health")


def test_somebody_unknown_who_is_identified_stays_at_risk() -> None:
    people = ((TARGET, "target", "pupil"), (UNKNOWN, "bystander", "unknown"))
    case = CaseFile("cyberbullying", "headcorn", people=people)
    case.take("assess_welfare", person=UNKNOWN, at_risk_now="yes")
    newcomer = known("another")
    case.take("identify_person", person=UNKNOWN, as_=newcomer).take("assess_welfare", person=newcomer)
    assert case.requires("escalate", agency="health")


def test_somebody_taken_out_of_the_case_is_not_referred_by_it() -> None:
    case = CaseFile("cyberbullying", "headcorn").take("assess_welfare", person=ALLEGED, at_risk_now="yes")
    case.take("withdraw_involvement", person=ALLEGED)
    assert not case.requires("escalate", agency="health")


@pytest.mark.parametrize(
    ("first", "then", "two"),
    [
        ("yes", "no", True),
        ("yes", "unknown", True),
        ("unknown", "no", True),
        ("unknown", "yes", False),
        ("no", "yes", False),
        ("no", "unknown", False),
    ],
)
def test_two_people_take_back_that_a_child_may_be_at_risk(first: str, then: str, two: bool) -> None:
    given, changed = (
        CaseFile("cyberbullying").take("assess_welfare", "2026-09-14 12:00", at_risk_now=answer)
        for answer in (first, then)
    )
    critical_since = given.playbook.critical_since
    assert takes_back_protection(given.incident, changed.incident, critical_since) is two


def test_two_people_move_the_time_since_when_a_child_is_at_risk() -> None:
    given, later = (
        CaseFile("cyberbullying").take("assess_welfare", when, at_risk_now="yes")
        for when in ("2026-09-14 12:00", "2026-09-15 12:00")
    )
    critical_since = given.playbook.critical_since
    assert takes_back_protection(given.incident, later.incident, critical_since)
    assert not takes_back_protection(later.incident, given.incident, critical_since)
