"""A post by a parent, from the evidence to what the school does if the parent will not take it down."""

from __future__ import annotations

import pytest

from casework.domain.errors import Invalid
from casework.domain.playbook import Modality
from casework.domain.vocabulary import Content, State
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import PACKS, PARENT, TARGET, CaseFile, at, rules_about
from tests.domain.situations import CHILD_POSTED_ABOUT, playbook_of

HATEFUL = [
    "threatening",
    "abusive",
    "sexist",
    "sexual",
    "racist",
    "homophobic",
    "religious_hate",
    "disability_hate",
]


def no_show(pack: str = "st_thomas") -> CaseFile:
    """Reported on Monday 5 October; invited on the 6th to a meeting on the 12th, which nobody attended."""
    case = CaseFile("parent_post", pack, reported="2026-10-05 09:00")
    case.take("acknowledge").take("triage").take("save_evidence", "2026-10-05 11:30")
    case.take("invite_parent", "2026-10-06 09:00", meeting_at=at("2026-10-12 16:00"))
    return case.take("record_meeting", "2026-10-12 16:30", outcome="no_show")


def refused(pack: str = "st_thomas") -> CaseFile:
    """The same case, asked in writing that evening, and refused on the 13th."""
    return no_show(pack).take("request_removal").take("record_removal", "2026-10-13 12:00", outcome="refused")


def offered(case: CaseFile, **preset: str) -> list[Modality]:
    """The modality of each open duty with these values."""
    return [duty.rule.modality for duty in case.outstanding() if preset.items() <= duty.preset.items()]


def test_evidence_comes_before_the_invitation_and_that_before_the_end() -> None:
    case = CaseFile("parent_post", "st_thomas", reported="2026-10-05 09:00")
    assert case.due("triage") == case.due("save_evidence") == "2026-10-06"
    assert case.due("invite_parent") == "2026-10-07"
    assert case.take("triage").refusal("debrief").clause == "004 §8.5"

    case.take("save_evidence", "2026-10-05 11:00")
    assert case.incident.state == "evidence_saved"
    refusal = case.refusal("close")
    assert (refusal.rule, refusal.clause) == ("st-thomas-parent-post-invite", "004 §8.6")

    case.take("invite_parent", "2026-10-06 09:00", meeting_at=at("2026-10-12 16:00"))
    assert case.incident.state == "parent_invited"
    assert case.due("record_meeting") == "2026-10-12"


def test_a_parent_who_does_not_attend_is_asked_in_writing() -> None:
    case = no_show()
    assert case.due("request_removal") == "2026-10-13"
    refusal = case.refusal("close")
    assert (refusal.rule, refusal.clause) == ("st-thomas-parent-post-removal-asked", "004 §8.6")


def test_the_result_of_a_removal_request_has_two_times() -> None:
    case = no_show().take("request_removal", "2026-10-12 17:00")
    due = {
        duty.rule.id: duty.due_at
        for duty in case.playbook.duties(case.incident, TEST_CALENDAR)
        if duty.rule.step == "record_removal"
    }
    assert due == {
        "removal-chased": at("2026-10-14 17:00"),
        "parent-post-removal-answered": at("2026-10-19 23:59:59"),
    }


@pytest.mark.parametrize("outcome", ["refused", "no_answer"])
def test_a_case_with_a_post_still_online_needs_a_decision_to_close(outcome: str) -> None:
    case = no_show().take("request_removal").take("record_removal", "2026-10-13 12:00", outcome=outcome)
    assert case.due("decide", topic="removal_refused") == "2026-10-20"
    for step in ("debrief", "close"):
        refusal = case.refusal(step)
        assert (refusal.rule, refusal.clause) == ("st-thomas-parent-post-refused", "004 §8.7")

    case.take("decide", topic="other")
    assert case.refusal("close").rule == "st-thomas-parent-post-refused"
    case.take("decide", topic="removal_refused").answer_everything().take("close")
    assert case.incident.state is State.CLOSED


def test_the_provider_may_be_informed_without_a_change_of_state() -> None:
    assert offered(no_show(), agency="isp") == []
    case = refused()
    assert offered(case, agency="isp") == [Modality.MAY]
    case.take("escalate", agency="isp")
    assert offered(case, agency="isp") == []
    assert case.incident.state is State.PARENT_INVITED
    case.take("decide", topic="removal_refused").answer_everything().take("close")


def test_a_removed_post_needs_no_decision_and_may_be_rechecked() -> None:
    case = no_show().take("request_removal").take("record_removal", "2026-10-13 12:00", outcome="removed")
    assert not case.requires("decide")
    assert case.due("record_removal") == "2026-10-20"
    assert not case.requires("record_removal")
    case.answer_everything().take("close")


