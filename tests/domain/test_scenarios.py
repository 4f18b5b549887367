"""The scenarios of the domain, with only the aggregate and the playbook."""

from __future__ import annotations

from typing import Any

import pytest

from casework.domain.sealed import Sealed
from casework.domain.vocabulary import State
from tests.domain.casefile import ALLEGED, FILE, PARENT, TARGET, CaseFile, at

WITH_TIME = {"captured_at": at("2026-09-14 11:10"), "incident_at": at("2026-09-14 10:05")}


def test_bullying_in_school_is_debriefed_and_closed_under_st_thomas() -> None:
    case = CaseFile("cyberbullying", "st_thomas", reported="2026-09-14 10:20")
    case.take("acknowledge").take("triage", "2026-09-14 11:00")

    assert case.refusal("debrief").clause == "004 §8.5"
    assert case.refusal("close").clause == "004 §8.5"

    case.take("save_evidence", "2026-09-14 11:15", **WITH_TIME, content=("racist",))
    assert case.incident.state == "evidence_saved"
    assert case.due("inform_parents", child=TARGET) == "2026-09-15"
    assert case.due("inform_parents", child=ALLEGED) == "2026-09-15"
    assert case.refusal("debrief").clause == "004 §8.8"

    case.take("consider_police", refer=False)
    case.answer_everything().take("complete_investigation", "2026-09-21 15:00")
    assert case.due("debrief") == "2026-10-05"
    case.take("debrief").answer_everything().take("close")
    assert case.incident.closed


def test_a_nudes_case_accepts_nothing_that_could_show_an_image() -> None:
    case = CaseFile("sexting", "headcorn", reported="2026-11-10 09:05")
    held = case.refusal("save_evidence", form="device_secured", file=FILE)
    assert (held.rule, held.clause.startswith("UKCIS")) == ("sexting-no-imagery", True)
    assert case.refusal("save_evidence", form="screenshot").rule == "sexting-evidence-form"
    pasted = Sealed("Here it is: data:image/png;base64,iVBORw0KGgo=")
    assert case.refusal("save_evidence", form="written_account", description=pasted).rule == "no-file-in-text"

    seen = Sealed("image believed to be on the phone, not viewed")
    case.take("save_evidence", "2026-11-10 09:15", form="device_secured", description=seen)
    assert case.incident.state is State.EVIDENCE_SAVED


def test_with_an_unknown_answer_nudes_are_not_managed_in_school() -> None:
    case = CaseFile("sexting", "headcorn", reported="2026-11-10 09:05").take(
        "assess_risk", coercion="unknown"
    )
    assert case.refusal("decide", topic="managed_in_school").rule == "sexting-risk-not-managed-in-school"
    assert case.requires("escalate", agency="police")
    assert case.requires("escalate", agency="childrens_social_care")


def test_if_no_risk_is_found_headcorn_lets_the_dsl_manage_nudes() -> None:
    case = CaseFile("sexting", "headcorn", reported="2026-11-10 09:05")
    assert (
        case.refusal("decide", topic="managed_in_school").rule == "sexting-unassessed-not-managed-in-school"
    )
    case.take("assess_risk").take("decide", topic="managed_in_school")
    assert not case.requires("consider_police")
    case.answer_everything().take("complete_investigation").answer_everything().take("close")
    assert case.incident.told_agencies == frozenset()


def test_under_st_thomas_every_nudes_case_goes_to_the_police() -> None:
    case = CaseFile("sexting", "st_thomas", reported="2026-11-10 09:05").answer_everything(
        but=frozenset({"escalate", "record_agency_response"})
    )
    refusal = case.refusal("close")
    assert refusal.clause == "004 §9.1"
    case.take("escalate", agency="police")
    assert case.refusal("close").rule == "enquiry-closed-police"
    case.take("record_agency_response", agency="police", outcome=Sealed("Outcome 21"), enquiry="closed")
    case.answer_everything().take("close")


def test_the_result_of_a_takedown_is_due_after_48_hours() -> None:
    case = CaseFile("sexting", "st_thomas", reported="2026-11-10 09:05")
    case.take("request_removal", "2026-11-10 12:00", addressee="report_remove")
    assert case.due("record_removal") == "2026-11-12 12:00"


@pytest.mark.parametrize(
    ("pack", "recipient", "clause"),
    [("st_thomas", "headteacher", "004 §5.4, §6.3"), ("headcorn", "dsl", "002 §4.2")],
)
def test_the_policy_decides_who_is_notified_of_a_friend_request(
    pack: str, recipient: str, clause: str
) -> None:
    case = CaseFile("unsolicited_contact", pack, reported="2026-09-14 09:00")
    duty = next(duty for duty in case.outstanding() if duty.rule.step == "classify_contact")
    assert duty.rule.told == (recipient,)
    assert duty.rule.clause == clause
    assert case.due("classify_contact") == "2026-09-15"


def test_under_st_thomas_the_teachers_own_child_is_not_exempt() -> None:
    case = CaseFile("unsolicited_contact", "st_thomas").take("classify_contact", immediate_family=True)
    assert case.requires("advise", about="official_channel")


def test_headcorn_exempts_only_relationships_declared_before() -> None:
    declared: dict[str, Any] = {"declared_relationship": PARENT}
    case = CaseFile("unsolicited_contact", "headcorn")
    assert case.refusal("classify_contact", **declared, declared_before=False).clause == "002 §4.2"
    undeclared = CaseFile("unsolicited_contact", "headcorn").take("classify_contact", immediate_family=True)
    assert undeclared.requires("advise", about="official_channel")
    case.take("classify_contact", **declared, declared_before=True)
    assert not case.requires("advise")
