"""A risk found in a case of nudes: a later answer does not remove it, and its time does not start again."""

from __future__ import annotations

import pytest

from casework.domain.incident.imagery import RISK_QUESTIONS
from tests.domain.casefile import CaseFile

FOUND = "2026-10-22 10:00"


@pytest.mark.parametrize("question", RISK_QUESTIONS)
@pytest.mark.parametrize("later", ["no", "unknown"])
def test_a_later_assessment_does_not_remove_a_risk(question: str, later: str) -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", **{question: "yes"})
    case.take("assess_risk", **{question: later})
    assert case.refusal("decide", topic="managed_in_school").rule == "sexting-risk-not-managed-in-school"
    assert case.refusal("consider_police", refer=False).rule == "sexting-risk-not-kept-from-police"
    assert case.requires("escalate", agency="police")
    assert case.requires("escalate", agency="childrens_social_care")


def test_a_mistaken_yes_may_be_corrected_and_assessed_again() -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", coercion="yes")
    case.take("correct", corrects=case.incident.version, void=True)
    case.take("assess_risk", coercion="unknown")
    assert case.refusal("decide", topic="managed_in_school").rule == "sexting-risk-not-managed-in-school"
    case.take("assess_risk").take("decide", topic="managed_in_school")


def test_correcting_one_yes_does_not_remove_the_other() -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", coercion="yes")
    mistaken = case.incident.version
    case.take("assess_risk", coercion="yes", immediate_risk="yes").take(
        "correct", corrects=mistaken, void=True
    )
    case.take("assess_risk")
    assert {question for question, answer in case.incident.risk.items() if answer == "yes"} == {
        "coercion",
        "immediate_risk",
    }


@pytest.mark.parametrize("first", ["yes", "unknown"])
@pytest.mark.parametrize("later", ["yes", "unknown"])
def test_a_second_assessment_does_not_delay_the_referrals(first: str, later: str) -> None:
    case = CaseFile("sexting", "headcorn", "2026-10-22 09:00").take("assess_risk", FOUND, coercion=first)
    case.take("assess_risk", "2026-10-24 10:00", coercion=later)
    assert case.due("escalate", agency="police") == "2026-10-22"
    assert case.due("escalate", agency="childrens_social_care") == "2026-10-22"


def test_a_risk_that_returns_is_due_on_the_day_it_returns() -> None:
    case = CaseFile("sexting", "headcorn", "2026-10-22 09:00").take("assess_risk", FOUND, coercion="unknown")
    case.take("assess_risk", "2026-10-22 12:00")
    assert not case.requires("escalate", agency="police")
    case.take("assess_risk", "2026-10-24 10:00", coercion="unknown")
    assert case.due("escalate", agency="police") == "2026-10-24"
