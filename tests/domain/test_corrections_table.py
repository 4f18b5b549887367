"""For every step: how it may be corrected, who must agree and what follows.

`python -m tests.domain.test_corrections_table write` writes `docs/corrections.md` from the classes of the
steps and from the rows here.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from casework.domain.errors import Invalid
from casework.domain.fields import Partial, ServerSet, first_marker, named_fields
from casework.domain.incident import STEPS, Step
from casework.domain.incident.examples import typed
from casework.domain.incident.protections import takes_back_protection
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import PEOPLE, TEACHER, UNKNOWN, CaseFile, known
from tests.domain.situations import Story, closed, consulted

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "corrections.md"
REASON: Final = {"reason": "It was recorded by mistake."}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What follows when the step is corrected, and how a test takes and changes it.

    `two` says when two people must agree; `protects` that the step as the test takes it is such a case.
    `fields` are those of the step, `change` other values for some of them; `history` comes before the step.
    """

    follows: str
    two: str = "never"
    protects: bool = False
    kind: str = "cyberbullying"
    history: Story | None = None
    fields: dict[str, Any] = {}
    change: dict[str, Any] = {}


HEAD: Final = """# How each step is corrected

A step is never edited. `correct` names an earlier step, and either voids it (`void: true`) or gives other
values for some of its `fields`. Both steps stay on the timeline; only what stands counts. `at` and `note` can
be replaced wherever other fields can. A correction that would open a duty in a closed case is refused until
the case is reopened. The reasons are in [decision 0033](decisions/0033-corrections.md).

| step | voided | replaced | two people | what follows |
|---|---|---|---|---|
"""
DUE: Final = "What it answered is due again."
EXPLAINED: Final = "A parent who was wrongly told is told so."
REFERRAL: Final = "if a referral is taken back"
NO_LONGER: Final = "if the case is then no longer critical or of sexual content"
UNREAD: Final = "Nothing."


def allegation(case: CaseFile) -> CaseFile:
    return consulted(case)


def waived(case: CaseFile) -> CaseFile:
    return case.take("waive", waived="save_evidence")


def debriefed(case: CaseFile) -> CaseFile:
    case.take("acknowledge").answer_everything(but=frozenset({"debrief"})).take("debrief")
    return case


def to_close(case: CaseFile) -> CaseFile:
    return debriefed(case).answer_everything()


def answered(case: CaseFile) -> CaseFile:
    return case.take("acknowledge").answer_everything()


