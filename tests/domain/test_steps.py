"""Every step in every kind: when it is allowed, and by which clause it is refused."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import msgspec
import pytest

from casework.domain.errors import Invalid, Refused
from casework.domain.incident import STEPS, Step
from casework.domain.playbook import Modality, Rule
from casework.domain.sealed import Sealed
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, LATER_STEPS, PACKS, PEOPLE, TARGET, TEACHER, UNKNOWN, CaseFile
from tests.domain.situations import (
    DUTIES,
    KINDS,
    C,
    History,
    InForce,
    Story,
    by_rule,
    closed,
    consulted,
    debriefed,
    judged,
    playbook_of,
)

DATA_URL = Sealed("See data:image/png;base64,iVBORw0KGgo=")
EXCEPTED = (
    *("reopen", "add_note", "correct", "link", "unlink"),
    *("open_evidence", "declare_conflict", "clear_name", "let_in"),
)
ENDS_SOMETHING = ("complete_action", "cancel_action", "record_agency_response", "record_challenge")


ALLOWED_WITH: Final[dict[str, dict[str, str]]] = {
    "debrief": {"cannot_wait": "Staff meet today; the trial is next year."},
}
"""The fields without which a step is refused whatever else is done, by step."""


def ready_to_debrief(case: C) -> C:
    return (
        case.answer_everything().take("complete_investigation").answer_everything(but=frozenset({"debrief"}))
    )


def ready_to_close(case: C) -> C:
    return debriefed(case).answer_everything()


def as_it_is(case: C) -> C:
    return case


HISTORIES: dict[str, History] = {
    **dict.fromkeys(LATER_STEPS, as_it_is),
    **dict.fromkeys(("record_agency_response", "record_challenge"), lambda case: case.take("escalate")),
    "debrief": ready_to_debrief,
    "complete_action": debriefed,
    "cancel_action": debriefed,
    "close": ready_to_close,
    "reopen": closed,
}
"""The steps that must come before a step can be taken."""

ALLEGATION_HISTORIES: dict[str, Story] = {
    **dict.fromkeys(("tell_subject", "inform_parents", "invite_parent", "family_decision"), consulted),
    **dict.fromkeys(("complete_investigation", "determine_outcome", "record_account"), consulted),
    **dict.fromkeys(("give_outcome_copy",), consulted),
    "reclassify": lambda case: case.take("decide_threshold"),
    "apply_sanction": judged("substantiated"),
}
"""The same for an allegation, where these steps wait for the LADO."""

NEVER_FORMALLY_TOLD = {
    ("tell_subject", kind): "subject-not-formally-told" for kind in KINDS if kind != "staff_allegation"
}
NEVER_SUITABLE = {**NEVER_FORMALLY_TOLD, ("waive", "staff_allegation"): "allegation-debrief"}
"""Steps that a kind never allows, each with the rule that refuses it."""

SANCTIONED = {"staff_misuse": TEACHER, "staff_allegation": TEACHER, "underage_use": TARGET}
"""The person who may be sanctioned, if it is not the alleged pupil."""


def fields_for(step: str, kind: str) -> dict[str, Any]:
    """Fields that adapt the example of `step` to the kind."""
    if step == "reclassify":
        other = next(other for other in KINDS if other != kind)
        return {"kind": other, "direction": None if kind == "unsolicited_contact" else direction_of(other)}
    if step == "consider_police" and kind == "online_grooming":
        return {"refer": True}
    if step == "save_evidence" and kind not in {"sexting", "adult_image"}:
        return {"form": "screenshot"}
    if step == "withdraw_involvement":
        return {"person": UNKNOWN}
    return {"person": SANCTIONED.get(kind, ALLEGED)} if step == "apply_sanction" else {}


def direction_of(kind: str) -> str | None:
    return "pupil_to_staff" if kind == "unsolicited_contact" else None


def with_unknown(kind: str) -> CaseFile:
    return CaseFile(kind, "headcorn", people=(*PEOPLE[kind], (UNKNOWN, "witness", "unknown")))


@cache
def _case_after(story: Story, kind: str) -> CaseFile:
    return story(with_unknown(kind))


def case_after(story: Story, kind: str) -> CaseFile:
    """A new copy of a case of `kind` after the steps of `story`."""
    return _case_after(story, kind).copy()


def suitable_case(step: str, kind: str) -> CaseFile:
    own = ALLEGATION_HISTORIES if kind == "staff_allegation" else {}
    return case_after(own.get(step, HISTORIES[step]), kind)


def second_report(case: CaseFile) -> Step:
    """The report again, as the next step."""
    return msgspec.structs.replace(case.incident.timeline[0], originator_version=case.incident.version + 1)


def build(case: CaseFile, step: str, **fields: Any) -> Step:
    return second_report(case) if step == "report" else case.build(step, **fields)


def test_every_step_has_a_row() -> None:
    assert set(HISTORIES) | {"report"} == set(STEPS)


def test_every_exception_is_for_a_step_with_a_row() -> None:
    assert {step for step, _ in NEVER_SUITABLE} <= {*HISTORIES}
    assert {*ALLEGATION_HISTORIES} <= {*HISTORIES}


@pytest.mark.parametrize("step", HISTORIES)
def test_a_suitable_step_is_allowed(step: str) -> None:
    for kind in KINDS:
        case = suitable_case(step, kind)
        version = case.incident.version
        never = NEVER_SUITABLE.get((step, kind))
        if never is not None:
            assert case.refusal(step).rule == never
        else:
            case.take(step, **fields_for(step, kind))
            assert (case.incident.version, case.incident.timeline[-1].name()) == (version + 1, step)


@pytest.mark.parametrize("step", HISTORIES)
def test_a_file_in_the_note_of_a_step_is_refused(step: str) -> None:
    for kind in KINDS:
        if (step, kind) not in NEVER_SUITABLE:
            refusal = suitable_case(step, kind).refusal(step, **fields_for(step, kind), note=DATA_URL)
            assert (refusal.rule, refusal.clause) == (
                "no-file-in-text",
                "UKCIS; KCSIE part 2, record keeping",
            )


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_in_the_text_of_a_report_is_refused(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        CaseFile(kind, summary=DATA_URL)
    assert refused.value.refusal.rule == "no-file-in-text"


def test_the_floor_lists_the_steps_that_a_closed_case_accepts() -> None:
    (rule,) = (rule for rule in playbook_of("headcorn").rules if rule.id == "closed")
    assert set(rule.except_steps) == set(EXCEPTED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_case_refuses_every_other_step(kind: str) -> None:
    case = case_after(closed, kind)
    version = case.incident.version
    for step in [step for step in STEPS if step not in EXCEPTED]:
        refused = build(case, step, **fields_for(step, kind))
        refusal = case.playbook.refusal(case.incident, refused)
        assert refusal is not None
        # A prohibition of the kind comes before those for all kinds.
        rule = NEVER_FORMALLY_TOLD.get((step, kind), "closed")
        assert (refusal.rule, refusal.clause) == (
            (rule, "KCSIE part 4") if rule != "closed" else ("closed", "KCSIE part 2, record keeping")
        )

        # A closed case has no open action and no open enquiry: ending one is invalid before it is refused.
        # In grooming the police were told, so that they may always say more.
        told = kind == "online_grooming" and step in {"record_agency_response", "record_challenge"}
        with pytest.raises(Invalid if step in ENDS_SOMETHING and not told else Refused):
            case.incident.take(refused, case.playbook)
        assert (case.incident.version, case.incident.state) == (version, "closed")


@pytest.mark.parametrize(
    ("step", "fields"),
    [
        ("reopen", {"reason": Sealed("Opened again: data:,words")}),
        ("add_note", {"text": DATA_URL}),
        ("correct", {"correction": DATA_URL}),
        ("correct", {"reason": Sealed("It was data:image/png;base64,AAAA instead")}),
        ("open_evidence", {"note": DATA_URL}),
    ],
)
def test_a_file_in_a_step_of_a_closed_case_is_refused(step: str, fields: dict[str, Any]) -> None:
    for kind in KINDS:
        refusal = case_after(closed, kind).refusal(step, **fields)
        assert (refusal.rule, refusal.clause) == ("no-file-in-text", "UKCIS; KCSIE part 2, record keeping")


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_case_accepts_the_listed_steps(kind: str) -> None:
    for step in EXCEPTED:
        case = case_after(closed, kind).take(step)
        assert case.incident.closed is (step != "reopen")


@pytest.mark.parametrize("kind", KINDS)
def test_an_open_case_cannot_be_reopened(kind: str) -> None:
    refusal = CaseFile(kind).refusal("reopen")
    assert (refusal.rule, refusal.clause) == ("not-closed", "KCSIE part 2, record keeping")


@pytest.mark.parametrize("entry", [entry for entry in DUTIES if entry.rule.before], ids=by_rule)
def test_a_step_is_refused_until_earlier_duties_are_satisfied(entry: InForce) -> None:
    rule = entry.rule
    for case in entry.cases():
        for step in rule.before:
            refusal = case.refusal(step, **ALLOWED_WITH.get(step, {}))
            assert rule.id in refusal.outstanding
            assert refusal.rule == refusal.outstanding[0]
            first = next(other for other in case.playbook.rules if other.id == refusal.rule)
            assert (refusal.clause, refusal.reason) == (first.clause, first.reason)

        satisfy(case, rule)
        for step in rule.before:
            assert rule.id not in still_outstanding(case, step)


def satisfy(case: CaseFile, rule: Rule) -> None:
    """Take all steps that `rule` requires."""
    if rule.step == "debrief":
        ready_to_debrief(case)
    for duty in case.playbook.duties(case.incident, TEST_CALENDAR):
        if duty.rule.id == rule.id and duty.open:
            case.answer(duty)


def still_outstanding(case: CaseFile, step: str) -> set[str]:
    refusal = case.playbook.refusal(case.incident, case.build(step))
    return set() if refusal is None else set(refusal.outstanding)


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_case_is_not_closed_while_duties_block_it(kind: str, pack: str) -> None:
    case = CaseFile(kind, pack)
    undone = {
        duty.rule.id
        for duty in case.outstanding()
        if duty.rule.modality is not Modality.MAY and "close" in duty.rule.before
    }
    assert undone <= set(case.refusal("close").outstanding)
