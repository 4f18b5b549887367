"""Users: register them, change them, link them to the people they are."""

from __future__ import annotations

from uuid import UUID

import msgspec

from casework.domain.addresses import ADDRESSES, AddressAssigned, Addresses
from casework.domain.errors import AddressInUse, Forbidden, Invalid, NotFound, Stale, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import Name, record_faults
from casework.domain.naming import normalised
from casework.domain.school import School, UserIdentified
from casework.domain.sealed import Sealed
from casework.domain.user import User, UserChanged, UserLinked, UserRegistered
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.record.links import persons_at
from casework.record.user_directory import UserDirectory
from casework.usecases.context import Context, as_it_was
from casework.usecases.linking import adult, colleague
from casework.usecases.schools import require_administrator


class RegisterUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user to register. `person` is who they are in incidents.

    A `service` user is a program: it is no person, and holds no role that reads cases.
    """

    name: Name
    email: Name
    person: UUID | None = None
    service: bool = False


class ChangeUser(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a user; fields that are None stay as they are.

    `person` is who they are in incidents of that person's school. A user who is not `active` cannot sign in.
    """

    name: Name | None = None
    email: Name | None = None
    person: UUID | None = None
    active: bool | None = None


class Users:
    """The use cases of users."""

    def __init__(self, record: Record, directory: UserDirectory) -> None:
        self._record = record
        self._directory = directory

    def register(self, context: Context, command: RegisterUser, *, administrator: bool = False) -> User:
        """Register a user, as an administrator (or from the command line, before there is one).

        Raises Forbidden, KeyReused, Invalid or AddressInUse; then nothing has changed.
        """
        return retrying(lambda: self._register(context, command, administrator))

    def change(
        self, context: Context, user_id: UUID, command: ChangeUser, *, expected: int | None = None
    ) -> User:
        """Change the fields that `command` gives, as an administrator.

        `expected` is the version that the administrator has read, None for any. Raises NotFound, Forbidden,
        KeyReused, Stale, Invalid or AddressInUse; then nothing has changed.
        """
        return retrying(lambda: self._change(context, user_id, command, expected))

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

    def _change(self, context: Context, user_id: UUID, command: ChangeUser, expected: int | None) -> User:
        require_administrator(context)
        user = self._found(user_id)
        if context.earlier(user) is not None:
            return as_it_was(self._record, context, user)
        if expected is not None and expected != user.version:
            raise Stale(user.version)
        refuse_any(record_faults(command))
        if context.by == user_id:
            self._require_another(user_id, command)
        before, address = user.version, user.email.text
        changed = self._link(context, user, command)
        self._apply(context, user, command)
        if normalised(user.email.text) != normalised(address):
            self._record.commit(user, self._addressed(context, user), *changed)
        elif user.version > before:
            self._record.commit(user, *changed)
        return user

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
        if command.person is not None and self._directory.administrators() != {user_id}:
            raise Forbidden("Nobody links their own user to a person; another administrator must.")

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
        user.append(event_of(stamp, UserLinked, school=person.school, person=person.id))
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
        )
        if (changed.name, changed.email, changed.active) != (user.name, user.email, user.active):
            user.append(changed)

    def _found(self, user_id: UUID) -> User:
        user = self._record.load(User, user_id)
        if user is None:
            raise NotFound
        return user
