"""People change, with a record in memory: who may do it, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
import pytest

from casework.domain.access import SYSTEM, Principal
from casework.domain.errors import Forbidden, Invalid, KeyReused, NotFound, PossibleDuplicate, Stale
from casework.domain.person import Contact, Related
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Relation, Role
from casework.record.known_people import EverybodyKnown
from casework.record.user_directory import NoDirectory
from casework.usecases.context import Context
from casework.usecases.people import ChangePerson, People, RegisterPerson
from tests.record.register import LEADS, OTHERS, REASON, Register, refusal
from tests.record.test_use_cases_in_memory import NOW

ROLL: Final = ("pupil", "staff", "governor", "volunteer", "contractor")


@pytest.fixture(scope="module")
def school() -> Register:
    return Register()


class TestTheRoll:
    @pytest.mark.parametrize("category", Category)
    @pytest.mark.parametrize("role", [*LEADS, Role.ADMIN])
    def test_a_lead_or_administrator_registers_those_of_the_school_on_it(
        self, school: Register, role: Role, category: Category
    ) -> None:
        assert school.add(role, category=category).details.on_roll is (category in ROLL)

    @pytest.mark.parametrize("role", OTHERS)
    def test_a_person_registered_by_anybody_else_is_made_for_a_case(
        self, school: Register, role: Role
    ) -> None:
        assert not school.add(role).details.on_roll

    @pytest.mark.parametrize("on_roll", [True, False])
    @pytest.mark.parametrize("role", OTHERS)
    def test_nobody_else_says_who_is_on_it(self, school: Register, role: Role, on_roll: bool) -> None:
        with pytest.raises(Forbidden):
            school.add(role, on_roll=on_roll)

    def test_an_administrator_without_a_role_says_who_is_on_it(self, school: Register) -> None:
        command = RegisterPerson(
            school=school.school, category=Category.PARENT, name=Sealed("Pat"), on_roll=True
        )
        system = Context(principal=SYSTEM, now=NOW)
        assert school.people.register(system, command).details.on_roll

    def test_a_lead_puts_a_person_on_it(self, school: Register) -> None:
        person = school.add(Role.REPORTER)
        assert school.change(person.id, on_roll=True).details.on_roll


class TestWhoMayChangeAPerson:
    @pytest.mark.parametrize("role", [*LEADS, Role.ADMIN])
    def test_a_lead_or_administrator_changes_a_person_on_the_roll(self, school: Register, role: Role) -> None:
        person = school.add()
        assert school.change(person.id, role, name=Sealed("Bea")).name == Sealed("Bea")

    @pytest.mark.parametrize("role", OTHERS)
    def test_nobody_else_does(self, school: Register, role: Role) -> None:
        person = school.add()
        with pytest.raises(Forbidden):
            school.change(person.id, role, name=Sealed("Bea"))
        assert school.now(person.id).version == 1

    def test_an_administrator_does_not_know_of_a_person_made_for_a_case(self, school: Register) -> None:
        person = school.add(Role.REPORTER)
        with pytest.raises(NotFound):
            school.change(person.id, Role.ADMIN, on_roll=True)
        assert school.now(person.id).version == 1

    def test_an_administrator_who_takes_a_person_off_the_roll_may_retry(self, school: Register) -> None:
        person = school.add()
        context = msgspec.structs.replace(school.by(Role.ADMIN), key="a key")
        command = ChangePerson(reason=REASON, on_roll=False)
        answers = [school.people.change(context, person.id, command).person for _ in range(2)]
        assert [answer.version for answer in answers] == [2, 2]

    @pytest.mark.parametrize("role", [*LEADS, Role.ADMIN])
    def test_nobody_changes_their_own_person(self, school: Register, role: Role) -> None:
        person = school.add(category=Category.STAFF)
        with pytest.raises(Forbidden):
            school.people.change(
                school.as_person(role, person.id), person.id, ChangePerson(reason=REASON, on_roll=False)
            )

    def test_a_user_without_a_role_at_the_school_does_not_know_of_anybody(self, school: Register) -> None:
        stranger = Context(principal=Principal(id=uuid4()), now=NOW)
        with pytest.raises(NotFound):
            school.people.change(stranger, school.pupil, ChangePerson(reason=REASON))


class TestAChange:
    @pytest.mark.parametrize(
        ("field", "value", "recorded"),
        [
            ("name", Sealed("Bea"), Sealed("Bea")),
            ("known_as", Sealed("Addie"), Sealed("Addie")),
            ("category", Category.STAFF, Category.STAFF),
            ("year_group", 5, 5),
            ("born_on", date(2016, 1, 2), Sealed("2016-01-02")),
            ("on_roll", False, False),
            ("employer", Sealed("A Firm"), Sealed("A Firm")),
            ("contact", Contact(email=Sealed("a@b.example")), Contact(email=Sealed("a@b.example"))),
            ("left_on", date(2027, 7, 31), Sealed("2027-07-31")),
            ("died_on", date(2026, 9, 14), Sealed("2026-09-14")),
        ],
    )
    def test_replaces_what_it_gives_and_leaves_the_rest(
        self, school: Register, field: str, value: Any, recorded: Any
    ) -> None:
        before = school.add()
        school.change(before.id, **{field: value})
        expected = msgspec.structs.replace(before.details, **{field: recorded})
        assert school.now(before.id).details == expected

    @pytest.mark.parametrize("field", ["known_as", "year_group", "born_on", "employer", "contact"])
    def test_clears_what_it_gives_as_none(self, school: Register, field: str) -> None:
        person = school.add(
            known_as=Sealed("Addie"),
            year_group=5,
            born_on=date(2016, 1, 2),
            employer=Sealed("A Firm"),
            contact=Contact(phone=Sealed("01632 960000")),
        )
        cleared: dict[str, Any] = {field: None}
        details = school.change(person.id, **cleared).details
        assert details == msgspec.structs.replace(person.details, **cleared)

    @pytest.mark.parametrize("field", ["left_on", "died_on"])
    def test_clears_the_end_of_a_time_at_school_or_a_life(self, school: Register, field: str) -> None:
        person = school.add()
        given: dict[str, Any] = {field: date(2026, 9, 1)}
        school.change(person.id, **given)
        cleared: dict[str, Any] = {field: None}
        assert getattr(school.change(person.id, **cleared).details, field) is None

    def test_a_contact_without_values_is_no_contact(self, school: Register) -> None:
        person = school.add(contact=Contact(phone=Sealed("01632 960000")))
        assert school.change(person.id, contact=Contact()).details.contact is None

    @pytest.mark.parametrize("fields", [{}, {"name": Sealed("Ada"), "category": Category.PUPIL}])
    def test_to_the_same_values_records_nothing(self, school: Register, fields: dict[str, Any]) -> None:
        person = school.add()
        assert school.change(person.id, **fields).version == 1
        assert school.now(person.id).version == 1

    def test_of_an_earlier_version_is_refused_with_the_present_one(self, school: Register) -> None:
        person = school.add()
        school.change(person.id, name=Sealed("Bea"))
        command = ChangePerson(reason=REASON, name=Sealed("Cleo"))
        with pytest.raises(Stale) as raised:
            school.people.change(school.by(Role.DSL), person.id, command, expected=1)
        assert raised.value.version == 2
        assert school.now(person.id).name == Sealed("Bea")

    def test_of_the_present_version_is_recorded(self, school: Register) -> None:
        person = school.add()
        command = ChangePerson(reason=REASON, name=Sealed("Cleo"))
        changed = school.people.change(school.by(Role.DSL), person.id, command, expected=1)
        assert (changed.person.version, changed.version, changed.in_full) == (2, 2, True)

    def test_with_the_key_of_another_request_is_refused(self, school: Register) -> None:
        person = school.add()
        command = ChangePerson(reason=REASON, name=Sealed("Cleo"))
        first, other = (
            msgspec.structs.replace(school.by(Role.DSL), key="a key", digest=digest)
            for digest in ("one", "two")
        )
        school.people.change(first, person.id, command)
        with pytest.raises(KeyReused):
            school.people.change(other, person.id, command)

    def test_that_makes_a_parent_a_pupil_of_primary_age_is_refused(self, school: Register) -> None:
        given = (Related(Relation.PARENT_OF, school.add().id),)
        parent = school.add(category=Category.PARENT, relations=given)
        school.change(parent.id, year_group=3)
        faults = refusal(school.change, parent.id, category=Category.PUPIL)
        assert faults == {"$.category": ["would make a pupil of primary age a parent"]}


class Alike(EverybodyKnown):
    """KnownPeople that are always the same."""

    def __init__(self, *found: UUID) -> None:
        self.found = found

    def known_like(self, *_: Any) -> tuple[UUID, ...]:
        return self.found


class TestSomebodyWhoMayHaveARecord:
    def test_is_registered_only_if_somebody_says_that_they_are_distinct(self) -> None:
        school = Register()
        other = school.pupil
        school.people = People(school.record, school.schools, Alike(other), NoDirectory())
        with pytest.raises(PossibleDuplicate) as raised:
            school.add()
        assert raised.value.candidates == (other,)
        person = school.now(school.add(distinct=True).id)
        assert (person.version, person.distinct_from) == (2, {other})
        assert school.now(other).version == 1

    def test_is_not_looked_for_in_a_retry(self) -> None:
        school = Register()
        context = msgspec.structs.replace(school.by(Role.DSL), key="a key")
        command = RegisterPerson(school=school.school, category=Category.PUPIL, name=Sealed("Ada"))
        first = school.people.register(context, command)
        school.people = People(school.record, school.schools, Alike(first.id), NoDirectory())
        assert school.people.register(context, command).version == first.version

    def test_is_not_looked_for_if_the_request_is_refused(self) -> None:
        school = Register()
        school.people = People(school.record, school.schools, Alike(school.pupil), NoDirectory())
        with pytest.raises(Invalid):
            school.add(name=Sealed(""))
