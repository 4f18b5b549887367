"""Users: register them, change them, link them to the people they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.account_change import AmendUser, ChangeUser
from casework.domain.addresses import ADDRESSES, AddressAssigned, Addresses
from casework.domain.aggregate import Aggregate
from casework.domain.approval import Approval
from casework.domain.clocks import day_of
from casework.domain.errors import AddressInUse, Forbidden, Invalid, NotFound, Stale, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import Name, record_faults
from casework.domain.name_matching import folded_name
from casework.domain.naming import normalised
from casework.domain.own_names import could_be_own
from casework.domain.person import Person
from casework.domain.school import LeadDeactivated, School, UserIdentified
from casework.domain.sealed import Sealed
from casework.domain.user import User, UserChanged, UserLinked, UserRegistered
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.record.links import persons_at
from casework.record.second_person import leads, loses_leads, reads_where_led
from casework.record.user_directory import UserDirectory, schools_of
from casework.usecases.context import Context, as_it_was
from casework.usecases.linking import adult, colleague
from casework.usecases.schools import require_administrator
from casework.usecases.two_people import Prepared, TakesTwo, TwoPeople

_ENOUGH: Final = 2
"""Of this many administrators, each can be the second person for what another one asks."""


class RegisterUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user to register. `person` is who they are in incidents.

    A `service` user is a program: it is no person, and holds no role that reads cases.
    """

    name: Name
    email: Name
    person: UUID | None = None
    service: bool = False


