"""Relations, with a record in memory: who may make and end them, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from casework.domain.errors import Forbidden, NotFound
from casework.domain.person import Related
from casework.domain.vocabulary import Category, Relation, Role
from casework.usecases.relations import RelatePerson
from tests.record.register import OTHERS, Register, refusal


@pytest.fixture(scope="module")
def school() -> Register:
    return Register()


class TestARelation:
    def test_is_recorded_for_the_first_person(self, school: Register) -> None:
        parent, child = school.add(category=Category.PARENT), school.add()
        made = school.relate(parent.id, child.id, parental_responsibility=True)
        assert school.now(parent.id).relations == {made.id: made}
        assert school.now(child.id).relations == {}

    @pytest.mark.parametrize("role", OTHERS)
    def test_is_not_recorded_by_anybody_but_leads_and_administrators(
        self, school: Register, role: Role
    ) -> None:
        one, other = school.add(), school.add()
        with pytest.raises(Forbidden):
            school.relate(one.id, other.id, "sibling_of", role)

    @pytest.mark.parametrize("own", [0, 1])
    def test_of_a_user_to_anybody_is_not_for_them_to_record(self, school: Register, own: int) -> None:
        both = [school.add().id, school.add().id]
        command = RelatePerson(relation=Relation.SIBLING_OF, person=both[1])
        with pytest.raises(Forbidden):
            school.relations.relate(school.as_person(Role.DSL, both[own]), both[0], command)

    @pytest.mark.parametrize("own", [0, 1])
    def test_of_a_user_to_anybody_is_not_for_them_to_end(self, school: Register, own: int) -> None:
        both = [school.add().id, school.add().id]
        made = school.relate(both[0], both[1], "sibling_of")
        with pytest.raises(Forbidden):
            school.relations.end(school.as_person(Role.DSL, both[own]), both[0], made.id)

    def test_to_a_person_made_for_a_case_is_unknown_to_an_administrator(self, school: Register) -> None:
        pupil, stranger = school.add(), school.add(Role.REPORTER)
        faults = refusal(school.relate, pupil.id, stranger.id, "sibling_of", Role.ADMIN)
        assert faults == {"$.person": ["names no person of this school"]}

    def test_that_was_ended_may_be_recorded_again(self, school: Register) -> None:
        one, other = school.add(), school.add()
        made = school.relate(one.id, other.id, "sibling_of")
        school.relations.end(school.by(Role.DSL), one.id, made.id)
        assert school.now(one.id).relations == {}
        again = school.relate(one.id, other.id, "sibling_of")
        assert list(school.now(one.id).relations) == [again.id]

    def test_that_was_ended_cannot_be_ended_again(self, school: Register) -> None:
        one, other = school.add(), school.add()
        made = school.relate(one.id, other.id, "sibling_of")
        school.relations.end(school.by(Role.DSL), one.id, made.id)
        with pytest.raises(NotFound):
            school.relations.end(school.by(Role.DSL), one.id, made.id)

    def test_is_ended_where_it_was_recorded(self, school: Register) -> None:
        one, other = school.add(), school.add()
        made = school.relate(one.id, other.id, "sibling_of")
        with pytest.raises(NotFound):
            school.relations.end(school.by(Role.DSL), other.id, made.id)

    def test_to_oneself_is_refused(self, school: Register) -> None:
        person = school.add()
        faults = refusal(school.relate, person.id, person.id, "sibling_of")
        assert faults == {"$.person": ["is the same person"]}

    def test_to_a_person_of_another_school_is_refused(self, school: Register) -> None:
        faults = refusal(school.relate, school.add().id, school.elsewhere(), "sibling_of")
        assert faults == {"$.person": ["names no person of this school"]}

    def test_that_ends_before_it_begins_is_refused(self, school: Register) -> None:
        one, other = school.add(), school.add()
        days = {"from_": date(2026, 9, 2), "until": date(2026, 9, 1)}
        faults = refusal(school.relate, one.id, other.id, "sibling_of", **days)
        assert faults == {"$.until": ["is before from"]}

    def test_that_is_recorded_already_is_refused(self, school: Register) -> None:
        one, other = school.add(), school.add()
        school.relate(one.id, other.id, "close_friend_of")
        faults = refusal(school.relate, one.id, other.id, "close_friend_of")
        assert list(faults) == ["$.relation"]
        assert school.now(one.id).version == 2

    def test_that_the_other_person_has_already_is_refused(self, school: Register) -> None:
        one, other = school.add(), school.add()
        school.relate(one.id, other.id, "sibling_of")
        assert list(refusal(school.relate, other.id, one.id, "sibling_of")) == ["$.relation"]

    def test_that_is_not_symmetrical_may_hold_both_ways(self, school: Register) -> None:
        one, other = school.add(category=Category.STAFF), school.add(category=Category.STAFF)
        school.relate(one.id, other.id, "carer_of")
        school.relate(other.id, one.id, "carer_of")
        assert len(school.now(other.id).relations) == 1

    @pytest.mark.parametrize("fields", [{"year_group": 6}, {"born_on": date(2014, 9, 15)}])
    def test_of_a_parent_of_primary_age_is_refused(self, school: Register, fields: dict[str, Any]) -> None:
        pupil, child = school.add(**fields), school.add()
        faults = refusal(school.relate, pupil.id, child.id)
        assert faults == {"$.relation": ["would make a pupil of primary age a parent"]}
        assert school.now(pupil.id).version == 1

    def test_of_an_older_pupil_who_is_a_parent_is_recorded(self, school: Register) -> None:
        pupil, child = school.add(year_group=11), school.add()
        assert school.relate(pupil.id, child.id).person == child.id


class TestRelationsGivenAtRegistration:
    def test_count(self, school: Register) -> None:
        child = school.add()
        given = (Related(Relation.PARENT_OF, child.id),)
        parent = school.add(category=Category.PARENT, relations=given)
        assert list(refusal(school.relate, parent.id, child.id)) == ["$.relation"]

    def test_the_same_twice_is_refused(self, school: Register) -> None:
        child = school.add()
        given = (Related(Relation.PARENT_OF, child.id),) * 2
        faults = refusal(school.add, category=Category.PARENT, relations=given)
        assert faults == {"$.relations[1]": ["is the same relation twice"]}

    def test_a_parent_of_primary_age_is_refused(self, school: Register) -> None:
        given = (Related(Relation.PARENT_OF, school.add().id),)
        faults = refusal(school.add, year_group=4, relations=given)
        assert list(faults) == ["$.relations[0].relation"]
