"""An adult at the school is alleged in a case of any kind: first the threshold, then the LADO's agreement."""

from __future__ import annotations

from typing import Any

import pytest

from casework.domain.incident.facts import fact
from casework.domain.vocabulary import Limb
from tests.domain.casefile import ALLEGED, PACKS, PARENT, TARGET, TEACHER, UNKNOWN, CaseFile, known
from tests.domain.situations import (
    KINDS,
    STAFF_ALLEGED,
    STAFF_AND_PUPIL_ALLEGED,
    Opening,
    consulted,
    threshold_met,
)

OTHERS = [kind for kind in KINDS if kind not in ("staff_misuse", "staff_allegation")]
INFORMING: dict[str, dict[str, Any]] = {
    "inform_parents": {"child": TARGET},
    "invite_parent": {},
    "family_decision": {},
    "advise": {"person": TEACHER},
    "offer_support": {"person": TEACHER},
}
WORKFORCE = ["staff", "governor", "contractor", "volunteer", "visitor"]


def people_of(kind: str, opening: Opening) -> Opening:
    """`opening`, with an adult as the target of an adult's image, and the pupil as a bystander."""
    if kind != "adult_image":
        return opening
    shown = ((known("a colleague"), "target", "staff"), (TARGET, "bystander", "pupil"))
    return {"people": (*shown, *opening["people"][1:])}


def case_of(kind: str, pack: str = "st_thomas", **fields: Any) -> CaseFile:
    return CaseFile(kind, pack, **{**people_of(kind, STAFF_ALLEGED), **fields})


def refusals(case: CaseFile) -> dict[str, str]:
    """For each step that informs people, the rule that refuses it, if there is one."""
    found = {
        step: case.playbook.refusal(case.incident, case.build(step, **fields))
        for step, fields in INFORMING.items()
    }
    return {step: refusal.rule for step, refusal in found.items() if refusal is not None}


@pytest.mark.parametrize("category", WORKFORCE)
@pytest.mark.parametrize("kind", OTHERS)
def test_the_threshold_is_due_the_same_day_for_everyone_at_the_school(kind: str, category: str) -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", category))
    case = case_of(kind, people=people, reported="2026-10-22 09:00")
    assert case.due("decide_threshold") == "2026-10-22"
    for step in ("debrief", "close"):
        assert "adult-threshold" in case.refusal(step).outstanding
    assert case.refusal("waive", waived="decide_threshold").rule == "adult-threshold"


@pytest.mark.parametrize("category", ["pupil", "parent", "external", "unknown"])
@pytest.mark.parametrize("kind", OTHERS)
def test_no_threshold_is_due_for_people_who_do_not_work_there(kind: str, category: str) -> None:
    case = CaseFile(
        kind, people=((TARGET, "target", "pupil"), (known("another person"), "alleged", category))
    )
    assert not case.requires("decide_threshold")
    of_adults = {
        step: rule for step, rule in refusals(case).items() if rule != "alleged-parent-decider-named"
    }
    assert of_adults == {} or kind == "unsolicited_contact"


@pytest.mark.parametrize("kind", OTHERS)
def test_nobody_is_informed_before_the_threshold_is_decided(kind: str) -> None:
    before = {
        "inform_parents": "threshold-before-parents-told",
        "invite_parent": "threshold-before-parents-invited",
        "family_decision": "threshold-before-family-decides",
        "advise": "threshold-before-adult-advised",
        "offer_support": "threshold-before-adult-supported",
    }
    assert refusals(case_of(kind)) == before
    assert refusals(consulted(case_of(kind))) == before
    case = case_of(kind).take("withhold_from_parents", child=TARGET).take("record_meeting")
    case.take("offer_support", person=TARGET)


@pytest.mark.parametrize("kind", OTHERS)
def test_below_the_threshold_people_may_be_informed(kind: str) -> None:
    case = case_of(kind).take("decide_threshold")
    assert refusals(case) == {}
    assert not case.requires("reclassify")


@pytest.mark.parametrize("kind", [*OTHERS, "staff_misuse"])
def test_above_the_threshold_people_are_informed_once_the_lado_agrees(kind: str) -> None:
    case = threshold_met(case_of(kind))
    assert refusals(case) == {
        "inform_parents": "lado-before-parents-told",
        "invite_parent": "lado-before-parents-invited",
        "family_decision": "lado-before-family-decides",
        "advise": "lado-before-adult-advised",
        "offer_support": "lado-before-adult-supported",
    }
    case.take("consult_lado", may_tell_subject=True, may_tell_parents=False)
    assert refusals(case) == {
        "inform_parents": "lado-before-parents-told",
        "invite_parent": "lado-before-parents-invited",
        "family_decision": "lado-before-family-decides",
    }
    case.take("consult_lado", may_tell_subject=False, may_tell_parents=True)
    assert set(refusals(case)) == {"advise", "offer_support"}
    assert refusals(consulted(case)) == {}


def test_people_may_be_informed_of_a_low_level_concern() -> None:
    assert refusals(case_of("staff_misuse")) == {}


