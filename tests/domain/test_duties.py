"""When duties are due, to the day, and what makes them due sooner, again or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.domain.clocks import LONDON, Calendar, Closure, day_of
from casework.domain.playbook import Duty
from casework.domain.vocabulary import Content
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, PACKS, TARGET, CaseFile, at, known
from tests.domain.situations import (
    DUTIES,
    KINDS,
    OF_THE_ITEM,
    TELLING,
    InForce,
    by_rule,
    case_for,
    opening_of,
    playbook_of,
)

# Reported on Thursday 22 October 2026 at 09:00, before an INSET day, half-term and another INSET day.
# Further steps are taken in the hours after that, or in the following days if everything else comes first.
SAME_DAY = "2026-10-22"
NEXT_WORKING_DAY = "2026-10-23"
NEXT_SCHOOL_DAY = "2026-11-03"
SECOND_SCHOOL_DAY = "2026-11-04"
FIFTH_WORKING_DAY = "2026-10-29"
FIFTH_SCHOOL_DAY = "2026-11-09"
TENTH_SCHOOL_DAY = "2026-11-16"
TENTH_WORKING_DAY = "2026-11-05"
WITHIN_THE_HOUR = "2026-10-22 10:00"
# The clocks go back on 25 October.
SEVENTY_TWO_HOURS = "2026-10-25 08:00"
A_MONTH_ON = "2026-11-22"

DUE: dict[str, tuple[str, str]] = {
    "acknowledge": (SAME_DAY, WITHIN_THE_HOUR),
    "triage": (NEXT_WORKING_DAY, SAME_DAY),
    "critical-triage": (SAME_DAY, SAME_DAY),
    "triage-child-at-risk": (SAME_DAY, SAME_DAY),
    "triage-allegation": (SAME_DAY, SAME_DAY),
    "triage-contact-by-staff": (SAME_DAY, SAME_DAY),
    "self-harm-parents": (SAME_DAY, SAME_DAY),
    "self-harm-welfare": (SAME_DAY, SAME_DAY),
    "self-harm-welfare-adult-pupil": (SAME_DAY, SAME_DAY),
    "self-harm-referral": (SAME_DAY, SAME_DAY),
    "at-risk-referral": (SAME_DAY, SAME_DAY),
    "risk-found-police": (SAME_DAY, SAME_DAY),
    "sexual-content-risk": (SAME_DAY, SAME_DAY),
    "sexual-content-risk-to-police": (SAME_DAY, SAME_DAY),
    "sexual-content-risk-to-social-care": (SAME_DAY, SAME_DAY),
    "risk-to-police": (SAME_DAY, SAME_DAY),
    "risk-to-social-care": (SAME_DAY, SAME_DAY),
    "referral-decided": (SAME_DAY, SAME_DAY),
    "withholding-reviewed": ("2026-11-04", "2026-11-04"),
    "tell-wrongly-told": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "meeting-recorded": (OF_THE_ITEM, OF_THE_ITEM),
    "removal-chased": ("2026-10-24 10:00", "2026-10-24 10:00"),
    "intimate-removal-chased": ("2026-10-24 10:00", "2026-10-24 10:00"),
    "mandatory-report-nudes": (SAME_DAY, SAME_DAY),
    "mandatory-report-nudes-each": (SAME_DAY, SAME_DAY),
    "mandatory-report-content": (SAME_DAY, SAME_DAY),
    "mandatory-report-content-each": (SAME_DAY, SAME_DAY),
    "sharing-nudes": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "sharing-content": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "sharing-critical": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "actions-done": (OF_THE_ITEM, OF_THE_ITEM),
    "debrief": (TENTH_SCHOOL_DAY, TENTH_WORKING_DAY),
    "debrief-after-escalation": (TENTH_SCHOOL_DAY, TENTH_WORKING_DAY),
    "headcorn-debrief": (TENTH_SCHOOL_DAY, TENTH_WORKING_DAY),
    "bullying-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "bullying-evidence": (NEXT_SCHOOL_DAY, SAME_DAY),
    "bullying-police": (NEXT_WORKING_DAY, SAME_DAY),
    "bullying-of-staff-police": (SAME_DAY, SAME_DAY),
    "bullying-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "headcorn-bullying-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-bullying-evidence": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-bullying-police": (NEXT_WORKING_DAY, SAME_DAY),
    "st-thomas-bullying-of-staff-police": (SAME_DAY, SAME_DAY),
    "st-thomas-out-of-school-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "contact-replied": (SAME_DAY, SAME_DAY),
    "contact-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "adult-threshold": (SAME_DAY, SAME_DAY),
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
    "sexting-under-13": (SAME_DAY, SAME_DAY),
    "sexting-involvement": (SAME_DAY, SAME_DAY),
    "sexting-takedown": (SAME_DAY, SAME_DAY),
    "sexting-parents": (SAME_DAY, SAME_DAY),
    "st-thomas-sexting-police": (SAME_DAY, SAME_DAY),
    "st-thomas-sexting-involvement": (SAME_DAY, SAME_DAY),
    "st-thomas-sexting-parents": (SAME_DAY, SAME_DAY),
    "adult-becomes-allegation": (SAME_DAY, SAME_DAY),
    "contact-becomes-concern": (SAME_DAY, SAME_DAY),
    "contact-families-classify": (NEXT_WORKING_DAY, SAME_DAY),
    "tow-law-contact-families-classify": (NEXT_WORKING_DAY, SAME_DAY),
    "headcorn-contact-families-classify": (NEXT_WORKING_DAY, SAME_DAY),
    "hr-cooperative-contact-families-classify": (NEXT_WORKING_DAY, SAME_DAY),
    "st-thomas-contact-families-classify": (NEXT_WORKING_DAY, SAME_DAY),
    "tow-law-contact-family-advise": (NEXT_WORKING_DAY, SAME_DAY),
    "headcorn-contact-family-advise": (NEXT_WORKING_DAY, SAME_DAY),
    "tow-law-contact-family-replied": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "headcorn-contact-family-replied": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "hr-cooperative-contact-family-interest": (NEXT_WORKING_DAY, SAME_DAY),
    "contact-family-concern": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "contact-classify": (NEXT_SCHOOL_DAY, SAME_DAY),
    "contact-advise": (NEXT_SCHOOL_DAY, SAME_DAY),
    "tow-law-contact-classify": (NEXT_SCHOOL_DAY, SAME_DAY),
    "tow-law-contact-advise": (NEXT_SCHOOL_DAY, SAME_DAY),
    "hr-cooperative-contact-classify": (NEXT_SCHOOL_DAY, SAME_DAY),
    "hr-cooperative-contact-advise": (NEXT_SCHOOL_DAY, SAME_DAY),
    "headcorn-contact-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "tow-law-contact-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "headcorn-bullying-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "todwick-bullying-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "tow-law-bullying-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "tow-law-bullying-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "headcorn-sexting-parents": (SAME_DAY, SAME_DAY),
    "tow-law-sexting-parents": (SAME_DAY, SAME_DAY),
    "parent-post-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "headcorn-parent-post-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "st-thomas-parent-post-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "todwick-parent-post-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "tow-law-parent-post-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "parent-post-evidence": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-parent-post-evidence": (NEXT_SCHOOL_DAY, SAME_DAY),
    "parent-post-police": (NEXT_WORKING_DAY, SAME_DAY),
    "st-thomas-parent-post-police": (NEXT_WORKING_DAY, SAME_DAY),
    "parent-post-invite": (SECOND_SCHOOL_DAY, SAME_DAY),
    "headcorn-parent-post-invite": (SECOND_SCHOOL_DAY, SAME_DAY),
    "st-thomas-parent-post-invite": (SECOND_SCHOOL_DAY, SAME_DAY),
    "todwick-parent-post-invite": (SECOND_SCHOOL_DAY, SAME_DAY),
    "parent-post-removal-asked": (NEXT_SCHOOL_DAY, NEXT_WORKING_DAY),
    "st-thomas-parent-post-removal-asked": (NEXT_SCHOOL_DAY, NEXT_WORKING_DAY),
    "parent-post-removal-answered": (FIFTH_SCHOOL_DAY, FIFTH_WORKING_DAY),
    "parent-post-rechecked": (FIFTH_SCHOOL_DAY, FIFTH_WORKING_DAY),
    "parent-post-refused": (FIFTH_SCHOOL_DAY, FIFTH_WORKING_DAY),
    "st-thomas-parent-post-refused": (FIFTH_SCHOOL_DAY, FIFTH_WORKING_DAY),
    "parent-post-of-staff-police": (SAME_DAY, SAME_DAY),
    "st-thomas-parent-post-of-staff-police": (SAME_DAY, SAME_DAY),
    "parent-post-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "underage-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "underage-age": (NEXT_SCHOOL_DAY, SAME_DAY),
    "st-thomas-underage-age": (NEXT_SCHOOL_DAY, SAME_DAY),
    "todwick-underage-age": (NEXT_SCHOOL_DAY, SAME_DAY),
    "underage-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "headcorn-underage-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "tow-law-underage-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "image-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "hr-cooperative-image-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "st-thomas-image-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "todwick-image-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "image-consent": (NEXT_SCHOOL_DAY, SAME_DAY),
    "headcorn-image-consent": (NEXT_SCHOOL_DAY, SAME_DAY),
    "todwick-image-consent": (NEXT_SCHOOL_DAY, SAME_DAY),
    "tow-law-image-consent": (NEXT_SCHOOL_DAY, SAME_DAY),
    "image-parents": (NEXT_SCHOOL_DAY, SAME_DAY),
    "image-takedown": (SAME_DAY, SAME_DAY),
    "todwick-image-takedown": (SAME_DAY, SAME_DAY),
    "image-regulator": (SEVENTY_TWO_HOURS, SEVENTY_TWO_HOURS),
    "data-breach-regulator": (SEVENTY_TWO_HOURS, SEVENTY_TWO_HOURS),
    "content-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "st-thomas-content-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "content-welfare": (NEXT_WORKING_DAY, SAME_DAY),
    "content-welfare-prevent": (NEXT_WORKING_DAY, SAME_DAY),
    "extremist-prevent": (NEXT_WORKING_DAY, SAME_DAY),
    "content-contain": (SAME_DAY, SAME_DAY),
    "content-block-asked": (SAME_DAY, SAME_DAY),
    "st-thomas-content-block-asked": (SAME_DAY, SAME_DAY),
    "content-block-confirmed": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "content-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
    "headcorn-concern-context": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "hr-cooperative-concern-context": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "st-thomas-concern-context": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "todwick-concern-context": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "tow-law-concern-context": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "allegation-employer-told": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "allegation-regulators-gone": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "concern-employer-told": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "headcorn-concern-breach": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "hr-cooperative-concern-breach": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "st-thomas-concern-breach": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "todwick-concern-breach": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "tow-law-concern-breach": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "concern-account": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "concern-pattern": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "concern-action": (FIFTH_WORKING_DAY, FIFTH_WORKING_DAY),
    "concern-meets-threshold": (SAME_DAY, SAME_DAY),
    "allegation-case-manager": (SAME_DAY, SAME_DAY),
    "allegation-child-safe": (SAME_DAY, SAME_DAY),
    "allegation-threshold": (SAME_DAY, SAME_DAY),
    "allegation-lado": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "allegation-suspension": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "allegation-subject-told": (NEXT_WORKING_DAY, NEXT_WORKING_DAY),
    "allegation-regulators": (A_MONTH_ON, A_MONTH_ON),
    "allegation-debrief": (TENTH_SCHOOL_DAY, TENTH_WORKING_DAY),
    "contact-becomes-grooming": (WITHIN_THE_HOUR, WITHIN_THE_HOUR),
    "grooming-triage": (SAME_DAY, SAME_DAY),
    "grooming-to-police": (SAME_DAY, SAME_DAY),
    "grooming-to-social-care": (SAME_DAY, SAME_DAY),
    "grooming-to-ceop": (SAME_DAY, SAME_DAY),
    "grooming-evidence": (SAME_DAY, SAME_DAY),
    "grooming-no-copy": (SAME_DAY, SAME_DAY),
    "grooming-takedown": (SAME_DAY, SAME_DAY),
    "grooming-parents": (SAME_DAY, SAME_DAY),
    "adult-image-becomes-nudes": (SAME_DAY, SAME_DAY),
    "adult-image-triage": (SAME_DAY, SAME_DAY),
    "adult-image-police": (SAME_DAY, SAME_DAY),
    "adult-image-takedown": (SAME_DAY, SAME_DAY),
    "adult-image-parents": (SAME_DAY, SAME_DAY),
    "other-concern-triage": (NEXT_WORKING_DAY, SAME_DAY),
    "other-concern-parents": (FIFTH_SCHOOL_DAY, SAME_DAY),
}
DUE |= {telling: DUE[rule] for telling, rule in TELLING.items() if rule in DUE}
"""By rule, when it is due: in an ordinary incident, and in a critical one. Somebody is told as soon."""

TIMED = [entry for entry in DUTIES if entry.rule.clock is not None]
NOT_STARTED = {("debrief", "staff_allegation"), ("headcorn-debrief", "staff_allegation")}
"""An allegation is investigated after the LADO is consulted; `debrief-after-escalation` applies instead."""

CRITICAL_KINDS = {"online_grooming"}
"""The kinds of which every incident is critical."""

OF_LAW = {
    "allegation-lado",
    "image-regulator",
    "allegation-employer-told",
    "allegation-regulators-gone",
    "concern-employer-told",
    "headcorn-concern-breach",
    "hr-cooperative-concern-breach",
    "st-thomas-concern-breach",
    "todwick-concern-breach",
    "tow-law-concern-breach",
    "concern-account",
    "data-breach-regulator",
    "concern-pattern",
    "concern-action",
    "headcorn-concern-context",
    "hr-cooperative-concern-context",
    "st-thomas-concern-context",
    "todwick-concern-context",
    "tow-law-concern-context",
}
OF_LAW |= {telling for telling, rule in TELLING.items() if rule in OF_LAW}
"""Rules with a fixed time, also in a critical case: one or five working days, or 72 hours."""

SHUT = Calendar(TEST_CALENDAR.terms, tuple(Closure(t.starts_on, t.ends_on) for t in TEST_CALENDAR.terms))
NO_TERMS = Calendar(terms=())
DAYS = st.dates(date(2026, 8, 1), date(2027, 8, 31))


def critical_cases(entry: InForce) -> Iterator[CaseFile]:
    """The same cases, critical from the report on."""
    for kind in entry.kinds:
        content = (*opening_of(entry.rule.id, kind).get("content", ()), Content.ADULT_CONTACT)
        yield case_for(entry.rule.id, kind, entry.pack, content=content)


def moments(case: CaseFile, rule: str, calendar: Calendar = TEST_CALENDAR) -> set[str]:
    """When the duties of one rule are due: the day, with the minute if due within the day."""
    duties = [d for d in case.playbook.duties(case.incident, calendar) if d.rule.id == rule]
    assert duties
    local = [d.due_at.astimezone(LONDON) for d in duties if d.due_at is not None]
    return {f"{m:%Y-%m-%d}" if m.time() == time(23, 59, 59) else f"{m:%Y-%m-%d %H:%M}" for m in local}


def duty_of(case: CaseFile, rule: str) -> Duty:
    (duty,) = (d for d in case.playbook.duties(case.incident, TEST_CALENDAR) if d.rule.id == rule)
    return duty


def test_every_rule_with_a_clock_has_a_row() -> None:
    assert set(DUE) == {entry.rule.id for entry in TIMED}


@pytest.mark.parametrize("entry", TIMED, ids=by_rule)
def test_each_duty_is_due_on_the_expected_day(entry: InForce) -> None:
    ordinary, critical = DUE[entry.rule.id]
    for cases, due in ((entry.cases(), ordinary), (critical_cases(entry), critical)):
        for case in cases:
            started = (entry.rule.id, case.incident.kind) not in NOT_STARTED
            expected = critical if case.incident.kind in CRITICAL_KINDS else due
            assert moments(case, entry.rule.id) == ({expected} if started else set())


@pytest.mark.parametrize("entry", TIMED, ids=by_rule)
def test_no_duty_of_a_critical_case_waits_for_school_days(entry: InForce) -> None:
    for case in critical_cases(entry):
        due = moments(case, entry.rule.id)
        for calendar in (SHUT, NO_TERMS):
            assert moments(case, entry.rule.id, calendar) == due


@settings(deadline=None, max_examples=30)
@given(kind=st.sampled_from(KINDS), pack=st.sampled_from(sorted(PACKS)), day=DAYS)
def test_no_holiday_delays_a_critical_case(kind: str, pack: str, day: date) -> None:
    case = CaseFile(kind, pack, reported=f"{day} 19:30", content=(Content.SELF_HARM,))
    calendars = (TEST_CALENDAR, NO_TERMS)
    for duty, without_terms in zip(
        *(case.playbook.duties(case.incident, calendar) for calendar in calendars), strict=True
    ):
        started_by_the_report = duty.rule.clock is not None and duty.rule.clock.of == "reported"
        if duty.rule.id in OF_LAW:
            assert duty.due_at == without_terms.due_at is not None
        elif started_by_the_report and duty.rule.modality == "must":
            assert duty.due_at is not None
            assert day_of(duty.due_at) == day


def test_rules_with_a_fixed_time_do_not_count_school_days() -> None:
    own = [entry.rule for entry in TIMED if entry.rule.id in OF_LAW]
    assert {rule.id for rule in own} == OF_LAW
    assert {(rule.clock.within, rule.clock.unit) for rule in own if rule.clock is not None} == {
        (1, "working_days"),
        (5, "working_days"),
        (72, "hours"),
    }


@settings(deadline=None, max_examples=30)
@given(kind=st.sampled_from(KINDS), pack=st.sampled_from(sorted(PACKS)), day=DAYS)
def test_a_critical_case_never_has_more_time(kind: str, pack: str, day: date) -> None:
    def due(**fields: Any) -> dict[tuple[str, str], datetime]:
        case = CaseFile(kind, pack, reported=f"{day} 09:00", **fields)
        duties = case.playbook.duties(case.incident, TEST_CALENDAR)
        return {(d.rule.id, str(d.preset)): d.due_at for d in duties if d.due_at is not None}

    as_it_is, critical = due(), due(content=(Content.SELF_HARM,))
    resting = {(rule.id, "{}") for rule in playbook_of(pack).rules if rule.step == "invite_parent"}
    assert as_it_is.keys() - critical.keys() <= resting
    assert all(critical[duty] <= moment for duty, moment in as_it_is.items() if duty in critical)


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("triage", {"critical": True}),
        ("triage", {"content": (Content.ADULT_CONTACT,)}),
        ("save_evidence", {"content": (Content.SELF_HARM,), "form": "written_account"}),
        ("assess_risk", {"adult_involved": "yes"}),
        ("assess_risk", {"coercion": "yes"}),
        ("assess_risk", {"immediate_risk": "yes"}),
        ("assess_risk", {"under_13_sexual": "yes"}),
        ("assess_risk", {"violent_or_unusual": "yes"}),
    ],
)
def test_a_later_finding_makes_the_case_critical_from_then_on(step: str, fields: dict[str, Any]) -> None:
    for kind in {*KINDS} - CRITICAL_KINDS:
        case = CaseFile(kind, reported="2026-10-22 09:00").take(step, "2026-10-26 15:00", **fields)
        assert case.playbook.critical_since(case.incident) == at("2026-10-26 15:00")
        assert moments(case, "acknowledge") == {SAME_DAY}
        if step != "triage" or not fields.get("critical"):
            assert moments(case, "critical-triage") == {"2026-10-26"}


@pytest.mark.parametrize(
    "content", sorted({*Content} - {Content.ADULT_CONTACT, Content.SELF_HARM, Content.BLACKMAIL})
)
def test_other_content_alone_is_not_critical(content: Content) -> None:
    case = CaseFile("cyberbullying", content=(content,))
    assert case.playbook.critical_since(case.incident) is None


def test_an_unknown_risk_requires_the_police_but_is_not_critical() -> None:
    case = CaseFile("sexting", "headcorn").take("assess_risk", adult_involved="unknown", coercion="unknown")
    assert case.playbook.critical_since(case.incident) is None
    assert case.requires("escalate", agency="police")


def test_a_case_is_critical_since_the_first_critical_finding() -> None:
    case = CaseFile("cyberbullying", content=(Content.SELF_HARM,), reported="2026-10-22 09:00")
    case.take("triage", "2026-10-22 10:00", critical=True).take("triage", "2026-10-22 11:00", critical=False)
    case.take("save_evidence", "2026-10-22 12:00", content=(Content.SELF_HARM,))
    assert case.playbook.critical_since(case.incident) == at("2026-10-22 09:00")


def test_a_case_that_becomes_critical_at_night_has_duties_the_next_morning() -> None:
    case = CaseFile("cyberbullying", reported="2026-10-22 09:00", content=(Content.SEXUAL,))
    case.take("assess_risk", "2026-12-24 23:30", immediate_risk="yes")
    assert case.due("escalate", agency="police") == "2026-12-25 10:00"
    assert case.due("escalate", agency="childrens_social_care") == "2026-12-25 10:00"


@pytest.mark.parametrize(
    ("requested", "chased"),
    [
        ("2026-11-10 12:00", "2026-11-12 12:00"),
        ("2026-10-24 12:00", "2026-10-26 11:00"),
        ("2027-03-27 12:00", "2027-03-29 13:00"),
        ("2026-12-24 09:00", "2026-12-26 09:00"),
    ],
)
def test_the_result_of_a_takedown_is_due_after_48_elapsed_hours(requested: str, chased: str) -> None:
    case = CaseFile("sexting", reported="2026-10-22 09:00").take("request_removal", requested)
    assert case.due("record_removal") == chased


def test_a_new_request_starts_the_48_hours_again() -> None:
    case = CaseFile("sexting", reported="2026-11-10 09:00").take("request_removal", "2026-11-10 12:00")
    case.take("record_removal", "2026-11-12 09:00", outcome="refused")
    assert not case.requires("record_removal")
    assert duty_of(case, "removal-chased").answered_at == at("2026-11-12 09:00")

    case.take("request_removal", "2026-11-12 10:00", addressee="platform")
    assert case.incident.removal is None
    assert case.due("record_removal") == "2026-11-14 10:00"
    assert "removal-chased" in case.refusal("close").outstanding


def test_one_result_satisfies_two_requests() -> None:
    case = CaseFile("sexting", reported="2026-11-10 09:00").take("request_removal").take("request_removal")
    assert not case.take("record_removal").requires("record_removal")


def test_each_child_has_a_separate_duty() -> None:
    case = CaseFile("cyberbullying").take("inform_parents", child=TARGET)
    assert not case.requires("inform_parents", child=TARGET)
    assert case.requires("inform_parents", child=ALLEGED)

    case.take("withhold_from_parents", child=ALLEGED, review_on=date(2026, 9, 21))
    assert case.due("inform_parents", child=ALLEGED) == "2026-09-21"
    case.take("withhold_from_parents", child=ALLEGED, review_on=date(2026, 10, 5))
    assert case.due("inform_parents", child=ALLEGED) == "2026-10-05"
    case.take("inform_parents", child=ALLEGED)
    assert not case.requires("inform_parents")
    assert case.incident.withheld == {}


def test_a_child_who_is_added_later_adds_duties() -> None:
    case = CaseFile("cyberbullying").answer_everything()
    assert not case.requires("inform_parents")
    case.take("involve_person", person=known("third"), involvement="alleged")
    assert case.requires("inform_parents", child=known("third"))
    assert case.requires("offer_support", person=known("third"))


@pytest.mark.parametrize(
    ("taken", "now", "late"),
    [
        ("2026-09-15 23:59", "2026-09-16 12:00", False),
        ("2026-09-16 00:00", "2026-09-16 12:00", True),
        (None, "2026-09-15 23:59", False),
        (None, "2026-09-16 00:00", True),
    ],
)
def test_a_duty_is_late_if_taken_or_open_after_its_day(taken: str | None, now: str, late: bool) -> None:
    case = CaseFile("cyberbullying", reported="2026-09-14 10:20")
    if taken:
        case.take("triage", taken)
    duty = duty_of(case, "bullying-triage")
    assert duty.open is (taken is None)
    assert duty.late_at(at(now)) is late


def test_a_duty_is_in_time_until_the_last_second() -> None:
    duty = duty_of(CaseFile("cyberbullying"), "bullying-triage")
    assert duty.due_at is not None
    assert not duty.late_at(duty.due_at)
    assert duty.late_at(duty.due_at + timedelta(seconds=1))


def test_a_duty_without_a_date_is_never_late() -> None:
    case = CaseFile("cyberbullying")
    undated = [d for d in case.outstanding() if d.due_at is None]
    assert undated
    assert not any(d.late_at(at("2036-01-01 00:00")) for d in undated)


def test_duties_are_sorted_by_date_with_undated_ones_last() -> None:
    for kind in KINDS:
        due = [d.due_at for d in CaseFile(kind).outstanding()]
        dated = [moment for moment in due if moment is not None]
        assert dated == sorted(dated)
        assert due[: len(dated)] == dated
