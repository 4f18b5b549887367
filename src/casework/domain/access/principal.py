"""Who makes a request: a user, or the system itself before the first user exists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Self
from uuid import UUID

import msgspec

from casework.domain.access.roles import PERMISSIONS, Permission, permissions_of
from casework.domain.appointment import Roles
from casework.domain.clocks import day_of
from casework.domain.errors import Forbidden, NotFound
from casework.domain.moments import Instant
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Role


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request. One who `administers` runs the system.

    `persons` are all the people they were ever linked to, at every school, `names` all names they ever had.
    """

    id: UUID
    persons: frozenset[UUID] = frozenset()
    names: tuple[Sealed, ...] = ()
    administers: bool = False

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(id=user.id, persons=user.persons, names=tuple(user.names), administers=user.administrator)


SYSTEM: Final = Principal(id=UUID(int=1), administers=True)
"""The command line. It administers, because it registers the first administrator. It has no role anywhere."""

NOBODY: Final = UUID(int=0)
"""Stands in for the person who reported in confidence, wherever they would otherwise be named."""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """A principal at one school at one moment: their user, and the roles they hold there.

    `persons` are all the people they were ever linked to, at every school. Roles that are `provisional` are
    only for cases reported since that moment.
    """

    user: UUID
    persons: frozenset[UUID]
    roles: tuple[Role, ...]
    provisional: Mapping[Role, Instant] = {}

    @classmethod
    def at(cls, principal: Principal, school: School, moment: datetime) -> Self:
        """`principal` at `school`, with the roles they hold there at `moment`."""
        roles = school.held_roles(principal.id, day_of(moment))
        return cls.with_roles(principal, roles)

    @classmethod
    def with_roles(cls, principal: Principal, roles: Roles) -> Self:
        """`principal` with these roles at one school."""
        persons = principal.persons
        return cls(user=principal.id, persons=persons, roles=roles.held, provisional=roles.provisional)

    def role_for(self, permission: Permission) -> Role | None:
        """The first of the actor's roles that has `permission`."""
        held = (role for role in PERMISSIONS if role in self.roles)
        return next((role for role in held if permission in self.permissions_of(role)), None)

    def permissions_of(self, role: Role) -> frozenset[Permission]:
        """What `role` permits this actor."""
        return permissions_of(role, provisional=role in self.provisional)

    def confirmed_role_for(self, permission: Permission) -> Role | None:
        """As `role_for`, of the roles that are not provisional."""
        return self.in_case(None).role_for(permission)

    def in_case(self, reported: datetime | None) -> Self:
        """The actor without provisional roles that do not extend to a case recorded at `reported`.

        If it is None, without any provisional role.
        """
        if not self.provisional:
            return self
        return msgspec.structs.replace(self, roles=Roles(self.roles, self.provisional).in_case(reported))

    def require(self, permission: Permission) -> Role:
        """The role that carries `permission`.

        Raises NotFound if the actor holds no role at the school at all, and Forbidden if none of their roles
        allows it.
        """
        if not self.roles:
            raise NotFound
        role = self.role_for(permission)
        if role is None:
            raise Forbidden
        return role
