"""An image of an adult is not treated as a child's, and any other concern waits to be reclassified."""

from __future__ import annotations

from typing import Final

import pytest

from casework.domain.vocabulary import Content
from casework.library import Library
from tests.domain.casefile import ALLEGED, FILE, PACKS, SIXTH_FORMER, TARGET, TEACHER, CaseFile, Named
from tests.domain.situations import STAFF_TARGET

IMAGE: Final = (Content.INDECENT_IMAGE, Content.SEXUAL, Content.AI_GENERATED)
OF_A_SIXTH_FORMER: Final = ((SIXTH_FORMER, "target", "pupil", True), (ALLEGED, "alleged", "pupil"))


def channels(case: CaseFile) -> dict[str, bool]:
    found = Library.own().dated_tables.guidance(case.incident, case.playbook)
    return {advice.channel.id: advice.suits for advice in found.channels}


@pytest.mark.parametrize("pack", PACKS)
def test_a_faked_image_of_a_teacher_asks_for_nothing_that_protects_a_child_who_is_shown(pack: str) -> None:
    case = CaseFile("adult_image", pack, content=IMAGE)
    assert not case.requires("assess_risk")
    case.take("assess_risk", coercion="unknown")
    assert not any(case.requires("escalate", agency=a) for a in ("police", "childrens_social_care"))
    assert not case.requires("establish_involvement")
    assert case.refusal("request_removal", addressee="report_remove").clause == "UKCIS"
    assert channels(case)["revenge_porn_helpline"]
    assert not channels(case)["report_remove"]
    assert not channels(case)["ceop"]


@pytest.mark.parametrize("pack", PACKS)
def test_police_takedown_and_parents_are_due_the_same_day(pack: str) -> None:
    case = CaseFile("adult_image", pack, reported="2026-12-19 11:00")
    for step in ("triage", "consider_police", "request_removal"):
        assert case.due(step) == "2026-12-19"
    assert case.due("inform_parents", child=ALLEGED) == "2026-12-19"
    assert case.requires("offer_support", person=TEACHER)
    assert case.requires("offer_support", person=ALLEGED)


def test_the_takedown_is_chased_after_48_elapsed_hours() -> None:
    case = CaseFile("adult_image", reported="2026-12-24 09:00")
    case.take("request_removal", "2026-12-24 10:00", addressee="stopncii")
    assert case.due("record_removal") == "2026-12-26 10:00"


@pytest.mark.parametrize("pack", PACKS)
def test_it_is_closed_once_all_is_done(pack: str) -> None:
    case = CaseFile("adult_image", pack, content=IMAGE).answer_everything()
    case.take("complete_investigation").answer_everything().take("close")


@pytest.mark.parametrize("form", ["screenshot", "message_export", "document", "audio_video"])
def test_no_copy_is_kept(form: str) -> None:
    case = CaseFile("adult_image")
    assert case.refusal("save_evidence", form=form).rule == "adult-image-evidence-form"
    assert case.refusal("save_evidence", form="link", file=FILE).rule == "adult-image-no-file"


def test_a_case_that_holds_a_file_may_become_one_and_the_file_stays_closed() -> None:
    case = CaseFile("cyberbullying", **STAFF_TARGET).take("save_evidence", file=FILE)
    case.take("reclassify", kind="adult_image")
    assert case.refusal("open_evidence").rule == "adult-image-not-opened"


@pytest.mark.parametrize("pack", PACKS)
def test_a_teachers_image_reported_as_nudes_is_offered_to_go_on_as_an_adults(pack: str) -> None:
    case = CaseFile("sexting", pack, **STAFF_TARGET)
    offered = [duty for duty in case.outstanding() if duty.rule.id == "sexting-becomes-adult-image"]
    assert [duty.preset for duty in offered] == [{"kind": "adult_image"}]
    case.take("reclassify", kind="adult_image")
    assert not case.requires("attest_no_copy")


@pytest.mark.parametrize("people", [((TARGET, "target", "pupil"),), ((TARGET, "target", "unknown"),), ()])
def test_it_is_not_offered_where_a_child_is_or_may_be_shown(
    people: tuple[Named, ...],
) -> None:
    offered = {duty.rule.id for duty in CaseFile("sexting", people=people).outstanding()}
    assert "sexting-becomes-adult-image" not in offered


def test_a_childs_image_never_becomes_an_adults() -> None:
    case = CaseFile("sexting")
    assert case.refusal("reclassify", kind="adult_image").rule == "adult-image-of-no-child"


@pytest.mark.parametrize("pack", PACKS)
def test_a_child_who_turns_out_to_be_shown_makes_it_one_of_nudes(pack: str) -> None:
    case = CaseFile("adult_image", pack, reported="2026-10-22 09:00", content=IMAGE)
    case.take("involve_person", "2026-10-22 10:00", person=TARGET, involvement="target")
    assert case.due("reclassify", kind="sexting") == "2026-10-22"
    assert case.due("assess_risk") == "2026-10-22"
    assert "adult-image-becomes-nudes" in case.refusal("close").outstanding
    case.take("reclassify", kind="sexting").take("request_removal", addressee="report_remove")


def test_a_pupil_of_18_is_an_adult_for_the_rules_of_images() -> None:
    case = CaseFile("sexting", people=OF_A_SIXTH_FORMER)
    assert not channels(case)["report_remove"]
    case.take("reclassify", kind="adult_image")
    assert not case.requires("reclassify")
    assert case.requires("inform_parents", child=ALLEGED)


@pytest.mark.parametrize("pack", PACKS)
def test_another_concern_asks_for_the_common_duties_only(pack: str) -> None:
    case = CaseFile("other_concern", pack)
    own = {duty.rule.step for duty in case.outstanding() if "other_concern" in duty.rule.kinds}
    assert own == {"triage", "inform_parents"}
    case.answer_everything().take("complete_investigation").answer_everything().take("close")


@pytest.mark.parametrize("kind", ["online_grooming", "adult_image", "cyberbullying"])
def test_another_concern_goes_on_as_what_it_turns_out_to_be(kind: str) -> None:
    CaseFile("other_concern", **STAFF_TARGET).take("reclassify", kind=kind)
