"""A parent who is alleged is not told and answers no duty, until an agency agrees."""

from __future__ import annotations

from typing import Any, Final

import pytest

from casework.domain.incident.reporting import Party, Report
from casework.domain.vocabulary import Category, Content, Involvement
from tests.domain.casefile import ALLEGED, PACKS, PARENT, POSTER, TARGET, TEACHER, CaseFile, at
from tests.domain.forbidden_parents import AS_PARENT, social_care_agrees
from tests.domain.situations import CHILD_POSTED_ABOUT, KINDS

NOT_TOLD: Final = "alleged-parent-not-told"
EXEMPT: Final = ("image_without_consent", "other_concern", "parent_post", "unsolicited_contact")


def by_the_father(kind: str = "sexting", pack: str = "st_thomas", **fields: Any) -> CaseFile:
    direction = {"direction": "parent_to_staff"} if kind == "unsolicited_contact" else {}
    return CaseFile(kind, pack, **{**CHILD_POSTED_ABOUT, **direction, **fields})


def tells_the_father(case: CaseFile) -> str | None:
    """The rule by which the father is not told; None if he may be."""
    refusal = case.playbook.refusal(case.incident, case.build("inform_parents", **AS_PARENT))
    return None if refusal is None else refusal.rule


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", sorted({*KINDS} - {*EXEMPT, "staff_misuse", "staff_allegation"}))
def test_the_alleged_father_is_not_told(kind: str, pack: str) -> None:
    assert tells_the_father(by_the_father(kind, pack)) == NOT_TOLD


@pytest.mark.parametrize("pack", PACKS)
def test_the_father_with_whom_the_school_has_a_dispute_is_told(pack: str) -> None:
    for kind in EXEMPT:
        assert tells_the_father(by_the_father(kind, pack)) is None


@pytest.mark.parametrize("kind", EXEMPT)
@pytest.mark.parametrize(
    "content", ["sexual", "indecent_image", "adult_contact", "blackmail", "self_harm", "threatening"]
)
def test_the_father_is_not_told_of_content_that_harms_a_child(kind: str, content: str) -> None:
    assert tells_the_father(by_the_father(kind, content=(Content(content),))) == NOT_TOLD


@pytest.mark.parametrize("kind", EXEMPT)
def test_the_father_who_threatens_a_teacher_is_told(kind: str) -> None:
    people = ((TEACHER, "target", "staff"), (POSTER, "alleged", "parent"))
    assert tells_the_father(by_the_father(kind, people=people, content=(Content.THREATENING,))) is None


@pytest.mark.parametrize("direction", ["pupil_to_staff", "staff_to_pupil", "staff_to_parent"])
def test_only_contact_that_a_parent_made_is_such_a_dispute(direction: str) -> None:
    case = by_the_father("unsolicited_contact", direction=direction).take("decide_threshold")
    assert tells_the_father(case) == NOT_TOLD


@pytest.mark.parametrize("kind", EXEMPT)
@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_the_father_is_not_told_where_a_risk_is_open(kind: str, answer: str) -> None:
    case = by_the_father(kind).take("assess_risk", immediate_risk=answer)
    assert tells_the_father(case) == NOT_TOLD


def test_he_is_not_told_however_little_came_of_the_attempt() -> None:
    case = by_the_father()
    for outcome in ("told", "no_answer", "refused"):
        assert case.refusal("inform_parents", **AS_PARENT, outcome=outcome).rule == NOT_TOLD


@pytest.mark.parametrize("agency", ["police", "childrens_social_care"])
def test_he_is_told_once_an_agency_agrees(agency: str) -> None:
    case = by_the_father().take("escalate", agency=agency)
    case.take("record_agency_response", agency=agency, enquiry="open", hold_parents=None)
    assert tells_the_father(case) == NOT_TOLD
    case.take("record_agency_response", agency=agency, hold_parents=False)
    assert tells_the_father(case) is None


def test_other_agencies_do_not_decide_that_he_is_told() -> None:
    case = by_the_father().take("escalate", agency="health")
    case.take("record_agency_response", agency="health", hold_parents=False)
    assert tells_the_father(case) == NOT_TOLD


def test_a_hold_that_stands_outweighs_the_agreement_of_another_agency() -> None:
    case = social_care_agrees(by_the_father()).take("escalate", agency="police")
    case.take("record_agency_response", agency="police", enquiry="open", hold_parents=True)
    assert tells_the_father(case) in {NOT_TOLD, "parents-held"}
    assert case.refusal("invite_parent", **AS_PARENT).rule == "alleged-parent-not-invited"
    case.take("record_agency_response", agency="police", hold_parents=False)
    assert tells_the_father(case) is None


