"""Relations between people: made and ended at any time."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import msgspec

from casework.domain.clocks import day_of
from casework.domain.errors import Invalid, NotFound, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import PersonId, record_faults
from casework.domain.moments import LocalDate
from casework.domain.person import Person, PersonRelated, PersonRelationEnded, Relationship
from casework.domain.vocabulary import MayBeContacted, Relation
from casework.record import Record, retrying
from casework.usecases.context import Context, as_it_was
from casework.usecases.people import PARENT_OF_PRIMARY_AGE, Admitted, People, require_other_person

ELSEWHERE: Final = "names no person of this school"


class RelatePerson(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is to `person`, from one day to another (both included)."""

    relation: Relation
    person: PersonId
    parental_responsibility: bool | None = None
    may_be_contacted: MayBeContacted | None = None
    from_: LocalDate | None = msgspec.field(default=None, name="from")
    until: LocalDate | None = None


class Relations:
    """The use cases of relations: for users who may change the record of the person."""

    def __init__(self, record: Record, people: People) -> None:
        self._record = record
        self._people = people

    def relate(self, context: Context, person_id: UUID, command: RelatePerson) -> Relationship:
        """Record what a person is to another at the same school.

        Raises NotFound, Forbidden, KeyReused or Invalid.
        """
        return retrying(lambda: self._relate(context, person_id, command))

    def end(self, context: Context, person_id: UUID, relation_id: UUID) -> None:
        """End a relation that was recorded for a person; it stays in the history.

        Raises NotFound, Forbidden or KeyReused.
        """
        retrying(lambda: self._end(context, person_id, relation_id))

    def _relate(self, context: Context, person_id: UUID, command: RelatePerson) -> Relationship:
        admitted = self._people.admit(context, person_id)
        person, relation_id = admitted.person, context.new_id("relation")
        if context.earlier(person) is not None:
            return as_it_was(self._record, context, person).relations[relation_id]
        require_other_person(context, command.person)
        relationship = Relationship(id=relation_id, **msgspec.structs.asdict(command))
        self._check(context, admitted, relationship)
        stamp = context.stamp(person.id, person.version + 1, admitted.role)
        person.append(event_of(stamp, PersonRelated, relationship=relationship))
        self._record.commit(person)
        return relationship

    def _end(self, context: Context, person_id: UUID, relation_id: UUID) -> None:
        admitted = self._people.admit(context, person_id)
        person = admitted.person
        if context.earlier(person) is not None:
            return
        other = None
        if relation_id in person.relations:
            other = self._record.load(Person, person.relations[relation_id].person)
        if other is None or not self._people.knows(context, admitted.role, other):
            raise NotFound
        require_other_person(context, person.relations[relation_id].person)
        stamp = context.stamp(person.id, person.version + 1, admitted.role)
        person.append(event_of(stamp, PersonRelationEnded, relationship=relation_id))
        self._record.commit(person)

    def _check(self, context: Context, admitted: Admitted, wanted: Relationship) -> None:
        refuse_any(record_faults(wanted))
        if wanted.person == admitted.person.id:
            raise Invalid.at("$.person", "is the same person")
        other = self._record.load(Person, wanted.person)
        if other is None or other.school != admitted.school.id:
            raise Invalid.at("$.person", ELSEWHERE)
        if not self._people.knows(context, admitted.role, other):
            raise Invalid.at("$.person", ELSEWHERE)
        if wanted.from_ is not None and wanted.until is not None and wanted.until < wanted.from_:
            raise Invalid.at("$.until", "is before from")
        today = day_of(context.now)
        if wanted.relation is Relation.PARENT_OF and admitted.person.details.is_of_primary_age(today):
            raise Invalid.at("$.relation", PARENT_OF_PRIMARY_AGE)
        if admitted.person.holds(wanted) or _mirrored(admitted.person, wanted, other):
            raise Invalid.at("$.relation", "is recorded already for this person and these days")


def _mirrored(person: Person, wanted: Relationship, other: Person) -> bool:
    """Whether the other person's record says the same."""
    return wanted.relation.is_symmetrical and other.holds(wanted.from_other_side(person.id))
