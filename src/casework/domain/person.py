"""The Person aggregate: a person who may be involved in an incident, named elsewhere only by an id."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event
from casework.domain.fields import Name, PersonId
from casework.domain.limits import YEAR_GROUPS, YearGroup
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Relation


class Related(msgspec.Struct, frozen=True):
    """What this person is to `person`: for example their parent, their spouse or their line manager."""

    relation: Relation
    person: PersonId


class PersonRegistered(Event, frozen=True, kw_only=True):
    """A person was registered at a school. `born_on` is an ISO date, sealed like the name."""

    TOPIC: ClassVar[str] = "person.registered"
    VERSION: ClassVar[int] = 2

    school: UUID
    category: Category
    name: Name
    born_on: Sealed | None = None
    year_group: YearGroup | None = None
    relations: tuple[Related, ...] = ()

    @classmethod
    def upcast(cls, state: dict[str, Any], version: int) -> dict[str, Any]:
        """Version 1 accepted any number as a year group. One outside the limits is read as unknown."""
        if version != 1:
            return super().upcast(state, version)
        group = state.get("year_group")
        known = group is not None and YEAR_GROUPS.fault(group) is None
        return {**state, "year_group": group if known else None}


class Person(Aggregate, begins_with=PersonRegistered):
    """A pseudonymous id, with a name and a birth date that are sealed with the person's own data key."""

    def __init__(self, first: PersonRegistered) -> None:
        super().__init__(first)
        self.school = first.school
        self.category = first.category
        self.name: Sealed = first.name
        self.born_on = first.born_on
        self.year_group = first.year_group
        self.relations = first.relations
