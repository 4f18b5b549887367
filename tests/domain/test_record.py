"""Setting a duty aside, correcting a step, finding an incident to be of another kind, holding parents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from casework.domain.errors import Invalid
from casework.domain.incident import STEPS
from casework.domain.incident.reporting import Policy, Report
from casework.domain.playbook import Rule
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Content, Direction
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import (
    ALLEGED,
    DSL,
    FILE,
    FLOOR,
    HEAD,
    PACKS,
    TARGET,
    TEACHER,
    CaseFile,
    at,
    rules_about,
)
from tests.domain.situations import (
    CHILD_POSTED_ABOUT,
    DUTIES,
    KINDS,
    STAFF_ALLEGED,
    STAFF_TO_PUPIL,
    InForce,
    Opening,
    by_rule,
    closed,
    consulted,
)

WAIVABLE = [there for there in DUTIES if there.rule.step != "inform_parents"]
# A low-level concern is about an adult alone: no rule asks whether a child's parents are told of it.
WITH_CHILDREN: dict[str, Opening] = {
    **{kind: {} for kind in KINDS if kind not in {"parent_post", "staff_misuse"}},
    "parent_post": CHILD_POSTED_ABOUT,
}
HELD: dict[str, Any] = {"agency": "police", "enquiry": "open", "hold_parents": True}


def invalid(case: CaseFile, step: str, **fields: Any) -> dict[str, list[str]]:
    """What is wrong with `step`; the incident must not have changed."""
    version = case.incident.version
    with pytest.raises(Invalid) as raised:
        case.take(step, **fields)
    assert case.incident.version == version
    return raised.value.errors


def in_force(case: CaseFile, step: str) -> list[Rule]:
    """The rules that ask for `step` of this case."""
    return [duty.rule for duty in case.outstanding() if duty.rule.step == step]


@pytest.mark.parametrize("there", WAIVABLE, ids=by_rule)
def test_a_schools_own_duty_or_a_default_may_be_waived_and_a_must_of_the_floor_may_not(
    there: InForce,
) -> None:
    step = there.rule.step or ""
    for case in there.cases():
        asked = [duty.rule for duty in case.playbook.duties(case.incident, TEST_CALENDAR)]
        fixed = [other for other in asked if other.step == step and not other.relaxable]
        if fixed:
            refusal = case.refusal("waive", waived=step)
            assert (refusal.rule, refusal.clause) == (fixed[0].id, fixed[0].clause)
            assert refusal.reason.startswith("This cannot be waived.")
        else:
            case.take("waive", waived=step)
            assert in_force(case, step) == []
        assert there.rule.relaxable or fixed


@pytest.mark.parametrize("kind", WITH_CHILDREN)
def test_deciding_whether_the_parents_are_told_is_never_waived(kind: str) -> None:
    case = CaseFile(kind, **WITH_CHILDREN[kind])
    assert case.refusal("waive", waived="inform_parents").rule.endswith("-parents")
    case.take("withhold_from_parents")
    assert case.refusal("waive", waived="inform_parents").rule.endswith("-parents")


def test_what_is_waived_no_longer_stands_in_the_way() -> None:
    case = CaseFile("cyberbullying", "headcorn")
    assert "headcorn-support-target" in case.refusal("close").outstanding
    case.take("waive", waived="offer_support")
    assert not {"headcorn-support-target", "headcorn-support-alleged"} & {*case.refusal("close").outstanding}


def test_waiving_early_does_not_set_aside_what_the_floor_comes_to_ask() -> None:
    case = (
        CaseFile("cyberbullying", "headcorn").take("waive", waived="escalate").take("waive", waived="debrief")
    )
    case.take("assess_risk", coercion="yes")
    assert case.requires("escalate", agency="police")
    assert case.requires("escalate", agency="childrens_social_care")
    case.take("escalate")
    assert case.requires("debrief")
    assert case.refusal("waive", waived="debrief").rule == "debrief-after-escalation"


def test_nobody_waives_alone() -> None:
    errors = invalid(CaseFile("cyberbullying"), "waive", authorised_by=DSL)
    assert errors == {"$.authorised_by": ["must not be the user who waives the step"]}


@pytest.mark.parametrize("waived", ["nothing", "incident.close", "Close", "waived"])
def test_only_a_step_may_be_waived(waived: str) -> None:
    assert invalid(CaseFile("cyberbullying"), "waive", waived=waived) == {"$.waived": ["is not a step"]}


def test_a_waiver_needs_a_reason() -> None:
    errors = invalid(CaseFile("cyberbullying"), "waive", reason=Sealed("Too busy."))
    assert errors == {"$.reason": ["must be at least 10 characters"]}


def test_a_correction_stands_beside_what_it_corrects() -> None:
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


def test_an_incident_is_not_reclassified_as_what_it_is() -> None:
    errors = invalid(CaseFile("cyberbullying"), "reclassify", kind="cyberbullying")
    assert errors == {"$.kind": ["is the kind of the incident already"]}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "cyberbullying"])
def test_reclassifying_keeps_the_steps_and_changes_the_duties(kind: str) -> None:
    opening = STAFF_ALLEGED if kind in {"staff_misuse", "staff_allegation"} else {}
    case = CaseFile("cyberbullying", "st_thomas", **opening)
    case.take("acknowledge").take("triage").take("save_evidence")
    earlier = [*case.incident.timeline]
    direction = {"direction": Direction.PUPIL_TO_STAFF} if kind == "unsolicited_contact" else {}
    case.take("reclassify", kind=kind, **direction)

    assert case.incident.kind == kind
    assert case.incident.timeline[:-1] == earlier
    assert case.incident.state == "evidence_saved"
    asked = [duty.rule for duty in case.outstanding()]
    assert all(rule in rules_about(kind, case.playbook) for rule in asked)
    assert any(kind in rule.kinds for rule in asked)
    assert not case.requires("acknowledge")
    assert not case.requires("triage")


def test_a_duty_of_the_new_kind_that_was_done_before_is_done() -> None:
    case = CaseFile("cyberbullying", "headcorn").take("inform_parents", child=TARGET)
    case.take("reclassify", kind="sexting")
    assert not case.requires("inform_parents", child=TARGET)
    assert case.requires("inform_parents", child=ALLEGED)
    assert case.requires("attest_no_copy")
    assert case.due("attest_no_copy") == "2026-09-14"


def test_what_is_found_to_be_bullying_no_longer_asks_what_nudes_ask() -> None:
    case = CaseFile("sexting", "st_thomas").take("reclassify", kind="cyberbullying")
    assert not case.requires("escalate", agency="police")
    assert not case.requires("attest_no_copy")
    case.answer_everything().take("close")


def test_a_risk_that_was_found_is_kept_when_the_kind_changes() -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", coercion="yes")
    case.take("reclassify", kind="cyberbullying")
    assert case.requires("escalate", agency="police")
    assert case.refusal("consider_police", refer=False).rule == "sexting-risk-not-kept-from-police"


def test_a_case_that_holds_files_does_not_become_one_of_nudes() -> None:
    case = CaseFile("cyberbullying").take("save_evidence", file=FILE)
    assert case.refusal("reclassify", kind="sexting").rule == "sexting-files-held"
    case.take("reclassify", kind="unsolicited_contact", direction=Direction.PUPIL_TO_STAFF)
    assert case.refusal("reclassify", kind="sexting").rule == "sexting-files-held"


def test_a_kind_that_is_not_known_is_refused() -> None:
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
def test_the_direction_is_given_where_the_kind_asks_for_one(
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
def test_a_report_gives_a_direction_for_contact_and_for_nothing_else(
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
def test_the_direction_decides_what_contact_asks(direction: Direction) -> None:
    opening = STAFF_TO_PUPIL if direction is Direction.STAFF_TO_PUPIL else {}
    case = CaseFile("unsolicited_contact", "st_thomas", **opening)
    assert case.requires("decide_threshold") is (direction is Direction.STAFF_TO_PUPIL)
    assert case.requires("classify_contact") is (direction is Direction.PUPIL_TO_STAFF)


@pytest.mark.parametrize("kind", WITH_CHILDREN)
def test_parents_an_agency_holds_are_not_told_until_it_agrees(kind: str) -> None:
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


def test_parents_held_by_two_agencies_wait_for_both() -> None:
    case = CaseFile("sexting").take("escalate").take("escalate", agency="childrens_social_care")
    case.take("record_agency_response", **HELD)
    case.take("record_agency_response", **{**HELD, "agency": "childrens_social_care"})
    case.take("record_agency_response", agency="police", enquiry="open", hold_parents=False)
    assert case.refusal("inform_parents").rule == "parents-held"
    case.take("record_agency_response", agency="childrens_social_care", enquiry="open")
    assert case.refusal("inform_parents").rule == "parents-held"
    case.take("record_agency_response", agency="childrens_social_care", enquiry="open", hold_parents=False)
    case.take("inform_parents")


@pytest.mark.parametrize("agency", ["police", "childrens_social_care", "lado"])
def test_no_case_is_closed_under_an_open_enquiry(agency: str) -> None:
    case = closed(CaseFile("cyberbullying", "st_thomas")).take("reopen")
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
        ("record_viewing", {"authorised_by": DSL}, "$.authorised_by"),
        ("involve_person", {"person": TARGET, "involvement": "target"}, "$.person"),
        ("identify_person", {"person": TARGET}, "$.person"),
        ("complete_action", {"action": HEAD}, "$.action"),
        ("cancel_action", {"action": HEAD}, "$.action"),
    ],
)
def test_a_malformed_step_is_told_by_its_field(step: str, fields: dict[str, Any], path: str) -> None:
    assert set(invalid(CaseFile("cyberbullying"), step, **fields)) == {path}


def test_withholding_is_reviewed_from_the_london_day_of_the_decision() -> None:
    case = CaseFile("cyberbullying")
    # The step is taken an hour later, at 00:30 on the 15th in London.
    an_hour_before = datetime(2026, 9, 14, 22, 30, tzinfo=UTC)
    case.now = an_hour_before
    assert set(invalid(case, "withhold_from_parents", review_on=date(2026, 9, 14))) == {"$.review_on"}
    case.now = an_hour_before
    case.take("withhold_from_parents", review_on=date(2026, 9, 15))


def test_a_step_is_never_taken_in_the_future() -> None:
    case = CaseFile("cyberbullying")
    ahead = msgspec.structs.replace(case.build("acknowledge"), happened_at=case.now + timedelta(seconds=1))
    with pytest.raises(Invalid) as raised:
        case.incident.take(ahead, case.playbook)
    assert raised.value.errors == {"$.at": ["is in the future"]}


def test_a_step_is_never_taken_before_what_it_is_about() -> None:
    case = CaseFile("cyberbullying")
    before = case.incident.occurred_at - timedelta(seconds=1)
    early = msgspec.structs.replace(case.build("acknowledge"), happened_at=before)
    with pytest.raises(Invalid) as raised:
        case.incident.take(early, case.playbook)
    assert raised.value.errors == {"$.at": ["is before the incident took place"]}


@pytest.mark.parametrize("step", sorted(name for name, step in STEPS.items() if step.ANSWERS_REPORT))
def test_what_answers_a_report_is_not_done_before_it(step: str) -> None:
    case = CaseFile("cyberbullying", occurred_at=at("2026-09-14 09:00"))
    before = case.incident.reported_at - timedelta(seconds=1)
    early = msgspec.structs.replace(case.build(step), happened_at=before)
    with pytest.raises(Invalid) as raised:
        case.incident.take(early, case.playbook)
    assert raised.value.errors == {"$.at": ["is before the incident was reported"]}


def test_help_that_came_before_the_report_is_recorded_as_it_was() -> None:
    case = CaseFile("cyberbullying", occurred_at=at("2026-09-14 09:00"))
    for step in ("escalate", "inform_parents", "offer_support"):
        case.take(step, "2026-09-14 10:00")


def test_a_report_is_not_made_before_what_it_tells() -> None:
    case = CaseFile("cyberbullying")
    with pytest.raises(Invalid) as raised:
        CaseFile("cyberbullying", occurred_at=case.now.replace(hour=20))
    assert raised.value.errors == {"$.occurred_at": ["is after reported_at"]}
    assert Report.AT_FIELD == "$.reported_at"


def test_content_only_ever_adds_up() -> None:
    case = CaseFile("cyberbullying", content=(Content.RACIST,))
    case.take("triage", content=(Content.SEXUAL,)).take("save_evidence", content=(Content.RACIST,))
    assert case.incident.content == {Content.RACIST, Content.SEXUAL}
    assert TEACHER not in case.incident.children()


def test_a_rebase_judges_the_case_by_another_policy_from_there_on_and_keeps_its_steps() -> None:
    case = CaseFile("cyberbullying", "st_thomas").take("acknowledge").take("triage")
    earlier = [*case.incident.timeline]
    case.take("rebase")
    assert case.incident.policy == Policy(floor=FLOOR, pack=PACKS["headcorn"])
    assert case.incident.timeline[:-1] == earlier
    (report,) = case.incident.taken(Report)
    assert report.policy == Policy(floor=FLOOR, pack=PACKS["st_thomas"])


def test_a_rebase_that_names_no_edition_changes_no_policy() -> None:
    case = CaseFile("cyberbullying", "st_thomas").take("rebase", policy=None)
    assert case.incident.policy == Policy(floor=FLOOR, pack=PACKS["st_thomas"])
