"""An alleged adult who no longer works at the school, one from outside it, and one who may not be told."""

from __future__ import annotations

from datetime import date

import pytest

from casework.domain.errors import Invalid
from casework.domain.incident.reporting import Party, Report
from casework.domain.vocabulary import Category, Involvement
from tests.domain.casefile import PACKS, TARGET, TEACHER, UNKNOWN, CaseFile, known
from tests.domain.situations import CONTRACTOR_ALLEGED, consulted

GONE = ("removed", "left", "would_have_been_removed")
REPORTED = "2026-10-22 09:00"


def allegation(pack: str = "st_thomas", *, left: bool = False) -> CaseFile:
    """An allegation; `left`: against somebody who had left the school when it was reported."""
    case = CaseFile("staff_allegation", pack, reported=REPORTED)
    if left:
        (report,) = case.incident.taken(Report)
        people = (
            Party(person=TARGET, involvement=Involvement.TARGET, category=Category.PUPIL),
            Party(person=TEACHER, involvement=Involvement.ALLEGED, category=Category.STAFF, left=True),
        )
        case.incident = type(case.incident).report(replaced(report, people), case.playbook)
    return case


def replaced(report: Report, people: tuple[Party, ...]) -> Report:
    return Report(**{name: getattr(report, name) for name in report.__struct_fields__} | {"people": people})


@pytest.mark.parametrize("pack", PACKS)
def test_a_non_recent_allegation_against_somebody_who_left_asks_for_no_suspension(pack: str) -> None:
    case = consulted(allegation(pack, left=True))
    assert not case.requires("decide_suspension")
    assert case.refusal("decide_suspension", suspend=True).rule == "allegation-not-suspended-gone"
    assert case.due("decide_regulatory_referral") == "2026-10-23"
    case.answer_everything(but=frozenset({"decide_regulatory_referral"}))
    assert "allegation-regulators-gone" in case.refusal("close").outstanding
    case.take("decide_regulatory_referral", dbs=False, tra=False)
    case.answer_everything().take("close")


@pytest.mark.parametrize("pack", PACKS)
def test_one_who_works_there_is_suspended_or_not_before_it_is_closed(pack: str) -> None:
    case = consulted(allegation(pack))
    assert case.due("decide_suspension") == "2026-10-23"
    assert not case.requires("decide_regulatory_referral")
    assert "allegation-suspension" in case.refusal("close").outstanding


@pytest.mark.parametrize("how", GONE)
def test_the_regulators_are_decided_on_as_soon_as_it_is_known_that_an_adult_has_gone(how: str) -> None:
    case = consulted(allegation())
    case.take("record_departure", "2026-11-10 15:00", person=TEACHER, how=how)
    assert case.due("decide_regulatory_referral") == "2026-11-11"
    assert not case.requires("decide_suspension")
    case.take("decide_regulatory_referral", dbs=False, tra=False)
    assert not case.requires("decide_regulatory_referral")


def test_they_are_decided_on_anew_when_another_adult_goes_or_it_is_substantiated() -> None:
    colleague = known("colleague")
    people = ((TEACHER, "alleged", "staff"), (colleague, "alleged", "staff"), (TARGET, "target", "pupil"))
    case = consulted(CaseFile("staff_allegation", people=people, reported=REPORTED))
    case.take("record_departure", person=TEACHER).take("decide_regulatory_referral")
    assert case.requires("decide_suspension")
    case.take("record_departure", "2026-11-10 15:00", person=colleague)
    assert case.due("decide_regulatory_referral") == "2026-11-11"
    assert not case.requires("decide_suspension")
    case.take("decide_regulatory_referral").take("determine_outcome", outcome="substantiated")
    assert case.requires("decide_regulatory_referral")


def test_what_is_recorded_of_somebody_who_is_not_alleged_asks_for_nothing() -> None:
    case = consulted(allegation()).take("record_departure", person=TARGET)
    assert not case.requires("decide_regulatory_referral")
    assert case.requires("decide_suspension")


def test_a_departure_recorded_by_mistake_asks_for_nothing_once_it_is_voided() -> None:
    case = consulted(allegation()).take("record_departure", person=TEACHER)
    case.take("correct", corrects=case.incident.version, void=True, correction=None)
    assert not case.requires("decide_regulatory_referral")
    assert case.requires("decide_suspension")


def test_nobody_is_suspended_while_nobody_is_known_to_be_alleged() -> None:
    people = ((TARGET, "target", "pupil"), (UNKNOWN, "alleged", "unknown"))
    case = consulted(CaseFile("staff_allegation", people=people))
    assert not case.requires("decide_suspension")
    case.take("identify_person", person=UNKNOWN, as_=TEACHER, category="staff")
    assert case.requires("decide_suspension")