def test_the_lados_no_outweighs_the_agreement_of_the_police() -> None:
    people = ((TARGET, "target", "pupil"), (POSTER, "alleged", "parent"), (TEACHER, "alleged", "staff"))
    case = by_the_father(people=people).take("decide_threshold").take("escalate", agency="police")
    case.take("record_agency_response", agency="police", hold_parents=False)
    assert tells_the_father(case) is None
    case.take("consult_lado", may_tell_parents=False)
    assert case.refusal("invite_parent", **AS_PARENT).rule == "alleged-parent-not-invited"


def test_what_he_was_told_before_he_was_alleged_answers_no_duty() -> None:
    case = CaseFile("sexting", people=((TARGET, "target", "pupil"),))
    case.take("inform_parents", parent=POSTER)
    assert not case.requires("inform_parents", child=TARGET)
    case.take("involve_person", person=POSTER, involvement="alleged", category="parent")
    assert case.requires("inform_parents", child=TARGET)
    assert "st-thomas-sexting-parents" in case.refusal("close").outstanding
    case.take("inform_parents", parent=PARENT)
    assert not case.requires("inform_parents", child=TARGET)


def test_withholding_answers_the_duty_to_tell_him() -> None:
    case = by_the_father("sexting", "headcorn")
    assert "headcorn-sexting-parents" in case.refusal("close").outstanding
    case.take("withhold_from_parents")
    assert "headcorn-sexting-parents" not in case.refusal("close").outstanding


@pytest.mark.parametrize("pack", PACKS)
def test_the_duty_to_invite_him_rests_until_an_agency_agrees(pack: str) -> None:
    case = by_the_father("parent_post", pack, content=(Content.THREATENING,))
    assert not case.requires("invite_parent")
    assert all("invite" not in rule for rule in case.refusal("close").outstanding)
    assert social_care_agrees(case).requires("invite_parent")


def test_another_parent_decides_for_the_family() -> None:
    case = by_the_father("cyberbullying").take("withhold_from_parents")
    assert case.refusal("family_decision", **AS_PARENT).rule == "alleged-parent-not-asked"
    assert case.refusal("family_decision", parent=None).rule == "alleged-parent-decider-named"
    case.take("family_decision", parent=PARENT)


def test_no_parent_has_to_be_named_where_none_is_alleged() -> None:
    CaseFile("sexting").take("family_decision", parent=None)


def test_he_may_have_missed_a_meeting_he_was_invited_to_before() -> None:
    case = CaseFile("cyberbullying", reported="2026-09-14 10:20")
    case.take("invite_parent", parent=POSTER, meeting_at=at("2026-09-15 16:00"))
    case.take("involve_person", person=POSTER, involvement="alleged", category="parent")
    case.now = at("2026-09-15 15:30")
    assert case.refusal("record_meeting", outcome="attended", **AS_PARENT).rule == "alleged-parent-not-met"
    case.take("record_meeting", **{**AS_PARENT, "outcome": "no_show"})


def test_a_pupil_who_is_alleged_beside_him_may_be_asked_to_remove_it() -> None:
    people = (*CHILD_POSTED_ABOUT["people"], (ALLEGED, "alleged", "pupil"))
    by_the_father(people=people).take("request_removal", addressee="person")


@pytest.mark.parametrize("kind", EXEMPT)
def test_nobody_lifts_the_bar_by_calling_nudes_something_else(kind: str) -> None:
    direction = "parent_to_staff" if kind == "unsolicited_contact" else None
    case = by_the_father("sexting", "headcorn").take("reclassify", kind=kind, direction=direction)
    assert tells_the_father(case) == NOT_TOLD


@pytest.mark.parametrize("category", [Category.EXTERNAL, Category.STAFF])
def test_a_guardian_of_another_category_is_not_told_either(category: Category) -> None:
    case = CaseFile("sexting", "headcorn")
    (report,) = case.incident.taken(Report)
    guardian = Party(person=POSTER, involvement=Involvement.ALLEGED, category=category, stands_for=(TARGET,))
    case.reported(report, people=(report.people[0], guardian))
    barred = {"offer_support", "record_account", "establish_involvement", "ban_from_computing"}
    refused = {step: case.refusal(step, person=POSTER).rule for step in barred}
    at_school = category is Category.STAFF
    assert all(rule.startswith("alleged-parent-no-") or at_school for rule in refused.values())
    assert case.refusal("family_decision", parent=None).rule.startswith(("alleged-parent", "threshold"))
