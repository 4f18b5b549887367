"""A clock that starts when any step first records the content, but not before the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casework.domain.playbook import Duty
from casework.domain.vocabulary import Content
from casework.library import Library
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import PACKS, CaseFile, at
from tests.domain.situations import CHILD_POSTED_ABOUT, STAFF_TARGET, Opening, rules_of
from tests.domain.test_playbook_files import PACK_FILE, error

BY_CONTENT = [
    rule
    for edition in (*Library.own().floors, *PACKS.values())
    for rule in rules_of(edition)
    if any(test.fact == "content" and test.any for test in rule.when) and rule.clock is not None
]
RACIST: dict[str, Any] = {"content": (Content.RACIST,)}
OF_A_CHILD: dict[str, Opening] = {"cyberbullying": {}, "parent_post": CHILD_POSTED_ABOUT}
EVIDENCE = {"form": "written_account", "captured_at": at("2026-09-14 09:00")}


def police(case: CaseFile) -> Duty:
    (duty,) = (
        duty
        for duty in case.playbook.duties(case.incident, TEST_CALENDAR)
        if duty.rule.step == "consider_police"
    )
    return duty


def test_every_rule_about_content_counts_from_its_discovery() -> None:
    assert {rule.id: rule.clock.of for rule in BY_CONTENT if rule.clock is not None} == {
        "bullying-police": "content",
        "parent-post-police": "content",
        "st-thomas-bullying-police": "content",
        "st-thomas-parent-post-police": "content",
        "triage-child-at-risk": "content",
        "self-harm-parents": "content",
        "content-welfare-prevent": "content",
        "extremist-prevent": "content",
        "self-harm-welfare": "content",
        "self-harm-welfare-adult-pupil": "content",
        "self-harm-referral": "welfare",
        "mandatory-report-content": "content",
        "mandatory-report-content-each": "content",
        "sharing-content": "content",
        "sexual-content-risk": "content",
        "grooming-no-copy": "content",
        "grooming-takedown": "content",
        "sexual-content-risk-to-police": "risk",
        "sexual-content-risk-to-social-care": "risk",
        "data-breach-regulator": "applies",
    }


@pytest.mark.parametrize("kind", ["cyberbullying", "parent_post"])
@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize(
    ("step", "fields"), [("triage", {}), ("save_evidence", EVIDENCE), ("record_content", {})]
)
def test_a_slur_found_weeks_later_gives_a_duty_that_is_not_late_yet(
    kind: str, pack: str, step: str, fields: dict[str, Any]
) -> None:
    case = CaseFile(kind, pack, reported="2026-09-14 10:20", **OF_A_CHILD[kind])
    case.take(step, "2026-10-22 15:00", **fields, **RACIST)
    assert case.due("consider_police") == "2026-10-23"
    assert not police(case).late_at(case.now)
    assert police(case).late_at(at("2026-10-24 00:00"))


@pytest.mark.parametrize("word", sorted(Content))
@pytest.mark.parametrize(
    ("step", "fields"),
    [("report", {}), ("triage", {}), ("save_evidence", EVIDENCE), ("record_content", {})],
)
def test_each_content_is_stored_with_the_moment_of_its_discovery(
    word: Content, step: str, fields: dict[str, Any]
) -> None:
    found: dict[str, Any] = {"content": (word,)}
    case = CaseFile("cyberbullying", **(found if step == "report" else {}))
    if step != "report":
        case.take(step, "2026-09-21 11:00", **fields, **found)
    found_at = {name: at for name, at in case.incident.concerns.items() if name.startswith("content:")}
    assert found_at == {f"content:{word}": case.now}


def test_the_first_content_that_the_rule_names_starts_the_clock() -> None:
    case = CaseFile("cyberbullying", reported="2026-09-14 10:20", content=(Content.PERSONAL_DATA,))
    case.take("triage", "2026-09-21 10:00", content=(Content.SEXIST, Content.EXTREMIST))
    case.take("triage", "2026-09-28 10:00", **RACIST).take("triage", "2026-09-29 10:00", **RACIST)
    assert case.due("consider_police") == "2026-09-22"


@pytest.mark.parametrize("saved", ["2026-09-14 10:10", "2026-09-14 10:20", "2026-09-14 23:00"])
def test_content_seen_before_the_report_counts_from_the_report(saved: str) -> None:
    case = CaseFile("cyberbullying", reported="2026-09-14 10:20")
    case.take("save_evidence", saved, **EVIDENCE, **RACIST)
    assert case.due("consider_police") == "2026-09-15"


@pytest.mark.parametrize(
    ("critical", "slur", "due"),
    [
        pytest.param("2026-10-19 09:00", "2026-10-22 15:00", "2026-10-22", id="critical before it"),
        pytest.param("2026-10-23 09:00", "2026-10-22 15:00", "2026-10-23", id="critical after it"),
        pytest.param("2026-11-04 09:00", "2026-10-22 15:00", "2026-10-23", id="critical when it was due"),
    ],
)
def test_in_a_critical_case_the_duty_is_due_when_both_are_known(critical: str, slur: str, due: str) -> None:
    steps = sorted(
        [(critical, {"content": (Content.SELF_HARM,)}), (slur, RACIST)], key=lambda taken: taken[0]
    )
    case = CaseFile("cyberbullying", reported="2026-09-14 10:20")
    for when, fields in steps:
        case.take("triage", when, **fields)
    assert case.due("consider_police") == due


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("kind", ["cyberbullying", "parent_post"])
def test_a_slur_found_after_the_police_were_considered_is_considered_too(kind: str, pack: str) -> None:
    case = CaseFile(kind, pack, **(STAFF_TARGET if kind == "cyberbullying" else {}))
    assert not case.take("consider_police", refer=False).requires("consider_police")
    case.take("triage", **RACIST)
    assert case.requires("consider_police")
    assert not case.take("consider_police", refer=False).take("triage", **RACIST).requires("consider_police")


def test_a_slur_in_the_report_is_considered_once() -> None:
    case = CaseFile("parent_post", **RACIST).take("triage", **RACIST).take("consider_police", refer=False)
    assert not case.take("triage", **RACIST).requires("consider_police")


def test_only_a_rule_about_content_counts_from_the_step_that_found_it(tmp_path: Path) -> None:
    mistake = error(
        tmp_path, pack=PACK_FILE.replace('step = "triage"', 'step = "triage"\nsince = ["content"]')
    )
    assert (mistake.rule, mistake.field) == ("own-triage", "since")
    assert mistake.message == "'content' needs a test of the fact content in `when`, with any"
