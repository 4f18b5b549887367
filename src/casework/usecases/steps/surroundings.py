"""What is needed to complete a step and to check it, and who must decide on it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from casework.domain.access import BARRED, PERMISSIONS, Permission, Principal, holds
from casework.domain.aggregate import Aggregate
from casework.domain.case import Case
from casework.domain.clocks import day_of
from casework.domain.incident import Incident, Step
from casework.domain.incident.reporting import Report
from casework.domain.moments import Instant
from casework.domain.person import Person
from casework.domain.school import School
from casework.domain.user import User
from casework.domain.vocabulary import Category
from casework.library import Library


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed to complete a step and to check it.

    `case` is None for a report. `found` holds what the ids in the step refer to, and the people of the
    incident if the step needs their names.
    """

    case: Case | None
    school: School
    library: Library
    found: Mapping[UUID, Aggregate]
    moment: Instant

    @property
    def reported(self) -> Incident:
        """The incident of a step other than a report. Raises ValueError for a report."""
        return self.reported_case.incident

    @property
    def reported_case(self) -> Case:
        """The case of a step other than a report. Raises ValueError for a report."""
        if self.case is None:
            raise ValueError("a report has no incident yet")
        return self.case

    def before(self, form: Step) -> Surroundings:
        """The surroundings as if a step that stands, and now has the form `form`, had not been taken."""
        if isinstance(form, Report):
            return self
        case = msgspec.structs.replace(self.reported_case, incident=self.reported.without(form.number))
        return msgspec.structs.replace(self, case=case)

    def category(self, person: UUID, occurred_at: datetime) -> Category:
        """The category of a person named in the step when the incident occurred; UNKNOWN if none is found."""
        known = self.found.get(person)
        return known.category_at(occurred_at) if isinstance(known, Person) else Category.UNKNOWN

    def has_left(self, person: UUID) -> bool:
        """Whether a person named in the step has left the school, or died."""
        known = self.found.get(person)
        return isinstance(known, Person) and known.has_left_by(day_of(self.moment))

    def party(self, person: UUID, occurred_at: datetime) -> dict[str, Any]:
        """What the incident keeps of a person named in the step: category, age then, whether gone now.

        The age is by the record that is named, else by one of the other records of the person.
        """
        known = self.found.get(person)
        records = (other for key, other in self.found.items() if key != person and self._same(key, person))
        named = [each for each in (known, *records) if isinstance(each, Person)]
        day = day_of(occurred_at)
        adult, under_13 = ([each.adult_on(day) for each in named], [each.under_13_on(day) for each in named])
        return {
            "category": self.category(person, occurred_at),
            "adult": next((age for age in adult if age is not None), None),
            "under_13": next((age for age in under_13 if age is not None), None),
            "left": self.has_left(person),
        }

    def _same(self, one: UUID, other: UUID) -> bool:
        return self.first_record(one) == self.first_record(other)

    def names(self) -> list[str]:
        """The names of the people of the incident."""
        people = (self.found.get(party.person) for party in self.reported.people)
        return [person.name.text for person in people if isinstance(person, Person)]

    def first_record(self, person: UUID) -> UUID:
        """The same id for all records among `found` that are one person."""
        known, waiting = {person}, [person]
        while waiting:
            at = self.found.get(waiting.pop())
            new = at.joined - known if isinstance(at, Person) else frozenset()
            known |= new
            waiting += new
        return min(known)

    def is_closed_to(self, user: UUID) -> bool:
        """Whether `user` must neither read nor handle the incident."""
        case, found = self.reported_case, self.found.get(user)
        return isinstance(found, User) and holds(BARRED, case.facts, case.at.reader_for(Principal.of(found)))

    def is_witness(self, user: UUID) -> bool:
        """Whether `user` is a witness in the incident."""
        case, found = self.reported_case, self.found.get(user)
        return isinstance(found, User) and case.facts.is_witnessed_by(
            case.at.identity_of(Principal.of(found))
        )

    def may_any(self, user: UUID, permissions: set[Permission]) -> bool:
        """Whether `user` holds a role at the school today that has any of `permissions` in this case."""
        held = self.school.held_roles(user, day_of(self.moment)).in_case(self.reported.recorded_at)
        return any(permissions & PERMISSIONS[role] for role in held)


class Decider(msgspec.Struct, frozen=True):
    """Who must decide on a step that needs two people.

    `user` is named in the field of the step at `path`. If it is None, any user whom `why_not_decide` allows
    may decide.
    """

    user: UUID | None = None
    path: str = "$"
