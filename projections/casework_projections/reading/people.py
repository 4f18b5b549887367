"""People: found by whole name, and read one at a time."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.errors import Forbidden
from casework.domain.moments import LocalDate
from casework.domain.person import Person, Related, day_in
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category
from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.views.people import Found


class FoundPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person found by name."""

    id: UUID
    school: UUID
    category: Category
    name: Sealed
    year_group: int | None


class PersonBody(msgspec.Struct, frozen=True, kw_only=True):
    """A person registered at a school."""

    id: UUID
    school: UUID
    category: Category
    name: Sealed
    born_on: LocalDate | None
    year_group: int | None
    relations: tuple[Related, ...]


class FindPeople(Question[Page[FoundPerson]], frozen=True, kw_only=True):
    """A page of the people whose whole name is `name`, at `school` or wherever the user may find people.

    Raises Forbidden if the user may find people at no school.
    """

    NAME: ClassVar = "people"

    name: str
    school: UUID | None = None
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[FoundPerson]]:
        views = room.views
        with room.snapshot(views.directory, views.people) as snapshot:
            reach = reach_of(asker, views.directory, snapshot.connection)
            schools = reach.schools(Permission.READ_PEOPLE)
            if not schools:
                raise Forbidden
            wanted = [each for each in schools if self.school in (None, each)]
            found = views.people.find(snapshot.connection, wanted, self.name)
            stale = snapshot.stale
        scope = ["people", self.name, self.school, asker.principal.id]
        place, following = room.cursors.cut(self.part, scope, len(found))
        items = tuple(map(_found_person, found[place]))
        shown = tuple(Shown(about=each.id, parts=("name",)) for each in items)
        return Answer(Page(items, following, stale), shown)


class ReadPerson(Question[PersonBody], frozen=True):
    """A person, with name, birth date and relations."""

    NAME: ClassVar = "person"

    person: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[PersonBody]:
        person = room.admission.person(asker, self.person, Permission.READ_PEOPLE)
        return Answer(person_body(person), (Shown(about=person.id, parts=("person",)),))


def person_body(person: Person) -> PersonBody:
    """A person as a user who may read them sees them."""
    return PersonBody(
        id=person.id,
        school=person.school,
        category=person.category,
        name=person.name,
        born_on=day_in(person.details.born_on),
        year_group=person.details.year_group,
        relations=tuple(Related(each.relation, each.person) for each in person.relations.values()),
    )


def _found_person(found: Found) -> FoundPerson:
    return FoundPerson(
        id=found.person,
        school=found.school,
        category=found.category,
        name=found.name,
        year_group=found.year_group,
    )