ROWS: Final[dict[str, Row]] = {
    "report": Row(
        follows="Clocks, term, content and stream follow the new values; the editions it is judged by stay. "
        "A report moved more than a day before its recording needs `late_reason`. "
        "The person who reported still reads what they submitted.",
        two="if it is moved to a later time, the case is then no longer critical or of sexual content, or it "
        "was an allegation and its day changes",
        change={"platform": "Signal"},
    ),
    "acknowledge": Row(follows=DUE),
    "triage": Row(
        follows=f"{DUE} What it alone made critical is no longer.",
        two=NO_LONGER,
        protects=True,
        fields={"critical": True},
        change={"critical": False},
    ),
    "involve_person": Row(
        follows="The person is in no duty, list or figure; the stream follows. Who was shut out because of "
        "it stays shut out until two people let them in.",
        fields={"person": known("newcomer"), "category": "pupil"},
        change={"involvement": "bystander"},
    ),
    "withdraw_involvement": Row(
        follows="The person is involved again.",
        fields={"person": UNKNOWN},
        change={"reason": "Quite another."},
    ),
    "identify_person": Row(
        follows="The other person takes the place of the one who was unknown. What was due about the first "
        "ends.",
        fields={"category": "pupil"},
        change={"as": str(known("somebody else"))},
    ),
    "add_note": Row(follows=UNREAD, change={"text": "It was at lunch."}),
    "assign": Row(follows="The user no longer works on the case.", change={"user": str(known("colleague"))}),
    "seek_advice": Row(follows=UNREAD, change={"advice": "Keep everything."}),
    "record_search": Row(follows=UNREAD, change={"found": "A second phone."}),
    "save_evidence": Row(
        follows=f"{DUE} Its file stays, is still held, and can still be opened.",
        two=NO_LONGER,
        change={"description": "What the pupil wrote down."},
    ),
    "open_evidence": Row(follows=UNREAD),
    "request_removal": Row(follows="The chase ends or starts anew.", change={"addressee": "platform"}),
    "record_removal": Row(follows=DUE, change={"outcome": "refused"}),
    "record_child_voice": Row(follows=DUE, change={"voice": "I want to change class."}),
    "inform_parents": Row(
        follows=f"{DUE} It is late from when it was first due, unless the wrong person was told. {EXPLAINED}",
        change={"method": "letter"},
    ),
    "withhold_from_parents": Row(follows="The parents are to be told.", change={"review_on": "2026-10-01"}),
    "tell": Row(follows=DUE, change={"method": "telephone"}),
    "invite_parent": Row(follows=f"{DUE} The state falls back. {EXPLAINED}", change={"method": "telephone"}),
    "record_meeting": Row(follows=DUE, change={"outcome": "declined"}),
    "family_decision": Row(follows=DUE, change={"by": "the mother"}),
    "advise": Row(follows=DUE, change={"text": "In other words."}),
    "offer_support": Row(follows=DUE, change={"what": "A place at the homework club."}),
    "apply_sanction": Row(follows=UNREAD, change={"what": "One lunchtime inside."}),
    "consider_police": Row(follows=DUE, change={"reason": "Quite another reason."}),
    "escalate": Row(
        follows=f"{DUE} The enquiry counts as never begun, and the state falls back.",
        two=REFERRAL,
        protects=True,
        change={"reference": "Log 311"},
    ),
    "record_mandatory_report": Row(
        follows=f"{DUE} The agency counts as not told by it, and the enquiry as never begun.",
        two="if what was reported is taken back",
        protects=True,
        change={"reference": "Log 311"},
    ),
    "decide_sharing": Row(follows=DUE, change={"reason": "Quite another reason."}),
    "record_challenge": Row(
        follows=UNREAD,
        history=lambda case: case.take("escalate"),
        change={"outcome": "They will ring on Monday."},
    ),
    "record_agency_response": Row(
        follows="What the agency said before applies again.",
        two="if an agency's wish that parents are not told is taken back",
        protects=True,
        history=lambda case: case.take("escalate"),
        fields={"enquiry": "open", "hold_parents": True},
        change={"outcome": "They will ring on Monday."},
    ),
    "assess_risk": Row(
        follows=f"{DUE} The referrals that it asked for are no longer due.",
        two="if a yes or an unknown is taken back",
        protects=True,
        kind="sexting",
        fields={"coercion": "unknown"},
        change={"violent_or_unusual": "unknown"},
    ),
    "assess_welfare": Row(
        follows=f"{DUE} The referral that it asked for is due only as long as the child is unassessed.",
        two="if a yes or an unknown is taken back, or moved to a later time",
        protects=True,
        fields={"at_risk_now": "unknown"},
        change={"plan": "The learning mentor looks in twice a day."},
    ),
    "attest_no_copy": Row(follows=DUE, kind="sexting", change={"statement": "Nobody holds a copy of it."}),
    "record_viewing": Row(follows=UNREAD, kind="sexting", change={"place": "The office"}),
    "record_deletion": Row(follows=DUE, change={"reference": "Log 12"}),
    "establish_involvement": Row(follows=DUE, kind="sexting", change={"passed_on": True}),
    "make_safe": Row(follows=DUE, kind="staff_allegation", change={"how": "The child is at home today."}),
    "classify_contact": Row(follows=DUE, kind="unsolicited_contact", change={"immediate_family": True}),
    "decide_threshold": Row(
        follows=f"{DUE} What a threshold that was met asked for is no longer due.",
        two="if a threshold that was met is taken back, also by a new decision",
        protects=True,
        kind="staff_misuse",
        fields={"met": True, "limbs": ("harmed",)},
        change={"rationale": "Quite another reason."},
    ),
    "decide": Row(follows=DUE, change={"decision": "Another decision."}),
    "complete_investigation": Row(
        follows="The clock of the debrief no longer runs from it.", change={"findings": "It was otherwise."}
    ),
    "debrief": Row(
        follows="Its lessons and actions count no longer; the state falls back.",
        history=answered,
        change={"summary": "Another summary of it."},
    ),
    "add_action": Row(follows="The action need not be done.", change={"text": "Ask the platform again."}),
    "complete_action": Row(
        follows="The action is open again.", history=debriefed, change={"effect": "Fewer reports since."}
    ),
    "cancel_action": Row(
        follows="The action is open again.", history=debriefed, change={"reason": "Quite another reason."}
    ),
    "close": Row(follows=UNREAD, history=to_close, change={"outcome": "Settled between the families."}),
    "reopen": Row(follows=UNREAD, history=closed, change={"reason": "Quite another reason."}),
    "waive": Row(
        follows="What was waived is due again.",
        two="for other words, since two people decided it; and if it is waived again by a correction",
        fields={"waived": "save_evidence"},
        change={"reason": "Quite another reason."},
    ),
    "correct": Row(
        follows="What it corrected stands as it was before.",
        two="if that takes back what protects a child, or waives a duty again",
        history=lambda case: case.take("triage"),
        fields={
            "corrects": 2,
            "correction": None,
            "fields": Partial(STEPS["triage"], {"timing": "out_of_school"}),
        },
    ),
    "rebase": Row(
        follows=UNREAD,
        two="for other words, since two people decided it",
        change={"reason": "Quite another reason."},
    ),
    "reclassify": Row(
        follows=UNREAD, fields={"kind": "underage_use"}, change={"reason": "Quite another reason."}
    ),
    "link": Row(follows=UNREAD),
    "unlink": Row(follows=UNREAD),
    "close_as_duplicate": Row(
        follows=UNREAD,
        two="to close a case that asks for more than the other, and for other words then",
        change={"reason": "Quite another reason."},
    ),
    "take_up_duplicate": Row(follows=UNREAD),
    "release_duplicate": Row(follows=UNREAD),
    "withdraw_report": Row(
        follows=UNREAD,
        two="for other words, since two people decided it",
        change={"reason": "Quite another reason."},
    ),
    "record_content": Row(
        follows="What it alone made critical is no longer; the duties of the content end.",
        two=NO_LONGER,
        protects=True,
        fields={"content": ("self_harm",)},
        change={"how": "Quite another way."},
    ),
    "declare_conflict": Row(follows=UNREAD),
    "clear_name": Row(follows=UNREAD),
    "let_in": Row(follows=UNREAD),
    "check_age": Row(follows=DUE, kind="underage_use", change={"age": 12}),
    "check_consent": Row(
        follows=DUE,
        kind="image_without_consent",
        change={"in_force": True, "consent_date": "2026-09-01"},
    ),
    "contain": Row(follows=DUE, kind="inappropriate_content", change={"circumvented": True}),
    "request_block": Row(follows=DUE, kind="inappropriate_content", change={"url": "https://example.org/2"}),
    "confirm_block": Row(follows=DUE, kind="inappropriate_content", change={"outcome": "Half of it is."}),
    "ban_from_computing": Row(
        follows=DUE, kind="inappropriate_content", change={"reason": "Quite another reason."}
    ),
    "welfare_check": Row(
        follows=DUE, kind="inappropriate_content", change={"outcome": "The child is upset."}
    ),
    "decide_data_breach": Row(
        follows=DUE, kind="image_without_consent", change={"reason": "Quite another reason."}
    ),
    "appoint_case_manager": Row(
        follows=DUE, kind="staff_allegation", change={"user": str(known("colleague"))}
    ),
    "consult_lado": Row(
        follows=f"{DUE} What the LADO had agreed to is no longer agreed.",
        two=f"{REFERRAL}, or its wish that somebody is not told",
        protects=True,
        kind="staff_allegation",
        change={"reference": "LADO 7"},
    ),
    "decide_suspension": Row(
        follows=DUE, kind="staff_allegation", history=allegation, change={"reason": "Quite another reason."}
    ),
    "tell_subject": Row(
        follows=DUE, kind="staff_allegation", history=allegation, change={"method": "letter"}
    ),
    "record_departure": Row(
        follows=DUE,
        kind="staff_allegation",
        fields={"person": TEACHER},
        change={"how": "would_have_been_removed"},
    ),
    "record_account": Row(
        follows=DUE, kind="staff_misuse", fields={"person": TEACHER}, change={"account": "Nothing to add."}
    ),
    "determine_outcome": Row(
        follows=DUE, kind="staff_allegation", history=allegation, change={"outcome": "false"}
    ),
    "give_outcome_copy": Row(
        follows=DUE, kind="staff_allegation", history=allegation, change={"to": "their union"}
    ),
    "decide_regulatory_referral": Row(follows=DUE, kind="staff_allegation", change={"tra": True}),
    "check_pattern": Row(
        follows=DUE, kind="staff_misuse", change={"conclusion": "Quite another conclusion."}
    ),
}


