"""Who makes a request: a user, or the system itself before the first user exists."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Self
from uuid import UUID

import msgspec

from casework.domain.access.roles import PERMISSIONS, Permission
from casework.domain.clocks import day_of
from casework.domain.errors import Forbidden, NotFound
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

    `persons` are all the people they were ever linked to, at every school.
    """

    user: UUID
    persons: frozenset[UUID]
    roles: tuple[Role, ...]

    @classmethod
    def at(cls, principal: Principal, school: School, moment: datetime) -> Self:
        """`principal` at `school`, with the roles they hold there at `moment`."""
        roles = school.roles_of(principal.id, day_of(moment))
        return cls(user=principal.id, persons=principal.persons, roles=tuple(roles))

    def role_for(self, permission: Permission) -> Role | None:
        """The first of the actor's roles that has `permission`."""
        held = (role for role in PERMISSIONS if role in self.roles)
        return next((role for role in held if permission in PERMISSIONS[role]), None)

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