def test_a_post_that_is_back_needs_another_removal() -> None:
    case = no_show().take("request_removal").take("record_removal", "2026-10-13 12:00", outcome="removed")
    case.take("request_removal", "2026-10-20 12:00")
    assert case.requires("record_removal")
    assert "parent-post-removal-answered" in case.refusal("close").outstanding


@pytest.mark.parametrize("content", HATEFUL)
def test_a_slur_requires_considering_the_police(content: str) -> None:
    case = refused().take("decide", topic="removal_refused").answer_everything()
    assert not case.requires("consider_police")

    case.take("triage", content=(Content(content),))
    assert case.requires("consider_police")
    refusal = case.refusal("close")
    assert (refusal.rule, refusal.clause) == ("st-thomas-parent-post-police", "004 §8.8")
    case.take("consider_police", refer=False).answer_everything().take("close")
    assert case.incident.told_agencies == frozenset()


@pytest.mark.parametrize("content", sorted({*Content} - {*map(Content, HATEFUL)}))
def test_other_content_does_not_require_considering_the_police(content: Content) -> None:
    case = CaseFile("parent_post", content=(content,), **CHILD_POSTED_ABOUT)
    assert not case.requires("consider_police")


def test_under_todwick_legal_action_must_be_considered() -> None:
    case = refused("todwick")
    assert offered(case, topic="legal_action") == [Modality.CONSIDER]
    assert offered(case, agency="isp") == []
    case.take("decide", topic="removal_refused").answer_everything(but=frozenset({"decide"}))
    refusal = case.refusal("close")
    assert (refusal.rule, refusal.clause) == ("todwick-parent-post-legal", "001 D")
    case.take("decide", topic="legal_action").answer_everything().take("close")


@pytest.mark.parametrize("pack", PACKS)
def test_legal_action_is_offered_only_if_the_policy_mentions_it(pack: str) -> None:
    expected = {"todwick": [Modality.CONSIDER], "tow_law": [Modality.MAY]}
    assert offered(refused(pack), topic="legal_action") == expected.get(pack, [])


def test_a_child_the_post_is_about_is_supported_but_not_sanctioned() -> None:
    case = CaseFile("parent_post", "st_thomas", reported="2026-10-05 09:00", **CHILD_POSTED_ABOUT)
    assert case.requires("offer_support", person=TARGET)
    assert case.due("inform_parents", child=TARGET) == "2026-10-12"
    assert case.refusal("apply_sanction", person=TARGET).rule == "parent-post-child-not-sanctioned"
    case.take("involve_person", person=PARENT, involvement="witness", category="pupil")
    assert case.refusal("apply_sanction", person=PARENT).rule == "parent-post-child-not-sanctioned"


def test_a_post_about_staff_requires_informing_no_parents() -> None:
    assert not CaseFile("parent_post").requires("inform_parents")


@pytest.mark.parametrize("pack", PACKS)
def test_replying_online_is_forbidden(pack: str) -> None:
    (rule,) = (
        rule for rule in rules_about("parent_post", playbook_of(pack)) if rule.id.endswith("post-no-reply")
    )
    assert (rule.modality, rule.step) == (Modality.MUST_NOT, None)


def test_nobody_attends_a_meeting_before_it_takes_place() -> None:
    case = CaseFile("parent_post", reported="2026-10-05 09:00")
    case.take("invite_parent", "2026-10-06 09:00", parent=PARENT, meeting_at=at("2026-10-12 16:00"))
    met = {"parent": PARENT, "outcome": "attended"}
    with pytest.raises(Invalid, match=r"\$\.at"):
        case.take("record_meeting", "2026-10-12 15:59", **met)
    case.take("record_meeting", "2026-10-09 09:00", **{**met, "parent": TARGET})
    case.take("record_meeting", "2026-10-09 09:30", **{**met, "outcome": "declined"})
    case.take("record_meeting", "2026-10-12 16:00", **met)


def test_a_meeting_that_was_moved_takes_place_at_its_later_time() -> None:
    case = CaseFile("parent_post", reported="2026-10-05 09:00")
    for invited, meeting in (
        ("2026-10-06 09:00", "2026-10-08 16:00"),
        ("2026-10-07 09:00", "2026-10-12 16:00"),
    ):
        case.take("invite_parent", invited, parent=PARENT, meeting_at=at(meeting))
    with pytest.raises(Invalid):
        case.take("record_meeting", "2026-10-08 16:30", parent=PARENT, outcome="attended")
    case.take("record_meeting", "2026-10-12 16:30", parent=PARENT, outcome="attended")
    case.take("invite_parent", "2026-10-13 09:00", parent=PARENT, meeting_at=at("2026-10-20 16:00"))
    case.take("record_meeting", "2026-10-12 17:00", parent=PARENT, outcome="attended")
