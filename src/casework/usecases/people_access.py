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


class Own(msgspec.Struct, frozen=True):
    """A user as a person: the ids of all their records, and those records that they may know."""

    ids: Collection[UUID]
    records: Records

    def require_other(self, records: Records) -> None:
        """Raise Forbidden if the person with these records is the user, or somebody close to them.

        A change could decide who reads cases about them.
        """
        if not records.keys().isdisjoint(self.ids):
            raise Forbidden(_OWN_RECORD)
        if are_close(self.records, records):
            raise Forbidden(_CLOSE_RECORD)


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """A person, their school, and the role in which the user changes their record.

    `records` are those of the person that the user may know, by id, and `own` is the user.
    """

    person: Person
    school: School
    role: Role
    records: Records
    own: Own


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
        own = self.own(context, role)
        records = self.records_of(context, role, person)
        own.require_other(records)
        return Admitted(person=person, school=school, role=role, records=records, own=own)

    def own(self, context: Context, role: Role) -> Own:
        """The user's own person. Raises Unavailable."""
        persons = context.principal.persons
        records = records_of_user(self._record, self._directory, context.by, persons)
        known = self.known(context, role, records).keys() | persons
        return Own({*records, *persons}, {key: each for key, each in records.items() if key in known})

    def records_of(self, context: Context, role: Role, person: Person) -> dict[UUID, Person]:
        """`person` and the records joined to theirs that the user may know, by id. Raises Unavailable."""
        records = one_person(self._record, person.joined, {person.id: person})
        known = self.known(context, role, records).keys() | {person.id}
        return {key: each for key, each in records.items() if key in known}

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

    def changed(self, context: Context, role: Role, person: Person, known: Records) -> ChangedPerson:
        """The person as the user, who changed them in `role`, may know them. Raises Unavailable.

        `known` are records that the user may know, so that they need not be looked up.
        """
        others = others_named(person) - known.keys()
        found = self._record.load_many(others) if others else {}
        version = version_for(person, known.keys() | self.known(context, role, found).keys())
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