def test_in_an_allegation_nobody_is_informed_before_the_lado_agrees() -> None:
    everything = {
        "inform_parents": "allegation-parents-not-told",
        "invite_parent": "allegation-parents-not-invited",
        "family_decision": "allegation-family-not-asked",
        "advise": "allegation-subject-not-advised",
        "offer_support": "allegation-subject-not-supported",
    }
    case = case_of("staff_allegation")
    assert refusals(case) == everything
    assert refusals(threshold_met(case)) == everything
    case.take("record_meeting").take("offer_support", person=TARGET).take("withhold_from_parents")
    assert refusals(consulted(case)) == {}


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", OTHERS)
def test_a_case_above_the_threshold_becomes_an_allegation(kind: str, pack: str) -> None:
    case = case_of(kind, pack, reported="2026-10-22 09:00")
    case.take("decide_threshold", "2026-10-22 10:00", met=True, limbs=(Limb.POSSIBLE_OFFENCE,))
    assert case.due("reclassify", kind="staff_allegation") == "2026-10-22"
    for step in ("debrief", "close"):
        assert "adult-becomes-allegation" in case.refusal(step).outstanding
    case.take("reclassify", kind="staff_allegation").answer_everything().take("complete_investigation")
    case.answer_everything().take("close")
    assert case.incident.kind == "staff_allegation"


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", OTHERS)
def test_a_case_below_the_threshold_is_closed_like_any_other(kind: str, pack: str) -> None:
    case = case_of(kind, pack).answer_everything().take("complete_investigation").answer_everything()
    case.take("close")
    assert case.incident.kind == kind


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", OTHERS)
def test_with_an_alleged_pupil_the_adult_gets_a_separate_case(kind: str, pack: str) -> None:
    case = threshold_met(CaseFile(kind, pack, **people_of(kind, STAFF_AND_PUPIL_ALLEGED)))
    assert not case.requires("reclassify")
    refusal = case.refusal("reclassify", kind="staff_allegation")
    assert refusal.rule == "adult-case-not-from-a-pupils"
    (offered,) = (duty for duty in case.outstanding() if duty.rule.id == "adult-beside-a-pupil")
    assert (offered.rule.step, offered.rule.told) == ("consult_lado", ("lado",))
    # The alleged pupil gets help, whatever the adult may be informed of.
    case.take("advise", person=ALLEGED).take("offer_support", person=ALLEGED)

    for child in case.incident.children():
        case.take("withhold_from_parents", child=child)
    if kind == "parent_post":
        assert case.refusal("invite_parent").rule == "lado-before-parents-invited"
        consulted(case)
    withheld = frozenset({"inform_parents"})
    case.answer_everything(but=withheld | {"debrief"}).take("complete_investigation")
    case.take("debrief").answer_everything(but=withheld).take("close")


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("met", [False, True])
def test_contact_by_staff_and_a_pupil_can_be_closed(met: bool, pack: str) -> None:
    case = CaseFile("unsolicited_contact", pack, direction="staff_to_pupil", **STAFF_AND_PUPIL_ALLEGED)
    case.take("decide_threshold", met=met, limbs=(Limb.HARMED,) if met else ())
    assert not case.requires("reclassify")
    if met:
        consulted(case)
    case.answer_everything().take("complete_investigation").answer_everything().take("close")


def test_parents_are_not_informed_of_contact_by_unnamed_staff_at_once() -> None:
    people = ((TARGET, "target", "pupil"), (UNKNOWN, "alleged", "unknown"))
    case = CaseFile("unsolicited_contact", direction="staff_to_pupil", people=people)
    assert fact(case.incident, "adult_alleged") == {True}
    assert case.requires("decide_threshold")
    assert refusals(case)["inform_parents"] == "threshold-before-parents-told"


def test_reclassifying_does_not_permit_informing_people() -> None:
    case = CaseFile("unsolicited_contact", direction="staff_to_pupil", **STAFF_ALLEGED)
    case.take("reclassify", kind="cyberbullying")
    assert case.requires("decide_threshold")
    assert set(refusals(case)) == set(INFORMING)


def test_parents_wait_for_the_lado_if_contact_had_a_reply() -> None:
    case = CaseFile("unsolicited_contact").take("classify_contact", no_reply_attested=False)
    threshold_met(case)
    assert case.refusal("inform_parents", child=ALLEGED).rule == "lado-before-parents-told"
    consulted(case).take("inform_parents", child=ALLEGED)


@pytest.mark.parametrize("decided", [None, True])
def test_an_allegation_is_not_reclassified_as_another_kind(decided: bool | None) -> None:
    case = case_of("staff_allegation")
    if decided is not None:
        threshold_met(case)
    for kind in [*OTHERS, "staff_misuse"]:
        direction = "staff_to_pupil" if kind == "unsolicited_contact" else None
        refusal = case.refusal("reclassify", kind=kind, direction=direction)
        assert refusal.rule == "allegation-not-filed-away"
    case.take("decide_threshold").take("reclassify", kind="staff_misuse")


def test_an_allegation_is_not_reclassified_while_the_lado_investigates() -> None:
    case = consulted(case_of("staff_allegation").take("decide_threshold"))
    rule = "allegation-not-filed-away-under-enquiry"
    assert case.refusal("reclassify", kind="staff_misuse").rule == rule
    case.take("record_agency_response", agency="lado", enquiry="open")
    assert case.refusal("reclassify", kind="staff_misuse").rule == rule
    case.take("record_agency_response", agency="lado", enquiry="closed")
    case.take("reclassify", kind="staff_misuse")


def test_the_threshold_comes_before_inviting_a_parent_who_is_a_governor() -> None:
    people = ((TEACHER, "target", "staff"), (PARENT, "alleged", "governor"))
    case = CaseFile("parent_post", people=people)
    assert case.refusal("invite_parent").rule == "threshold-before-parents-invited"
    assert case.refusal("advise", person=PARENT).rule == "threshold-before-adult-advised"
    case.take("offer_support", person=TEACHER)
    case.take("decide_threshold").take("invite_parent")
