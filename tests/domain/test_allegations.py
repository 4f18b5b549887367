"""Concerns and allegations about adults at the school: who manages them, who is informed, and the LADO."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from casework.domain.access import Actor, Standing
from casework.domain.clocks import LONDON
from casework.domain.errors import Refused
from casework.domain.incident import Incident
from casework.domain.playbook import Duty
from casework.domain.sealed import Sealed
from casework.domain.user import User, UserRegistered
from casework.domain.vocabulary import AllegationOutcome, Limb, Role, State, Stream
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, HEAD, PACKS, PARENT, TARGET, TEACHER, UNKNOWN, CaseFile, at, known
from tests.domain.situations import STAFF_ALLEGED, STAFF_TO_PUPIL, judged
from tests.domain.standings import holder, standing_to

CHAIR = known("chair")
THURSDAY = "2026-10-08 16:40"
FRIDAY = "2026-10-09 11:00"


def reported(pack: str = "st_thomas", when: str = THURSDAY, **fields: Any) -> CaseFile:
    """A colleague reports in confidence that a teacher messaged a pupil."""
    return CaseFile("staff_allegation", pack, reported=when, confidential_reporter=True, **fields)


def consulted(*, subject: bool = True, parents: bool = True) -> CaseFile:
    """The same case after the LADO was consulted on Friday at eleven."""
    case = reported()
    return case.take("consult_lado", FRIDAY, may_tell_subject=subject, may_tell_parents=parents)


def duty_of(case: CaseFile, rule: str) -> Duty:
    (duty,) = (d for d in case.playbook.duties(case.incident, TEST_CALENDAR) if d.rule.id == rule)
    return duty


def day_of(case: CaseFile, rule: str) -> str:
    """The local day by which a rule requires its step."""
    due_at = duty_of(case, rule).due_at
    assert due_at is not None
    return f"{due_at.astimezone(LONDON):%Y-%m-%d}"


def user_who_is(person: UUID | None, user: UUID = HEAD) -> User:
    """A user, and their person in incidents."""
    registered = UserRegistered(
        originator_id=user,
        originator_version=1,
        by=user,
        role="administrator",
        request_id="request 1",
        happened_at=at("2026-09-01 09:00"),
        recorded_at=at("2026-09-01 09:00"),
        name=Sealed("A User"),
        email=Sealed("user@school.example"),
        person=person,
    )
    found = User.replay([registered])
    assert found is not None
    return found


def standing_of(role: str, incident: Incident, *, person: UUID | None, heads: frozenset[UUID]) -> Standing:
    actor = Actor(
        user=known(role), persons=frozenset() if person is None else frozenset({person}), roles=(Role(role),)
    )
    return standing_to(incident, actor, staff=(holder("headteacher", *heads),))


def test_an_allegation_has_duties_the_same_day_and_the_lado_next_day() -> None:
    case = reported()
    assert case.incident.stream is Stream.ALLEGATION
    for step in ("appoint_case_manager", "make_safe", "decide_threshold", "acknowledge"):
        assert case.due(step) == "2026-10-08"
    assert case.due("consult_lado") == "2026-10-09"
    assert duty_of(case, "allegation-lado").rule.clause == "KCSIE part 4; WTSC"


@pytest.mark.parametrize(
    ("when", "due"),
    [
        pytest.param(THURSDAY, "2026-10-09", id="a Thursday afternoon"),
        pytest.param("2026-10-09 16:40", "2026-10-12", id="a Friday"),
        pytest.param("2026-10-22 09:00", "2026-10-23", id="before an INSET day"),
        pytest.param("2026-10-26 09:00", "2026-10-27", id="in half-term"),
        pytest.param("2026-12-24 09:00", "2026-12-29", id="before Christmas"),
        pytest.param("2027-03-25 09:00", "2027-03-30", id="before Easter"),
        pytest.param("2027-07-30 09:00", "2027-08-02", id="in the summer holidays"),
    ],
)
@pytest.mark.parametrize("pack", PACKS)
def test_the_lado_is_consulted_in_one_working_day_under_every_policy(pack: str, when: str, due: str) -> None:
    case = reported(pack, when)
    assert case.due("consult_lado") == due
    assert case.refusal("waive", waived="consult_lado").rule == "allegation-lado"


def test_consulting_the_lado_on_friday_is_in_time_and_escalates() -> None:
    case = consulted()
    duty = duty_of(case, "allegation-lado")
    assert duty.answered_at == at(FRIDAY)
    assert not duty.late_at(case.now)
    assert case.incident.state is State.ESCALATED
    assert case.incident.open_enquiries == {"lado"}
    assert case.due("decide_suspension") == "2026-10-12"
    assert case.due("tell_subject") == "2026-10-12"


@pytest.mark.parametrize(
    ("step", "rule"),
    [
        ("tell_subject", "allegation-subject-not-told"),
        ("inform_parents", "allegation-parents-not-told"),
        ("complete_investigation", "allegation-no-investigation-before-lado"),
        ("determine_outcome", "allegation-no-outcome-before-lado"),
    ],
)
def test_nobody_is_informed_and_nothing_decided_before_the_lado(step: str, rule: str) -> None:
    case = reported().take("appoint_case_manager").take("make_safe")
    case.take("decide_threshold", met=True, limbs=(Limb.MAY_POSE_RISK,))
    refusal = case.refusal(step)
    assert (refusal.rule, refusal.clause) == (rule, "KCSIE part 4")
    case.take("consult_lado", FRIDAY).take(step)


@pytest.mark.parametrize(
    ("step", "rule", "agreed"),
    [
        ("tell_subject", "allegation-subject-not-told", "may_tell_subject"),
        ("inform_parents", "allegation-parents-not-told", "may_tell_parents"),
    ],
)
def test_people_whom_the_lado_does_not_agree_to_inform_are_not_informed(
    step: str, rule: str, agreed: str
) -> None:
    case = reported().take("consult_lado", FRIDAY, **{agreed: False})
    assert case.refusal(step).rule == rule
    case.take("consult_lado", "2026-10-12 09:00", **{agreed: True}).take(step)

    taken_back = consulted().take("consult_lado", "2026-10-12 09:00", **{agreed: False})
    assert taken_back.refusal(step).rule == rule


def test_withholding_from_parents_is_recorded_until_the_lado_agrees() -> None:
    case = consulted(parents=False)
    assert case.requires("inform_parents", child=TARGET)
    case.take("withhold_from_parents", child=TARGET)
    assert duty_of(case, "allegation-parents").answered_at == case.now
    assert case.refusal("inform_parents").rule == "allegation-parents-not-told"


def test_the_adult_is_offered_support_once_they_may_be_informed() -> None:
    assert not consulted(subject=False).requires("offer_support", person=TEACHER)
    assert consulted().requires("offer_support", person=TEACHER)
    assert reported().requires("offer_support", person=TARGET)


def test_the_adult_is_not_sanctioned_before_the_outcome() -> None:
    case = consulted()
    assert case.refusal("apply_sanction", person=TEACHER).rule == "allegation-not-sanctioned-early"
    case.take("determine_outcome", outcome="substantiated").take("apply_sanction", person=TEACHER)


@pytest.mark.parametrize("outcome", AllegationOutcome)
def test_every_outcome_is_copied_to_the_adult_one_goes_to_regulators(
    outcome: AllegationOutcome,
) -> None:
    case = judged(outcome)(reported(when="2026-12-30 09:00"))
    assert case.requires("give_outcome_copy")
    substantiated = outcome is AllegationOutcome.SUBSTANTIATED
    assert case.requires("decide_regulatory_referral") is substantiated
    if substantiated:
        assert case.due("decide_regulatory_referral") == "2027-01-30"
        left = frozenset({"decide_regulatory_referral"})
        assert case.answer_everything(but=left).refusal("close").rule == "allegation-regulators"


@pytest.mark.parametrize("pack", PACKS)
def test_an_allegation_is_debriefed_before_it_is_closed(pack: str) -> None:
    case = reported(pack).answer_everything(but=frozenset({"debrief"}))
    case.take("complete_investigation", "2026-11-16 15:00")
    assert case.due("debrief") == "2026-12-01"
    refusal = case.refusal("close")
    assert "allegation-debrief" in refusal.outstanding
    case.take("debrief").answer_everything().take("close")


def test_an_allegation_is_not_closed_while_the_lado_investigates() -> None:
    case = reported().answer_everything(but=frozenset({"record_agency_response"}))
    assert case.refusal("debrief").rule == "debrief-waits"
    case.take("debrief", cannot_wait="The LADO asks for a year; staff meet today.", actions=[])
    assert case.refusal("close").outstanding == ("enquiry-closed-lado",)
    case.take("record_agency_response", agency="lado").answer_everything().take("close")


def test_a_malicious_allegation_is_closed_with_every_step_recorded() -> None:
    case = consulted().take("determine_outcome", "2026-11-30 10:00", outcome="malicious")
    case.answer_everything().take("close")
    assert case.incident.state is State.CLOSED
    replayed = Incident.replay(case.incident.timeline)
    assert replayed is not None
    assert replayed.timeline == case.incident.timeline


def test_the_alleged_adult_has_no_standing_in_any_role() -> None:
    case = reported().take("appoint_case_manager", user=known("headteacher"))
    for role in Role:
        for heads in (frozenset[UUID](), frozenset({TEACHER})):
            assert not standing_of(role, case.incident, person=TEACHER, heads=heads).knows


def test_the_head_manages_the_case_and_leads_only_if_appointed() -> None:
    case = reported()
    for role in Role:
        manages = standing_of(role, case.incident, person=None, heads=frozenset()).handles_as
        assert manages == (Role.HEADTEACHER if role is Role.HEADTEACHER else None)
    case.take("appoint_case_manager", user=known("dsl"))
    assert standing_of("dsl", case.incident, person=None, heads=frozenset()).handles_as is Role.DSL
    assert case.incident.case_manager == known("dsl")


def test_the_chair_manages_the_case_if_the_head_is_the_subject() -> None:
    case, heads = reported(), frozenset({TEACHER})
    assert not standing_of("chair_of_governors", case.incident, person=None, heads=frozenset()).knows
    chair = standing_of("chair_of_governors", case.incident, person=CHAIR, heads=heads)
    assert (chair.reads_as, chair.handles_as) == (Role.CHAIR_OF_GOVERNORS, Role.CHAIR_OF_GOVERNORS)
    assert not standing_of("headteacher", case.incident, person=TEACHER, heads=heads).knows


@pytest.mark.parametrize("step", ["appoint_case_manager", "assign"])
@pytest.mark.parametrize("subject", [TEACHER, TARGET])
def test_a_subject_is_not_appointed_to_their_own_case(step: str, subject: UUID) -> None:
    case = reported()
    for claimed in (False, True):
        built = case.completed(
            case.build(step, user=HEAD, user_is_subject=claimed),
            {HEAD: user_who_is(subject)},
        )
        with pytest.raises(Refused) as refused:
            case.incident.take(built, case.playbook)
        rule = f"not-about-yourself-{step.replace('_', '-')}"
        assert (refused.value.refusal.rule, refused.value.refusal.clause) == (rule, "KCSIE part 4; WTSC")
    assert case.incident.assignees == ()


@pytest.mark.parametrize("step", ["assign", "appoint_case_manager"])
def test_a_witness_is_not_appointed(step: str) -> None:
    case = reported(people=(*STAFF_ALLEGED["people"], (PARENT, "witness", "staff")))
    built = case.completed(case.build(step, user=HEAD), {HEAD: user_who_is(PARENT)})
    with pytest.raises(Refused) as refused:
        case.incident.take(built, case.playbook)
    assert refused.value.refusal.rule == f"not-a-witness-{step.replace('_', '-')}"
    assert case.incident.assignees == ()


@pytest.mark.parametrize("person", [None, known("another person")])
def test_a_user_who_is_not_a_subject_may_be_appointed(person: UUID | None) -> None:
    case = reported(people=(*STAFF_ALLEGED["people"], (PARENT, "witness", "staff")))
    found = {HEAD: user_who_is(person)}
    built = case.completed(case.build("appoint_case_manager", user=HEAD), found)
    case.incident.take(built, case.playbook)
    assert case.incident.case_manager == HEAD
    assert case.incident.assignees == (HEAD,)


def test_a_low_level_concern_has_three_duties_in_five_working_days() -> None:
    case = CaseFile("staff_misuse", "st_thomas", reported=THURSDAY)
    assert case.incident.stream is Stream.ALLEGATION
    for step in ("triage", "check_pattern", "decide"):
        assert case.due(step) == "2026-10-15"
        assert step in {duty.rule.step for duty in case.outstanding()}
    assert duty_of(case, "st-thomas-concern-context").rule.told == ("headteacher",)
    assert case.refusal("tell_subject").rule == "subject-not-formally-told"
    assert not case.requires("consult_lado")
    case.answer_everything().take("close")
    assert case.incident.state is State.CLOSED


@pytest.mark.parametrize("pack", PACKS)
def test_the_adult_of_a_low_level_concern_is_spoken_to_before_it_is_closed(pack: str) -> None:
    case = CaseFile("staff_misuse", pack, reported="2026-10-22 09:00")
    assert case.due("record_account", person=TEACHER) == "2026-10-29"
    case.answer_everything(but=frozenset({"record_account"}))
    assert "concern-account" in case.refusal("close").outstanding
    case.take("record_account", person=TEACHER)
    assert not case.requires("record_account")


def test_an_account_is_asked_of_each_adult_and_of_nobody_unknown() -> None:
    colleague = known("colleague")
    people = ((TEACHER, "alleged", "staff"), (colleague, "alleged", "staff"), (UNKNOWN, "alleged", "unknown"))
    case = CaseFile("staff_misuse", people=people).take("record_account", person=TEACHER)
    asked = [d.preset["person"] for d in case.outstanding() if d.rule.step == "record_account"]
    assert asked == [colleague]


def test_a_concern_above_the_threshold_waits_for_the_lado_before_the_adult_is_asked() -> None:
    case = CaseFile("staff_misuse").take("decide_threshold", met=True, limbs=("harmed",))
    assert not case.requires("record_account")
    assert case.refusal("record_account", person=TEACHER).rule == "lado-before-adult-asked"
    case.take("reclassify", kind="staff_allegation")
    assert case.refusal("record_account", person=TEACHER).rule == "allegation-no-interview-before-lado"
    case.take("consult_lado", may_tell_subject=False)
    assert not case.requires("record_account")
    assert case.refusal("record_account", person=TEACHER).rule == "allegation-account-not-asked"
    case.take("consult_lado")
    assert "allegation-account" in case.refusal("close").outstanding
    case.take("record_account", person=TEACHER)
    assert not case.requires("record_account")


def test_in_an_allegation_no_child_gives_an_account_before_the_lados_view_either() -> None:
    case = CaseFile("staff_allegation")
    assert case.refusal("record_account", person=TARGET).rule == "allegation-no-interview-before-lado"
    case.take("consult_lado", may_tell_subject=False).take("record_account", person=TARGET)


def test_a_pupil_who_gave_an_account_was_spoken_to() -> None:
    case = CaseFile("cyberbullying").take("record_account", person=ALLEGED)
    assert case.refusal("withdraw_report").rule == "withdraw-report-child-spoken-to"


def test_the_pattern_is_checked_for_each_adult() -> None:
    both = ((TEACHER, "alleged", "staff"), (PARENT, "alleged", "volunteer"))
    case = CaseFile("staff_misuse", people=both).take(
        "check_pattern", person=TEACHER, earlier=(known("one"),)
    )
    assert not case.requires("check_pattern", person=TEACHER)
    assert case.requires("check_pattern", person=PARENT)


def test_a_concern_above_the_threshold_becomes_an_allegation() -> None:
    case = CaseFile("staff_misuse", reported=THURSDAY)
    case.take("decide_threshold", "2026-10-12 10:00", met=True, limbs=(Limb.HARMED,))
    assert case.due("reclassify", kind="staff_allegation") == "2026-10-12"
    assert case.answer_everything(but=frozenset({"reclassify"})).refusal("close").outstanding == (
        "concern-meets-threshold",
    )
    case.take("reclassify", kind="staff_allegation")
    assert case.requires("consult_lado")
    assert case.refusal("tell_subject").rule == "allegation-subject-not-told"


@pytest.mark.parametrize(
    ("met", "limbs", "becomes", "not_"),
    [
        (True, (Limb.POSSIBLE_OFFENCE,), "staff_allegation", "staff_misuse"),
        (False, (), "staff_misuse", "staff_allegation"),
    ],
)
def test_contact_by_staff_becomes_an_allegation_or_a_concern(
    met: bool, limbs: tuple[Limb, ...], becomes: str, not_: str
) -> None:
    case = CaseFile("unsolicited_contact", "st_thomas", reported=THURSDAY, **STAFF_TO_PUPIL)
    assert case.due("decide_threshold") == "2026-10-08"
    assert case.refusal("advise", person=TEACHER).rule == "threshold-before-adult-advised"
    assert case.refusal("tell_subject").rule == "subject-not-formally-told"
    assert not case.requires("reclassify")

    case.take("decide_threshold", "2026-10-08 17:10", met=met, limbs=limbs)
    assert case.due("reclassify", kind=becomes) == "2026-10-08"
    assert not case.requires("reclassify", kind=not_)
    rule = "adult-becomes-allegation" if met else "contact-becomes-concern"
    assert rule in case.refusal("close").outstanding

    if met:
        assert case.refusal("advise", person=TEACHER).rule == "lado-before-adult-advised"
    earlier = [*case.incident.timeline]
    case.take("reclassify", kind=becomes)
    assert case.incident.timeline[:-1] == earlier
    assert not case.requires("decide_threshold")
    assert case.requires("consult_lado") is met
    assert case.requires("check_pattern", person=TEACHER) is not met
    if met:
        assert day_of(case, "allegation-lado") == "2026-10-09"
    case.answer_everything().take("close")


def test_contact_with_a_reply_needs_a_threshold_the_same_day() -> None:
    case = CaseFile("unsolicited_contact", reported="2026-10-08 09:00")
    assert not case.requires("decide_threshold")
    case.take("classify_contact", "2026-10-09 10:00", no_reply_attested=False)
    assert case.due("decide_threshold") == "2026-10-09"


@pytest.mark.parametrize("kind", ["staff_misuse", "staff_allegation"])
def test_a_pupil_is_never_the_alleged_person_of_an_adults_case(kind: str) -> None:
    case = CaseFile(kind)
    refusal = case.refusal("involve_person", person=ALLEGED, involvement="alleged", category="pupil")
    assert refusal.rule == "adult-case-not-a-pupils-involve-person"
    case.take("involve_person", person=ALLEGED, involvement="witness", category="pupil")


@pytest.mark.parametrize("category", ["staff", "governor", "contractor", "volunteer", "visitor"])
def test_an_alleged_person_who_works_at_the_school_makes_an_allegation(category: str) -> None:
    case = reported(people=((TARGET, "target", "pupil"), (TEACHER, "alleged", category)))
    assert case.incident.stream is Stream.ALLEGATION
    assert case.due("consult_lado") == "2026-10-09"
