"""What clauses became other than rules: ages, who counts as staff, permissions, steps open to all."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest

from casework.domain.access import PERMISSIONS, Permission
from casework.domain.vocabulary import Category, Role, Stream
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
    "record_search": ("sexting", {}, {}),
}
"""By step: the kind of incident, the fields of the report, and the fields of the step."""


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
