"""What is due by when, to the day, and what makes it due sooner, again or not at all."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.domain.clocks import LONDON, Calendar, Closure
from casework.domain.playbook import Duty, Rule
from casework.domain.vocabulary import Content
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, PACKS, TARGET, CaseFile, at, known
from tests.domain.situations import KINDS, OPENINGS, case_for, every_rule

# Reported on Thursday 22 October 2026 at 09:00, before an INSET day, half-term and another INSET day;
# what has been done since was done in the hours after, or where it took everything else, in the days.
SAME_DAY = "2026-10-22"
NEXT_WORKING_DAY = "2026-10-23"
NEXT_SCHOOL_DAY = "2026-11-03"
FIFTH_SCHOOL_DAY = "2026-11-09"
TENTH_SCHOOL_DAY = "2026-11-16"
TENTH_WORKING_DAY = "2026-11-05"
WITHIN_THE_HOUR = "2026-10-22 10:00"
OF_THE_ITEM = "2027-03-01"

DUE: dict[str, tuple[str, str]] = {
    "acknowledge": (SAME_DAY, WITHIN_THE_HOUR),
    "triage": (NEXT_SCHOOL_DAY, SAME_DAY),
    "critical-triage": (SAME_DAY, SAME_DAY),
    "critical-risk": (SAME_DAY, SAME_DAY),
    "risk-to-police": (SAME_DAY, SAME_DAY),
    "risk-to-social-care": (SAME_DAY, SAME_DAY),
    "referral-decided": (SAME_DAY, SAME_DAY),
    "withholding-reviewed": ("2026-11-04", "2026-11-04"),
    "meeting-recorded": (OF_THE_ITEM, OF_THE_ITEM),
    "removal-chased": ("2026-10-24 10:00", "2026-10-24 10:00"),
    "actions-done": (OF_THE_ITEM, OF_THE_ITEM),
    "debrief": (TENTH_SCHOOL_DAY, TENTH_WORKING_DAY),
    "debrief-after-escalation": (TENTH_SCHOOL_DAY, TENTH_WORKING_DAY),
    "headcorn-debrief": (TENTH_SCHOOL_DAY, TENTH_WORKING_DAY),
    "bullying-triage": (NEXT_SCHOOL_DAY, SAME_DAY),
    "bullying-evidence": (NEXT_SCHOOL_DAY, SAME_DAY),
    "bullying-police": (NEXT_SCHOOL_DAY, SAME_DAY),
    "bullying-of-staff-police": (SAME_DAY, SAME_DAY),
    "bullying-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "headcorn-bullying-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-bullying-evidence": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-bullying-police": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-bullying-of-staff-police": (SAME_DAY, SAME_DAY),
    "st-thomas-out-of-school-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "contact-replied": (SAME_DAY, SAME_DAY),
    "contact-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "contact-threshold": (SAME_DAY, SAME_DAY),
    "headcorn-contact-classify": (NEXT_SCHOOL_DAY, SAME_DAY),
    "headcorn-contact-advise": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-contact-classify": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-contact-advise": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-contact-staff-to-pupil": (SAME_DAY, SAME_DAY),
    "sexting-triage": (SAME_DAY, SAME_DAY),
    "sexting-evidence": (SAME_DAY, SAME_DAY),
    "sexting-no-copy": (SAME_DAY, SAME_DAY),
    "sexting-risk": (SAME_DAY, SAME_DAY),
    "sexting-police": (SAME_DAY, SAME_DAY),
    "sexting-involvement": (NEXT_SCHOOL_DAY, SAME_DAY),
    "sexting-takedown": (NEXT_WORKING_DAY, SAME_DAY),
    "sexting-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-sexting-police": (SAME_DAY, SAME_DAY),
    "st-thomas-sexting-involvement": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-sexting-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
}
"""By rule, when it is due: as it is, and in a critical incident."""

TIMED = [
    pytest.param(kind, pack, rule, id=f"{pack} {kind}: {rule.id}")
    for kind, pack, rule in every_rule()
    if rule.is_duty and rule.clock is not None
]
SHUT = Calendar(TEST_CALENDAR.terms, tuple(Closure(t.starts_on, t.ends_on) for t in TEST_CALENDAR.terms))
NO_TERMS = Calendar(terms=())
DAYS = st.dates(date(2026, 8, 1), date(2027, 8, 31))


def critical_case(rule: str, kind: str, pack: str, reported: str = "2026-10-22 09:00") -> CaseFile:
    """The same case, critical from the report on."""
    content = (*OPENINGS.get(rule, {}).get("content", ()), Content.ADULT_CONTACT)
    return case_for(rule, kind, pack, reported, content=content)


def moments(case: CaseFile, rule: str, calendar: Calendar = TEST_CALENDAR) -> set[str]:
    """When the duties of one rule are due: the day, or for a time within it the minute."""
    duties = [d for d in case.playbook.duties(case.incident, calendar) if d.rule.id == rule]
    assert duties
    local = [d.due_at.astimezone(LONDON) for d in duties if d.due_at is not None]
    return {f"{m:%Y-%m-%d}" if m.time() == time(23, 59, 59) else f"{m:%Y-%m-%d %H:%M}" for m in local}


def duty_of(case: CaseFile, rule: str) -> Duty:
    (duty,) = (d for d in case.playbook.duties(case.incident, TEST_CALENDAR) if d.rule.id == rule)
    return duty


def test_every_rule_with_a_clock_has_a_row() -> None:
    assert set(DUE) == {rule.id for _, _, rule in every_rule() if rule.is_duty and rule.clock is not None}


@pytest.mark.parametrize(("kind", "pack", "rule"), TIMED)
def test_each_duty_is_due_on_its_day(kind: str, pack: str, rule: Rule) -> None:
    as_it_is, critical = DUE[rule.id]
    assert moments(case_for(rule.id, kind, pack), rule.id) == {as_it_is}
    assert moments(critical_case(rule.id, kind, pack), rule.id) == {critical}


@pytest.mark.parametrize(("kind", "pack", "rule"), TIMED)
def test_no_duty_of_a_critical_case_waits_on_school_days(kind: str, pack: str, rule: Rule) -> None:
    case = critical_case(rule.id, kind, pack)
    due = moments(case, rule.id)
    for calendar in (SHUT, NO_TERMS):
        assert moments(case, rule.id, calendar) == due


@settings(deadline=None, max_examples=30)
@given(kind=st.sampled_from(KINDS), pack=st.sampled_from(sorted(PACKS)), day=DAYS)
def test_whenever_it_is_reported_a_critical_case_is_not_put_off_by_a_holiday(
    kind: str, pack: str, day: date
) -> None:
    case = CaseFile(kind, pack, reported=f"{day} 21:30", content=(Content.SELF_HARM,))
    for duty in case.playbook.duties(case.incident, TEST_CALENDAR):
        started_by_the_report = duty.rule.clock is not None and duty.rule.clock.of == "reported"
        if started_by_the_report and duty.rule.modality == "must":
            assert duty.due_at is not None
            assert duty.due_at.astimezone(LONDON).date() == day


@settings(deadline=None, max_examples=30)
@given(kind=st.sampled_from(KINDS), pack=st.sampled_from(sorted(PACKS)), day=DAYS)
def test_a_critical_case_never_has_more_time(kind: str, pack: str, day: date) -> None:
    def due(**fields: Any) -> dict[tuple[str, str], datetime]:
        case = CaseFile(kind, pack, reported=f"{day} 09:00", **fields)
        duties = case.playbook.duties(case.incident, TEST_CALENDAR)
        return {(d.rule.id, str(d.preset)): d.due_at for d in duties if d.due_at is not None}

    as_it_is, critical = due(), due(content=(Content.SELF_HARM,))
    assert as_it_is.keys() <= critical.keys()
    assert all(critical[duty] <= moment for duty, moment in as_it_is.items())


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("triage", {"critical": True}),
        ("triage", {"content": (Content.ADULT_CONTACT,)}),
        ("save_evidence", {"content": (Content.SELF_HARM,), "form": "written_account"}),
        ("assess_risk", {"adult_involved": "yes"}),
        ("assess_risk", {"coercion": "yes"}),
        ("assess_risk", {"immediate_risk": "yes"}),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_to_light_later_makes_it_critical_from_then(
    kind: str, step: str, fields: dict[str, Any]
) -> None:
    case = CaseFile(kind, reported="2026-10-22 09:00").take(step, "2026-10-26 15:00", **fields)
    assert case.playbook.critical_since(case.incident) == at("2026-10-26 15:00")
    assert moments(case, "acknowledge") == {SAME_DAY}
    assert moments(case, "critical-risk") == {"2026-10-26"}
    if step != "triage" or not fields.get("critical"):
        assert moments(case, "critical-triage") == {"2026-10-26"}


@pytest.mark.parametrize("content", sorted({*Content} - {Content.ADULT_CONTACT, Content.SELF_HARM}))
def test_other_content_alone_is_not_critical(content: Content) -> None:
    case = CaseFile("cyberbullying", content=(content,))
    assert case.playbook.critical_since(case.incident) is None


def test_an_unknown_risk_is_a_matter_for_the_police_and_not_yet_critical() -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", adult_involved="unknown", coercion="unknown")
    assert case.playbook.critical_since(case.incident) is None
    assert case.asks_for("escalate", agency="police")


def test_critical_is_as_old_as_the_first_thing_that_made_it_so() -> None:
    case = CaseFile("cyberbullying", content=(Content.SELF_HARM,), reported="2026-10-22 09:00")
    case.take("triage", "2026-10-22 10:00", critical=True).take("triage", "2026-10-22 11:00", critical=False)
    case.take("save_evidence", "2026-10-22 12:00", content=(Content.SELF_HARM,))
    assert case.playbook.critical_since(case.incident) == at("2026-10-22 09:00")


def test_what_became_critical_at_night_is_due_the_same_calendar_day() -> None:
    case = CaseFile("cyberbullying", reported="2026-10-22 09:00")
    case.take("assess_risk", "2026-12-24 23:30", immediate_risk="yes")
    assert case.due("escalate", agency="police") == "2026-12-24"
    assert case.due("escalate", agency="childrens_social_care") == "2026-12-24"


@pytest.mark.parametrize(
    ("asked", "chased"),
    [
        ("2026-11-10 12:00", "2026-11-12 12:00"),
        ("2026-10-24 12:00", "2026-10-26 11:00"),
        ("2027-03-27 12:00", "2027-03-29 13:00"),
        ("2026-12-24 09:00", "2026-12-26 09:00"),
    ],
)
def test_a_takedown_is_chased_after_48_hours_that_really_passed(asked: str, chased: str) -> None:
    case = CaseFile("sexting", reported="2026-10-22 09:00").take("request_removal", asked)
    assert case.due("record_removal") == chased


def test_asking_again_starts_the_48_hours_again() -> None:
    case = CaseFile("sexting", reported="2026-11-10 09:00").take("request_removal", "2026-11-10 12:00")
    case.take("record_removal", "2026-11-12 09:00", outcome="refused")
    assert not case.asks_for("record_removal")
    assert duty_of(case, "removal-chased").answered_at == at("2026-11-12 09:00")

    case.take("request_removal", "2026-11-12 10:00", addressee="platform")
    assert case.incident.removal is None
    assert case.due("record_removal") == "2026-11-14 10:00"
    assert "removal-chased" in case.refusal("close").outstanding


def test_asking_twice_is_answered_once() -> None:
    case = CaseFile("sexting", reported="2026-11-10 09:00").take("request_removal").take("request_removal")
    assert not case.take("record_removal").asks_for("record_removal")


def test_each_child_is_a_duty_of_its_own() -> None:
    case = CaseFile("cyberbullying").take("inform_parents", child=TARGET)
    assert not case.asks_for("inform_parents", child=TARGET)
    assert case.asks_for("inform_parents", child=ALLEGED)

    case.take("withhold_from_parents", child=ALLEGED, review_on=date(2026, 9, 21))
    assert case.due("inform_parents", child=ALLEGED) == "2026-09-21"
    case.take("withhold_from_parents", child=ALLEGED, review_on=date(2026, 10, 5))
    assert case.due("inform_parents", child=ALLEGED) == "2026-10-05"
    case.take("inform_parents", child=ALLEGED)
    assert not case.asks_for("inform_parents")
    assert case.incident.withheld == {}


def test_a_child_who_turns_out_to_be_involved_adds_duties() -> None:
    case = CaseFile("cyberbullying").answer_everything()
    assert not case.asks_for("inform_parents")
    case.take("involve_person", person=known("third"), involvement="alleged")
    assert case.asks_for("inform_parents", child=known("third"))
    assert case.asks_for("offer_support", person=known("third"))


@pytest.mark.parametrize(
    ("answered", "now", "late"),
    [
        ("2026-09-15 23:59", "2026-09-16 12:00", False),
        ("2026-09-16 00:00", "2026-09-16 12:00", True),
        (None, "2026-09-15 23:59", False),
        (None, "2026-09-16 00:00", True),
    ],
)
def test_lateness(answered: str | None, now: str, late: bool) -> None:
    case = CaseFile("cyberbullying", reported="2026-09-14 10:20")
    if answered:
        case.take("triage", answered)
    duty = duty_of(case, "bullying-triage")
    assert duty.open is (answered is None)
    assert duty.late_at(at(now)) is late


def test_a_duty_is_in_time_to_the_last_second_and_late_after_it() -> None:
    duty = duty_of(CaseFile("cyberbullying"), "bullying-triage")
    assert duty.due_at is not None
    assert not duty.late_at(duty.due_at)
    assert duty.late_at(duty.due_at + timedelta(seconds=1))


def test_what_has_no_date_is_never_late() -> None:
    case = CaseFile("cyberbullying")
    undated = [d for d in case.outstanding() if d.due_at is None]
    assert undated
    assert not any(d.late_at(at("2036-01-01 00:00")) for d in undated)


def test_the_soonest_comes_first_and_what_has_no_date_last() -> None:
    for kind in KINDS:
        due = [d.due_at for d in CaseFile(kind).outstanding()]
        dated = [moment for moment in due if moment is not None]
        assert dated == sorted(dated)
        assert due[: len(dated)] == dated
