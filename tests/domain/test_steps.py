"""Every step in every kind: where it is allowed, and by which clause it is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from casework.domain.errors import Invalid, Refused
from casework.domain.incident import STEPS, Step
from casework.domain.playbook import Modality, Rule
from casework.domain.sealed import Sealed
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, EXAMPLES, PACKS, TARGET, UNKNOWN, CaseFile
from tests.domain.situations import KINDS, Story, case_for, closed, debriefed, every_rule, playbook_of

WITH_UNKNOWN = ((TARGET, "target", "pupil"), (ALLEGED, "alleged", "pupil"), (UNKNOWN, "witness", "unknown"))
DATA_URL = Sealed("See data:image/png;base64,iVBORw0KGgo=")
EXCEPTED = ("reopen", "add_note", "correct", "open_evidence")
ENDS_ACTION = ("complete_action", "cancel_action")


def ready_to_debrief(case: CaseFile) -> CaseFile:
    return (
        case.answer_everything().take("complete_investigation").answer_everything(but=frozenset({"debrief"}))
    )


def as_it_is(case: CaseFile) -> CaseFile:
    return case


HISTORIES: dict[str, Story] = {
    **dict.fromkeys(EXAMPLES, as_it_is),
    "debrief": ready_to_debrief,
    "complete_action": debriefed,
    "cancel_action": debriefed,
    "close": lambda case: debriefed(case).answer_everything(),
    "reopen": closed,
}
"""What must have been done before a step is suitable."""


def fields_for(step: str, kind: str) -> dict[str, Any]:
    """What makes the example of `step` suit the kind."""
    if step == "reclassify":
        other = next(other for other in KINDS if other != kind)
        return {"kind": other, "direction": None if kind == "unsolicited_contact" else direction_of(other)}
    return {"person": ALLEGED} if step == "apply_sanction" else {}


def direction_of(kind: str) -> str | None:
    return "pupil_to_staff" if kind == "unsolicited_contact" else None


def suitable_case(step: str, kind: str) -> CaseFile:
    case = CaseFile(kind, "headcorn", people=WITH_UNKNOWN)
    return HISTORIES[step](case)


def second_report(case: CaseFile) -> Step:
    """The report again, as the next step."""
    return msgspec.structs.replace(case.incident.timeline[0], originator_version=case.incident.version + 1)


def build(case: CaseFile, step: str, **fields: Any) -> Step:
    return second_report(case) if step == "report" else case.build(step, **fields)


def test_every_step_has_a_row() -> None:
    assert set(HISTORIES) | {"report"} == set(STEPS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", HISTORIES)
def test_a_step_is_allowed_where_it_is_suitable(step: str, kind: str) -> None:
    case = suitable_case(step, kind)
    version = case.incident.version
    case.take(step, **fields_for(step, kind))
    assert (case.incident.version, case.incident.timeline[-1].name()) == (version + 1, step)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", HISTORIES)
def test_no_step_carries_a_file_in_its_note(step: str, kind: str) -> None:
    refusal = suitable_case(step, kind).refusal(step, **fields_for(step, kind), note=DATA_URL)
    assert (refusal.rule, refusal.clause) == ("no-file-in-text", "UKCIS; KCSIE part 2, record keeping")


@pytest.mark.parametrize("kind", KINDS)
def test_no_report_carries_a_file_in_its_words(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        CaseFile(kind, summary=DATA_URL)
    assert refused.value.refusal.rule == "no-file-in-text"


def test_the_steps_a_closed_case_still_takes_are_those_the_floor_lists() -> None:
    (rule,) = (rule for rule in playbook_of("headcorn").rules if rule.id == "closed")
    assert set(rule.except_steps) == set(EXCEPTED)


@pytest.fixture(scope="module", params=KINDS)
def closed_case(request: pytest.FixtureRequest) -> CaseFile:
    """A closed case that no test of it changes."""
    return closed(CaseFile(request.param, "headcorn", people=WITH_UNKNOWN))


@pytest.mark.parametrize("step", [step for step in STEPS if step not in EXCEPTED])
def test_a_closed_case_takes_no_further_step(closed_case: CaseFile, step: str) -> None:
    refused = build(closed_case, step, **fields_for(step, closed_case.incident.kind))
    refusal = closed_case.playbook.refusal(closed_case.incident, refused)
    assert refusal is not None
    assert (refusal.rule, refusal.clause) == ("closed", "KCSIE part 2, record keeping")

    version = closed_case.incident.version
    # No action is left open in a closed case, so ending one is malformed before it is refused.
    with pytest.raises(Invalid if step in ENDS_ACTION else Refused):
        closed_case.incident.take(refused, closed_case.playbook)
    assert (closed_case.incident.version, closed_case.incident.state) == (version, "closed")


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
def test_what_a_closed_case_still_takes_is_refused_where_it_carries_a_file(
    closed_case: CaseFile, step: str, fields: dict[str, Any]
) -> None:
    refusal = closed_case.refusal(step, **fields)
    assert (refusal.rule, refusal.clause) == ("no-file-in-text", "UKCIS; KCSIE part 2, record keeping")


@pytest.mark.parametrize("step", EXCEPTED)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_closed_case_still_takes_is_allowed(kind: str, step: str) -> None:
    case = closed(CaseFile(kind, "headcorn")).take(step)
    assert case.incident.closed is (step != "reopen")


@pytest.mark.parametrize("kind", KINDS)
def test_an_open_case_is_not_reopened(kind: str) -> None:
    refusal = CaseFile(kind).refusal("reopen")
    assert (refusal.rule, refusal.clause) == ("not-closed", "KCSIE part 2, record keeping")


def barriers() -> list[Any]:
    """Every step some rule stands before, in each kind under each pack."""
    return [
        pytest.param(kind, pack, rule, step, id=f"{pack} {kind}: {rule.id} before {step}")
        for kind, pack, rule in every_rule()
        for step in rule.before
    ]


@pytest.mark.parametrize(("kind", "pack", "rule", "step"), barriers())
def test_a_step_waits_for_what_must_come_before_it(kind: str, pack: str, rule: Rule, step: str) -> None:
    case = case_for(rule.id, kind, pack)
    refusal = case.refusal(step)
    assert rule.id in refusal.outstanding
    assert refusal.rule == refusal.outstanding[0]
    first = next(other for other in case.playbook.rules if other.id == refusal.rule)
    assert (refusal.clause, refusal.reason) == (first.clause, first.reason)

    answer(case, rule)
    assert rule.id not in still_outstanding(case, step)


def answer(case: CaseFile, rule: Rule) -> None:
    """Do all that `rule` asks."""
    if rule.step == "debrief":
        ready_to_debrief(case)
    for duty in case.playbook.duties(case.incident, TEST_CALENDAR):
        if duty.rule.id == rule.id and duty.open:
            case.take(rule.step or "", **duty.preset)


def still_outstanding(case: CaseFile, step: str) -> set[str]:
    refusal = case.playbook.refusal(case.incident, case.build(step))
    return set() if refusal is None else set(refusal.outstanding)


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_case_is_not_closed_before_everything_that_must_come_first(kind: str, pack: str) -> None:
    case = CaseFile(kind, pack)
    undone = {
        duty.rule.id
        for duty in case.outstanding()
        if duty.rule.modality is not Modality.MAY and "close" in duty.rule.before
    }
    assert undone <= set(case.refusal("close").outstanding)
