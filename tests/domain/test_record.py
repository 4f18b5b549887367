"""Waiving a duty, correcting a step, changing the kind of an incident, and holding parents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from casework.domain.errors import Invalid
from casework.domain.incident import STEPS
from casework.domain.incident.reporting import Policy, Report
from casework.domain.playbook import Playbook, Rule
from casework.domain.playbook.rules import Modality
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import BY_STAFF, Content, Direction, Respondent
from casework.library import Library
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import (
    ALLEGED,
    DSL,
    FILE,
    FLOOR,
    HEAD,
    IN_FORCE,
    PACKS,
    TARGET,
    TEACHER,
    CaseFile,
    at,
    known,
    rules_about,
)
from tests.domain.situations import (
    CHILD_POSTED_ABOUT,
    DUTIES,
    KINDS,
    STAFF_ALLEGED,
    STAFF_TARGET,
    InForce,
    Opening,
    by_rule,
    closed,
    consulted,
)

# A low-level concern is only about an adult: no rule asks whether a child's parents are informed of it.
WITH_CHILDREN: dict[str, Opening] = {
    **{kind: {} for kind in KINDS if kind not in {"parent_post", "staff_misuse"}},
    "parent_post": CHILD_POSTED_ABOUT,
}
HELD: dict[str, Any] = {"agency": "police", "enquiry": "open", "hold_parents": True}


def invalid(case: CaseFile, step: str, **fields: Any) -> dict[str, list[str]]:
    """The faults of `step`, after checking that the incident has not changed."""
    version = case.incident.version
    with pytest.raises(Invalid) as raised:
        case.take(step, **fields)
    assert case.incident.version == version
    return raised.value.errors


def in_force(case: CaseFile, step: str) -> list[Rule]:
    """The open rules of this case that require `step`."""
    return [duty.rule for duty in case.outstanding() if duty.rule.step == step]


@pytest.mark.parametrize("entry", DUTIES, ids=by_rule)
def test_only_a_duty_that_is_marked_may_be_waived(entry: InForce) -> None:
    step = entry.rule.step or ""
    for case in entry.cases():
        due = [duty.rule for duty in case.playbook.duties(case.incident, TEST_CALENDAR)]
        about = [other for other in due if other.step == step]
        fixed = [other for other in about if not other.waivable and (other.modality.binding or other.before)]
        if fixed or not any(other.waivable for other in about):
            refusal = case.refusal("waive", waived=step)
            assert (refusal.rule, refusal.clause) in [(other.id, other.clause) for other in fixed or about]
            assert refusal.reason.startswith("This cannot be waived.")
        else:
            case.take("waive", waived=step)
            assert [rule for rule in in_force(case, step) if rule.modality.binding] == []


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(
    ("kind", "step", "opening"),
    [
        ("sexting", "request_removal", {}),
        ("sexting", "offer_support", {}),
        ("inappropriate_content", "welfare_check", {}),
        ("inappropriate_content", "contain", {}),
        ("cyberbullying", "consider_police", {"content": (Content.RACIST,)}),
        ("cyberbullying", "offer_support", {}),
        ("parent_post", "consider_police", {"content": (Content.HOMOPHOBIC,)}),
    ],
)
def test_what_law_or_guidance_requires_is_not_waived_and_the_case_not_closed(
    kind: str, step: str, opening: Opening, pack: str
) -> None:
    case = CaseFile(kind, pack, **opening)
    (first, *_) = in_force(case, step)
    refusal = case.refusal("waive", waived=step)
    assert (refusal.rule, refusal.clause) == (first.id, first.clause)
    assert refusal.reason.startswith("This cannot be waived.")
    assert first.id in case.refusal("close").outstanding


@pytest.mark.parametrize("pack", PACKS)
def test_what_is_not_due_yet_is_not_waived_beforehand(pack: str) -> None:
    case = CaseFile("cyberbullying", pack)
    assert not case.requires("consider_police")
    assert case.refusal("waive", waived="consider_police").reason.startswith("This cannot be waived.")


@pytest.mark.parametrize("pack", PACKS)
def test_a_referral_is_never_waived(pack: str) -> None:
    assert {step for step, kind in STEPS.items() if kind.REFERS} == {
        *("consider_police", "escalate", "consult_lado"),
        *("decide_threshold", "decide_regulatory_referral", "decide_data_breach"),
        *("record_mandatory_report", "decide_sharing"),
    }
    for rule in Library.own().playbook(FLOOR, PACKS[pack]).rules:
        if rule.is_duty and STEPS[rule.step or ""].REFERS:
            assert not rule.waivable, rule.id


def test_an_offered_step_does_not_keep_a_duty_from_being_waived() -> None:
    case = CaseFile("inappropriate_content", "st_thomas").take("contain", circumvented=True)
    (ban,) = (rule for rule in case.playbook.rules if rule.id == "st-thomas-content-ban")
    offered = msgspec.structs.replace(ban, id="offered", modality=Modality.MAY, before=(), waivable=False)
    pack = case.playbook.pack
    case.playbook = Playbook(case.playbook.floor, msgspec.structs.replace(pack, rules=(offered, *pack.rules)))
    case.take("waive", waived="ban_from_computing")
    assert [rule.id for rule in in_force(case, "ban_from_computing")] == ["offered"]


@pytest.mark.parametrize("kind", WITH_CHILDREN)
def test_the_decision_about_informing_parents_is_never_waived(kind: str) -> None:
    case = CaseFile(kind, **WITH_CHILDREN[kind])
    assert case.refusal("waive", waived="inform_parents").rule.endswith("-parents")
    case.take("withhold_from_parents")
    assert case.refusal("waive", waived="inform_parents").rule.endswith("-parents")


def test_a_waived_duty_no_longer_blocks_closing() -> None:
    case = CaseFile("cyberbullying", "st_thomas")
    assert "st-thomas-bullying-evidence" in case.refusal("close").outstanding
    case.take("waive", waived="save_evidence")
    assert "st-thomas-bullying-evidence" not in case.refusal("close").outstanding


def test_an_early_waiver_does_not_cover_later_duties_of_the_floor() -> None:
    case = CaseFile("cyberbullying", "headcorn", content=(Content.SEXUAL,))
    for step in ("escalate", "debrief"):
        # The first release recorded a waiver of any step.
        case.incident.append(case.build("waive", waived=step))
    case.take("assess_risk", coercion="yes")
    assert case.requires("escalate", agency="police")
    assert case.requires("escalate", agency="childrens_social_care")
    case.take("escalate")
    assert case.requires("debrief")


def test_a_waiver_needs_a_second_person() -> None:
    errors = invalid(CaseFile("cyberbullying"), "waive", authorised_by=DSL)
    assert errors == {"$.authorised_by": ["must not be the user who waives the step"]}


@pytest.mark.parametrize(
    "waived", ["nothing", "incident.close", "report", "close", "waive", "open_evidence", "apply_sanction"]
)
def test_only_a_step_that_a_rule_lets_a_school_waive_may_be_waived(waived: str) -> None:
    errors = invalid(CaseFile("cyberbullying"), "waive", waived=waived)
    assert errors == {"$.waived": ["is not a step that any rule lets a school waive"]}


def test_a_step_is_waived_only_once() -> None:
    case = CaseFile("cyberbullying", "headcorn").take("waive", waived="save_evidence")
    assert invalid(case, "waive", waived="save_evidence") == {"$.waived": ["is waived already"]}


def test_a_waiver_needs_a_reason() -> None:
    errors = invalid(CaseFile("cyberbullying"), "waive", reason=Sealed("Too busy."))
    assert errors == {"$.reason": ["must be at least 10 characters"]}


def test_a_correction_does_not_change_the_corrected_step() -> None:
    case = CaseFile("cyberbullying").take("acknowledge").take("triage")
    triage = case.incident.timeline[2]
    case.take("correct", corrects=3)
    assert case.incident.timeline[2] is triage
    assert case.incident.corrected_by == {3: 4}
    case.take("correct", corrects=3).take("correct", corrects=4)
    assert case.incident.corrected_by == {3: 5, 4: 6}


@pytest.mark.parametrize("corrects", [-1, 0, 3, 4])
def test_only_an_earlier_step_may_be_corrected(corrects: int) -> None:
    case = CaseFile("cyberbullying").take("acknowledge")
    assert invalid(case, "correct", corrects=corrects) == {
        "$.corrects": ["is not the number of a step of this incident"]
    }


def test_an_incident_cannot_be_reclassified_to_its_own_kind() -> None:
    errors = invalid(CaseFile("cyberbullying"), "reclassify", kind="cyberbullying")
    assert errors == {"$.kind": ["is the kind of the incident already"]}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "cyberbullying"])
def test_reclassifying_preserves_the_steps_and_changes_the_duties(kind: str) -> None:
    opening = STAFF_ALLEGED if kind in {"staff_misuse", "staff_allegation"} else {}
    opening = STAFF_TARGET if kind == "adult_image" else opening
    case = CaseFile("cyberbullying", "st_thomas", **opening)
    case.take("acknowledge").take("triage").take("save_evidence")
    earlier = [*case.incident.timeline]
    direction = {"direction": Direction.PUPIL_TO_STAFF} if kind == "unsolicited_contact" else {}
    case.take("reclassify", kind=kind, **direction)

    assert case.incident.kind == kind
    assert case.incident.timeline[:-1] == earlier
    assert case.incident.state == "evidence_saved"
    due = [duty.rule for duty in case.outstanding()]
    assert all(rule in rules_about(kind, case.playbook) for rule in due)
    assert any(kind in rule.kinds for rule in due)
    assert not case.requires("acknowledge")
    # What turns out to be grooming is critical, and is triaged again.
    assert case.requires("triage") is (kind == "online_grooming")


def test_earlier_steps_satisfy_duties_of_the_new_kind() -> None:
    case = CaseFile("cyberbullying", "headcorn").take("inform_parents", child=TARGET)
    case.take("reclassify", kind="sexting")
    assert not case.requires("inform_parents", child=TARGET)
    assert case.requires("inform_parents", child=ALLEGED)
    assert case.requires("attest_no_copy")
    assert case.due("attest_no_copy") == "2026-09-14"


def test_a_case_reclassified_to_bullying_has_no_duties_of_nudes() -> None:
    case = CaseFile("sexting", "st_thomas").take("reclassify", kind="cyberbullying")
    assert not case.requires("escalate", agency="police")
    assert not case.requires("attest_no_copy")
    case.answer_everything().take("close")


def test_a_risk_still_counts_after_the_kind_changes() -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", coercion="yes")
    case.take("reclassify", kind="cyberbullying")
    assert case.requires("escalate", agency="police")
    assert case.refusal("consider_police", refer=False).rule == "sexting-risk-not-kept-from-police"


def test_a_case_with_files_cannot_be_reclassified_to_nudes() -> None:
    case = CaseFile("cyberbullying").take("save_evidence", file=FILE)
    assert case.refusal("reclassify", kind="sexting").rule == "sexting-files-held"
    case.take("reclassify", kind="unsolicited_contact", direction=Direction.PUPIL_TO_STAFF)
    assert case.refusal("reclassify", kind="sexting").rule == "sexting-files-held"


def test_reclassifying_to_an_unknown_kind_is_refused() -> None:
    case = CaseFile("cyberbullying")
    assert invalid(case, "reclassify", kind="mischief") == {"$.kind": ["is not a kind of incident"]}


@pytest.mark.parametrize(
    ("kind", "direction", "faults"),
    [
        ("unsolicited_contact", None, {"$.direction": ["is required for this kind"]}),
        ("unsolicited_contact", Direction.STAFF_TO_PUPIL, None),
        ("sexting", Direction.STAFF_TO_PUPIL, {"$.direction": ["does not belong to this kind"]}),
        ("sexting", None, None),
    ],
)
def test_reclassifying_needs_a_direction_only_if_the_kind_has_one(
    kind: str, direction: Direction | None, faults: dict[str, list[str]] | None
) -> None:
    case = CaseFile("cyberbullying")
    if faults is not None:
        assert invalid(case, "reclassify", kind=kind, direction=direction) == faults
    else:
        case.take("reclassify", kind=kind, direction=direction)
        assert case.incident.direction == direction


def test_a_direction_given_before_need_not_be_given_again() -> None:
    case = CaseFile("unsolicited_contact").take("reclassify", kind="cyberbullying")
    case.take("reclassify", kind="unsolicited_contact")
    assert case.incident.direction == Direction.PUPIL_TO_STAFF


@pytest.mark.parametrize(
    ("kind", "fields", "faults"),
    [
        ("unsolicited_contact", {"direction": None}, {"$.direction": ["is required for this kind"]}),
        (
            "cyberbullying",
            {"direction": Direction.PUPIL_TO_STAFF},
            {"$.direction": ["does not belong to this kind"]},
        ),
    ],
)
def test_a_report_needs_a_direction_only_for_contact(
    kind: str, fields: dict[str, Any], faults: dict[str, list[str]]
) -> None:
    with pytest.raises(Invalid) as raised:
        CaseFile(kind, **fields)
    assert raised.value.errors == faults


def test_a_report_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(Invalid) as raised:
        CaseFile("mischief", people=())
    assert raised.value.errors == {"$.kind": ["is not a kind of incident"]}


@pytest.mark.parametrize("direction", Direction)
def test_the_direction_decides_the_duties_of_contact(direction: Direction) -> None:
    case = CaseFile("unsolicited_contact", "st_thomas", people=(), direction=direction)
    assert case.requires("decide_threshold") is (direction in BY_STAFF)
    assert case.requires("classify_contact") is (direction is not Direction.STAFF_TO_PUPIL)


@pytest.mark.parametrize("kind", WITH_CHILDREN)
def test_parents_under_a_hold_are_not_informed_until_it_ends(kind: str) -> None:
    case = CaseFile(kind, "st_thomas", **WITH_CHILDREN[kind]).take("escalate")
    if kind == "staff_allegation":
        consulted(case)
    case.take("record_agency_response", **HELD)
    assert case.incident.parents_held_by == {"police"}
    assert case.refusal("inform_parents").rule == "parents-held"

    children = case.incident.children()
    for child in children:
        case.take("withhold_from_parents", child=child, review_on=date(2026, 9, 21))
        assert case.due("inform_parents", child=child) == "2026-09-21"

    case.take("record_agency_response", agency="police", enquiry="closed", hold_parents=False)
    case.take("inform_parents", child=children[0])
    assert not case.requires("inform_parents", child=children[0])


def test_parents_under_two_holds_wait_for_both_agencies() -> None:
    case = CaseFile("sexting").take("escalate").take("escalate", agency="childrens_social_care")
    case.take("record_agency_response", **HELD)
    case.take("record_agency_response", **{**HELD, "agency": "childrens_social_care"})
    case.take("record_agency_response", agency="police", enquiry="open", hold_parents=False)
    assert case.refusal("inform_parents").rule == "parents-held"
    case.take("record_agency_response", agency="childrens_social_care", enquiry="open")
    assert case.refusal("inform_parents").rule == "parents-held"
    case.take("record_agency_response", agency="childrens_social_care", enquiry="open", hold_parents=False)
    case.take("inform_parents")


@pytest.mark.parametrize("agency", Respondent)
def test_nobody_answers_who_was_not_asked(agency: Respondent) -> None:
    errors = invalid(CaseFile("staff_allegation"), "record_agency_response", agency=agency)
    assert errors == {"$.agency": ["was not told of this incident"]}


@pytest.mark.parametrize("agency", ["police", "childrens_social_care", "lado"])
def test_a_case_is_not_closed_while_an_enquiry_is_open(agency: str) -> None:
    case = closed(CaseFile("cyberbullying", "st_thomas")).take("reopen")
    case = case.take("consult_lado") if agency == "lado" else case.take("escalate", agency=agency)
    case.take("record_agency_response", agency=agency, enquiry="open")
    assert f"enquiry-closed-{agency.replace('_', '-')}" in case.refusal("close").outstanding
    assert case.requires("record_agency_response", agency=agency, enquiry="closed")
    case.take("record_agency_response", agency=agency, enquiry="closed").answer_everything().take("close")


@pytest.mark.parametrize(
    ("step", "fields", "path"),
    [
        ("inform_parents", {"parent": TARGET, "child": TARGET}, "$.parent"),
        ("withhold_from_parents", {"review_on": date(2026, 9, 13)}, "$.review_on"),
        ("record_child_voice", {"why_not": Sealed("was not in school")}, "$.voice"),
        ("record_child_voice", {"voice": None}, "$.voice"),
        ("decide_threshold", {"met": True}, "$.limbs"),
        ("record_viewing", {"witness": DSL}, "$.witness"),
        ("record_search", {"searched_by": HEAD, "witness": HEAD}, "$.witness"),
        ("record_viewing", {"authorised_by": DSL}, "$.authorised_by"),
        ("involve_person", {"person": TARGET, "involvement": "target"}, "$.person"),
        ("identify_person", {"person": TARGET}, "$.person"),
        ("complete_action", {"action": HEAD}, "$.action"),
        ("cancel_action", {"action": HEAD}, "$.action"),
    ],
)
def test_an_invalid_step_names_the_field(step: str, fields: dict[str, Any], path: str) -> None:
    assert set(invalid(CaseFile("cyberbullying"), step, **fields)) == {path}


def test_a_review_is_not_before_the_london_day_of_the_decision() -> None:
    case = CaseFile("cyberbullying")
    # The step is taken an hour later, at 00:30 on the 15th in London.
    an_hour_before = datetime(2026, 9, 14, 22, 30, tzinfo=UTC)
    case.now = an_hour_before
    assert set(invalid(case, "withhold_from_parents", review_on=date(2026, 9, 14))) == {"$.review_on"}
    case.now = an_hour_before
    case.take("withhold_from_parents", review_on=date(2026, 9, 15))


def test_withholding_is_reviewed_for_the_person_who_was_identified() -> None:
    unknown, pupil = known("unknown"), known("pupil")
    case = CaseFile("cyberbullying", people=((unknown, "target", "unknown"),))
    case.take("withhold_from_parents", child=unknown, review_on=date(2026, 9, 21))
    case.take("identify_person", person=unknown, as_=pupil, category="pupil")
    assert case.incident.withheld == {pupil: date(2026, 9, 21)}
    assert not case.requires("inform_parents", child=unknown)
    case.take("inform_parents", child=pupil)
    assert not case.requires("inform_parents", child=pupil)
    assert case.incident.withheld == {}


def test_a_step_in_the_future_is_refused() -> None:
    case = CaseFile("cyberbullying")
    ahead = msgspec.structs.replace(case.build("acknowledge"), happened_at=case.now + timedelta(seconds=1))
    with pytest.raises(Invalid) as raised:
        case.incident.take(ahead, case.playbook)
    assert raised.value.errors == {"$.at": ["is in the future"]}


def test_a_step_before_the_incident_is_refused() -> None:
    case = CaseFile("cyberbullying")
    before = case.incident.occurred_at - timedelta(seconds=1)
    early = msgspec.structs.replace(case.build("acknowledge"), happened_at=before)
    with pytest.raises(Invalid) as raised:
        case.incident.take(early, case.playbook)
    assert raised.value.errors == {"$.at": ["is before the incident took place"]}


@pytest.mark.parametrize("step", sorted(name for name, step in STEPS.items() if step.ANSWERS_REPORT))
def test_a_step_that_follows_the_report_is_refused_before_it(step: str) -> None:
    case = CaseFile("cyberbullying", occurred_at=at("2026-09-14 09:00"))
    before = case.incident.reported_at - timedelta(seconds=1)
    early = msgspec.structs.replace(case.build(step), happened_at=before)
    with pytest.raises(Invalid) as raised:
        case.incident.take(early, case.playbook)
    assert raised.value.errors == {"$.at": ["is before the incident was reported"]}


def test_help_given_before_the_report_may_be_recorded() -> None:
    case = CaseFile("cyberbullying", occurred_at=at("2026-09-14 09:00"))
    for step in ("escalate", "inform_parents", "offer_support"):
        case.take(step, "2026-09-14 10:00")


def test_a_report_before_the_incident_is_refused() -> None:
    case = CaseFile("cyberbullying")
    with pytest.raises(Invalid) as raised:
        CaseFile("cyberbullying", occurred_at=case.now.replace(hour=20))
    assert raised.value.errors == {"$.occurred_at": ["is in the future"]}
    assert Report.AT_FIELD == "$.reported_at"


def test_content_is_only_added() -> None:
    case = CaseFile("cyberbullying", content=(Content.RACIST,))
    case.take("triage", content=(Content.SEXUAL,)).take("save_evidence", content=(Content.RACIST,))
    assert case.incident.content == {Content.RACIST, Content.SEXUAL}
    assert TEACHER not in case.incident.children()


def test_a_rebase_changes_the_policy_and_preserves_the_steps() -> None:
    case = CaseFile("cyberbullying", "st_thomas").take("acknowledge").take("triage")
    earlier = [*case.incident.timeline]
    case.take("rebase")
    assert case.incident.policy == Policy(floor=FLOOR, pack=PACKS["headcorn"], switches=IN_FORCE)
    assert case.incident.timeline[:-1] == earlier
    (report,) = case.incident.taken(Report)
    assert report.policy == Policy(floor=FLOOR, pack=PACKS["st_thomas"], switches=IN_FORCE)


def test_a_rebase_without_an_edition_does_not_change_the_policy() -> None:
    case = CaseFile("cyberbullying", "st_thomas").take("rebase", policy=None)
    assert case.incident.policy == Policy(floor=FLOOR, pack=PACKS["st_thomas"], switches=IN_FORCE)
