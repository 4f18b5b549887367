"""Whom a risk goes to, in which cases; a later answer does not remove it, nor does its time start again."""

from __future__ import annotations

import pytest

from casework.domain.errors import Invalid
from casework.domain.incident.imagery import RISK_QUESTIONS
from casework.domain.incident.protections import takes_back_protection
from casework.domain.vocabulary import Content
from tests.domain.casefile import FILE, FLOOR, PACKS, CaseFile
from tests.domain.situations import CHILD_POSTED_ABOUT, KINDS, rules_of

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


SEXUAL = (Content.SEXUAL, Content.INDECENT_IMAGE)
OTHER_KINDS = ("cyberbullying", "parent_post", "underage_use", "inappropriate_content")
REFERRED_TO = ("police", "childrens_social_care")


@pytest.mark.parametrize("question", RISK_QUESTIONS)
@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_a_risk_in_a_case_without_sexual_content_compels_no_agency(kind: str, question: str) -> None:
    for answer in ("yes", "unknown"):
        case = CaseFile(kind, "headcorn").take("assess_risk", **{question: answer})
        assert not any(case.requires("escalate", agency=agency) for agency in REFERRED_TO)
        case.take("consider_police", refer=False)
        assert not any(case.requires("escalate", agency=agency) for agency in REFERRED_TO)


@pytest.mark.parametrize("pack", PACKS)
def test_a_critical_case_of_another_kind_needs_a_critical_triage_and_no_risk_questions(pack: str) -> None:
    case = CaseFile("cyberbullying", pack, content=(Content.ADULT_CONTACT,))
    assert not case.requires("assess_risk")
    case.answer_everything(but=frozenset({"triage", "debrief"})).take("triage", critical=False)
    assert "critical-triage" in case.refusal("close").outstanding
    case.take("triage", critical=True)
    assert "critical-triage" not in {duty.rule.id for duty in case.outstanding()}


@pytest.mark.parametrize("question", sorted({*RISK_QUESTIONS} - {"immediate_risk"}))
@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_an_adult_coercion_or_a_sexual_act_is_triaged_again_and_the_police_considered(
    kind: str, question: str
) -> None:
    # Bullying of staff by a parent has the police considered in any case.
    people = CHILD_POSTED_ABOUT if kind == "parent_post" else {}
    case = CaseFile(kind, "headcorn", reported="2026-10-22 09:00", **people).take("triage")
    case.take("assess_risk", "2026-10-26 10:00", **{question: "yes"})
    assert case.due("triage", critical=True) == "2026-10-26"
    assert case.due("consider_police") == "2026-10-26"
    case.take("consider_police", refer=False)
    assert not case.requires("consider_police")


def test_the_police_are_considered_from_when_the_answer_was_yes() -> None:
    case = CaseFile("underage_use", "headcorn", "2026-10-22 09:00").take("assess_risk", coercion="unknown")
    assert not case.requires("consider_police")
    case.take("assess_risk", "2026-10-26 10:00", coercion="yes")
    assert case.due("consider_police") == "2026-10-26"


@pytest.mark.parametrize("word", SEXUAL)
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_sexual_content_asks_for_the_risk_questions_the_day_it_comes_to_light(
    kind: str, pack: str, word: Content
) -> None:
    case = CaseFile(kind, pack, reported="2026-10-22 09:00")
    case.take("record_content", "2026-10-26 10:00", content=(word,))
    assert case.due("assess_risk") == "2026-10-26"
    assert "sexual-content-risk" in case.refusal("close").outstanding
    case.take("assess_risk")
    assert not any(case.requires("escalate", agency=agency) for agency in REFERRED_TO)


@pytest.mark.parametrize("answer", ["yes", "unknown"])
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_a_risk_in_sexual_content_goes_to_police_and_social_care(kind: str, pack: str, answer: str) -> None:
    case = CaseFile(kind, pack, reported="2026-10-22 09:00", content=(Content.SEXUAL,))
    case.take("assess_risk", immediate_risk=answer)
    assert [case.due("escalate", agency=agency) for agency in REFERRED_TO] == ["2026-10-22"] * 2
    refused = case.refusal("consider_police", refer=False)
    assert refused.rule == "sexual-content-risk-not-kept-from-police"


def test_a_risk_answered_before_sexual_content_was_found_is_referred_on_the_day_it_is_found() -> None:
    case = CaseFile("cyberbullying", "headcorn", "2026-10-22 09:00").take("assess_risk", coercion="unknown")
    case.take("record_content", "2026-10-26 10:00", content=(Content.SEXUAL,))
    assert [case.due("escalate", agency=agency) for agency in REFERRED_TO] == ["2026-10-26"] * 2


def test_a_risk_answered_before_it_was_nudes_is_referred_on_the_day_it_became_nudes() -> None:
    case = CaseFile("cyberbullying", "headcorn", "2026-10-22 09:00").take("assess_risk", coercion="unknown")
    case.take("reclassify", "2026-10-26 10:00", kind="sexting")
    assert [case.due("escalate", agency=agency) for agency in REFERRED_TO] == ["2026-10-26"] * 2


