"""If two rules contradict each other, which one wins (docs/decisions/0014-conflicts-between-rules.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.incident.reporting import Policy
from casework.domain.playbook import Modality, Pack, Playbook, Rule
from casework.domain.playbook.rules import Source
from casework.library import Library
from casework.library.pack_checks import pack_faults
from casework_projections.reading.comparison import compare
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import FLOOR, PACKS, SWITCHES, TARGET, CaseFile
from tests.policies.rows import (
    FLOOR_ALONE,
    NEXT_WORKING_DAY,
    POLICE_HOLD,
    RISK_UNKNOWN,
    SAME_DAY,
    Situation,
    moment,
    taking,
)

LIBRARY: Final = Library.own()
ENGLAND: Final = LIBRARY.floors[FLOOR]
FIXED: Final = [rule for rule in ENGLAND.every_rule() if not rule.adjustable and rule.step is not None]
FIXED_DUTIES: Final = [rule for rule in FIXED if rule.is_duty]


def pack_with(*rules: Rule) -> Pack:
    """A pack with only these rules."""
    own = Source(cited_as="own", title="A school's own policy")
    return msgspec.structs.replace(FLOOR_ALONE.pack, id="own", sources=(own,), rules=rules)


def playbook_with(*rules: Rule) -> Playbook:
    return Playbook(ENGLAND, pack_with(*rules), SWITCHES)


def own_rule(step: str, modality: str, **fields: Any) -> Rule:
    common = {"id": f"own-{modality}-{step}", "clause": "own §1", "reason": "The school says so."}
    return msgspec.convert({"step": step, "modality": modality, **common, **fields}, Rule)


def required_by(playbook: Playbook, case: CaseFile) -> set[tuple[str, str]]:
    return {
        (d.rule.modality.value, d.rule.step or "") for d in playbook.outstanding(case.incident, TEST_CALENDAR)
    }


def refused(playbook: Playbook, case: CaseFile, step: str, fields: Mapping[str, Any]) -> str | None:
    refusal = playbook.refusal(case.incident, case.build(step, **fields))
    return None if refusal is None else refusal.rule


@pytest.mark.parametrize("rule", FIXED, ids=lambda rule: rule.id)
@pytest.mark.parametrize("modality", Modality)
def test_a_pack_cannot_replace_a_fixed_rule_of_the_floor(rule: Rule, modality: Modality) -> None:
    weaker = msgspec.structs.replace(
        rule, id="own-weaker", replaces=rule.id, modality=modality, floor=False, clause="own §1"
    )
    faults = {field for _, field, _ in pack_faults(pack_with(weaker), ENGLAND)}
    assert "replaces" in faults


@pytest.mark.parametrize("weaker", ["may", "consider"])
@pytest.mark.parametrize(
    ("kind", "step", "since"),
    [
        ("sexting", "assess_risk", taking()),
        ("sexting", "attest_no_copy", taking()),
        ("sexting", "escalate", taking(RISK_UNKNOWN)),
        ("staff_allegation", "consult_lado", taking()),
        ("staff_misuse", "check_pattern", taking()),
    ],
)
def test_a_weaker_rule_of_a_pack_does_not_weaken_the_floors_must(
    kind: str, step: str, since: Any, weaker: str
) -> None:
    playbook = playbook_with(own_rule(step, weaker, kinds=[kind]))
    case = Situation(kind=kind, since=since).case(playbook)
    assert ("must", step) in required_by(playbook, case)
    refusal = playbook.refusal(case.incident, case.build("close"))
    assert refusal is not None
    assert any(rule.id in refusal.outstanding for rule in FIXED_DUTIES if rule.step == step)


@pytest.mark.parametrize(
    ("kind", "step", "fields"),
    [
        ("staff_allegation", "tell_subject", {}),
        ("staff_allegation", "complete_investigation", {}),
        ("sexting", "decide", {"topic": "managed_in_school"}),
        ("sexting", "apply_sanction", {"person": TARGET}),
    ],
)
def test_a_must_of_a_pack_does_not_permit_what_the_floor_forbids(
    kind: str, step: str, fields: dict[str, Any]
) -> None:
    playbook = playbook_with(own_rule(step, "must", kinds=[kind]))
    case = Situation(kind=kind).case(playbook)
    by_the_floor = refused(FLOOR_ALONE, case, step, fields)
    assert by_the_floor in {rule.id for rule in FIXED}
    assert refused(playbook, case, step, fields) == by_the_floor


@pytest.mark.parametrize(
    ("kind", "step", "fields", "since"),
    [
        ("staff_allegation", "consult_lado", {}, taking()),
        ("sexting", "assess_risk", {}, taking()),
        ("sexting", "escalate", {"agency": "police"}, taking(RISK_UNKNOWN)),
        ("sexting", "escalate", {"agency": "childrens_social_care"}, taking(RISK_UNKNOWN)),
        (
            "staff_allegation",
            "decide_regulatory_referral",
            {},
            taking("consult_lado", ("determine_outcome", {"outcome": "substantiated"})),
        ),
    ],
)
def test_a_must_not_of_a_pack_does_not_forbid_what_the_floor_requires(
    kind: str, step: str, fields: dict[str, Any], since: Any
) -> None:
    playbook = playbook_with(own_rule(step, "must_not", kinds=[kind]))
    case = Situation(kind=kind, since=since).case(playbook)
    assert refused(playbook, case, step, fields) is None


def test_a_pack_that_forbids_what_the_floor_requires_is_invalid() -> None:
    assert list(pack_faults(pack_with(own_rule("consult_lado", "must_not")), ENGLAND))


def test_a_comparison_keeps_the_deadline_if_another_rule_has_none() -> None:
    playbook = playbook_with(own_rule("consult_lado", "must", kinds=["staff_allegation"]))
    case = Situation(kind="staff_allegation").case(playbook)
    assert compare(case.incident, FLOOR_ALONE, playbook, TEST_CALENDAR).deadlines == ()


@pytest.mark.parametrize("within", [0, 5])
def test_a_step_required_by_both_is_shown_once_at_the_earlier_time(within: int) -> None:
    clock = {"of": "reported", "within": within, "unit": "working_days"}
    playbook = playbook_with(own_rule("consult_lado", "must", kinds=["staff_allegation"], clock=clock))
    case = Situation(kind="staff_allegation").case(playbook)
    (duty,) = (
        duty
        for duty in playbook.outstanding(case.incident, TEST_CALENDAR)
        if duty.rule.step == "consult_lado"
    )
    assert (duty.rule.clause, moment(duty)) == ("own §1", NEXT_WORKING_DAY if within else SAME_DAY)


@given(st.lists(st.sampled_from([m.value for m in Modality if m is not Modality.MUST_NOT]), max_size=3))
def test_the_duties_of_the_floor_remain_whatever_a_pack_adds(added: list[str]) -> None:
    rules = [
        own_rule(rule.step or "", modality, id=f"own-{place}-{rule.id}")
        for place, modality in enumerate(added)
        for rule in FIXED_DUTIES
    ]
    playbook = playbook_with(*rules)
    case = CaseFile("sexting")

    def of_the_floor(playbook: Playbook) -> list[str]:
        return [d.rule.id for d in playbook.duties(case.incident, TEST_CALENDAR) if d.rule.floor]

    assert of_the_floor(playbook) == of_the_floor(FLOOR_ALONE)


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", ["sexting", "cyberbullying", "image_without_consent"])
def test_the_hold_of_an_agency_wins_over_informing_parents(kind: str, pack: str) -> None:
    case = CaseFile(kind, pack)
    assert case.requires("inform_parents", child=TARGET)
    case.take("escalate", agency="police").take(POLICE_HOLD[0], **POLICE_HOLD[1])

    assert case.refusal("inform_parents", child=TARGET).rule == "parents-held"
    case.take("withhold_from_parents", child=TARGET)
    open_duties = {d.rule.id for d in case.outstanding() if d.preset == {"child": TARGET} and d.rule.before}
    assert open_duties == set()

    case.take("record_agency_response", enquiry="open")
    assert case.refusal("inform_parents", child=TARGET).rule == "parents-held"
    case.take("record_agency_response", enquiry="closed", hold_parents=False)
    case.take("inform_parents", child=TARGET)
    assert not case.requires("inform_parents", child=TARGET)


def test_a_case_under_a_hold_can_be_closed_by_withholding() -> None:
    case = CaseFile("sexting", "st_thomas").take("escalate", agency="police")
    case.take(POLICE_HOLD[0], **POLICE_HOLD[1])
    for child in case.incident.children():
        case.take("withhold_from_parents", child=child)
    case.take("record_agency_response", enquiry="closed", hold_parents=True)
    case.answer_everything(but=frozenset({"inform_parents", "debrief"}))
    case.take("complete_investigation").take("debrief")
    case.answer_everything(but=frozenset({"inform_parents"})).take("close")


@pytest.mark.parametrize("floor_first", [True, False])
@pytest.mark.parametrize("modality", ["must", "consider", "may"])
@pytest.mark.parametrize("step", ["offer_support", "advise", "request_removal", "seek_advice"])
def test_a_step_both_required_and_forbidden_is_refused(step: str, modality: str, floor_first: bool) -> None:
    both: Iterable[Rule] = (own_rule(step, modality), own_rule(step, "must_not"))
    playbook = playbook_with(*(both if floor_first else reversed([*both])))
    case = CaseFile("cyberbullying")
    assert refused(playbook, case, step, {}) == f"own-must_not-{step}"


def test_a_refusal_names_the_prohibition_before_open_duties() -> None:
    playbook = playbook_with(own_rule("close", "must_not"))
    refusal = playbook.refusal((case := CaseFile("cyberbullying")).incident, case.build("close"))
    assert refusal is not None
    assert (refusal.rule, refusal.outstanding) == ("own-must_not-close", ())


def _two_editions() -> Library:
    """A library in which one pack has a later version that requires advice on everything."""
    earlier = LIBRARY.latest_pack("st_thomas")
    later = msgspec.structs.replace(
        earlier, version="2026-09", rules=(*earlier.rules, own_rule("seek_advice", "must", before=["close"]))
    )
    packs = [*LIBRARY.packs.values(), later]
    return Library(LIBRARY.floors.values(), packs, LIBRARY.dated_tables)


def test_an_incident_is_judged_by_the_edition_it_pinned() -> None:
    library, case = _two_editions(), CaseFile("cyberbullying", "st_thomas")
    policy = case.incident.policy
    pinned = library.playbook(policy.floor, policy.pack, policy.switches)
    later = library.playbook(policy.floor, "st_thomas@2026-09", policy.switches)

    assert ("must", "seek_advice") not in required_by(pinned, case)
    assert required_by(pinned, case) == required_by(case.playbook, case)
    assert required_by(later, case) - required_by(pinned, case) == {("must", "seek_advice")}


@pytest.mark.parametrize("other", sorted(set(PACKS) - {"st_thomas"}))
def test_an_incident_is_not_judged_by_another_schools_pack(other: str) -> None:
    case = CaseFile("sexting", "st_thomas")
    others = {rule.id for rule in LIBRARY.latest_pack(other).rules}
    policy = case.incident.policy
    judged_by = {rule.id for rule in LIBRARY.playbook(policy.floor, policy.pack).rules}
    assert judged_by.isdisjoint(others)


def test_a_later_edition_applies_only_after_a_recorded_rebase() -> None:
    case = CaseFile("cyberbullying", "st_thomas")
    before = case.incident.policy
    case.take("rebase", pack="headcorn", policy=Policy(floor=FLOOR, pack=PACKS["headcorn"]))
    after = case.incident.policy
    assert (before.pack, after.pack, after.floor) == (PACKS["st_thomas"], PACKS["headcorn"], before.floor)
    assert [step.name() for step in case.incident.timeline] == ["report", "rebase"]
