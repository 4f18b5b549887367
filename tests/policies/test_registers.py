"""What clauses became other than rules: ages, who counts as staff, permissions, steps open to all."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec
import pytest

from casework.domain.access import PERMISSIONS, Permission
from casework.domain.incident.outcomes import Lesson
from casework.domain.playbook.conditions import Test
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Change, Content, Ground, Role, Stream
from casework.library import Library
from casework.library.coverage import policies
from tests.domain.casefile import ALLEGED, PACKS, TARGET, TEACHER, UNKNOWN, CaseFile

OPENINGS: Final[dict[str, tuple[str, dict[str, Any], dict[str, Any]]]] = {
    "triage": ("cyberbullying", {}, {}),
    "apply_sanction": ("cyberbullying", {}, {"person": ALLEGED}),
    "advise": ("cyberbullying", {}, {"about": "safe_use"}),
    "request_removal": ("cyberbullying", {}, {"addressee": "platform"}),
    "seek_advice": ("staff_misuse", {}, {}),
    "identify_person": ("cyberbullying", {"people": ((UNKNOWN, "alleged", "unknown"),)}, {}),
    "ban_from_computing": ("inappropriate_content", {}, {}),
    "add_action": ("cyberbullying", {}, {}),
    "record_search": ("sexting", {}, {}),
}
"""By step: the kind of incident, the fields of the report, and the fields of the step."""

WITH_WORD: Final[dict[str, dict[str, Any]]] = {
    f"triage.jurisdiction.{ground}": {"timing": "out_of_school", "jurisdiction": (ground,)}
    for ground in Ground
}
"""By word: the fields of the step, where the word alone is not enough."""


@pytest.mark.parametrize("pack", PACKS)
@pytest.mark.parametrize("step", OPENINGS)
def test_a_step_named_by_a_clause_may_be_taken_and_is_recorded(step: str, pack: str) -> None:
    kind, opening, fields = OPENINGS[step]
    case = CaseFile(kind, pack, **opening).take(step, **fields)
    assert [taken.name() for taken in case.incident.timeline] == ["report", step]


def test_every_step_named_by_a_clause_is_tested() -> None:
    clauses = (clause for policy in policies().values() for clause in policy.clauses)
    named = {item.id for clause in clauses for item in clause.became if item.kind == "step"}
    assert named == {"report", *OPENINGS}


def _words() -> list[tuple[str, str]]:
    """Each word that a clause became, with the pack of the policy."""
    read = policies().values()
    named = ((item, policy.pack) for policy in read for clause in policy.clauses for item in clause.became)
    return list(dict.fromkeys((item.id, pack) for item, pack in named if item.kind == "word"))


@pytest.mark.parametrize(("word", "pack"), _words())
def test_a_word_named_by_a_clause_is_recorded(word: str, pack: str) -> None:
    step, field, *inner, value = word.split(".")
    if inner:
        case = CaseFile("cyberbullying", pack).answer_everything(but=frozenset({"debrief"}))
        case.take(step, lessons=(Lesson(text=Sealed("Taught again next term."), changes=Change(value)),))
    elif step == "report":
        case = CaseFile(value, pack) if field == "kind" else CaseFile(pack=pack, content=(Content(value),))
    else:
        case = CaseFile("cyberbullying", pack).take(step, **WITH_WORD.get(word, {field: value}))
    recorded = getattr(case.incident.timeline[-1], field)
    if inner:
        recorded = tuple(getattr(each, inner[0]) for each in recorded)
    assert value in (recorded if isinstance(recorded, tuple) else (recorded,))


@pytest.mark.parametrize("ground", Ground)
def test_one_ground_of_jurisdiction_is_enough_and_is_told_from_the_others(ground: Ground) -> None:
    case = CaseFile("cyberbullying", "todwick").take("triage", timing="out_of_school", jurisdiction=(ground,))
    assert case.playbook.predicate_of(case.incident)([Test(fact="jurisdiction", is_=ground)])


def test_the_version_adopted_last_is_the_policy_of_a_school() -> None:
    library = Library.own()
    approved = library.latest_pack("tow_law")
    later = msgspec.structs.replace(approved, version="2025-09", adopted=date(2025, 9, 1))
    both = Library(library.floors.values(), [later, approved], library.dated_tables)
    assert approved.adopted == date(2023, 9, 1)
    assert both.latest_pack("tow_law") is later


@pytest.mark.parametrize(
    ("platform", "day", "age"),
    [
        ("Facebook", date(2026, 9, 14), 13),
        ("instagram", date(2026, 9, 14), 13),
        ("Twitter", date(2026, 9, 14), 13),
        ("WhatsApp", date(2018, 5, 24), 13),
        ("WhatsApp", date(2018, 5, 25), 16),
        ("WhatsApp", date(2024, 4, 10), 16),
        ("WhatsApp", date(2024, 4, 11), 13),
        ("a platform nobody knows", date(2026, 9, 14), None),
    ],
)
def test_a_platform_has_the_minimum_age_of_that_day(platform: str, day: date, age: int | None) -> None:
    assert Library.own().platforms.minimum_age(platform, day) == age


@pytest.mark.parametrize(
    ("category", "staff"),
    [
        *((category, True) for category in ("staff", "governor", "contractor", "volunteer", "visitor")),
        *((category, False) for category in ("pupil", "parent", "external", "unknown")),
    ],
)
def test_everyone_who_works_at_the_school_counts_as_staff(category: str, staff: bool) -> None:
    assert Category(category).works_at_school is staff
    alleged = ((TARGET, "target", "pupil"), (TEACHER, "alleged", category))
    stream = CaseFile("cyberbullying", people=alleged).incident.stream
    assert stream is (Stream.ALLEGATION if staff else Stream.CHILD)


@pytest.mark.parametrize("role", Role)
def test_every_role_may_report(role: Role) -> None:
    assert Permission.REPORT in PERMISSIONS[role]


def test_only_safeguarding_leads_may_handle_child_cases() -> None:
    """The head is one of them: a safety duty never waits for a designated lead."""
    handling = {role for role, held in PERMISSIONS.items() if Permission.HANDLE_CHILD_CASES in held}
    assert handling == {Role.DSL, Role.DEPUTY_DSL, Role.HEADTEACHER}


@pytest.mark.parametrize(
    "role", [Role.REPORTER, Role.SLT, Role.GOVERNOR, Role.CHAIR_OF_GOVERNORS, Role.VICE_CHAIR, Role.ADMIN]
)
def test_roles_without_a_need_may_not_read_cases_or_people(role: Role) -> None:
    reading = {Permission.READ_CHILD_CASES, Permission.READ_ALLEGATIONS, Permission.READ_PEOPLE}
    assert reading.isdisjoint(PERMISSIONS[role])
