"""001 D: the ground on which the school acts is named before a sanction or a ban, never before triage."""

from __future__ import annotations

from typing import Any, Final

import pytest

from casework.domain.vocabulary import Ground
from tests.domain.casefile import ALLEGED, PACKS, TEACHER, CaseFile

GROUND: Final[dict[str, Any]] = {"timing": "out_of_school", "jurisdiction": (Ground.REPUTATION,)}
OUT: Final[dict[str, Any]] = {"timing": "out_of_school"}
OF_PUPILS: Final = ("cyberbullying", "unsolicited_contact", "underage_use", "inappropriate_content")
PENALTIES: Final = {"apply_sanction": "todwick-sanction-ground", "ban_from_computing": "todwick-ban-ground"}


def case_of(kind: str, pack: str = "todwick") -> CaseFile:
    case = CaseFile(kind, pack)
    known = any(party.person == ALLEGED for party in case.incident.people)
    return case if known else case.take("involve_person", person=ALLEGED, involvement="alleged")


@pytest.mark.parametrize("step", PENALTIES)
@pytest.mark.parametrize("kind", OF_PUPILS)
def test_under_todwick_no_pupil_is_penalised_out_of_school_without_a_ground(kind: str, step: str) -> None:
    case = case_of(kind).take("triage", **OUT)
    refusal = case.refusal(step, person=ALLEGED)
    assert (refusal.rule, refusal.clause) == (PENALTIES[step], "001 D")
    case.take("triage", **GROUND).take(step, person=ALLEGED)


@pytest.mark.parametrize("step", PENALTIES)
def test_a_ground_that_was_named_outlasts_a_triage_of_the_risk(step: str) -> None:
    case = case_of("cyberbullying").take("triage", **GROUND).take("triage", **OUT, critical=True)
    case.take(step, person=ALLEGED)


@pytest.mark.parametrize("step", PENALTIES)
def test_no_ground_is_asked_for_in_school(step: str) -> None:
    case_of("cyberbullying").take("triage", **OUT).take("triage", timing="in_school").take(
        step, person=ALLEGED
    )


@pytest.mark.parametrize("step", PENALTIES)
@pytest.mark.parametrize("pack", sorted(set(PACKS) - {"todwick"}))
def test_other_policies_ask_for_no_ground(pack: str, step: str) -> None:
    case_of("cyberbullying", pack).take("triage", **OUT).take(step, person=ALLEGED)


def test_a_ground_is_asked_for_pupils_alone() -> None:
    case = CaseFile("staff_misuse", "todwick").take("triage", **OUT)
    case.take("apply_sanction", person=TEACHER)
