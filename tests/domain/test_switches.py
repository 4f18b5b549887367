"""Law that begins on a day of its own: its duties are off until the day is known, and off for older cases."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from casework.domain.incident.reporting import Policy
from casework.domain.playbook import Playbook
from casework.domain.vocabulary import Content
from casework.library import Library
from casework.library.checking import PlaybookError
from casework.library.library import every_fault
from tests.domain.casefile import ALLEGED, FLOOR, PACKS, TARGET, TEACHER, CaseFile, at, known
from tests.domain.situations import CHILD_POSTED_ABOUT, INFORMED, LEARNT_OF
from tests.domain.test_playbook_files import FIRST_RULE, FLOOR_FILE, PACK_FILE, error, load, replaced

OWN: Final = Library.own()
EARLIER: Final = "england@2021-09-01"
BY_LAW: Final = {
    "mandatory-reporting": "record_mandatory_report",
    "information-sharing": "decide_sharing",
}
CLAUSES: Final = {
    "record_mandatory_report": "Crime and Policing Act 2026",
    "decide_sharing": "Children Act 2004 s.16LA",
}
ENTERED: Final = """\
[[switches]]
id = "mandatory-reporting"
in_force_from = 2027-04-01
source = "Regulations of 2027 that bring the section into force"

[[switches]]
id = "information-sharing"
in_force_from = 2027-01-04
source = "Regulations of 2026 that bring the section into force"
"""
SEXUAL: Final[dict[str, Any]] = {"content": (Content.SEXUAL,)}


def entered(folder: Path, text: str = ENTERED) -> Library:
    (folder / "switches.toml").write_text(text, encoding="utf-8")
    return OWN.with_packs(folder)


def reported(library: Library, moment: str, kind: str = "sexting", **fields: Any) -> CaseFile:
    """A case as it is reported at `moment`, with what it pins then."""
    policy = library.policy_at("england", PACKS["st_thomas"], at(moment))
    return CaseFile(kind, reported=moment, switches=policy.switches, **fields)


def rules_due(case: CaseFile) -> set[str]:
    return {duty.rule.id for duty in case.outstanding()}


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("step", BY_LAW.values())
def test_given_no_day_was_entered_when_nudes_are_reported_then_nothing_is_asked(step: str, pack: str) -> None:
    case = CaseFile("sexting", pack, reported="2026-11-27 09:00", **SEXUAL)
    assert not case.requires(step)
    case.answer_everything().take("complete_investigation").answer_everything()
    case.take("debrief").answer_everything().take("close")


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("step", BY_LAW.values())
@pytest.mark.parametrize("opening", [{}, {"kind": "staff_allegation", **SEXUAL}])
def test_given_the_day_has_come_then_it_is_due_and_closing_is_refused_by_its_clause(
    opening: dict[str, Any], step: str, pack: str
) -> None:
    case = CaseFile(**{"kind": "sexting", **opening}, pack=pack, switches=tuple(BY_LAW))
    due = {"record_mandatory_report": "2026-09-14", "decide_sharing": "2026-09-15"}
    assert case.due(step) == due[step]
    case.answer_everything(but=frozenset({step, "debrief"}))
    outstanding = case.refusal("close").outstanding
    (clause,) = {rule.clause for rule in case.playbook.rules if rule.step == step}
    assert clause == CLAUSES[step]
    assert step in {rule.step for rule in case.playbook.rules if rule.id in outstanding}


@pytest.mark.parametrize(
    ("moment", "asked"),
    [
        ("2027-01-03 23:59", set()),
        ("2027-01-04 00:00", {"decide_sharing"}),
        ("2027-03-31 23:59", {"decide_sharing"}),
        ("2027-04-01 00:00", {"decide_sharing", "record_mandatory_report"}),
    ],
)
def test_given_a_day_was_entered_when_it_is_reported_the_day_before_then_it_stays_without(
    tmp_path: Path, moment: str, asked: set[str]
) -> None:
    case = reported(entered(tmp_path), moment)
    assert {step for step in BY_LAW.values() if case.requires(step)} == asked


def test_given_a_case_of_today_when_a_past_day_is_entered_then_the_case_stays_as_it_was(
    tmp_path: Path,
) -> None:
    case = reported(OWN, "2027-05-04 09:00")
    later = entered(tmp_path)
    now = later.playbook_of(case.incident)
    assert [rule.id for rule in now.rules] == [rule.id for rule in case.playbook.rules]
    assert reported(later, "2027-05-04 09:00").requires("decide_sharing")


def test_given_a_case_with_the_duty_when_the_day_is_taken_out_then_the_case_keeps_it(tmp_path: Path) -> None:
    case = reported(entered(tmp_path), "2027-05-04 09:00")
    assert [rule.id for rule in OWN.playbook_of(case.incident).rules] == [r.id for r in case.playbook.rules]


def test_given_a_case_of_an_earlier_release_when_it_is_judged_then_no_dated_duty_applies() -> None:
    policy = Policy(floor=FLOOR, pack=PACKS["st_thomas"])
    assert all(rule.switch is None for rule in OWN.playbook_under(policy).rules)


def test_given_another_pack_when_the_case_moves_to_it_then_its_dated_duties_stay() -> None:
    case = CaseFile("sexting", switches=tuple(BY_LAW))
    step = case.completed(case.build("rebase", policy=None, pack="st_thomas"))
    assert step.policy is not None  # type: ignore[attr-defined]
    assert step.policy.switches == tuple(BY_LAW)  # type: ignore[attr-defined]


@pytest.mark.parametrize("agency", ["police", "childrens_social_care"])
def test_given_two_adults_who_learnt_of_it_then_each_has_a_report_of_their_own(agency: str) -> None:
    other = known("another colleague")
    people = (*LEARNT_OF["people"], (other, "reporter", "staff"))
    case = CaseFile("sexting", people=people, switches=tuple(BY_LAW))
    case.take("record_mandatory_report", person=INFORMED, agency=agency)
    assert not case.requires("record_mandatory_report", person=INFORMED)
    assert case.requires("record_mandatory_report", person=other)
    assert "mandatory-report-nudes-each" in case.refusal("debrief", cannot_wait="No reason.").outstanding
    case.take("record_mandatory_report", person=other, agency=agency)
    assert not case.requires("record_mandatory_report")


def test_a_report_to_somebody_else_than_police_or_local_authority_is_kept_and_answers_nothing() -> None:
    case = CaseFile("sexting", switches=tuple(BY_LAW)).take("record_mandatory_report", agency="ceop")
    assert case.requires("record_mandatory_report")


def test_the_adult_who_is_alleged_owes_no_report_of_their_own() -> None:
    people = ((TARGET, "target", "pupil"), (TEACHER, "alleged", "staff"), (TEACHER, "witness", "staff"))
    case = CaseFile("staff_allegation", people=people, switches=tuple(BY_LAW), **SEXUAL)
    assert case.requires("record_mandatory_report")
    assert not case.requires("record_mandatory_report", person=TEACHER)


def test_sexual_posts_about_a_teacher_are_no_abuse_of_a_child() -> None:
    people = ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))
    case = CaseFile("cyberbullying", people=people, switches=tuple(BY_LAW), **SEXUAL)
    assert not case.requires("record_mandatory_report")
    assert case.requires("decide_sharing", person=ALLEGED)


def test_given_five_no_when_it_is_dealt_with_in_school_then_no_report_is_owed_unless_a_risk_opens() -> None:
    case = CaseFile("sexting", "headcorn", switches=tuple(BY_LAW)).take("assess_risk")
    assert case.requires("record_mandatory_report")
    case.take("decide", topic="managed_in_school")
    assert not case.requires("record_mandatory_report")
    case.take("assess_risk", coercion="unknown")
    assert case.requires("record_mandatory_report")


def test_given_no_answers_when_sexual_content_comes_to_light_then_a_report_is_owed() -> None:
    case = CaseFile("cyberbullying", switches=tuple(BY_LAW)).take("decide", topic="managed_in_school")
    assert case.take("record_content", content=("sexual",)).requires("record_mandatory_report")


def test_sexual_content_found_later_counts_from_when_it_was_found() -> None:
    case = CaseFile("cyberbullying", reported="2026-09-14 10:20", switches=tuple(BY_LAW))
    assert not case.requires("record_mandatory_report")
    case.take("record_content", "2026-09-21 11:00", content=("sexual",))
    assert case.due("record_mandatory_report") == "2026-09-21"
    assert case.due("decide_sharing", person=TARGET) == "2026-09-22"


def test_sharing_is_decided_for_each_child_either_way() -> None:
    case = CaseFile("sexting", switches=tuple(BY_LAW))
    case.take("decide_sharing", person=TARGET, share=False)
    assert not case.requires("decide_sharing", person=TARGET)
    case.take("decide_sharing", person=ALLEGED, with_="platform")
    assert case.requires("decide_sharing", person=ALLEGED)
    case.take("decide_sharing", person=ALLEGED, with_="lado")
    assert not case.requires("decide_sharing")


def test_a_critical_case_of_any_kind_asks_for_a_decision_on_sharing() -> None:
    case = CaseFile("parent_post", switches=tuple(BY_LAW), **CHILD_POSTED_ABOUT)
    assert not case.requires("decide_sharing")
    case.take("triage", critical=True)
    assert case.requires("decide_sharing", person=TARGET)


@pytest.mark.parametrize("switches", [(), tuple(BY_LAW)])
def test_both_steps_may_be_taken_whether_the_law_is_in_force_or_not(switches: tuple[str, ...]) -> None:
    case = CaseFile("cyberbullying", switches=switches)
    case.take("record_mandatory_report", agency="childrens_social_care").take("decide_sharing")
    assert [step.name() for step in case.incident.timeline[1:]] == [
        "record_mandatory_report",
        "decide_sharing",
    ]


def test_the_agency_that_a_colleague_told_is_told_and_nothing_closes_before_it_answered() -> None:
    case = CaseFile("cyberbullying").take("record_mandatory_report", agency="police")
    assert "enquiry-closed-police" in rules_due(case)
    case.take("record_agency_response", agency="police", enquiry="closed")
    assert case.incident.open_enquiries == frozenset()
    # Another colleague's report of the same does not begin another enquiry.
    case.take("record_mandatory_report", agency="police")
    assert case.incident.open_enquiries == frozenset()


# --- intimate images ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edition", "moment", "due", "by_law"),
    [
        (EARLIER, "2026-06-28 23:59", "2026-06-30 23:59", False),
        (EARLIER, "2026-06-29 00:00", "2026-07-01 00:00", True),
        (FLOOR, "2026-09-14 10:00", "2026-09-16 10:00", True),
    ],
)
def test_from_29_june_2026_a_service_has_48_hours_by_law_to_remove_an_intimate_image(
    edition: str, moment: str, due: str, by_law: bool
) -> None:
    policy = OWN.policy_at("england", PACKS["st_thomas"], at(moment))
    assert policy.floor == edition
    case = CaseFile("sexting", reported=moment, switches=policy.switches)
    case.take("request_removal", moment)
    assert ("intimate-removal-chased" in rules_of(case.playbook)) is by_law
    assert case.due("record_removal") == due
    clauses = {rule.clause for rule in case.playbook.rules if rule.id in case.refusal("close").outstanding}
    assert ("Crime and Policing Act 2026" in clauses) is by_law


def rules_of(playbook: Playbook) -> set[str]:
    return {rule.id for rule in playbook.rules}


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("word", ["sexual", "indecent_image"])
def test_the_48_hours_are_no_default_of_a_pack_and_cannot_be_waived(word: str, pack: str) -> None:
    case = CaseFile("cyberbullying", pack, content=(Content(word),)).take("request_removal")
    (rule,) = (rule for rule in case.playbook.rules if rule.id == "intimate-removal-chased")
    assert (rule.adjustable, rule.waivable, rule.protects, rule.floor) == (False, False, True, True)
    assert rule.id in case.refusal("close").outstanding
    assert case.refusal("waive", waived="record_removal").rule == rule.id


def test_another_post_is_chased_by_the_default_alone() -> None:
    case = CaseFile("parent_post").take("request_removal")
    assert "removal-chased" in case.refusal("close").outstanding
    assert "intimate-removal-chased" not in case.refusal("close").outstanding


# --- the files ---------------------------------------------------------------------------------------------

SWITCH: Final = """\
[[switches]]
id = "curfew"
title = "Children are home by nine"
clause = "LAW §3"
in_force_from = 2027-01-01

