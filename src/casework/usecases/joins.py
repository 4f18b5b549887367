"""Two records of one person: joined, and parted again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.bars import CLOSE
from casework.domain.errors import Forbidden, Invalid, NotFound, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import PersonId, Reason, record_faults
from casework.domain.person import Person, PersonJoined, PersonParted
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.record.identity import one_person
from casework.record.user_directory import UserDirectory
from casework.usecases.context import Context, as_it_was
from casework.usecases.people import USER_A_PUPIL, Admitted, People, require_other_person
from casework.usecases.relations import ELSEWHERE

_OTHER: Final = "$.person"


class SamePerson(msgspec.Struct, frozen=True, kw_only=True):
    """Another record that is the same person, and why that is known."""

    person: PersonId
    reason: Reason


class OtherPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Why two records turned out to be two people."""

    reason: Reason


class Joins:
    """The use cases of joined records: for safeguarding leads and the head."""

    def __init__(self, record: Record, people: People, directory: UserDirectory) -> None:
        self._record = record
        self._people = people
        self._directory = directory

    def join(self, context: Context, person_id: UUID, command: SamePerson) -> Admitted:
        """Make two records one person; returns the record with `person_id`.

        Raises NotFound, Forbidden, KeyReused or Invalid.
        """
        return retrying(lambda: self._join(context, person_id, command))

    def part(self, context: Context, person_id: UUID, other_id: UUID, command: OtherPerson) -> None:
        """Part two records that were joined. Raises NotFound, Forbidden, KeyReused or Invalid."""
        retrying(lambda: self._part(context, person_id, other_id, command))

    def _join(self, context: Context, person_id: UUID, command: SamePerson) -> Admitted:
        admitted = self._admit(context, person_id)
        # Read together, so that the same request, sent twice at once, is found in both or in neither.
        own = one_person(self._record, [person_id])
        person = own[person_id]
        if context.earlier(person) is not None:
            return msgspec.structs.replace(admitted, person=as_it_was(self._record, context, person))
        refuse_any(record_faults(command))
        if command.person == person.id:
            raise Invalid.at(_OTHER, "is the same record")
        theirs = one_person(self._record, [command.person])
        other = theirs.get(command.person)
        if other is None or other.school != person.school:
            raise Invalid.at(_OTHER, ELSEWHERE)
        if not self._people.knows(context, admitted.role, other):
            raise Invalid.at(_OTHER, ELSEWHERE)
        for each in (*own, *theirs):
            require_other_person(context, each)
        self._people.require_not_close(context, other)
        if other.id in own:
            raise Invalid.at(_OTHER, "is the same person already")
        if _are_close(own, theirs):
            raise Invalid.at(_OTHER, "is a relation of this person; end the relation first")
        if self._is_user_with_pupil(own, theirs):
            raise Invalid.at(_OTHER, USER_A_PUPIL)
        self._append(context, admitted.role, person, PersonJoined, other.id, command.reason)
        self._append(context, admitted.role, other, PersonJoined, person.id, command.reason)
        self._record.commit(person, other)
        return msgspec.structs.replace(admitted, person=person)

    def _part(self, context: Context, person_id: UUID, other_id: UUID, command: OtherPerson) -> None:
        admitted = self._admit(context, person_id)
        person = admitted.person
        if context.earlier(person) is not None:
            return
        refuse_any(record_faults(command))
        other = self._record.load(Person, other_id)
        if other is None or other.id not in person.joined:
            raise NotFound
        if not self._people.knows(context, admitted.role, other):
            raise NotFound
        for each in one_person(self._record, [person.id]):
            require_other_person(context, each)
        self._append(context, admitted.role, person, PersonParted, other.id, command.reason)
        self._append(context, admitted.role, other, PersonParted, person.id, command.reason)
        self._record.commit(person, other)

    def _admit(self, context: Context, person_id: UUID) -> Admitted:
        admitted = self._people.admit(context, person_id)
        if admitted.role is Role.ADMIN:
            raise Forbidden("Only safeguarding leads and the head join and part records.")
        return admitted

    def _is_user_with_pupil(self, one: Mapping[UUID, Person], other: Mapping[UUID, Person]) -> bool:
        return any(
            any(each.category.is_or_was_pupil for each in records.values())
            and self._directory.linked_to(others)
            for records, others in ((one, other), (other, one))
        )

    @staticmethod
    def _append(
        context: Context,
        role: Role,
        person: Person,
        event: type[PersonJoined | PersonParted],
        other: UUID,
        reason: Reason,
    ) -> None:
        stamp = context.stamp(person.id, person.version + 1, role)
        person.append(event_of(stamp, event, other=other, reason=reason))


def _are_close(one: Mapping[UUID, Person], other: Mapping[UUID, Person]) -> bool:
    """Whether a record of one person says that they are close to the other, from either side."""
    return any(
        relation.relation in CLOSE and relation.person in others
        for records, others in ((one, other), (other, one))
        for person in records.values()
        for relation in person.relations.values()
    )
