"""Which records of people a user may change, and what they may know of them.

One person is one under every record. What is refused to a user because of who they are or whom they are close
to is decided over all records of the person that the user may know, so that it tells of no other record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access import BY_ROUTE, Actor, Permission
from casework.domain.aggregate import Aggregate
from casework.domain.errors import Forbidden, NotFound
from casework.domain.one_person import Records, are_close, others_named, version_for
from casework.domain.person import Person
from casework.domain.school import School
from casework.domain.vocabulary import Role
from casework.record import Record
from casework.record.identity import one_person, records_of_user
from casework.record.known_people import KnownPeople
from casework.record.user_directory import UserDirectory
from casework.usecases.context import Context
from casework.usecases.schools import Schools

_OWN_RECORD: Final = "Nobody changes the record of their own person."
_CLOSE_RECORD: Final = "Nobody changes the record of a person to whom they are close; a colleague does."


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """A person, their school, and the role in which the user changes their record.

    `records` are those of the person that the user may know, by id.
    """

    person: Person
    school: School
    role: Role
    records: Records


class ChangedPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person after a change, and the version that the user knows.

    `in_full` says whether the user may read the whole record.
    """

    person: Person
    version: int
    in_full: bool


class PeopleAccess:
    """Decides which records of people a user may change: use cases of people ask it first."""

    def __init__(
        self, record: Record, schools: Schools, known_people: KnownPeople, directory: UserDirectory
    ) -> None:
        self._record = record
        self._schools = schools
        self._known_people = known_people
        self._directory = directory

    def admit(self, context: Context, person_id: UUID, *, beside: Collection[UUID] = ()) -> Admitted:
        """The person, for a user who may change their record.

        That is a lead at their school, of the people they may know; a user to whom a case came by the route,
        of the people in it; and an administrator, of people on the roll. With `beside`, it is enough that a
        person with one of these ids is in such a case. Raises NotFound, and Forbidden too for a user's own
        person and people to whom they are close.
        """
        person = self._record.load(Person, person_id)
        if person is None:
            raise NotFound
        school, actor = self._schools.actor_at(context, person.school)
        role = actor.role_for(Permission.CHANGE_PEOPLE)
        if role is None:
            role = self._handling(context, actor, school.id, [person_id, *beside])
        role = role or keeps_roll(context, actor)
        if context.earlier(person) is None and not self.knows(context, role, person):
            raise NotFound
        if role is None:
            role = actor.require(Permission.CHANGE_PEOPLE)
        records = self.records_of(context, role, person)
        self.require_others(context, role, records)
        return Admitted(person=person, school=school, role=role, records=records)

    def require_others(self, context: Context, role: Role, *people: Records) -> None:
        """Raise Forbidden if the user is any of `people`, or is close to any of them.

        It could decide who reads cases about them.
        """
        own = records_of_user(self._record, self._directory, context.principal.persons)
        persons = context.principal.persons
        if any(not records.keys().isdisjoint({*own, *persons}) for records in people):
            raise Forbidden(_OWN_RECORD)
        known = self.known(context, role, own)
        theirs = {key: each for key, each in own.items() if key in known or key in persons}
        if any(are_close(theirs, records) for records in people):
            raise Forbidden(_CLOSE_RECORD)

    def require_other(self, context: Context, role: Role, other: Aggregate) -> None:
        """As `require_others`, for the other person of a relation."""
        if isinstance(other, Person):
            self.require_others(context, role, self.records_of(context, role, other))

    def records_of(self, context: Context, role: Role, person: Person) -> dict[UUID, Person]:
        """`person` and the records joined to theirs that the user may know, by id. Raises Unavailable."""
        joined = one_person(self._record, person.joined) if person.joined else {}
        known = self.known(context, role, joined)
        return {key: each for key, each in joined.items() if key in known} | {person.id: person}

    def knows(self, context: Context, role: Role | None, person: Person) -> bool:
        """Whether the user, who acts in `role`, may know the person. Raises Unavailable."""
        return person.id in self.known(context, role, {person.id: person})

    def known(
        self, context: Context, role: Role | None, found: Mapping[UUID, Aggregate]
    ) -> dict[UUID, Aggregate]:
        """`found` without the people whom the user, who acts in `role`, may not know. Raises Unavailable."""
        off_roll = [
            key for key, each in found.items() if isinstance(each, Person) and not each.details.on_roll
        ]
        known: Collection[UUID] = ()
        if off_roll and role is not Role.ADMIN:
            known = self._known_people.known_among(context.principal, context.now, off_roll)
        hidden = {*off_roll}.difference(known)
        return {key: each for key, each in found.items() if key not in hidden}

    def version(self, context: Context, role: Role, person: Person) -> int:
        """The version of the person that the user knows. Raises Unavailable."""
        named = others_named(person)
        return version_for(person, self.known(context, role, self._record.load_many(named)) if named else ())

    def changed(self, context: Context, role: Role, person: Person) -> ChangedPerson:
        """The person as the user, who changed them in `role`, may know them. Raises Unavailable."""
        version = self.version(context, role, person)
        return ChangedPerson(person=person, version=version, in_full=role is not Role.ADMIN)

    def _handling(self, context: Context, actor: Actor, school: UUID, ids: Collection[UUID]) -> Role | None:
        """The role in which the user handles a case by the route that a person with one of `ids` is in."""
        role = next((held for each in BY_ROUTE if (held := actor.role_for(each)) is not None), None)
        if role is None:
            return None
        records = one_person(self._record, ids)
        handles = self._known_people.handles_any(context.principal, context.now, school, records.keys())
        return role if handles else None


def keeps_roll(context: Context, actor: Actor) -> Role | None:
    """The role in which the user says who is on the roll; None if they may not."""
    administers = Role.ADMIN if context.principal.administers else None
    return actor.role_for(Permission.KEEP_ROLL) or administers
