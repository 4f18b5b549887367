"""Whom a report names: people by their records, users, and those who hold a role at the school."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import msgspec

from casework.domain.clocks import day_of
from casework.domain.errors import Invalid
from casework.domain.event import event_of
from casework.domain.fields import PersonId, UserId
from casework.domain.incident.reporting import Party
from casework.domain.person import Person, PersonRegistered
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Category, Involvement, Role
from casework.record import Record
from casework.record.links import persons_at
from casework.usecases.context import Context


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a report names, and what they are in it: a record of a person, a user, or who holds a role."""

    involvement: Involvement
    person: PersonId | None = None
    user: UserId | None = None
    role: Role | None = None


class Parties(msgspec.Struct, frozen=True):
    """The people of a report, and the records that had to be made for users who are linked to none."""

    people: tuple[Party, ...]
    made: tuple[Person, ...]


class Naming:
    """Finds the person for whom a report stands, so that a report about a colleague needs no record."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def parties(
        self, context: Context, named: Iterable[Named], school: School, occurred_at: datetime
    ) -> Parties:
        """The parties of a report; `context` is under a secret if the report is in confidence.

        Raises Invalid, naming the field.
        """
        people, made = [], []
        for number, each in enumerate(named):
            path = f"$.people[{number}]"
            _require_one(each, path)
            if each.person is not None:
                people.append(Party(person=each.person, involvement=each.involvement))
                continue
            user = self._user(each, school, path, day_of(occurred_at), day_of(context.now))
            person_id = persons_at(self._record, user).get(school.id)
            if person_id is None:
                person = _made_for(context, user, school, number)
                made.append(person)
                person_id = person.id
            people.append(Party(person=person_id, involvement=each.involvement, user=user.id))
        return Parties(tuple(people), tuple(made))

    def _user(self, named: Named, school: School, path: str, then: date, today: date) -> User:
        if named.user is not None:
            user = self._record.load(User, named.user)
            if user is None or not school.has_appointed(user.id):
                raise Invalid.at(f"{path}.user", "names no user of this school")
            return user
        assert named.role is not None  # noqa: S101 - one of the three is given
        user = self._record.load(User, _holder(school, named.role, path, then, today))
        if user is None:
            raise Invalid.at(f"{path}.role", "is held by nobody")
        return user


def _require_one(named: Named, path: str) -> None:
    given = [each for each in (named.person, named.user, named.role) if each is not None]
    if not given:
        raise Invalid.at(f"{path}.person", "is required, unless a user or a role is given")
    if len(given) > 1:
        raise Invalid.at(path, "names more than one of person, user and role")


def _holder(school: School, role: Role, path: str, then: date, today: date) -> UUID:
    """Who held `role` on the day it occurred, or else holds it today."""
    holders = {*school.appointed_to(role, then)} or {*school.appointed_to(role, today)}
    if len(holders) != 1:
        fault = "is held by several users: name the user" if holders else "is held by nobody"
        raise Invalid.at(f"{path}.role", fault)
    return holders.pop()


def _made_for(context: Context, user: User, school: School, number: int) -> Person:
    """A record of `user`, who is linked to no person of the school."""
    person_id = context.new_id(f"person {number}")
    registered = event_of(
        context.stamp(person_id, 1, Role.REPORTER),
        PersonRegistered,
        school=school.id,
        category=Category.STAFF,
        # Under the record's own key: else no user is found whose name it could be.
        name=user.name if user.name.erased else Sealed(user.name.text),
    )
    person = Person(registered)
    person.append(registered)
    return person
