"""Pupils go a year up, with a record in memory."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import msgspec
import pytest

from casework.domain.access import SYSTEM
from casework.domain.errors import Forbidden, Invalid, Refused
from casework.domain.vocabulary import Category, Role
from casework.usecases.context import Context
from casework.usecases.year_groups import PromoteYearGroups, YearGroups, last_day, year_entered
from tests.calendars import TEST_CALENDAR
from tests.record.register import LEADS, Register
from tests.record.test_use_cases_in_memory import NOW


class OnRoll:
    """A roll that names people, also some who are not on it any more."""

    def __init__(self, *pupils: UUID) -> None:
        self.found = frozenset(pupils)

    def pupils(self, _school: UUID) -> frozenset[UUID]:
        return self.found


class Promoted(Register):
    """A school with pupils in years 5 and 6, and others who do not go up."""

    def __init__(self) -> None:
        super().__init__()
        self.young, self.old = (self.add(year_group=year).id for year in (5, 6))
        self.others = [
            self.add(year_group=6, on_roll=False).id,
            self.add(year_group=6, category=Category.STAFF).id,
            self.add().id,
            self.elsewhere(),
        ]
        roll = OnRoll(self.young, self.old, *self.others)
        self.year_groups = YearGroups(self.record, self.schools, roll)


@pytest.mark.parametrize("role", [*LEADS, Role.ADMIN])
def test_pupils_on_the_roll_go_up_and_those_of_the_top_year_leave(role: Role) -> None:
    school = Promoted()
    before = {each: school.record.load_many([each]) for each in school.others}
    done = school.year_groups.promote(school.by(role), school.school, PromoteYearGroups(preview=False))
    assert (done.top_year, done.moved, [each.id for each in done.leavers]) == (6, 1, [school.old])
    assert school.now(school.young).details.year_group == 6
    gone = school.now(school.old).details
    assert (gone.category, gone.on_roll, gone.year_group) == (Category.FORMER_PUPIL, False, None)
    versions = {key: each.version for found in before.values() for key, each in found.items()}
    after = school.record.load_many(school.others)
    assert {key: each.version for key, each in after.items()} == versions


def test_it_is_refused_the_second_time_and_to_those_who_do_not_keep_the_roll() -> None:
    school = Promoted()
    command = PromoteYearGroups(preview=False)
    with pytest.raises(Forbidden):
        school.year_groups.promote(school.by(Role.REPORTER), school.school, command)
    too_high = PromoteYearGroups(preview=False, top_year=15)
    with pytest.raises(Invalid):
        school.year_groups.promote(school.by(Role.DSL), school.school, too_high)
    school.year_groups.promote(school.by(Role.DSL), school.school, command)
    for again in (command, PromoteYearGroups(preview=True)):
        with pytest.raises(Refused):
            school.year_groups.promote(school.by(Role.HEADTEACHER), school.school, again)


def test_nobody_changes_the_record_of_their_own_person() -> None:
    school = Promoted()
    own = school.as_person(Role.DSL, school.young)
    done = school.year_groups.promote(own, school.school, PromoteYearGroups(preview=False))
    assert done.moved == 0
    assert school.now(school.young).details.year_group == 5


def test_a_retry_is_answered_as_before() -> None:
    school = Promoted()
    context = msgspec.structs.replace(Context(principal=SYSTEM, now=NOW), key="a key")
    first = school.year_groups.promote(context, school.school, PromoteYearGroups(preview=False))
    school.change(school.old, year_group=3)
    assert school.year_groups.promote(context, school.school, PromoteYearGroups(preview=False)) == first


@pytest.mark.parametrize(
    ("day", "year"), [("2026-06-30", 2025), ("2026-07-01", 2026), ("2026-12-31", 2026), ("2027-01-01", 2026)]
)
def test_a_school_year_counts_from_july(day: str, year: int) -> None:
    assert year_entered(date.fromisoformat(day)) == year


@pytest.mark.parametrize(
    ("day", "last"),
    [("2026-09-01", "2026-09-01"), ("2027-03-25", "2027-03-25"), ("2027-08-01", "2027-07-21")],
)
def test_leavers_left_on_the_last_day_of_the_last_term_that_has_ended(day: str, last: str) -> None:
    assert last_day(TEST_CALENDAR, date.fromisoformat(day)) == date.fromisoformat(last)
