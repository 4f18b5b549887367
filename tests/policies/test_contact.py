"""Contact between staff and pupils, past pupils and families: what each direction asks for, by pack."""

from __future__ import annotations

from typing import Any, Final

import pytest

from casework.domain.vocabulary import Direction, Stream
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, PACKS, POSTER, TARGET, TEACHER, CaseFile
from tests.domain.situations import PARENT_TO_STAFF, STAFF_TO_PARENT
from tests.policies.rows import moment
from tests.policies.test_packs_differ import every_pack, only_duty

KIND: Final = "unsolicited_contact"
# A Thursday before an INSET day and half-term: one working day is the 23rd, one school day 3 November.
REPORTED: Final = "2026-10-22 09:00"
BY_A_PAST_PUPIL: Final[dict[str, Any]] = {
    "people": ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "former_pupil")),
    "direction": "pupil_to_staff",
}
TO_A_PAST_PUPIL: Final[dict[str, Any]] = {
    "people": ((TARGET, "target", "former_pupil"), (TEACHER, "alleged", "staff")),
    "direction": "staff_to_pupil",
}
TOLD_OF_FAMILIES: Final = every_pack(
    ("tow_law", ("dsl",), "000 Staff personal use"),
    ("todwick", ("dsl",), "casework default"),
    ("headcorn", ("dsl",), "002 §4.2"),
    ("hr_cooperative", ("headteacher", "slt"), "003 §3"),
    ("st_thomas", ("headteacher",), "004 §5.4"),
)


@pytest.mark.parametrize("opening", [PARENT_TO_STAFF, STAFF_TO_PARENT], ids=["by a parent", "to a parent"])
@pytest.mark.parametrize(("pack", "told", "clause"), TOLD_OF_FAMILIES)
def test_contact_with_a_family_is_attested_within_a_working_day(
    pack: str, told: tuple[str, ...], clause: str, opening: dict[str, Any]
) -> None:
    duty = only_duty(CaseFile(KIND, pack, reported=REPORTED, **opening), "classify_contact")
    assert (duty.rule.told, duty.rule.clause, moment(duty)) == (told, clause, "2026-10-23")


@pytest.mark.parametrize(
    ("pack", "clause", "due"),
    every_pack(
        ("tow_law", "000 Staff personal use", "2026-11-03"),
        ("todwick", "casework default", "2026-10-23"),
        ("headcorn", "002 §4.2", "2026-11-03"),
        ("hr_cooperative", "003 §3", "2026-10-23"),
        ("st_thomas", "004 §5.4, §6.3", "2026-11-03"),
    ),
)
def test_a_past_pupil_is_a_pupil_where_the_pack_says_so(pack: str, clause: str, due: str) -> None:
    case = CaseFile(KIND, pack, reported=REPORTED, **BY_A_PAST_PUPIL)
    duty = only_duty(case, "classify_contact")
    assert (duty.rule.clause, moment(duty)) == (clause, due)
    is_a_pupil = pack in {"tow_law", "headcorn", "st_thomas"}
    assert case.requires("advise", about="official_channel", person=ALLEGED) is is_a_pupil
    assert not case.requires("inform_parents")
    case.answer_everything().take("close")


@pytest.mark.parametrize("pack", PACKS)
def test_a_pupil_beside_a_past_pupil_makes_it_contact_with_a_pupil(pack: str) -> None:
    people = (*BY_A_PAST_PUPIL["people"], (TARGET, "alleged", "pupil"))
    case = CaseFile(KIND, pack, reported=REPORTED, people=people, direction="pupil_to_staff")
    assert moment(only_duty(case, "classify_contact")) == "2026-11-03"
    assert case.requires("advise", about="official_channel", person=TARGET)
    assert case.requires("inform_parents", child=TARGET)


