"""People: found by any part of their name, and read one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.bars import Bond, Bonds
from casework.domain.errors import Forbidden, Invalid
from casework.domain.moments import LocalDate
from casework.domain.name_matching import LEAST_LETTERS, NameSearch
from casework.domain.one_person import version_for
from casework.domain.person import Contact, Identifiers, Person, day_in
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category
from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.knowing import known_records, person_to_read
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.relations import (
    Neighbours,
    RelationBody,
    neighbours_of,
    own_relations,
    relations_of,
)
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.views.bonds import joined_records
from casework_projections.views.people_search import KnownPerson, Wanted


class FoundPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person in a list. Category, year group and birth date tell namesakes apart.

    `born_on` is shown to users who may read people at the school, if it is recorded.
    """

    id: UUID
    school: UUID
    category: Category
    name: Sealed
    year_group: int | None
    born_on: LocalDate | UnsetType = UNSET


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A record that could be of the person to register. `born_on` is as in `FoundPerson`."""

    id: UUID
    name: Sealed
    category: Category
    year_group: int | None
    born_on: LocalDate | UnsetType = UNSET


class PersonBody(msgspec.Struct, frozen=True, kw_only=True):
    """A person registered at a school.

    An administrator who may not read people gets only what the roll shows: the fields up to `on_roll`. The
    answer to a change has no `relations`: those recorded for other people are found by reading the person.
    `same_as` are the other records of the same person. `version` counts the changes that the user may know.
    """

    id: UUID
    version: int
    school: UUID
    category: Category
    name: Sealed
    year_group: int | None
    on_roll: bool
    known_as: Sealed | UnsetType | None = UNSET
    born_on: LocalDate | UnsetType | None = UNSET
    employer: Sealed | UnsetType | None = UNSET
    contact: Contact | UnsetType | None = UNSET
    identifiers: Identifiers | UnsetType | None = UNSET
    left_on: LocalDate | UnsetType | None = UNSET
    died_on: LocalDate | UnsetType | None = UNSET
    former_names: tuple[Sealed, ...] | UnsetType = UNSET
    relations: tuple[RelationBody, ...] | UnsetType = UNSET
    same_as: tuple[UUID, ...] | UnsetType = UNSET


class FindPeople(Question[Page[FoundPerson]], frozen=True, kw_only=True):
    """A page of people whom the user may know: the best matches first, then by name.

    `name` is any parts of a name, in any order: of the present name or of what the person is known as, and
    of a former name where the user may read people. At least one filter is needed. With `born_on`,
    only people at schools where the user may read people are found, because others could try out birth
    dates. Raises Invalid, and Forbidden if there is no school where the user may find people in this way.
    """

    NAME: ClassVar = "people"

    name: str | None = None
    category: Category | None = None
    year_group: int | None = None
    born_on: LocalDate | None = None
    school: UUID | None = None
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[FoundPerson]]:
        wanted = self._wanted()
        views = room.views
        with room.snapshot(views.directory, views.people, views.recusals) as snapshot:
            reach = reach_of(asker, views.directory, snapshot.connection)
            schools = reach.schools(
                Permission.FIND_ON_ROLL if self.born_on is None else Permission.READ_PEOPLE
            )
            if not schools:
                raise Forbidden
            asked = [each for each in schools if self.school in (None, each)]
            leads = frozenset(reach.schools(Permission.READ_PEOPLE))
            matching = views.people_search.find(snapshot.connection, asked, wanted, former_at=leads)
            joined = joined_records(snapshot.connection) if leads else ()
            stale = snapshot.stale
        known = known_records(room, asker, [each.person for each in matching if not each.on_roll])
        found = _once((each for each in matching if each.on_roll or each.person in known), joined, leads)
        filters = [self.name, self.category, self.year_group, self.born_on, self.school]
        scope = ["people", *filters, asker.principal.id]
        place, following = room.cursors.cut(self.part, scope, len(found))
        items = tuple(found_person(each, reads=each.school in leads) for each in found[place])
        return Answer(Page(items, following, stale), tuple(map(shown_in_list, items)))

    def _wanted(self) -> Wanted:
        filters = Wanted(category=self.category, year_group=self.year_group, born_on=self.born_on)
        if self.name is None:
            if filters == Wanted() and self.school is None:
                raise Invalid.at("name", "is required if there is no other filter")
            return filters
        try:
            name = NameSearch.of(self.name)
        except ValueError:
            raise Invalid.at("name", f"must have at least {LEAST_LETTERS} letters or digits") from None
        return msgspec.structs.replace(filters, name=name)


class ReadPerson(Question[PersonBody], frozen=True):
    """A person, with their former names, and their relations from both sides."""

    NAME: ClassVar = "person"

    person: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[PersonBody]:
        person = person_to_read(room, asker, self.person)
        near = neighbours_of(room, asker, person)
        relations = relations_of(near)
        body = msgspec.structs.replace(
            person_body(person),
            version=version_for(person, near.records.keys() | near.others.keys()),
            relations=relations,
            former_names=_other_names(near, person),
            same_as=tuple(sorted(near.records.keys() - {person.id})),
        )
        others = dict.fromkeys(each.person for each in relations)
        named = tuple(Shown(about=other, parts=("name",)) for other in others)
        return Answer(body, (Shown(about=person.id, parts=("person",)), *named))


def _other_names(near: Neighbours, person: Person) -> tuple[Sealed, ...]:
    """Every other name under which any record of `person` was made."""
    joined = (each for key, each in near.records.items() if key != person.id)
    names = (name for each in joined for name in (*each.former_names, each.name))
    return tuple(name for name in dict.fromkeys((*person.former_names, *names)) if name != person.name)


def person_body(person: Person) -> PersonBody:
    """A person as a user who may read them sees them, with the relations recorded for them, without names."""
    details = person.details
    return msgspec.structs.replace(
        roll_entry(person),
        known_as=details.known_as,
        born_on=day_in(details.born_on),
        employer=details.employer,
        contact=details.contact,
        identifiers=details.identifiers,
        left_on=day_in(details.left_on),
        died_on=day_in(details.died_on),
        former_names=person.former_names,
        relations=own_relations(person),
    )


def roll_entry(person: Person) -> PersonBody:
    """What the roll shows of a person."""
    return PersonBody(
        id=person.id,
        version=person.version,
        school=person.school,
        category=person.category,
        name=person.name,
        year_group=person.details.year_group,
        on_roll=person.details.on_roll,
    )


def changed_body(person: Person, version: int, *, in_full: bool) -> PersonBody:
    """A person as a user who changed them sees them, who knows this version, and may read them `in_full`."""
    body = person_body(person) if in_full else roll_entry(person)
    return msgspec.structs.replace(body, version=version, relations=UNSET)


def _once(
    matching: Iterable[KnownPerson], joins: Collection[Bond], schools: frozenset[UUID]
) -> list[KnownPerson]:
    """Of several records of one person, only the one that matches best, at `schools`.

    Elsewhere the user may not know that they are one person.
    """
    if not joins:
        return [*matching]
    joined = Bonds(joins)
    seen: set[UUID] = set()
    found = []
    for each in matching:
        if each.person not in seen:
            seen.update(joined.one_person_now(each.person) if each.school in schools else ())
            found.append(each)
    return found


def shown_in_list(person: FoundPerson | Candidate) -> Shown:
    """What a list shows of a person."""
    return Shown(about=person.id, parts=("name",) if person.born_on is UNSET else ("name", "birth date"))


def found_person(found: KnownPerson, *, reads: bool) -> FoundPerson:
    """A person as lists show them to a user who `reads` people at their school, or does not."""
    return FoundPerson(
        id=found.person,
        school=found.school,
        category=found.category,
        name=found.name,
        year_group=found.year_group,
        born_on=found.born_on if reads and found.born_on is not None else UNSET,
    )
