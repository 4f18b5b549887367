"""A declared relationship covers two people, and only contact on a later day."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from casework.domain.registers.declaration import Declaration, RelationshipDeclared
from casework.domain.sealed import Sealed
from tests.domain.casefile import ALLEGED, DSL, HEAD, PARENT, TARGET, TEACHER, CaseFile, at, known

SCHOOL = known("school")


def declared(review_on: date | None = None) -> Declaration:
    made = RelationshipDeclared(
        originator_id=known("declaration"),
        originator_version=1,
        by=DSL,
        role="dsl",
        request_id="request 1",
        happened_at=at("2026-09-15 09:00"),
        recorded_at=at("2026-09-15 09:00"),
        school=SCHOOL,
        staff=TEACHER,
        other=ALLEGED,
        relation=Sealed("aunt"),
        disclosed_on=date(2026, 9, 14),
        decision=Sealed("may stay in contact"),
        advice=Sealed("on the family's own channels"),
        decided_by=(DSL, HEAD),
        review_on=review_on,
    )
    declaration = Declaration.replay([made])
    assert declaration is not None
    return declaration


@pytest.mark.parametrize(
    ("people", "covered"),
    [
        pytest.param({TEACHER, ALLEGED}, True, id="the two"),
        pytest.param({TEACHER, ALLEGED, TARGET, PARENT}, True, id="the two among others"),
        pytest.param({TEACHER}, False, id="the member of staff alone"),
        pytest.param({ALLEGED, TARGET}, False, id="the pupil and another pupil"),
        pytest.param({TEACHER, TARGET}, False, id="the member of staff and another pupil"),
        pytest.param(set(), False, id="nobody"),
    ],
)
def test_a_declaration_covers_only_the_two_people_it_names(people: set[UUID], covered: bool) -> None:
    assert declared().covers(frozenset(people), at("2026-10-08 16:40")) is covered


@pytest.mark.parametrize(
    ("moment", "covered"),
    [
        pytest.param("2026-09-13 12:00", False, id="the day before"),
        pytest.param("2026-09-14 00:00", False, id="first thing on the day"),
        pytest.param("2026-09-14 23:59", False, id="last thing on the day"),
        pytest.param("2026-09-15 08:59", False, id="a minute before it was decided and recorded"),
        pytest.param("2026-09-15 09:01", True, id="a minute after"),
        pytest.param("2026-09-16 00:00", True, id="the day after the decision"),
        pytest.param("2027-09-15 00:00", True, id="a year after"),
    ],
)
def test_a_declaration_covers_only_contact_after_it_was_decided(moment: str, covered: bool) -> None:
    assert declared().covers(frozenset({TEACHER, ALLEGED}), at(moment)) is covered


@pytest.mark.parametrize(("moment", "covered"), [("2026-12-01 23:00", True), ("2026-12-02 00:00", False)])
def test_a_declaration_ends_when_its_review_is_past(moment: str, covered: bool) -> None:
    reviewed = declared(review_on=date(2026, 12, 1))
    assert reviewed.covers(frozenset({TEACHER, ALLEGED}), at(moment)) is covered


def test_the_day_of_a_declaration_is_in_london() -> None:
    half_past_midnight_in_london = at("2026-09-16 00:30")
    assert half_past_midnight_in_london.utctimetuple().tm_mday == 15
    assert declared().covers(frozenset({TEACHER, ALLEGED}), half_past_midnight_in_london)


@pytest.mark.parametrize("claimed", [None, False, True])
def test_contact_without_a_declaration_is_not_recorded_as_declared(claimed: bool | None) -> None:
    case = CaseFile("unsolicited_contact")
    step = case.build("classify_contact", declared_before=claimed)
    assert case.completed(step) == case.build("classify_contact")


def test_a_declaration_stores_the_decision() -> None:
    declaration = declared()
    assert (declaration.school, declaration.version) == (SCHOOL, 1)
    assert declaration.made.decided_by == (DSL, HEAD)