@pytest.mark.parametrize("outcome", ["substantiated", "malicious", "false", "unsubstantiated", "unfounded"])
def test_a_copy_of_the_outcome_is_given_only_once_telling_is_agreed(outcome: str) -> None:
    case = allegation().take("consult_lado", may_tell_subject=False)
    case.take("determine_outcome", outcome=outcome)
    assert not case.requires("give_outcome_copy")
    assert case.refusal("give_outcome_copy").rule == "allegation-copy-not-given"
    consulted(case)
    assert "allegation-outcome-copy" in case.refusal("close").outstanding
    case.take("give_outcome_copy")


def test_no_copy_is_owed_to_an_adult_who_was_never_identified() -> None:
    people = ((TARGET, "target", "pupil"), (UNKNOWN, "alleged", "unknown"))
    case = consulted(CaseFile("staff_allegation", people=people)).take("determine_outcome")
    assert not case.requires("give_outcome_copy")
    assert not case.requires("tell_subject")


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", ["staff_allegation", "staff_misuse"])
def test_the_employer_or_agency_of_a_contractor_or_supply_teacher_is_told(kind: str, pack: str) -> None:
    case = CaseFile(kind, pack, reported=REPORTED, **CONTRACTOR_ALLEGED)
    if kind == "staff_allegation":
        assert not case.requires("escalate", agency="employer")
        consulted(case)
    assert case.requires("escalate", agency="employer")
    assert case.refusal("close").outstanding
    case.take("escalate", agency="employer")
    assert not case.requires("escalate", agency="employer")
    own = consulted(allegation(pack)) if kind == "staff_allegation" else CaseFile(kind, pack)
    assert not own.requires("escalate", agency="employer")


class TestDebrief:
    """Due ten school days after the investigation's end, or after the last duty answered."""

    @pytest.mark.parametrize("pack", PACKS)
    @pytest.mark.parametrize(
        "kind", ["cyberbullying", "staff_allegation", "sexting", "inappropriate_content"]
    )
    def test_is_due_where_nobody_recorded_the_investigations_end(self, kind: str, pack: str) -> None:
        case = CaseFile(kind, pack, reported="2026-09-14 10:20")
        assert not self.dated(case)
        case.answer_everything(but=frozenset({"debrief", "acknowledge"}))
        assert not self.dated(case)
        case.take("acknowledge", "2026-09-21 15:00").answer_everything(but=frozenset({"debrief"}))
        assert case.due("debrief") == "2026-10-05"

    def test_runs_from_the_investigations_end_if_that_is_recorded(self) -> None:
        case = CaseFile("cyberbullying", reported="2026-09-14 10:20")
        case.take("complete_investigation", "2026-09-21 15:00")
        case.answer_everything(but=frozenset({"debrief"}))
        assert case.due("debrief") == "2026-10-05"

    def test_waits_for_no_action_that_is_due_later(self) -> None:
        case = CaseFile("cyberbullying", reported="2026-09-14 10:20").take("add_action")
        case.answer_everything(but=frozenset({"debrief", "complete_action"}))
        assert self.dated(case)

    def test_waits_for_an_open_enquiry(self) -> None:
        case = CaseFile("cyberbullying", "headcorn", reported="2026-09-14 10:20").take("escalate")
        case.answer_everything(but=frozenset({"debrief", "record_agency_response"}))
        assert not self.dated(case)
        case.take("record_agency_response", "2026-09-21 15:00").answer_everything(but=frozenset({"debrief"}))
        assert case.due("debrief") == "2026-10-05"

    def test_runs_from_the_reopening_of_a_case_that_is_reopened(self) -> None:
        case = CaseFile("cyberbullying", "headcorn", reported="2026-09-14 10:20")
        case.take("complete_investigation").answer_everything().take("close")
        case.take("reopen", "2026-11-03 09:00").answer_everything(but=frozenset({"debrief"}))
        assert case.due("debrief") == "2026-11-17"

    @staticmethod
    def dated(case: CaseFile) -> bool:
        return any(duty.due_at is not None for duty in case.outstanding() if duty.rule.step == "debrief")


def test_a_departure_in_the_future_is_refused() -> None:
    case = CaseFile("staff_allegation")
    with pytest.raises(Invalid) as invalid:
        case.take("record_departure", person=TEACHER, how="left", on=date(2027, 7, 21))
    assert set(invalid.value.errors) == {"$.on"}
