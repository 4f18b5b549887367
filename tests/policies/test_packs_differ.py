"""The five packs differ in these points."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from casework.domain.playbook import Duty
from casework.domain.vocabulary import Content
from casework.library import Library
from tests.domain.casefile import ALLEGED, PACKS, PARENT, TARGET, CaseFile
from tests.policies.rows import moment

DECLARED_BEFORE: Final[dict[str, Any]] = {"declared_relationship": PARENT, "declared_before": True}
DECLARED_LATE: Final[dict[str, Any]] = {"declared_relationship": PARENT, "declared_before": False}
FAMILY: Final[dict[str, Any]] = {"immediate_family": True}
OUT_OF_SCHOOL: Final[dict[str, Any]] = {"timing": "out_of_school"}


def only_duty(case: CaseFile, step: str, **preset: Any) -> Duty:
    """The only duty for this step with these preset values."""
    (duty,) = (d for d in case.outstanding() if d.rule.step == step and preset.items() <= d.preset.items())
    return duty


def every_pack(*rows: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """`rows`, after checking that there is one for each pack."""
    assert sorted(pack for pack, *_ in rows) == sorted(PACKS)
    return [*rows]


@pytest.mark.parametrize(
    ("pack", "told", "clause"),
    every_pack(
        ("tow_law", ("dsl",), "000 Staff personal use"),
        ("todwick", ("dsl",), "casework default"),
        ("headcorn", ("dsl",), "002 §4.2"),
        ("hr_cooperative", ("headteacher", "slt"), "003 §3"),
        ("st_thomas", ("headteacher",), "004 §5.4, §6.3"),
    ),
)
def test_each_policy_decides_who_is_notified_of_a_friend_request(
    pack: str, told: tuple[str, ...], clause: str
) -> None:
    case = CaseFile("unsolicited_contact", pack, reported="2026-09-14 09:00")
    duty = only_duty(case, "classify_contact")
    assert (duty.rule.told, duty.rule.clause, moment(duty)) == (told, clause, "2026-09-15")


@pytest.mark.parametrize(
    ("pack", "family", "declared"),
    every_pack(
        ("tow_law", False, True),
        ("todwick", False, False),
        ("headcorn", False, True),
        ("hr_cooperative", True, False),
        ("st_thomas", False, False),
    ),
)
def test_each_pack_has_its_own_exemption_of_contact_from_advice(
    pack: str, family: bool, declared: bool
) -> None:
    """The advice is against contact unless declared before, except with family, or without exception."""

    def exempt(**fields: Any) -> bool:
        case = CaseFile("unsolicited_contact", pack).take("classify_contact", **fields)
        return not case.requires("advise", about="official_channel")

    assert (exempt(**FAMILY), exempt(**DECLARED_BEFORE)) == (family, declared)
    assert not exempt()


@pytest.mark.parametrize(
    ("pack", "clause"),
    every_pack(
        ("tow_law", "000 Staff personal use"),
        ("todwick", None),
        ("headcorn", "002 §4.2"),
        ("hr_cooperative", None),
        ("st_thomas", None),
    ),
)
def test_a_declaration_after_the_contact_does_not_exempt_it(pack: str, clause: str | None) -> None:
    case = CaseFile("unsolicited_contact", pack)
    if clause is not None:
        assert case.refusal("classify_contact", **DECLARED_LATE).clause == clause
    else:
        assert case.take("classify_contact", **DECLARED_LATE).requires("advise", about="official_channel")


@pytest.mark.parametrize("pack", PACKS)
def test_contact_by_staff_is_judged_the_same_day_under_every_pack(pack: str) -> None:
    people = CaseFile("staff_allegation").incident.people
    parties = tuple((p.person, p.involvement.value, p.category.value) for p in people)
    case = CaseFile("unsolicited_contact", pack, people=parties, direction="staff_to_pupil")
    duty = only_duty(case, "decide_threshold")
    assert "headteacher" in duty.rule.told
    assert ("chair_of_governors" in duty.rule.told) is (pack == "st_thomas")
    assert case.due("decide_threshold") == "2026-09-14"


@pytest.mark.parametrize(
    ("pack", "told", "clause"),
    every_pack(
        ("tow_law", ("slt", "headteacher"), "000 General use"),
        ("todwick", ("headteacher",), "001 A"),
        ("headcorn", ("headteacher",), "002 §4"),
        ("hr_cooperative", ("headteacher", "line_manager"), "003 §5"),
        ("st_thomas", ("headteacher",), "004 §5.10, §5.11"),
    ),
)
def test_each_policy_decides_who_is_notified_of_misuse_by_staff(
    pack: str, told: tuple[str, ...], clause: str
) -> None:
    duty = only_duty(CaseFile("staff_misuse", pack), "triage")
    assert (duty.rule.told, duty.rule.clause) == (told, clause)


@pytest.mark.parametrize(
    ("pack", "needs_a_ground", "family_decides"),
    every_pack(
        ("tow_law", False, False),
        ("todwick", True, False),
        ("headcorn", False, False),
        ("hr_cooperative", False, False),
        ("st_thomas", False, True),
    ),
)
def test_each_pack_has_its_own_duties_for_bullying_out_of_school(
    pack: str, needs_a_ground: bool, family_decides: bool
) -> None:
    case = CaseFile("cyberbullying", pack)
    case.take("triage", **OUT_OF_SCHOOL)
    if needs_a_ground:
        assert case.refusal("apply_sanction", person=ALLEGED).clause == "001 D"
        case.take("triage", **OUT_OF_SCHOOL, jurisdiction=("threat_to_member",))
    case.take("apply_sanction", person=ALLEGED).take("inform_parents")
    assert case.requires("family_decision") is family_decides
    assert case.take("consider_police", refer=True).requires("escalate", agency="police")


@pytest.mark.parametrize(
    ("pack", "always", "clause"),
    every_pack(
        ("tow_law", False, "UKCIS"),
        ("todwick", False, "UKCIS"),
        ("headcorn", False, "UKCIS"),
        ("hr_cooperative", False, "UKCIS"),
        ("st_thomas", True, "004 §9.1"),
    ),
)
def test_nudes_go_to_the_police_always_or_if_the_dsl_decides(pack: str, always: bool, clause: str) -> None:
    case = CaseFile("sexting", pack).take("assess_risk")
    step = "escalate" if always else "consider_police"
    assert only_duty(case, step).rule.clause == clause
    case.take("decide", topic="managed_in_school")
    assert case.requires("escalate", agency="police") is always
    assert not case.requires("consider_police")


@pytest.mark.parametrize(
    ("pack", "of_pupils", "of_staff"),
    every_pack(
        ("tow_law", "KCSIE part 5", "casework default"),
        ("todwick", "KCSIE part 5", "casework default"),
        ("headcorn", "KCSIE part 5", "casework default"),
        ("hr_cooperative", "KCSIE part 5", "casework default"),
        ("st_thomas", "004 §8.8", "004 §8.4"),
    ),
)
def test_police_are_considered_by_content_for_pupils_always_for_staff(
    pack: str, of_pupils: str, of_staff: str
) -> None:
    assert not CaseFile("cyberbullying", pack).requires("consider_police")
    hateful = CaseFile("cyberbullying", pack, content=(Content.RACIST,))
    assert only_duty(hateful, "consider_police").rule.clause == of_pupils

    teacher = ((PARENT, "target", "staff"), (TARGET, "alleged", "pupil"))
    for kind in ("cyberbullying", "parent_post"):
        case = CaseFile(kind, pack, people=teacher, reported="2026-09-14 09:00")
        duty = only_duty(case, "consider_police")
        assert (duty.rule.clause, duty.rule.told) == (of_staff, ("slt", "police"))
        assert (duty.rule.modality, moment(duty)) == ("consider", "2026-09-14")


@pytest.mark.parametrize(
    ("pack", "clause"),
    every_pack(
        ("tow_law", "000 Pupil use"),
        ("todwick", "casework default; KCSIE part 2, record keeping"),
        ("headcorn", "002 §6"),
        ("hr_cooperative", "casework default; KCSIE part 2, record keeping"),
        ("st_thomas", "casework default; KCSIE part 2, record keeping"),
    ),
)
def test_parents_of_an_underage_user_are_informed(pack: str, clause: str) -> None:
    case = CaseFile("underage_use", pack, reported="2026-09-14 09:00")
    duty = only_duty(case, "inform_parents", child=TARGET)
    assert (duty.rule.clause, moment(duty)) == (clause, "2026-09-21")
    groomed = CaseFile("underage_use", pack, reported="2026-09-14 09:00", content=(Content.ADULT_CONTACT,))
    assert groomed.due("inform_parents", child=TARGET) == "2026-09-14"


@pytest.mark.parametrize(
    ("pack", "months", "due"),
    every_pack(
        ("tow_law", 24, date(2025, 9, 1)),
        ("todwick", 12, None),
        ("headcorn", 12, date(2023, 3, 1)),
        ("hr_cooperative", 12, date(2016, 9, 1)),
        ("st_thomas", 12, date(2017, 6, 1)),
    ),
)
def test_each_policy_is_reviewed_after_its_own_number_of_months(
    pack: str, months: int, due: date | None
) -> None:
    found = Library.own().latest_pack(pack)
    assert (found.review_every_months, found.review_due()) == (months, due)


@pytest.mark.parametrize(
    ("pack", "must"),
    every_pack(
        ("tow_law", False),
        ("todwick", False),
        ("headcorn", True),
        ("hr_cooperative", False),
        ("st_thomas", False),
    ),
)
def test_one_pack_always_requires_a_debrief_others_after_escalation(pack: str, must: bool) -> None:
    def needed(case: CaseFile) -> bool:
        case.answer_everything(but=frozenset({"debrief", "record_agency_response"}))
        return case.requires("debrief")

    assert needed(CaseFile("cyberbullying", pack)) is must
    assert needed(CaseFile("cyberbullying", pack).take("escalate"))


@pytest.mark.parametrize(
    ("pack", "invited", "refused", "provider", "legal"),
    [
        ("tow_law", "casework default", "casework default", False, "may"),
        ("todwick", "001 C", "casework default", False, "consider"),
        ("headcorn", "002 §8", "casework default", False, None),
        ("hr_cooperative", "casework default", "casework default", False, None),
        ("st_thomas", "004 §8.6", "004 §8.7", True, None),
    ],
)
def test_a_parent_post_from_evidence_to_the_refused_removal(
    pack: str, invited: str, refused: str, provider: bool, legal: str | None
) -> None:
    case = CaseFile("parent_post", pack, reported="2026-10-05 09:00").take("save_evidence")
    invitation = only_duty(case, "invite_parent")
    assert (invitation.rule.clause, moment(invitation)) == (invited, "2026-10-07")

    case.take("triage").take("invite_parent", "2026-10-06 09:00")
    case.take("record_meeting", "2026-10-12 16:00", outcome="no_show")
    assert case.refusal("close").outstanding
    case.take("request_removal").take("record_removal", "2026-10-13 12:00", outcome="refused")
    assert only_duty(case, "decide", topic="removal_refused").rule.clause == refused

    lawful = [d for d in case.outstanding() if d.preset == {"topic": "legal_action"}]
    assert [d.rule.modality.value for d in lawful] == ([] if legal is None else [legal])
    assert any(d.preset == {"agency": "isp"} for d in case.outstanding()) is provider

    left = frozenset({"decide", "debrief"})
    assert case.answer_everything(but=left).refusal("close").outstanding
    case.take("decide", topic="removal_refused").take("escalate", agency="isp")
    if legal == "consider":
        assert case.refusal("close").clause == "001 D"
        case.take("decide", topic="legal_action")
    case.take("triage", content=(Content.HOMOPHOBIC,))
    assert case.refusal("close").clause == ("004 §8.8" if pack == "st_thomas" else "KCSIE part 5")
    case.take("consider_police")
    case.answer_everything().take("complete_investigation").answer_everything().take("close")