def replaceable(step: type[Step]) -> list[str]:
    """The fields for which a correction may give other values, besides `at` and `note`."""
    if not step.CORRECTABLE.replaceable:
        return []
    left_out = {*Step.__struct_fields__, *step.CORRECTABLE.fixed}
    return [
        field.api_name
        for field in named_fields(step)
        if field.attribute not in left_out and first_marker(field.markers, ServerSet) is None
    ]


VOIDABLE: Final = [name for name, step in STEPS.items() if step.CORRECTABLE.not_voided is None]


def page() -> str:
    """The table as it is printed."""
    return HEAD + "".join(line(name, step) for name, step in STEPS.items())


def line(name: str, step: type[Step]) -> str:
    row, reason = ROWS[name], step.CORRECTABLE.not_voided
    voided = "yes" if reason is None else f"no: {reason}"
    fields = ", ".join(f"`{each}`" for each in replaceable(step)) or "nothing"
    return f"| `{name}` | {voided} | {fields} | {row.two} | {row.follows} |\n"


def taken(name: str) -> CaseFile:
    """A case right after the step of the row."""
    row = ROWS[name]
    people = (*PEOPLE[row.kind], (UNKNOWN, "witness", "unknown"))
    case = CaseFile(row.kind, "headcorn", people=people)
    if row.history is not None:
        row.history(case)
    if name != "report":
        case.now = case.now.replace(second=1)
        # Some of these casework records itself, and some a rule would refuse here.
        case.incident.append(case.build(name, **row.fields))
    return case


