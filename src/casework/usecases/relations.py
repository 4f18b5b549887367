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
from casework.domain.one_person import is_of_primary_age
from casework.domain.person import Person, PersonRelated, PersonRelationEnded, Relationship
from casework.domain.vocabulary import MayBeContacted, Relation
from casework.record import Record, retrying
from casework.record.known_people import KnownPeople
from casework.usecases.context import Context, as_it_was
from casework.usecases.people import PARENT_OF_PRIMARY_AGE, People
from casework.usecases.people_access import Admitted

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

    def __init__(self, record: Record, people: People, known_people: KnownPeople) -> None:
        self._record = record
        self._access = people.access
        self._known_people = known_people

    def relate(self, context: Context, person_id: UUID, command: RelatePerson) -> Relationship:
        """Record what a person is to another at the same school.

        Raises NotFound, Forbidden, KeyReused or Invalid.
        """
        return retrying(lambda: self._relate(context, person_id, command))

    def end(self, context: Context, person_id: UUID, relation_id: UUID) -> None:
        """End a relation of a person, for whichever of the two it was recorded; it stays in the history.

        Raises NotFound, Forbidden or KeyReused.
        """
        retrying(lambda: self._end(context, person_id, relation_id))

    def _relate(self, context: Context, person_id: UUID, command: RelatePerson) -> Relationship:
        admitted = self._access.admit(context, person_id)
        person, relation_id = admitted.person, context.new_id("relation")
        if context.earlier(person) is not None:
            return as_it_was(self._record, context, person).relations[relation_id]
        relationship = Relationship(id=relation_id, **msgspec.structs.asdict(command))
        self._check(context, admitted, relationship)
        stamp = context.stamp(person.id, person.version + 1, admitted.role)
        person.append(event_of(stamp, PersonRelated, relationship=relationship))
        self._record.commit(person)
        return relationship

    def _end(self, context: Context, person_id: UUID, relation_id: UUID) -> None:
        admitted = self._access.admit(context, person_id)
        if context.earlier(admitted.person) is not None:
            return
        holder = self._holder(context, admitted, relation_id)
        if context.earlier(holder) is not None:
            return
        if relation_id not in holder.relations:
            raise NotFound
        stamp = context.stamp(holder.id, holder.version + 1, admitted.role)
        holder.append(event_of(stamp, PersonRelationEnded, relationship=relation_id))
        self._record.commit(holder)

    def _holder(self, context: Context, admitted: Admitted, relation_id: UUID) -> Person:
        """The record for which a relation of the person was recorded, under any record of theirs.

        Raises NotFound, also if the user may not know the other person, and Forbidden as `admit` does.
        """
        holder = self._recorded_for(admitted, relation_id)
        if holder is None:
            raise NotFound
        ends = {holder.id, holder.relations_ever[relation_id].person}
        if ends.isdisjoint(admitted.records):
            raise NotFound
        for other in self._record.load_many(ends - admitted.records.keys()).values():
            if not isinstance(other, Person) or not self._access.knows(context, admitted.role, other):
                raise NotFound
            admitted.own.require_other(self._access.records_of(context, admitted.role, other))
        return holder

    def _recorded_for(self, admitted: Admitted, relation_id: UUID) -> Person | None:
        found = (each for each in admitted.records.values() if relation_id in each.relations_ever)
        holder = next(found, None)
        if holder is not None:
            return holder
        others = self._record.load_many(self._known_people.holders_of(relation_id)).values()
        people = (each for each in others if isinstance(each, Person))
        return next((each for each in people if relation_id in each.relations_ever), None)

    def _check(self, context: Context, admitted: Admitted, wanted: Relationship) -> None:
        refuse_any(record_faults(wanted))
        if wanted.person in admitted.records:
            raise Invalid.at("$.person", "is the same person")
        other = self._record.load(Person, wanted.person)
        if other is None or other.school != admitted.school.id:
            raise Invalid.at("$.person", ELSEWHERE)
        if not self._access.knows(context, admitted.role, other):
            raise Invalid.at("$.person", ELSEWHERE)
        admitted.own.require_other(self._access.records_of(context, admitted.role, other))
        if wanted.from_ is not None and wanted.until is not None and wanted.until < wanted.from_:
            raise Invalid.at("$.until", "is before from")
        today = day_of(context.now)
        if wanted.relation is Relation.PARENT_OF and is_of_primary_age(admitted.records, today):
            raise Invalid.at("$.relation", PARENT_OF_PRIMARY_AGE)
        if admitted.person.holds(wanted) or _mirrored(admitted.person, wanted, other):
            raise Invalid.at("$.relation", "is recorded already for this person and these days")


def _mirrored(person: Person, wanted: Relationship, other: Person) -> bool:
    """Whether the other person's record says the same."""
    return wanted.relation.is_symmetrical and other.holds(wanted.from_other_side(person.id))
