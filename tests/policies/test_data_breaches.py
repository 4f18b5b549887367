"""Who decides on a breach of personal data, when, and where there is none to decide on."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import pytest

from casework.domain.errors import Invalid
from casework.domain.incident.reporting import Party, Report
from casework.domain.vocabulary import Category, Content, Involvement
from tests.domain.casefile import ALLEGED, PACKS, PARENT, POSTER, TARGET, TEACHER, CaseFile
from tests.domain.situations import KINDS

KIND: Final = "image_without_consent"
BY_STAFF: Final = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))
TAKEDOWN: Final = ("request_removal", "record_removal")


def by_own_parent(
    pack: str = "todwick",
    *,
    children: tuple[UUID, ...] = (TARGET,),
    shown: tuple[UUID, ...] = (TARGET,),
    **fields: Any,
) -> CaseFile:
    """A parent of `children` posted an image in which `shown` are seen."""
    case = CaseFile(KIND, pack)
    (report,) = case.incident.taken(Report)
    targets = (
        Party(person=child, involvement=Involvement.TARGET, category=Category.PUPIL) for child in shown
    )
    poster = Party(
        person=POSTER, involvement=Involvement.ALLEGED, category=Category.PARENT, stands_for=children
    )
    return case.reported(report, people=(*targets, poster), **fields)


@pytest.mark.parametrize("pack", PACKS)
def test_a_parents_post_is_no_breach_of_the_schools(pack: str) -> None:
    case = CaseFile(KIND, pack)
    assert not case.requires("decide_data_breach")
    assert all(case.requires(step) for step in TAKEDOWN)
    case.answer_everything().take("close")


@pytest.mark.parametrize("pack", PACKS)
def test_the_school_answers_for_its_account_and_for_what_staff_post(pack: str) -> None:
    for case in (CaseFile(KIND, pack, on_school_account=True), CaseFile(KIND, pack, people=BY_STAFF)):
        assert case.requires("decide_data_breach")
    assert not CaseFile(KIND, pack, on_school_account=False).requires("decide_data_breach")


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_personal_data_that_staff_disclose_are_a_breach_in_every_kind(kind: str, pack: str) -> None:
    data: dict[str, Any] = {"content": (Content.PERSONAL_DATA,)}
    assert CaseFile(kind, pack, people=BY_STAFF, **data).requires("decide_data_breach")
    if kind not in {"staff_misuse", "staff_allegation"}:
        by_a_pupil = ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil"))
        assert not CaseFile(kind, pack, people=by_a_pupil, **data).requires("decide_data_breach")
    if kind != KIND:
        assert not CaseFile(kind, pack, people=BY_STAFF).requires("decide_data_breach")


def test_the_72_hours_run_from_when_the_school_knew() -> None:
    case = CaseFile("cyberbullying", reported="2026-09-14 09:00")
    case.take("involve_person", "2026-09-16 10:00", person=TEACHER, involvement="alleged", category="staff")
    assert not case.requires("decide_data_breach")
    case.take("triage", "2026-09-17 11:00", content=(Content.PERSONAL_DATA,))
    assert case.due("decide_data_breach") == "2026-09-20 11:00"
    case.take("add_note", "2026-09-18 11:00")
    assert case.due("decide_data_breach") == "2026-09-20 11:00"


def test_the_72_hours_run_again_from_when_the_school_knew_again() -> None:
    case = CaseFile(KIND, reported="2026-09-14 09:00")
    case.take("involve_person", "2026-09-16 10:00", person=TEACHER, involvement="alleged", category="staff")
    case.take("withdraw_involvement", "2026-09-17 10:00", person=TEACHER, involvement="alleged")
    assert not case.requires("decide_data_breach")
    case.take("involve_person", "2026-09-18 10:00", person=TEACHER, involvement="alleged", category="staff")
    assert case.due("decide_data_breach") == "2026-09-21 10:00"


def test_a_report_recorded_late_was_known_when_it_was_reported() -> None:
    case = CaseFile(KIND, reported="2026-09-14 09:00", on_school_account=True, late_reason=None)
    assert case.due("decide_data_breach") == "2026-09-17 09:00"


def test_whether_the_people_concerned_are_notified_is_decided_too() -> None:
    case = CaseFile(KIND, on_school_account=True)
    with pytest.raises(Invalid, match="notify_people"):
        case.take("decide_data_breach", notify_people=None)
    case.take("decide_data_breach", notify_people=False, advice="The images were gone within the hour.")
    assert not case.requires("decide_data_breach")


def test_a_parents_picture_of_their_own_child_asks_for_neither_takedown_nor_regulator() -> None:
    case = by_own_parent()
    assert not any(case.requires(step) for step in (*TAKEDOWN, "decide_data_breach"))
    case.take("check_consent", in_force=False).answer_everything().take("close")


@pytest.mark.parametrize("pack", sorted(set(PACKS) - {"todwick"}))
def test_other_policies_allow_no_such_picture(pack: str) -> None:
    assert all(by_own_parent(pack).requires(step) for step in TAKEDOWN)


def test_a_parent_may_not_post_somebody_elses_child() -> None:
    assert by_own_parent(shown=(TARGET, ALLEGED)).requires("request_removal")
    assert by_own_parent(children=(ALLEGED,)).requires("request_removal")
    assert not by_own_parent(children=(TARGET, ALLEGED), shown=(TARGET, ALLEGED)).requires("request_removal")


def test_a_picture_that_somebody_else_posted_too_is_taken_down() -> None:
    case = by_own_parent().take("involve_person", person=PARENT, involvement="alleged", category="parent")
    assert case.requires("request_removal")


@pytest.mark.parametrize("content", ["sexual", "indecent_image", "adult_contact", "blackmail", "self_harm"])
def test_a_parents_picture_that_may_harm_the_child_is_taken_down(content: str) -> None:
    assert by_own_parent(content=(Content(content),)).requires("request_removal")


def test_a_parents_picture_is_taken_down_while_a_risk_is_open() -> None:
    case = by_own_parent().take("assess_risk", immediate_risk="unknown")
    assert case.requires("request_removal")
