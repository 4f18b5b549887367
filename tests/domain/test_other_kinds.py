"""Underage accounts, images without consent and inappropriate content: clocks, refusals, ends."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from casework.domain.errors import Invalid, Refused
from casework.domain.incident.facts import fact
from casework.domain.playbook import Modality
from casework.domain.values import as_values
from casework.domain.vocabulary import Content, State
from tests.domain.casefile import ALLEGED, FILE, PACKS, PARENT, TARGET, CaseFile, at

TWO_CHILDREN = ((TARGET, "target", "pupil"), (ALLEGED, "target", "pupil"))


def take_completed(case: CaseFile, step: str, **fields: Any) -> None:
    """Take `step` with the fields that casework fills in."""
    built = case.completed(case.build(step, **fields))
    case.incident.take(built, case.playbook)


def test_an_underage_account_has_duties_in_one_and_five_days() -> None:
    case = CaseFile("underage_use", "st_thomas", reported="2026-09-14 09:00")
    assert case.due("triage") == case.due("check_age", person=TARGET) == "2026-09-15"
    assert case.due("inform_parents", child=TARGET) == "2026-09-21"
    assert case.take("triage").refusal("close").clause == "004 §6.7"
    case.answer_everything().take("close")
    assert case.incident.state is State.CLOSED


def test_with_adult_contact_every_duty_is_due_the_same_day() -> None:
    case = CaseFile("underage_use", reported="2026-09-14 09:00").take("triage", "2026-09-16 10:00")
    case.take("triage", "2026-09-17 15:00", content=(Content.ADULT_CONTACT,))
    assert case.due("inform_parents", child=TARGET) == "2026-09-17"
    assert not case.requires("assess_risk")
    assert case.due("triage", critical=True) == "2026-09-17"


@pytest.mark.parametrize(
    ("step", "fields", "field"),
    [
        ("check_age", {}, "person"),
        ("advise", {"about": "safe_use"}, "person"),
        ("inform_parents", {}, "child"),
    ],
)
def test_each_underage_child_has_separate_duties(step: str, fields: dict[str, Any], field: str) -> None:
    case = CaseFile("underage_use", people=TWO_CHILDREN).take(step, None, **fields, **{field: TARGET})
    assert not case.requires(step, **{field: TARGET})
    assert case.requires(step, **{field: ALLEGED})


@pytest.mark.parametrize(
    ("about", "taught"),
    [("safe_use", True), ("reporting_tools", True), ("official_channel", False), ("other", False)],
)
def test_only_advice_on_use_or_on_reporting_teaches_safe_use(about: str, taught: bool) -> None:
    case = CaseFile("underage_use").take("advise", about=about)
    assert case.requires("advise", about="safe_use") is not taught


@pytest.mark.parametrize("content", sorted(Content))
def test_ceop_is_informed_of_sexual_risk_but_not_of_an_account_alone(content: Content) -> None:
    case = CaseFile("underage_use", content=(content,))
    if content in {Content.SEXUAL, Content.INDECENT_IMAGE, Content.ADULT_CONTACT, Content.BLACKMAIL}:
        assert case.take("escalate", agency="ceop").incident.state is State.ESCALATED
    else:
        assert case.refusal("escalate", agency="ceop").rule == "underage-not-ceop"


def test_removal_is_due_the_same_day_and_consent_the_next() -> None:
    case = CaseFile("image_without_consent", "headcorn", reported="2026-09-14 09:00")
    assert case.due("request_removal") == "2026-09-14"
    assert case.due("check_consent", person=TARGET) == "2026-09-15"
    assert case.due("inform_parents", child=TARGET) == "2026-09-15"
    case.answer_everything().take("close")
    assert case.incident.removal == "removed"


@pytest.mark.parametrize(
    ("reported", "due"),
    [
        pytest.param("2026-09-14 09:00", "2026-09-17 09:00", id="an ordinary week"),
        pytest.param("2026-10-23 12:00", "2026-10-26 11:00", id="the clocks go back on 25 October"),
        pytest.param("2026-10-25 00:30", "2026-10-27 23:30", id="on the day itself"),
        pytest.param("2027-03-26 12:00", "2027-03-29 13:00", id="the clocks go forward on 28 March"),
        pytest.param("2026-12-24 16:00", "2026-12-27 16:00", id="over Christmas"),
    ],
)
def test_the_decision_on_the_regulator_is_due_in_72_elapsed_hours(reported: str, due: str) -> None:
    case = CaseFile("image_without_consent", reported=reported, on_school_account=True)
    assert case.due("decide_data_breach") == due
    assert case.refusal("waive", waived="decide_data_breach").rule == "image-regulator"


@pytest.mark.parametrize("outcome", ["refused", "no_answer"])
def test_a_case_with_an_image_still_online_needs_a_decision_to_close(outcome: str) -> None:
    case = CaseFile("image_without_consent").take("request_removal").take("record_removal", outcome=outcome)
    case.answer_everything(but=frozenset({"record_removal", "decide"}))
    assert case.refusal("close").rule == "image-takedown-verified"
    case.take("decide", topic="other")
    assert case.refusal("close").rule == "image-takedown-verified"
    case.take("decide", topic="removal_refused").take("close")


def test_consent_is_checked_for_each_child_shown() -> None:
    case = CaseFile("image_without_consent", people=TWO_CHILDREN).take("check_consent", person=TARGET)
    assert case.requires("check_consent", person=ALLEGED)
    assert not case.requires("check_consent", person=TARGET)


CONSENTS = [
    pytest.param("2026-09-14 09:00", date(2026, 9, 4), True, id="given this September"),
    pytest.param("2026-09-14 09:00", date(2026, 8, 31), False, id="given the day before the year began"),
    pytest.param("2026-09-01 09:00", date(2026, 9, 1), True, id="given on its first day"),
    pytest.param("2027-08-31 09:00", date(2026, 9, 1), True, id="posted on its last day"),
    pytest.param("2027-09-01 09:00", date(2027, 8, 31), False, id="posted on the first day of the next"),
    pytest.param("2026-09-14 09:00", date(2025, 9, 14), False, id="given a year ago to the day"),
]


@pytest.mark.parametrize(("posted", "given_on", "same_year"), CONSENTS)
def test_under_todwick_consent_lasts_one_school_year(posted: str, given_on: date, same_year: bool) -> None:
    fields = {"in_force": True, "consent_date": given_on}
    case = CaseFile("image_without_consent", "todwick", reported="2027-09-02 09:00", occurred_at=at(posted))
    if same_year:
        take_completed(case, "check_consent", **fields)
        assert not case.requires("check_consent")
    else:
        with pytest.raises(Refused) as refused:
            take_completed(case, "check_consent", **fields)
        refusal = refused.value.refusal
        assert (refusal.rule, refusal.clause) == ("todwick-image-consent-of-another-year", "001 A")
        take_completed(case, "check_consent", in_force=False, consent_date=given_on)


@pytest.mark.parametrize("pack", sorted({*PACKS} - {"todwick"}))
@pytest.mark.parametrize(("posted", "given_on", "same_year"), CONSENTS)
def test_under_other_policies_consent_does_not_lapse_each_year(
    pack: str, posted: str, given_on: date, same_year: bool
) -> None:
    case = CaseFile("image_without_consent", pack, reported="2027-09-02 09:00", occurred_at=at(posted))
    take_completed(case, "check_consent", in_force=True, consent_date=given_on)
    (check,) = (step for step in case.incident.timeline if step.name() == "check_consent")
    assert getattr(check, "given_in_school_year", None) is same_year


@pytest.mark.parametrize("pack", PACKS)
def test_consent_given_after_the_posting_was_not_in_force(pack: str) -> None:
    case = CaseFile(
        "image_without_consent", pack, reported="2026-09-16 09:00", occurred_at=at("2026-09-14 09:00")
    )
    for given_on, in_force in ((date(2026, 9, 15), True), (date(2026, 9, 17), False)):
        with pytest.raises(Invalid) as invalid:
            take_completed(case, "check_consent", in_force=in_force, consent_date=given_on)
        assert set(invalid.value.errors) == {"$.consent_date"}
    assert case.requires("request_removal")
    take_completed(case, "check_consent", in_force=True, consent_date=date(2026, 9, 14))
    assert not case.requires("request_removal")


@pytest.mark.parametrize("pack", PACKS)
def test_consent_in_force_needs_a_date(pack: str) -> None:
    case = CaseFile("image_without_consent", pack)
    with pytest.raises(Invalid) as invalid:
        take_completed(case, "check_consent", in_force=True)
    assert set(invalid.value.errors) == {"$.consent_date"}
    take_completed(case, "check_consent", in_force=False)


def test_containing_and_blocking_are_due_the_same_day() -> None:
    case = CaseFile("inappropriate_content", "st_thomas", reported="2026-10-22 09:00")
    assert case.due("contain") == case.due("request_block") == "2026-10-22"
    assert case.due("welfare_check", person=TARGET) == "2026-10-23"
    assert case.due("inform_parents", child=TARGET) == "2026-11-09"
    assert case.take("triage").refusal("debrief").rule == "content-contain"
    assert not case.requires("confirm_block")
    case.answer_everything().take("close")


@pytest.mark.parametrize(
    ("requested", "confirmed_by"),
    [
        pytest.param("2026-10-22 10:00", "2026-10-23", id="an INSET day is a working day"),
        pytest.param("2026-10-23 16:00", "2026-10-26", id="so is one in half-term"),
        pytest.param("2026-12-24 10:00", "2026-12-29", id="Christmas is not"),
    ],
)
def test_the_confirmation_of_a_block_is_due_in_one_working_day(requested: str, confirmed_by: str) -> None:
    case = CaseFile("inappropriate_content", reported="2026-10-22 09:00").take("request_block", requested)
    assert case.due("confirm_block") == confirmed_by
    case.take("confirm_block")
    assert not case.requires("confirm_block")
    assert case.take("request_block").requires("confirm_block")


@pytest.mark.parametrize("form", ["screenshot", "link", "document", "audio_video", "written_account"])
def test_the_material_is_described_but_never_stored(form: str) -> None:
    case = CaseFile("inappropriate_content")
    assert case.refusal("save_evidence", form=form, file=FILE).rule == "content-not-stored"
    assert case.take("save_evidence", form=form).incident.files == frozenset()


@pytest.mark.parametrize("circumvented", [False, True])
@pytest.mark.parametrize("pack", PACKS)
def test_a_ban_follows_the_policy_and_has_an_end(pack: str, circumvented: bool) -> None:
    bans = {"headcorn": [(Modality.MAY, "002 §3")]}
    if circumvented:
        bans["st_thomas"] = [(Modality.MUST, "004 §7.2")]
    case = CaseFile("inappropriate_content", pack).take("contain", circumvented=circumvented)
    required = [
        (duty.rule.modality, duty.rule.clause)
        for duty in case.outstanding()
        if duty.rule.step == "ban_from_computing"
    ]
    assert required == bans.get(pack, [])
    with pytest.raises(Invalid) as invalid:
        case.take("ban_from_computing", from_=date(2026, 9, 15), until=date(2026, 9, 14))
    assert set(invalid.value.errors) == {"$.until"}
    case.take("ban_from_computing", from_=date(2026, 9, 15), until=date(2026, 9, 15))


def test_each_child_who_saw_it_needs_a_welfare_check() -> None:
    case = CaseFile("inappropriate_content", people=(*TWO_CHILDREN, (PARENT, "witness", "parent")))
    case.take("welfare_check", person=TARGET)
    assert not case.requires("welfare_check", person=TARGET)
    assert case.requires("welfare_check", person=ALLEGED)
    assert not case.requires("welfare_check", person=PARENT)


def test_a_circumvented_filter_stays_recorded_as_circumvented() -> None:
    case = CaseFile("inappropriate_content", "st_thomas").take("contain", circumvented=True).take("contain")
    assert fact(case.incident, "circumvented") == {True}
    case.answer_everything(but=frozenset({"ban_from_computing"}))
    assert case.refusal("close").rule == "st-thomas-content-ban"
    case.take("ban_from_computing").take("close")


CHECKS = [
    pytest.param([], None, id="nobody checked"),
    pytest.param([(TARGET, 14)], None, id="one of two checked"),
    pytest.param([(TARGET, 14), (ALLEGED, 13)], False, id="both old enough"),
    pytest.param([(TARGET, 10)], True, id="one too young"),
    pytest.param([(TARGET, 10), (ALLEGED, 14)], True, id="the first too young"),
    pytest.param([(TARGET, 10), (ALLEGED, 14), (TARGET, 14)], False, id="checked again"),
]


@pytest.mark.parametrize(("ages", "underage"), CHECKS)
@pytest.mark.parametrize("pack", PACKS)
def test_advice_is_not_needed_only_if_every_child_is_old_enough(
    pack: str, ages: list[tuple[UUID, int]], underage: bool | None
) -> None:
    case = CaseFile("underage_use", pack, people=TWO_CHILDREN)
    for child, age in ages:
        case.take("check_age", person=child, age=age)
    assert fact(case.incident, "underage") == as_values(underage)
    assert case.requires("advise", about="safe_use") is (underage is not False)
    assert case.requires("inform_parents", child=TARGET)
    if underage is False:
        case.take("triage", content=(Content.ADULT_CONTACT,))
        assert case.requires("advise", about="safe_use", person=TARGET)


def test_a_child_too_young_for_one_of_two_platforms_is_underage() -> None:
    case = CaseFile("underage_use").take("check_age", age=14, platform="TikTok")
    case.take("check_age", age=14, platform="WhatsApp", minimum_age=16)
    assert fact(case.incident, "underage") == {True}
    case.take("check_age", age=14, platform="WhatsApp", minimum_age=None)
    assert fact(case.incident, "underage") == frozenset()


CONSENTED = [
    pytest.param([], None, id="nobody checked"),
    pytest.param([(TARGET, True)], None, id="one of two checked"),
    pytest.param([(TARGET, True), (ALLEGED, True)], True, id="both"),
    pytest.param([(TARGET, True), (ALLEGED, False)], False, id="one without consent"),
    pytest.param([(ALLEGED, False), (TARGET, True)], False, id="the first without consent"),
    pytest.param([(ALLEGED, False)], False, id="one without consent and one not checked"),
    pytest.param([(ALLEGED, False), (TARGET, True), (ALLEGED, True)], True, id="checked again"),
]


@pytest.mark.parametrize(("checks", "in_force"), CONSENTED)
@pytest.mark.parametrize("pack", PACKS)
def test_no_removal_is_needed_if_consent_covers_every_child(
    pack: str, checks: list[tuple[UUID, bool]], in_force: bool | None
) -> None:
    case = CaseFile("image_without_consent", pack, people=TWO_CHILDREN, on_school_account=True)
    for child, consented in checks:
        case.take("check_consent", person=child, in_force=consented, consent_date=date(2026, 9, 4))
    assert fact(case.incident, "consent_in_force") == as_values(in_force)
    for step in ("request_removal", "record_removal", "decide_data_breach"):
        assert case.requires(step) is (in_force is not True)
    assert case.requires("inform_parents", child=TARGET)
    if in_force:
        case.answer_everything().take("close")
        case.take("reopen").take("involve_person", involvement="target")
        assert case.requires("decide_data_breach")