"""
SWITCHED_RULE: Final = """\
[[rules]]
id = "home"
modality = "must"
switch = "curfew"
step = "make_safe"
clause = "LAW §3"
reason = "The child is home."

"""


def floor(stated: str = SWITCH + SWITCHED_RULE) -> str:
    return replaced(FLOOR_FILE, FIRST_RULE, stated + FIRST_RULE)


def test_a_floor_may_state_switches_and_rules_that_name_one(tmp_path: Path) -> None:
    library = load(tmp_path, floor=floor())
    (found,) = library.floors.values()
    assert found.switches_on(date(2026, 12, 31)) == ()
    assert found.switches_on(date(2027, 1, 1)) == ("curfew",)
    assert "home" not in rules_of(library.playbook(found.edition, "school@1"))
    assert "home" in rules_of(library.playbook(found.edition, "school@1", ("curfew",)))


@pytest.mark.parametrize(
    ("old", "new", "rule", "field", "message"),
    [
        (
            'switch = "curfew"',
            'switch = "cerfew"',
            "home",
            "switch",
            "'cerfew' is not a switch of this floor",
        ),
        (
            'switch = "curfew"',
            'switch = "curfew"\nadjustable = true',
            "home",
            "switch",
            "neither is a default",
        ),
        (
            "in_force_from = 2027-01-01",
            "in_force_from = 1027-01-01",
            "curfew",
            "in_force_from",
            "1900",
        ),
        (
            "in_force_from = 2027-01-01",
            'in_force_from = "soon"',
            "",
            "switches[0].in_force_from",
            "must be a day such as",
        ),
        ('"Children are home by nine"', '" "', "curfew", "title", "is empty"),
        ('by nine"\nclause = "LAW §3"', 'by nine"\nclause = "RUMOUR"', "curfew", "clause", "cites no source"),
        (SWITCH, SWITCH + SWITCH, "curfew", "switches", "is the id of another switch"),
    ],
)
def test_a_mistake_in_a_switch_or_a_rule_that_names_one_is_named(
    tmp_path: Path, old: str, new: str, rule: str, field: str, message: str
) -> None:
    mistake = error(tmp_path, floor=floor(replaced(SWITCH + SWITCHED_RULE, old, new)))
    assert (mistake.file, mistake.rule, mistake.field) == ("floor.toml", rule, field)
    assert message in mistake.message


def test_a_rule_of_a_pack_may_name_a_switch_of_the_floor_and_no_other(tmp_path: Path) -> None:
    named = replaced(PACK_FILE, 'step = "offer_support"', 'switch = "curfew"\nstep = "offer_support"')
    library = load(tmp_path, floor=floor(), pack=named)
    assert "own-support" not in rules_of(library.playbook("nowhere@2026-09-01", "school@1"))
    assert "own-support" in rules_of(library.playbook("nowhere@2026-09-01", "school@1", ("curfew",)))
    mistake = error(tmp_path, floor=floor(""), pack=named)
    assert (mistake.rule, mistake.field) == ("own-support", "switch")


def test_a_rule_that_takes_the_place_of_a_default_has_no_switch(tmp_path: Path) -> None:
    pack = replaced(PACK_FILE, 'replaces = "triage"', 'replaces = "triage"\nswitch = "curfew"')
    mistake = error(tmp_path, floor=floor(), pack=pack)
    assert (mistake.rule, mistake.field) == ("own-triage", "switch")


@pytest.mark.parametrize(
    ("old", "new", "switch", "field", "message"),
    [
        ('"mandatory-reporting"', '"mandatory"', "mandatory", "id", "is not a switch of any floor"),
        ('"information-sharing"', '"mandatory-reporting"', "mandatory-reporting", "id", "is entered twice"),
        ("2027-04-01", '"soon"', "", "switches[0].in_force_from", "must be a day such as"),
        ("2027-04-01", "9027-04-01", "mandatory-reporting", "in_force_from", "2199"),
        ("in_force_from = 2027-04-01\n", "", "", "switches[0]", "the field `in_force_from` is missing"),
        (
            '"Regulations of 2026 that bring the section into force"',
            '""',
            "information-sharing",
            "source",
            "empty",
        ),
        (
            'id = "mandatory-reporting"',
            'id = "intimate-image-removal"',
            "intimate-image-removal",
            "in_force_from",
            "is later than 2026-06-29, the day that the floor states",
        ),
    ],
)
def test_a_mistake_in_an_entered_day_prevents_the_start_and_is_explained_by_check(
    tmp_path: Path, old: str, new: str, switch: str, field: str, message: str
) -> None:
    with pytest.raises(PlaybookError) as raised:
        entered(tmp_path, replaced(ENTERED, old, new))
    mistake = raised.value
    assert (mistake.file, mistake.rule, mistake.field) == ("switches.toml", switch, field)
    assert message in mistake.message
    assert str(mistake) in every_fault(tmp_path / "switches.toml", OWN)


def test_the_entered_days_stand_beside_a_schools_own_packs(tmp_path: Path) -> None:
    library = entered(tmp_path)
    assert every_fault(tmp_path / "switches.toml", OWN) == []
    for edition in (FLOOR, EARLIER):
        days = {switch.id: switch.in_force_from for switch in library.floors[edition].switches}
        assert days == {
            "mandatory-reporting": date(2027, 4, 1),
            "information-sharing": date(2027, 1, 4),
            "intimate-image-removal": date(2026, 6, 29),
        }
    assert library.packs == OWN.packs
