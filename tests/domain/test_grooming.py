"""A stranger who grooms or blackmails a pupil: who is told, what is preserved, and nobody answers."""

from __future__ import annotations

from typing import Final

import pytest

from casework.domain.incident.facts import fact
from casework.domain.vocabulary import Content, Stream
from casework.library import Library
from tests.domain.casefile import (
    ALLEGED,
    PACKS,
    PARENT,
    POSTER,
    STRANGER,
    TARGET,
    TEACHER,
    UNKNOWN,
    CaseFile,
    Named,
    at,
)
from tests.domain.situations import STRANGER_CALLED_STAFF

AGENCIES: Final = ("police", "childrens_social_care", "ceop")
HOLIDAY: Final = "2026-12-19 11:00"
BLACKMAIL: Final = (Content.BLACKMAIL,)


def note(case: CaseFile) -> str:
    return Library.own().dated_tables.guidance(case.incident, case.playbook).note


@pytest.mark.parametrize("pack", PACKS)
def test_police_social_care_ceop_and_parents_are_told_on_the_day_even_in_the_holidays(pack: str) -> None:
    case = CaseFile("online_grooming", pack, reported=HOLIDAY)
    assert [case.due("escalate", agency=agency) for agency in AGENCIES] == ["2026-12-19"] * 3
    assert case.due("inform_parents", child=TARGET) == "2026-12-19"
    assert [case.due(step) for step in ("triage", "assess_risk", "save_evidence")] == ["2026-12-19"] * 3


@pytest.mark.parametrize("pack", PACKS)
def test_no_agency_answers_for_another_and_none_is_declined(pack: str) -> None:
    case = CaseFile("online_grooming", pack).take("assess_risk")
    for agency in AGENCIES:
        assert case.requires("escalate", agency=agency)
        assert f"grooming-to-{agency.removeprefix('childrens_').replace('_', '-')}" in (
            case.refusal("close").outstanding
        )
        case.take("escalate", agency=agency)
        assert not case.requires("escalate", agency=agency)


@pytest.mark.parametrize("pack", PACKS)
def test_it_is_closed_once_all_is_done(pack: str) -> None:
    case = CaseFile("online_grooming", pack).answer_everything().take("complete_investigation")
    case.answer_everything().take("close")


def test_parents_wait_while_an_agency_asks_for_it() -> None:
    case = CaseFile("online_grooming").take("escalate", agency="police")
    case.take("record_agency_response", agency="police", enquiry="open", hold_parents=True)
    assert case.refusal("inform_parents").rule == "parents-held"
    case.take("withhold_from_parents")
    assert "grooming-parents" not in case.refusal("close").outstanding


def test_a_parent_who_is_alleged_to_groom_is_not_told() -> None:
    people = ((TARGET, "target", "pupil"), (POSTER, "alleged", "parent"))
    case = CaseFile("online_grooming", people=people)
    refused = case.refusal("inform_parents", parent=POSTER, parent_alleged_as=("parent",))
    assert refused.rule == "alleged-parent-not-told"
    case.take("inform_parents", parent=PARENT)


@pytest.mark.parametrize("category", ["external", "unknown", "former_pupil"])
def test_the_stranger_learns_nothing_from_the_school(category: str) -> None:
    people = ((TARGET, "target", "pupil"), (UNKNOWN, "alleged", category))
    case = CaseFile("online_grooming", people=people)
    for step in ("tell", "advise", "offer_support"):
        assert case.refusal(step, person=UNKNOWN).rule.startswith("grooming-other-not-")
    assert case.refusal("request_removal", addressee="person").rule == "grooming-other-not-asked-to-remove"


def test_the_groomed_child_is_not_sanctioned_and_nothing_is_deleted() -> None:
    case = CaseFile("online_grooming")
    assert case.refusal("apply_sanction", person=TARGET).rule == "grooming-target-not-sanctioned"
    for adviser in ("dsl", "childrens_social_care"):
        assert case.refusal("record_deletion", advised_by=adviser).rule == "grooming-nothing-deleted"


