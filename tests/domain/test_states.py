"""How far an incident has progressed: its milestones, and what holds after any steps in any order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casework.domain.errors import Invalid, Refused
from casework.domain.incident import Incident
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import (
    Agency,
    AllegationOutcome,
    Answer,
    Content,
    DecisionTopic,
    Enquiry,
    RemovalOutcome,
    Respondent,
    State,
)
from tests.domain.casefile import ALLEGED, LATER_STEPS, PACKS, PEOPLE, TARGET, TEACHER, UNKNOWN, CaseFile, at
from tests.domain.situations import KINDS, closed

MILESTONES = {
    "save_evidence": "evidence_saved",
    "invite_parent": "parent_invited",
    "escalate": "escalated",
    "debrief": "debriefed",
    "close": "closed",
}
ENDINGS = ("close_as_duplicate", "withdraw_report")
"""The other steps that close a case."""
ALSO_ESCALATES = "consult_lado"
IN_BETWEEN = {"staff_allegation": (ALSO_ESCALATES,)}
"""In an allegation, parents are invited only after the LADO agrees, which is later."""
QUIET = ("early_help", "other_school", "employer", "platform", "isp", "governors")


def walk(case: CaseFile, *steps: str) -> CaseFile:
    for step in steps:
        case.take(step)
    return case


def test_the_states_are_in_the_order_of_the_milestones() -> None:
    assert [*State] == ["reported", *MILESTONES.values()]
    assert [state.rank for state in State] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_the_first_milestone(kind: str) -> None:
    case = CaseFile(kind)
    assert case.incident.state is State.REPORTED
    assert case.incident.milestones == {State.REPORTED: case.incident.reported_at}


@pytest.mark.parametrize("kind", KINDS)
def test_each_milestone_is_reached_by_its_step(kind: str) -> None:
    case = CaseFile(kind, "headcorn")
    for step in ("save_evidence", *IN_BETWEEN.get(kind, ("invite_parent", "escalate"))):
        case.take(step)
        assert case.incident.state == MILESTONES.get(step, State.ESCALATED)
        assert case.incident.milestones[case.incident.state] == case.now
    case.answer_everything(but=frozenset({"debrief"})).take("debrief")
    assert (case.incident.state, case.incident.milestones[State.DEBRIEFED]) == (State.DEBRIEFED, case.now)
    case.answer_everything().take("close")
    assert (case.incident.state, case.incident.milestones[State.CLOSED]) == (State.CLOSED, case.now)


@pytest.mark.parametrize("step", sorted({*LATER_STEPS} - {*MILESTONES, *ENDINGS, ALSO_ESCALATES}))
def test_no_other_step_is_a_milestone(step: str) -> None:
    assert CaseFile("cyberbullying").build(step).milestone() is None


@pytest.mark.parametrize("agency", Agency)
def test_informing_only_some_agencies_escalates(agency: Agency) -> None:
    case = CaseFile("cyberbullying", content=(Content.SEXUAL,)).take("escalate", agency=agency)
    quiet = agency in QUIET
    assert case.incident.state is (State.REPORTED if quiet else State.ESCALATED)
    assert (State.ESCALATED in case.incident.milestones) is not quiet
    assert case.incident.told_agencies == {agency}


def test_consulting_the_lado_escalates() -> None:
    case = CaseFile("staff_allegation").take(ALSO_ESCALATES)
    assert case.incident.state is State.ESCALATED
    assert case.incident.milestones[State.ESCALATED] == case.now
    assert case.incident.open_enquiries == {"lado"}
    assert case.incident.told_agencies == frozenset()


def test_a_milestone_may_be_skipped() -> None:
    case = walk(CaseFile("cyberbullying"), "escalate")
    assert case.incident.state is State.ESCALATED
    assert [*case.incident.milestones] == ["reported", "escalated"]


@pytest.mark.parametrize("step", ["save_evidence", "invite_parent"])
def test_an_earlier_milestone_does_not_change_the_state(step: str) -> None:
    case = walk(CaseFile("cyberbullying"), "escalate", step)
    assert case.incident.state is State.ESCALATED
    assert case.incident.milestones[State(MILESTONES[step])] == case.now


def test_a_milestone_has_the_time_it_was_first_reached() -> None:
    case = walk(CaseFile("cyberbullying"), "save_evidence")
    first = case.now
    walk(case, "save_evidence")
    assert case.incident.milestones[State.EVIDENCE_SAVED] == first


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((), "evidence_saved"),
        (("invite_parent",), "parent_invited"),
        (("invite_parent", "escalate"), "escalated"),
        (("escalate",), "escalated"),
    ],
)
def test_reopening_returns_to_the_last_milestone_before_the_debrief(
    steps: tuple[str, ...], state: str
) -> None:
    case = closed(walk(CaseFile("cyberbullying", "headcorn"), *steps)).take("reopen")
    assert case.incident.state == state
    assert not case.incident.milestones.keys() & {State.DEBRIEFED, State.CLOSED}
    assert case.requires("debrief")

    case.answer_everything().take("close")
    assert case.incident.state is State.CLOSED


def test_a_case_closed_without_a_debrief_returns_to_its_state() -> None:
    case = CaseFile("cyberbullying", "st_thomas").answer_everything().take("close").take("reopen")
    assert case.incident.state is State.EVIDENCE_SAVED


def test_a_case_may_be_closed_and_reopened_repeatedly() -> None:
    case = CaseFile("cyberbullying", "headcorn")
    for _ in range(3):
        closed(case).take("reopen")
    assert case.incident.state is State.EVIDENCE_SAVED


ANSWERS = st.sampled_from(Answer)
FIELDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "triage": {"critical": st.booleans(), "timing": st.sampled_from(["in_school", "out_of_school"])},
    "save_evidence": {"content": st.lists(st.sampled_from(Content), max_size=2).map(tuple)},
    "escalate": {"agency": st.sampled_from(Agency)},
    "record_agency_response": {
        "agency": st.sampled_from(Respondent),
        "enquiry": st.sampled_from(Enquiry),
        "hold_parents": st.booleans(),
    },
    "consider_police": {"refer": st.booleans()},
    "assess_risk": {"coercion": ANSWERS, "immediate_risk": ANSWERS},
    "decide": {"topic": st.sampled_from(DecisionTopic)},
    "decide_threshold": {"met": st.booleans(), "limbs": st.sampled_from([(), ("harmed",)])},
    "classify_contact": {"immediate_family": st.booleans(), "no_reply_attested": st.booleans()},
    "waive": {"waived": st.sampled_from(["save_evidence", "escalate", "debrief", "nothing"])},
    "reclassify": {"kind": st.sampled_from(KINDS)},
    "add_note": {"text": st.sampled_from([Sealed("Words."), Sealed("data:,words"), Sealed(" ")])},
    "apply_sanction": {"person": st.sampled_from([TARGET, ALLEGED, TEACHER])},
    "consult_lado": {"may_tell_subject": st.booleans(), "may_tell_parents": st.booleans()},
    "determine_outcome": {"outcome": st.sampled_from(AllegationOutcome)},
    "appoint_case_manager": {"user_is_subject": st.booleans()},
    "record_removal": {"outcome": st.sampled_from(RemovalOutcome)},
    "check_consent": {"consent_date": st.just(date(2026, 9, 4)), "in_force": st.booleans()},
    "inform_parents": {"child": st.sampled_from([TARGET, ALLEGED])},
    "record_child_voice": {"person": st.sampled_from([TARGET, ALLEGED])},
    "offer_support": {"person": st.sampled_from([TARGET, ALLEGED, TEACHER])},
    "correct": {"corrects": st.integers(0, 20)},
}
"""Fields that change the effect of a step; other fields have the values of its example."""

EVERY_DUTY = "every duty"
MOVES = st.one_of(
    *[st.sampled_from([(EVERY_DUTY, {}), ("reopen", {})])] * 10,
    *(
        st.tuples(st.just(step), st.fixed_dictionaries({}, optional=FIELDS.get(step, {})))
        for step in LATER_STEPS
    ),
)


def snapshot(incident: Incident) -> dict[str, Any]:
    """Every attribute of an incident, with its lists and dictionaries copied."""
    public = {name: value for name, value in vars(incident).items() if not name.startswith("_")}
    return {
        name: value.copy() if isinstance(value, (dict, list)) else value for name, value in public.items()
    }


class Watched:
    """A case that checks, after every step that is tried, what must always hold."""

    def __init__(self, kind: str, pack: str) -> None:
        self.case = CaseFile(kind, pack, people=(*PEOPLE[kind], (UNKNOWN, "witness", "unknown")))
        self.critical = False

    def move(self, step: str, fields: dict[str, Any]) -> None:
        if step == EVERY_DUTY:
            for duty in [*self.case.outstanding(), *self.case.outstanding()]:
                self.attempt(duty.rule.step or "", duty.preset)
            self.attempt("close", {})
        else:
            self.attempt(step, fields)

    def attempt(self, name: str, fields: dict[str, Any]) -> None:
        case, incident = self.case, self.case.incident
        before = snapshot(incident)
        step = case.build(name, **fields)
        refusal = case.playbook.refusal(incident, step)
        error = self.error(name, fields)
        if isinstance(error, Refused):
            assert refusal is not None
            assert error.refusal == refusal
        if error is not None:
            assert snapshot(incident) == before
        else:
            assert refusal is None
            assert incident.version == before["version"] + 1 == len(incident.timeline)
            assert incident.state.rank >= before["state"].rank or name == "reopen"
            assert before["timeline"] == incident.timeline[:-1]
        self.hold()

    def error(self, name: str, fields: dict[str, Any]) -> Refused | Invalid | None:
        try:
            self.case.take(name, **fields)
        except (Refused, Invalid) as error:
            return error
        return None

    def hold(self) -> None:
        case, incident = self.case, self.case.incident
        critical = case.playbook.critical_since(incident) is not None
        assert critical >= self.critical
        self.critical = critical
        assert incident.state in incident.milestones
        assert incident.state is max(incident.milestones, key=lambda state: state.rank)


@settings(deadline=None, max_examples=40)
@given(
    kind=st.sampled_from(KINDS),
    pack=st.sampled_from(sorted(PACKS)),
    moves=st.lists(MOVES, max_size=25),
)
def test_the_invariants_hold_for_any_steps_in_any_order(
    kind: str, pack: str, moves: list[tuple[str, dict[str, Any]]]
) -> None:
    watched = Watched(kind, pack)
    for step, fields in moves:
        watched.move(step, fields)
    case, incident = watched.case, watched.case.incident

    replayed = Incident.replay(incident.timeline)
    assert replayed is not None
    assert snapshot(replayed) == snapshot(incident)

    before = snapshot(incident)
    assert case.outstanding() == case.outstanding()
    assert snapshot(incident) == before


def test_a_part_of_a_history_replays_to_the_incident_at_that_time() -> None:
    case = CaseFile("sexting", "headcorn", reported="2026-11-10 09:05")
    then = [snapshot(case.incident)]
    for step in ("acknowledge", "save_evidence", "assess_risk", "escalate", "invite_parent"):
        case.take(step)
        then.append(snapshot(case.incident))
    assert case.now == at("2026-11-10 14:05")
    for number, known_then in enumerate(then, start=1):
        replayed = Incident.replay(case.incident.timeline[:number])
        assert replayed is not None
        assert snapshot(replayed) == known_then
