"""A school in memory whose people change and are related."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import pytest

from casework.domain.access import Principal
from casework.domain.errors import Invalid
from casework.domain.person import Person, Relationship
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Relation, Role
from casework.record.known_people import EverybodyKnown
from casework.usecases.context import Context
from casework.usecases.people import ChangePerson, RegisterPerson
from casework.usecases.relations import RelatePerson, Relations
from tests.record.test_use_cases_in_memory import NOW, InMemory

REASON: Final = Sealed("As the birth certificate says.")
LEADS: Final = (Role.DSL, Role.DEPUTY_DSL, Role.HEADTEACHER)
OTHERS: Final = (Role.REPORTER, Role.GOVERNOR, Role.CHAIR_OF_GOVERNORS)


class Register(InMemory):
    """A school in memory whose people change."""

    def __init__(self) -> None:
        super().__init__()
        self.relations = Relations(self.record, self.people, EverybodyKnown())

    def add(self, by: Role = Role.DSL, **fields: Any) -> Person:
        """A person whom a user with the role registers."""
        given = {"category": Category.PUPIL, "name": Sealed("Ada"), **fields}
        return self.people.register(self.by(by), RegisterPerson(school=self.school, **given))

    def change(self, person: UUID, by: Role = Role.DSL, **fields: Any) -> Person:
        command = ChangePerson(reason=REASON, **fields)
        return self.people.change(self.by(by), person, command).person

    def relate(
        self, person: UUID, to: UUID, relation: str = "parent_of", by: Role = Role.DSL, **fields: Any
    ) -> Relationship:
        command = RelatePerson(relation=Relation(relation), person=to, **fields)
        return self.relations.relate(self.by(by), person, command)

    def now(self, person: UUID) -> Person:
        """The person as recorded now."""
        found = self.record.load(Person, person)
        assert found is not None
        return found

    def as_person(self, role: Role, person: UUID) -> Context:
        """A request by the user with this role, who is `person`."""
        return Context(principal=Principal(id=self.users[role].id, persons=frozenset({person})), now=NOW)

    def elsewhere(self) -> UUID:
        """A person of another school."""
        return Register().pupil


def refusal(call: Any, *args: Any, **fields: Any) -> dict[str, list[str]]:
    """The faults for which a call is refused."""
    with pytest.raises(Invalid) as raised:
        call(*args, **fields)
    return raised.value.errors