@pytest.mark.parametrize("kind", ["online_grooming", "sexting", "cyberbullying"])
def test_blackmail_says_do_not_pay_do_not_delete_and_keep_the_account(kind: str) -> None:
    said = note(CaseFile(kind, content=BLACKMAIL))
    for words in ("do not pay", "do not delete", "keep the account", "Report Remove"):
        assert words in said
    assert "do not pay" not in note(CaseFile(kind))


def test_an_image_that_comes_up_brings_the_rules_of_images() -> None:
    case = CaseFile("online_grooming", "headcorn", reported="2026-10-22 09:00")
    case.take("record_content", "2026-10-26 10:00", content=(Content.INDECENT_IMAGE,))
    assert case.refusal("save_evidence", form="screenshot").rule == "grooming-image-evidence-form"
    assert case.due("attest_no_copy") == "2026-10-26"
    assert case.due("request_removal") == "2026-10-26"


@pytest.mark.parametrize("answer", ["yes", "unknown"])
def test_a_risk_keeps_its_musts_whatever_the_kind_becomes(answer: str) -> None:
    case = CaseFile("online_grooming").take("assess_risk", coercion=answer)
    case.take("reclassify", kind="cyberbullying")
    assert all(case.requires("escalate", agency=agency) for agency in AGENCIES[:2])
    case.take("escalate", agency="ceop")


@pytest.mark.parametrize("pack", PACKS)
def test_a_stranger_reported_as_staff_is_taken_and_becomes_grooming_at_once(pack: str) -> None:
    case = CaseFile("unsolicited_contact", pack, reported=HOLIDAY, **STRANGER_CALLED_STAFF)
    assert case.incident.stream is Stream.CHILD
    assert fact(case.incident, "adult_alleged") == {False}
    first = case.outstanding()[0]
    assert (first.rule.id, first.preset) == ("contact-becomes-grooming", {"kind": "online_grooming"})
    assert case.due("reclassify") == "2026-12-19 12:00"
    assert not case.requires("decide_threshold")
    case.take("reclassify", "2026-12-28 10:00", kind="online_grooming")
    assert case.incident.stream is Stream.CHILD
    assert [case.due("escalate", agency=agency) for agency in AGENCIES] == ["2026-12-19"] * 3
    assert case.due("inform_parents", child=TARGET) == "2026-12-19"


@pytest.mark.parametrize("beside", [(), ((STRANGER, "alleged", "external"),)])
def test_contact_by_staff_stays_an_allegation_whoever_is_alleged_beside_them(
    beside: tuple[Named, ...],
) -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"), *beside)
    case = CaseFile("unsolicited_contact", people=people, direction="staff_to_pupil")
    assert case.incident.stream is Stream.ALLEGATION
    assert case.requires("decide_threshold")
    assert not case.requires("reclassify")


def test_staff_who_are_not_named_yet_keep_the_case_an_allegation() -> None:
    for alleged in ((), ((UNKNOWN, "alleged", "unknown"),)):
        people = ((TARGET, "target", "pupil"), *alleged)
        case = CaseFile("unsolicited_contact", people=people, direction="staff_to_pupil")
        assert case.incident.stream is Stream.ALLEGATION
        assert not case.requires("reclassify")


def test_a_pupil_who_took_part_is_supported() -> None:
    people = ((TARGET, "target", "pupil"), (STRANGER, "alleged", "external"), (ALLEGED, "alleged", "pupil"))
    case = CaseFile("online_grooming", people=people)
    assert case.requires("offer_support", person=ALLEGED)
    assert not case.requires("offer_support", person=STRANGER)


def test_what_turns_out_to_be_grooming_is_critical_and_triaged_again_that_day() -> None:
    case = CaseFile("cyberbullying", reported="2026-10-22 09:00").take("triage")
    assert case.playbook.critical_since(case.incident) is None
    case.take("reclassify", "2026-10-26 10:00", kind="online_grooming")
    assert case.playbook.critical_since(case.incident) == at("2026-10-26 10:00")
    assert case.due("triage", critical=True) == "2026-10-26"


def test_a_report_of_grooming_is_acknowledged_within_the_hour() -> None:
    case = CaseFile("online_grooming", reported=HOLIDAY)
    assert case.due("acknowledge") == "2026-12-19 12:00"
