"""What whoever asks may list, over all the schools where they hold a role today."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from casework.domain.access import Actor, Permission
from casework.domain.clocks import day_of
from casework.domain.vocabulary import Role
from casework_api.http import current
from casework_projections.reading.visibility import VisibleTo


def actors(connection: Connection) -> dict[UUID, Actor]:
    """Whoever asks, by school, with the roles in force there today; `connection` holds the directory."""
    user = current.user()
    today = day_of(current.now())
    roles: dict[UUID, list[Role]] = {}
    for held in current.views().directory.appointments_of(connection, user.id):
        if held.in_force(today):
            roles.setdefault(held.school, []).append(held.role)
    return {
        school: Actor(user=user.id, person=user.person, roles=tuple(held)) for school, held in roles.items()
    }


def visible(connection: Connection) -> VisibleTo:
    """What whoever asks may know of; `connection` holds the directory."""
    user = current.user()
    found = actors(connection)
    chairs = [
        school
        for school, actor in found.items()
        if actor.role_for(Permission.MANAGE_WHERE_HEAD_IS_SUBJECT) is not None
    ]
    today = day_of(current.now())
    heads = current.views().directory.heads(connection, chairs, today) if chairs else frozenset[UUID]()
    return VisibleTo.of(user.id, user.person, found, heads)


def schools_where(connection: Connection, permission: Permission) -> list[UUID]:
    """The schools at which whoever asks holds `permission`."""
    return [school for school, actor in actors(connection).items() if actor.role_for(permission) is not None]
