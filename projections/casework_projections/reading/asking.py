"""The user who asks, and what decides which cases they may read: their roles, and the school's leaders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from casework.domain.access import (
    BARRED,
    LEADERS,
    READ,
    Actor,
    CaseFacts,
    Permission,
    Principal,
    Reader,
    Standing,
    holds,
    roles_named,
    standing,
)
from casework.domain.clocks import day_of
from casework.domain.incident import Incident
from casework.domain.moments import Instant, LocalDate
from casework.domain.vocabulary import Role
from casework_projections.views.directory import Directory

Leaders = Mapping[Role, frozenset[UUID]]
"""The people that the holders of each of the roles `LEADERS` at one school were ever linked to."""

DEPEND_ON_LEADERS: Final = tuple(
    grant.permission for grant in READ if roles_named(grant.when) | roles_named(BARRED)
)
"""The permissions for which the cases a user may read depend on who leads the school."""


def _ignore() -> None:
    pass


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """The user who asks, and at which moment.

    `may_be_named` is called when it is certain that the question is not about a case the user knows only
    because they reported it in confidence. From then on the user may be named in logs.
    """

    principal: Principal
    now: Instant
    may_be_named: Callable[[], None] = _ignore

    @property
    def today(self) -> date:
        """The day in London."""
        return day_of(self.now)


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """A user on one day: all the people they were ever linked to, and their roles at each of their schools.

    `leaders` contains only schools where one of the user's grants depends on who leads the school.
    """

    user: UUID
    persons: frozenset[UUID]
    day: LocalDate
    actors: Mapping[UUID, Actor]
    leaders: Mapping[UUID, Leaders] = {}

    def schools(self, *permissions: Permission) -> list[UUID]:
        """The schools at which the user holds any of `permissions`, in the order of their ids."""
        return sorted(
            school
            for school, actor in self.actors.items()
            if any(actor.role_for(permission) is not None for permission in permissions)
        )

    def standing(self, incident: Incident) -> Standing:
        """What the user may see of `incident`, computed from the incident itself."""
        nobody = Actor(user=self.user, persons=self.persons, roles=())
        return standing(
            self.actors.get(incident.school, nobody),
            incident,
            reported_it=incident.reported_by(self.user),
            leaders=self.leaders.get(incident.school),
        )

    def is_barred(self, incident: Incident) -> bool:
        """Whether the user must never see `incident`, computed from the incident itself."""
        leaders = self.leaders.get(incident.school, {})
        return holds(BARRED, CaseFacts.of(incident), Reader(self.user, self.persons, leaders))


def reach_of(asker: Asker, directory: Directory, connection: Connection) -> Reach:
    """What `asker` may read at the moment they ask; `connection` is a snapshot of the directory."""
    principal = asker.principal
    roles: dict[UUID, list[Role]] = {}
    for held in directory.appointments_of(connection, principal.id):
        if held.in_force(asker.today):
            roles.setdefault(held.school, []).append(held.role)
    actors = {
        school: Actor(user=principal.id, persons=principal.persons, roles=tuple(held))
        for school, held in roles.items()
    }
    reach = Reach(user=principal.id, persons=principal.persons, day=asker.today, actors=actors)
    depending = reach.schools(*DEPEND_ON_LEADERS)
    return msgspec.structs.replace(reach, leaders=_leaders(directory, connection, depending, asker.today))


def _leaders(
    directory: Directory, connection: Connection, schools: list[UUID], day: date
) -> dict[UUID, Leaders]:
    found: dict[UUID, dict[Role, frozenset[UUID]]] = {}
    for holder in directory.holders(connection, schools, LEADERS, day) if schools else ():
        at_school = found.setdefault(holder.school, {})
        at_school[holder.role] = at_school.get(holder.role, frozenset()) | {holder.person}
    return {**found}