class Users:
    """The use cases of users."""

    def __init__(self, record: Record, directory: UserDirectory) -> None:
        self._record = record
        self._directory = directory
        self._two_people = TwoPeople(record)

    def register(self, context: Context, command: RegisterUser, *, administrator: bool = False) -> User:
        """Register a user, as an administrator (or from the command line, before there is one).

        Raises Forbidden, KeyReused, Invalid or AddressInUse; then nothing has changed.
        """
        return retrying(lambda: self._register(context, command, administrator))

    def change(
        self, context: Context, user_id: UUID, command: ChangeUser, *, expected: int | None = None
    ) -> User | Approval:
        """Change the fields that `command` gives, as an administrator.

        It takes two people to replace the person or the address of a user whose role reads cases, or to give
        them a name that could be a colleague's, as soon as a school where they hold the role is led by a user
        who has enrolled; to deactivate the last such lead; to deactivate an administrator, where that leaves
        one alone; and to link one's own user, which a lead of that school may approve.
        `expected` is the version that the administrator has read, None for any. Raises NotFound, Forbidden,
        KeyReused, Stale, Invalid or AddressInUse; then nothing has changed.
        """
        return self._two_people.carry_out(
            context, lambda: self.prepare_change(context, user_id, command, expected)
        )

    def administrator_at(self, email: Sealed) -> User | None:
        """The administrator with this address who is not deactivated; None if there is none."""
        found = self._directory.at_address(email.text) & self._directory.administrators()
        return self._record.load(User, min(found)) if found else None

    def persons_of(self, user: User) -> dict[UUID, UUID]:
        """The id of the person that `user` is now, by the id of the school."""
        return persons_at(self._record, user)

    def _register(self, context: Context, command: RegisterUser, administrator: bool) -> User:
        require_administrator(context)
        user_id = context.new_id("user")
        existing = self._record.load(User, user_id)
        if existing is not None and context.earlier(existing) is not None:
            return as_it_was(self._record, context, existing)
        registered = event_of(
            context.stamp(user_id, 1, Role.ADMIN),
            UserRegistered,
            **msgspec.structs.asdict(command),
            administrator=administrator,
        )
        refuse_any(record_faults(registered))
        if registered.person is not None:
            if registered.service:
                raise Invalid.at("$.person", "does not belong to a service user")
            adult(self._record, registered.person)
        user = User(registered)
        user.append(registered)
        self._record.commit(user, self._addressed(context, user))
        return user

    def prepare_change(
        self, context: Context, user_id: UUID, command: ChangeUser, expected: int | None = None
    ) -> Prepared[User]:
        """As `change`, without storing it."""
        require_administrator(context)
        user = self._found(user_id)
        if context.earlier(user) is not None:
            return Prepared(result=as_it_was(self._record, context, user))
        if expected is not None and expected != user.version:
            raise Stale(user.version)
        refuse_any(record_faults(command))
        if context.by == user_id:
            self._require_another(user_id, command)
        # Loaded once: a change of the schools after the decision must conflict with what is written to them.
        schools = [*schools_of(self._record, self._directory, user)]
        takes_two = self._takes_two(context, user, command, schools)
        school = self._own_link_at(context, command, user)
        before, address = user.version, user.email.text
        changed: list[Aggregate] = [*self._link(context, user, command)]
        if command.active is False and user.active:
            changed += self._without_lead(context, user, schools, changed)
        self._apply(context, user, command)
        if normalised(user.email.text) != normalised(address):
            changed.append(self._addressed(context, user))
        if user.version == before:
            return Prepared(result=user)
        change = AmendUser(user=user.id, fields=command)
        return Prepared(
            result=user,
            changed=(user, *changed),
            takes_two=TakesTwo(
                change=change, user=user.id, school=None if takes_two else school, role=Role.ADMIN
            )
            if takes_two or school is not None
            else None,
        )

    def _takes_two(self, context: Context, user: User, command: ChangeUser, schools: list[School]) -> bool:
        """Whether the change takes two people; `schools` are those that ever appointed the user."""
        today = day_of(context.now)
        ends = command.active is False and user.active
        if ends and user.administrator and len(self._directory.administrators() - {user.id}) < _ENOUGH:
            return True
        if ends and any(self._leads_alone(user, school, today) for school in schools):
            return True
        identifies = self._identifies(user, command) or self._names_a_colleague(user, command, schools)
        return identifies and reads_where_led(self._record, schools, user.id, today)

    @staticmethod
    def _without_lead(
        context: Context, user: User, schools: list[School], linked: list[Aggregate]
    ) -> Iterator[School]:
        """Those of `schools` that `user` leads, which note that the user is deactivated."""
        known = {each.id: each for each in linked if isinstance(each, School)}
        for found in schools:
            if leads(found.appointments.values(), user.id, day_of(context.now)):
                school = known.get(found.id, found)
                stamp = context.stamp(school.id, school.version + 1, Role.ADMIN)
                school.append(event_of(stamp, LeadDeactivated, user=user.id))
                if school is found:
                    yield school

    def _identifies(self, user: User, command: ChangeUser) -> bool:
        """Whether the change replaces the person that the user is at a school, or their address."""
        if command.email is not None and normalised(command.email.text) != normalised(user.email.text):
            return True
        person = None if command.person is None else self._record.load(Person, command.person)
        replaced = None if person is None else self.persons_of(user).get(person.school)
        return replaced not in (None, command.person)

    def _names_a_colleague(self, user: User, command: ChangeUser, schools: list[School]) -> bool:
        """Whether a name that the user gets could be that of another who reads cases at `schools`, or did.

        Every name of a user shuts them out of cases about namesakes, also one that was given by mistake, and
        so do those of a person to whom they are linked.
        """
        names = [*self._names_given(user, command)]
        if not names:
            return False
        appointments = (each for school in schools for each in school.appointments.values())
        readers = {each.user for each in appointments if each.reads_cases} - {user.id}
        colleagues = self._record.load_many(readers).values()
        own = [each.name.text for each in colleagues if isinstance(each, User)]
        return any(could_be_own(theirs, name) for theirs in own for name in names)

    def _names_given(self, user: User, command: ChangeUser) -> Iterator[str]:
        """The names that the change gives the user, unless they are spelt like the one they have."""
        person = None if command.person is None else self._record.load(Person, command.person)
        known = [] if person is None else [person.name, *(each.name for each in person.also_named)]
        given = known if command.name is None else [command.name, *known]
        return (name.text for name in given if not name.erased and not _is_spelt_alike(name, user.name))

    def _own_link_at(self, context: Context, command: ChangeUser, user: User) -> UUID | None:
        """The school where an administrator would link their own user, which takes a second person."""
        if command.person is None or context.by != user.id:
            return None
        person = self._record.load(Person, command.person)
        return None if person is None else person.school

    def _leads_alone(self, user: User, school: School, today: date) -> bool:
        """Whether the school has no other lead who has enrolled, on a day on which it has this one."""
        others = [each for each in school.appointments.values() if each.user != user.id]
        return loses_leads(self._record, school, others, today)

    def _addressed(self, context: Context, user: User) -> Addresses:
        """What must be committed with a `user` who gets an e-mail address. Raises AddressInUse."""
        # Loaded before the directory is read: if an address is given meanwhile, the commit conflicts.
        found = self._record.load(Addresses, ADDRESSES)
        if self._directory.at_address(user.email.text) - {user.id}:
            raise AddressInUse
        stamp = context.stamp(ADDRESSES, 1 if found is None else found.version + 1, Role.ADMIN)
        assigned = event_of(stamp, AddressAssigned, user=user.id)
        addresses = found or Addresses(assigned)
        addresses.append(assigned)
        return addresses

    def _require_another(self, user_id: UUID, command: ChangeUser) -> None:
        """Raise Forbidden for what administrators may not change about their own user."""
        if command.active is False:
            raise Forbidden("Nobody deactivates their own user; another administrator must.")
        if command.person is not None and command != ChangeUser(person=command.person):
            raise Invalid.at("$.person", "must be the only field when you change your own user")

    def _link(self, context: Context, user: User, command: ChangeUser) -> list[School]:
        """Link the user. Returns the school, if that wakes their roles there."""
        if command.person is None:
            return []
        if user.service:
            raise Invalid.at("$.person", "does not belong to a service user")
        person = colleague(self._record, user, command.person)
        if self.persons_of(user).get(person.school) == person.id:
            return []
        stamp = context.stamp(user.id, user.version + 1, Role.ADMIN)
        linked = event_of(
            stamp, UserLinked, school=person.school, person=person.id, approved_by=context.approved_by
        )
        user.append(linked)
        school = self._record.load(School, person.school)
        if school is None or user.id not in school.unlinked:
            return []
        stamp = context.stamp(school.id, school.version + 1, Role.ADMIN)
        school.append(event_of(stamp, UserIdentified, user=user.id))
        return [school]

    @staticmethod
    def _apply(context: Context, user: User, command: ChangeUser) -> None:
        changed = event_of(
            context.stamp(user.id, user.version + 1, Role.ADMIN),
            UserChanged,
            name=command.name or user.name,
            email=command.email or user.email,
            active=user.active if command.active is None else command.active,
            approved_by=context.approved_by,
        )
        if (changed.name, changed.email, changed.active) != (user.name, user.email, user.active):
            user.append(changed)

    def _found(self, user_id: UUID) -> User:
        user = self._record.load(User, user_id)
        if user is None:
            raise NotFound
        return user


def _is_spelt_alike(one: Sealed, other: Sealed) -> bool:
    """Whether two names differ in nothing but case, spacing, accents and signs."""
    return folded_name(one.text).joined == folded_name(other.text).joined