@pytest.mark.parametrize("answer", ["yes", "unknown"])
@pytest.mark.parametrize("pack", PACKS)
def test_a_risk_in_nudes_keeps_its_musts_whatever_the_kind_becomes(pack: str, answer: str) -> None:
    case = CaseFile("sexting", pack).take("assess_risk", coercion=answer)
    case.take("reclassify", kind="cyberbullying")
    assert all(case.requires("escalate", agency=agency) for agency in REFERRED_TO)
    assert case.refusal("consider_police", refer=False).rule == "sexting-risk-not-kept-from-police"
    assert case.refusal("decide", topic="managed_in_school").rule == "sexting-risk-not-managed-in-school"
    assert {"risk-to-police", "risk-to-social-care"} <= {*case.refusal("close").outstanding}


def test_the_risk_questions_of_nudes_are_not_shed_by_another_kind() -> None:
    case = CaseFile("sexting", "headcorn").take("reclassify", kind="cyberbullying")
    assert case.requires("assess_risk")
    refused = case.refusal("decide", topic="managed_in_school")
    assert refused.rule == "sexting-unassessed-not-managed-in-school"


def test_every_rule_about_risk_and_ceop_is_about_the_same_kinds_once_and_now() -> None:
    rules = {rule.id: rule for rule in rules_of(FLOOR)}
    about_risk = [rule for rule in rules.values() if any("risk" in (test.fact or "") for test in rule.when)]
    named = {
        rule.id: frozenset(test.any or test.none or ())
        for rule in (rules["sexting-risk"], *about_risk)
        for test in rule.when
        if test.fact == "kinds_been"
    }
    assert {"sexting-risk", "risk-to-police", "risk-to-social-care", "bullying-not-ceop"} <= named.keys()
    assert len({*named.values()}) == 1
    (kinds,) = {*named.values()}
    assert kinds.isdisjoint(rules["risk-found-police"].kinds)
    assert kinds.union(rules["risk-found-police"].kinds) == {*KINDS}


@pytest.mark.parametrize("question", ["adult_involved", "coercion"])
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", ["cyberbullying", "underage_use"])
def test_ceop_is_open_once_an_adult_or_coercion_is_found(kind: str, pack: str, question: str) -> None:
    case = CaseFile(kind, pack).take("assess_risk", **{question: "unknown"})
    assert case.refusal("escalate", agency="ceop").clause == "CEOP"
    case.take("assess_risk", **{question: "yes"}).take("escalate", agency="ceop")
    assert "ceop" in case.incident.told_agencies


@pytest.mark.parametrize("word", [*SEXUAL, Content.ADULT_CONTACT, Content.BLACKMAIL])
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", ["cyberbullying", "underage_use"])
def test_ceop_is_open_once_grooming_or_sexual_content_is_recorded(
    kind: str, pack: str, word: Content
) -> None:
    case = CaseFile(kind, pack)
    assert case.refusal("escalate", agency="ceop").clause == "CEOP"
    case.take("record_content", content=(word,)).take("escalate", agency="ceop")


def test_ceop_stays_open_in_a_case_that_was_one_of_nudes() -> None:
    CaseFile("sexting").take("reclassify", kind="cyberbullying").take("escalate", agency="ceop")


def test_an_immediate_risk_alone_does_not_open_ceop() -> None:
    case = CaseFile("cyberbullying").take("assess_risk", immediate_risk="yes")
    assert case.refusal("escalate", agency="ceop").rule == "bullying-not-ceop"


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_material_holds_is_recorded_in_a_case_of_any_kind(kind: str) -> None:
    case = CaseFile(kind).take("record_content", content=(Content.BLACKMAIL, Content.SEXUAL))
    assert {"blackmail", "sexual"} <= case.incident.content


def test_content_is_recorded_with_at_least_one_word() -> None:
    with pytest.raises(Invalid) as raised:
        CaseFile("cyberbullying").take("record_content", content=())
    assert raised.value.errors == {"$.content": ["must name at least one"]}


def test_an_indecent_image_found_later_closes_the_files_that_are_held_and_admits_no_more() -> None:
    case = CaseFile("cyberbullying").take("save_evidence", file=FILE)
    case.take("open_evidence").take("record_content", content=(Content.INDECENT_IMAGE,))
    assert case.refusal("open_evidence").rule == "no-opening-of-an-indecent-image"
    assert case.refusal("save_evidence", file=FILE).rule == "no-file-of-an-indecent-image"


@pytest.mark.parametrize("word", SEXUAL)
def test_two_people_take_back_sexual_content(word: Content) -> None:
    case = CaseFile("cyberbullying").take("record_content", content=(word,))
    before = case.copy()
    case.take("correct", corrects=2, void=True)
    assert takes_back_protection(before.incident, case.incident, case.playbook.critical_since)
