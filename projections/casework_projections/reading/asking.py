"""The user who asks, and what decides which cases they may read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from casework.domain.access import (
    Actor,
    CaseFacts,
    Identity,
    Permission,
    Principal,
    Reader,
    Staff,
    Standing,
    standing,
)
from casework.domain.bars import Bar
from casework.domain.clocks import day_of
from casework.domain.incident import Incident
from casework.domain.moments import Instant, LocalDate
from casework_projections.views.directory import Directory


def _ignore() -> None:
    pass


def _no_staff(_: UUID) -> Staff:
    return ()


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
    """A user on one day: who they are in cases, and their roles at each of their schools.

    `staff_of` returns those to whom the cases of a school come.
    """

    identity: Identity
    day: LocalDate
    actors: Mapping[UUID, Actor]
    staff_of: Callable[[UUID], Staff] = _no_staff

    @property
    def user(self) -> UUID:
        return self.identity.user

    def schools(self, *permissions: Permission) -> list[UUID]:
        """The schools at which the user holds any of `permissions`, in the order of their ids."""
        return sorted(
            school
            for school, actor in self.actors.items()
            if any(actor.role_for(permission) is not None for permission in permissions)
        )

    def provisional_schools(self, *permissions: Permission) -> list[UUID]:
        """The schools at which the user holds any of `permissions` by a provisional role."""
        wanted = frozenset(permissions)
        return sorted(
            school
            for school, actor in self.actors.items()
            if any(not wanted.isdisjoint(actor.permissions_of(role)) for role in actor.provisional)
        )

    def confirmed_schools(self, *permissions: Permission) -> list[UUID]:
        """As `schools`, of roles that are not provisional."""
        confirmed = {school: actor.in_case(None) for school, actor in self.actors.items()}
        return msgspec.structs.replace(self, actors=confirmed).schools(*permissions)

    def standing(self, incident: Incident, bars: tuple[Bar, ...]) -> Standing:
        """What the user may see of `incident`, computed from the incident itself and its `bars`."""
        nobody = Actor(user=self.user, persons=self.identity.persons, roles=())
        return standing(
            self.actors.get(incident.school, nobody),
            CaseFacts.of(incident, bars),
            self._reader(incident.school),
            reported_it=incident.reported_by(self.user),
        )

    def is_barred(self, incident: Incident, bars: tuple[Bar, ...]) -> bool:
        """Whether the user must never see `incident`, computed from the incident itself and its `bars`."""
        return CaseFacts.of(incident, bars).shuts_out(self.identity, self.day)

    def _reader(self, school: UUID) -> Reader:
        return Reader(identity=self.identity, today=self.day, staff=lambda: self.staff_of(school))


def reach_of(asker: Asker, directory: Directory, connection: Connection) -> Reach:
    """What `asker` may do at the moment they ask; `connection` is a snapshot of the directory.

    For what they may read of cases, `Admission.reach` adds the rest.
    """
    principal = asker.principal
    actors = {
        school: Actor.with_roles(principal, roles)
        for school, roles in directory.held_roles(connection, principal.id, asker.today).items()
    }
    identity = Identity(principal.id, principal.persons)
    return Reach(identity=identity, day=asker.today, actors=actors)