@pytest.mark.parametrize("pack", PACKS)
def test_contact_by_staff_with_a_past_pupil_is_judged_the_same_day(pack: str) -> None:
    """A pupil who has left may still be a child, whatever the pack calls them."""
    case = CaseFile(KIND, pack, reported=REPORTED, **TO_A_PAST_PUPIL)
    assert case.due("decide_threshold") == case.due("triage") == "2026-10-22"
    assert case.requires("classify_contact") is (pack in {"todwick", "hr_cooperative"})


@pytest.mark.parametrize("pack", PACKS)
def test_contact_by_staff_with_a_pupil_asks_for_no_attestation(pack: str) -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"))
    case = CaseFile(KIND, pack, people=people, direction="staff_to_pupil")
    assert not case.requires("classify_contact")


@pytest.mark.parametrize("pack", PACKS)
def test_contact_by_staff_with_a_family_is_an_adults_matter(pack: str) -> None:
    case = CaseFile(KIND, pack, reported=REPORTED, **STAFF_TO_PARENT)
    assert case.incident.stream is Stream.ALLEGATION
    assert case.due("decide_threshold") == "2026-10-22"
    case.take("decide_threshold")
    duties = case.playbook.duties(case.incident, TEST_CALENDAR)
    duty = next(each for each in duties if each.rule.id == "contact-family-concern")
    assert (duty.rule.modality, moment(duty)) == ("consider", "2026-10-23")
    assert case.refusal("close").outstanding
    case.answer_everything().take("close")


def test_contact_by_unnamed_staff_is_an_adults_matter() -> None:
    by_staff = {"staff_to_pupil", "staff_to_parent"}
    for direction in Direction:
        case = CaseFile(KIND, people=(), direction=direction)
        assert (case.incident.stream is Stream.ALLEGATION) is (direction in by_staff)
        assert case.requires("decide_threshold") is (direction in by_staff)


@pytest.mark.parametrize(
    ("opening", "recipient"),
    [
        (PARENT_TO_STAFF, TEACHER),
        (STAFF_TO_PARENT, POSTER),
        (BY_A_PAST_PUPIL, TEACHER),
        (TO_A_PAST_PUPIL, TARGET),
    ],
)
def test_nobody_who_received_the_contact_is_a_suspect(opening: dict[str, Any], recipient: object) -> None:
    case = CaseFile(KIND, "headcorn", **opening)
    assert case.refusal("apply_sanction", person=recipient).rule == "contact-recipient-not-suspect"


@pytest.mark.parametrize(
    ("pack", "advised", "reminded"),
    every_pack(
        ("tow_law", True, True),
        ("todwick", False, False),
        ("headcorn", True, True),
        ("hr_cooperative", False, False),
        ("st_thomas", False, False),
    ),
)
def test_each_pack_has_its_own_word_on_contact_by_families(pack: str, advised: bool, reminded: bool) -> None:
    case = CaseFile(KIND, pack, **PARENT_TO_STAFF)
    assert case.requires("advise", person=POSTER) is advised
    case.take("classify_contact", no_reply_attested=False)
    assert case.requires("advise", person=TEACHER) is reminded
    assert not case.requires("decide_threshold")
    case.take("classify_contact", declared_before=True)
    assert not case.requires("advise")


def test_contact_with_families_may_cost_objectivity() -> None:
    for opening in (PARENT_TO_STAFF, STAFF_TO_PARENT):
        case = CaseFile(KIND, "hr_cooperative", **opening)
        assert any(each.rule.id == "hr-cooperative-contact-family-interest" for each in case.outstanding())
        case.take("classify_contact", immediate_family=True)
        assert not any(each.rule.clause == "003 §3" for each in case.outstanding())


@pytest.mark.parametrize("pack", ["tow_law", "headcorn"])
def test_a_parent_who_may_not_be_told_is_not_shown_the_official_channel_yet(pack: str) -> None:
    case = CaseFile(KIND, pack, **PARENT_TO_STAFF).take("assess_risk", immediate_risk="unknown")
    assert not case.requires("advise", person=POSTER)
    assert case.refusal("advise", person=POSTER).rule == "alleged-parent-no-advise"
