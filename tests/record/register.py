"""A school in memory whose people change."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import pytest

from casework.domain.access import Principal
from casework.domain.errors import Invalid
from casework.domain.person import Person
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Role
from casework.usecases.context import Context
from casework.usecases.people import ChangePerson, RegisterPerson
from tests.record.test_use_cases_in_memory import NOW, InMemory

REASON: Final = Sealed("As the birth certificate says.")
LEADS: Final = (Role.DSL, Role.DEPUTY_DSL, Role.HEADTEACHER)
OTHERS: Final = (Role.REPORTER, Role.GOVERNOR, Role.CHAIR_OF_GOVERNORS)


class Register(InMemory):
    """A school in memory whose people change."""

    def add(self, by: Role = Role.DSL, **fields: Any) -> Person:
        """A person whom a user with the role registers."""
        given = {"category": Category.PUPIL, "name": Sealed("Ada"), **fields}
        return self.people.register(self.by(by), RegisterPerson(school=self.school, **given))

    def change(self, person: UUID, by: Role = Role.DSL, **fields: Any) -> Person:
        command = ChangePerson(reason=REASON, **fields)
        return self.people.change(self.by(by), person, command).person

    def now(self, person: UUID) -> Person:
        """The person as recorded now."""
        found = self.record.load(Person, person)
        assert found is not None
        return found

    def as_person(self, role: Role, person: UUID) -> Context:
        """A request by the user with this role, who is `person`."""
        return Context(principal=Principal(id=self.users[role].id, person=person), now=NOW)

    def elsewhere(self) -> UUID:
        """A person of another school."""
        return Register().pupil


def refusal(call: Any, *args: Any, **fields: Any) -> dict[str, list[str]]:
    """The faults for which a call is refused."""
    with pytest.raises(Invalid) as raised:
        call(*args, **fields)
    return raised.value.errors