def correct(case: CaseFile, **fields: Any) -> CaseFile:
    number = case.incident.version
    return case.take("correct", corrects=number, correction=None, **REASON, **fields)


def standing(case: CaseFile) -> dict[str, Any]:
    incident = case.incident
    names = ("state", "people", "content", "risk", "told_agencies", "parents_held_by", "withheld", "waived")
    open_duties = {
        (duty.rule.id, str(duty.preset), duty.open)
        for duty in case.playbook.duties(incident, TEST_CALENDAR)
        # Who was told by mistake stays told: the one duty that a voided step leaves behind.
        if duty.rule.id != "tell-wrongly-told"
    }
    return {name: getattr(incident, name) for name in names} | {"duties": open_duties}


def test_every_step_has_a_row() -> None:
    assert ROWS.keys() == STEPS.keys()


def test_the_printed_table_is_current() -> None:
    assert PAGE.read_text() == page(), "run python -m tests.domain.test_corrections_table write"


@pytest.mark.parametrize("name", VOIDABLE)
def test_voided_it_counts_for_nothing(name: str) -> None:
    case = taken(name)
    before = CaseFile.copy(case)
    before.incident = before.incident.without(before.incident.version)
    kept = case.incident.timeline[-1]
    correct(case, void=True)
    assert standing(case) == standing(before)
    assert case.incident.timeline[-2] is kept


@pytest.mark.parametrize("name", [name for name, step in STEPS.items() if step.CORRECTABLE.not_voided])
def test_it_cannot_be_voided(name: str) -> None:
    case = taken(name)
    version = case.incident.version
    with pytest.raises(Invalid) as raised:
        correct(case, void=True)
    assert raised.value.errors == {"$.corrects": [f"cannot be voided: {STEPS[name].CORRECTABLE.not_voided}"]}
    assert case.incident.version == version


@pytest.mark.parametrize("name", [name for name, step in STEPS.items() if replaceable(step)])
def test_other_values_take_the_place_of_its_own(name: str) -> None:
    case = taken(name)
    number = case.incident.version
    correct(case, fields=Partial(STEPS[name], typed(STEPS[name], ROWS[name].change)))
    form = case.incident.form_of(number)
    assert form is not None
    values = typed(STEPS[name], ROWS[name].change)
    assert {attribute: getattr(form, attribute) for attribute in values} == values


@pytest.mark.parametrize("name", [name for name, step in STEPS.items() if not step.CORRECTABLE.replaceable])
def test_no_value_of_it_is_replaced(name: str) -> None:
    case = taken(name)
    with pytest.raises(Invalid) as raised:
        correct(case, fields=Partial(STEPS[name], {"note": None, "happened_at": case.now}))
    assert raised.value.errors == {"$.fields": [f"cannot be given for the step {name}"]}


@pytest.mark.parametrize("name", VOIDABLE)
def test_two_people_void_what_protects_a_child_and_one_anything_else(name: str) -> None:
    case = taken(name)
    before = case.copy()
    correct(case, void=True)
    taken_back = takes_back_protection(before.incident, case.incident, case.playbook.critical_since)
    assert taken_back is ROWS[name].protects


if __name__ == "__main__" and sys.argv[1:] == ["write"]:
    PAGE.write_text(page())
