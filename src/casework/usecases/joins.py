"""Two records of one person: joined, and parted again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.clocks import day_of
from casework.domain.errors import Forbidden, Invalid, NotFound, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import PersonId, Reason, record_faults
from casework.domain.one_person import are_close, is_or_was_pupil, is_parent_of_primary_age
from casework.domain.person import Person, PersonJoined, PersonParted
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.record.identity import one_person
from casework.record.user_directory import UserDirectory
from casework.usecases.context import Context, as_it_was
from casework.usecases.people import PARENT_OF_PRIMARY_AGE, USER_A_PUPIL, People
from casework.usecases.people_access import Admitted, ChangedPerson
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
    """The use cases of joined records: for leads, and those who have a case by the route, of its people."""

    def __init__(self, record: Record, people: People, directory: UserDirectory) -> None:
        self._record = record
        self._access = people.access
        self._directory = directory

    def join(self, context: Context, person_id: UUID, command: SamePerson) -> ChangedPerson:
        """Make two records one person; returns the record with `person_id`.

        Raises NotFound, Forbidden, KeyReused or Invalid.
        """
        return retrying(lambda: self._join(context, person_id, command))

    def part(self, context: Context, person_id: UUID, other_id: UUID, command: OtherPerson) -> None:
        """Part two records that were joined. Raises NotFound, Forbidden, KeyReused or Invalid."""
        retrying(lambda: self._part(context, person_id, other_id, command))

    def _join(self, context: Context, person_id: UUID, command: SamePerson) -> ChangedPerson:
        admitted = self._admit(context, person_id, beside=[command.person])
        role = admitted.role
        # Read together, so that the same request, sent twice at once, is found in both or in neither.
        own = one_person(self._record, [person_id])
        person = own[person_id]
        if context.earlier(person) is not None:
            then = as_it_was(self._record, context, person)
            return self._access.changed(context, role, then, admitted.records)
        refuse_any(record_faults(command))
        if command.person == person.id:
            raise Invalid.at(_OTHER, "is the same record")
        theirs = one_person(self._record, [command.person])
        other = theirs.get(command.person)
        if other is None or other.school != person.school:
            raise Invalid.at(_OTHER, ELSEWHERE)
        if not self._access.knows(context, role, other):
            raise Invalid.at(_OTHER, ELSEWHERE)
        others = self._access.records_of(context, role, other)
        admitted.own.require_other(others)
        if other.id in own:
            raise Invalid.at(_OTHER, "is the same person already")
        if are_close(admitted.records, others):
            raise Invalid.at(_OTHER, "is a relation of this person; end the relation first")
        if self._is_user_with_pupil(own, theirs):
            raise Invalid.at(_OTHER, USER_A_PUPIL)
        if is_parent_of_primary_age({**admitted.records, **others}, day_of(context.now)):
            raise Invalid.at(_OTHER, PARENT_OF_PRIMARY_AGE)
        self._append(context, role, person, PersonJoined, other.id, command.reason)
        self._append(context, role, other, PersonJoined, person.id, command.reason)
        self._record.commit(person, other)
        return self._access.changed(context, role, person, {**admitted.records, **others})

    def _part(self, context: Context, person_id: UUID, other_id: UUID, command: OtherPerson) -> None:
        admitted = self._admit(context, person_id)
        person = admitted.person
        if context.earlier(person) is not None:
            return
        refuse_any(record_faults(command))
        other = admitted.records.get(other_id) if other_id in person.joined else None
        if other is None:
            raise NotFound
        self._append(context, admitted.role, person, PersonParted, other.id, command.reason)
        self._append(context, admitted.role, other, PersonParted, person.id, command.reason)
        self._record.commit(person, other)

    def _admit(self, context: Context, person_id: UUID, *, beside: Collection[UUID] = ()) -> Admitted:
        admitted = self._access.admit(context, person_id, beside=beside)
        if admitted.role is Role.ADMIN:
            raise Forbidden("Only safeguarding leads and the head join and part records.")
        return admitted

    def _is_user_with_pupil(self, one: Mapping[UUID, Person], other: Mapping[UUID, Person]) -> bool:
        return any(
            is_or_was_pupil(records) and self._directory.linked_to(others)
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
