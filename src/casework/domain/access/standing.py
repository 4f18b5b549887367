"""The access of a user to a case: the tables of who may read and who may handle which cases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access.predicates import (
    All,
    AppointedToCase,
    AssignedToCase,
    CaseFacts,
    InStream,
    IsAboutHolderOf,
    IsSubject,
    Predicate,
    Reader,
    holds,
    roles_named,
)
from casework.domain.access.principal import Actor
from casework.domain.access.roles import Permission
from casework.domain.incident import Incident, Step
from casework.domain.vocabulary import Role, Stream


class Grant(msgspec.Struct, frozen=True):
    """A role that has `permission` at the school of a case has access to the case if `when` holds."""

    permission: Permission
    when: Predicate


BARRED: Final[Predicate] = IsSubject()
"""Nobody reads or handles a case for which this holds, even if a grant below would allow it."""

_ALLEGATION: Final = InStream(Stream.ALLEGATION)
_APPOINTED: Final = All((_ALLEGATION, AppointedToCase()))
_ABOUT_THE_HEAD: Final = All((_ALLEGATION, IsAboutHolderOf(Role.HEADTEACHER)))
_ASSIGNED: Final = All((InStream(Stream.CHILD), AssignedToCase()))
_STANDING_IN: Final = (
    Grant(Permission.HANDLE_CHILD_CASES, _APPOINTED),
    Grant(Permission.MANAGE_WHERE_HEAD_IS_SUBJECT, _APPOINTED),
    Grant(Permission.MANAGE_WHERE_HEAD_IS_SUBJECT, _ABOUT_THE_HEAD),
)

READ: Final = (
    Grant(Permission.READ_CHILD_CASES, InStream(Stream.CHILD)),
    Grant(Permission.READ_ALLEGATIONS, _ALLEGATION),
    *_STANDING_IN,
    Grant(Permission.READ_ASSIGNED, _ASSIGNED),
)
"""Who may read which cases. A user reads a case in the role of the first grant that gives them access."""

HANDLE: Final = (
    Grant(Permission.HANDLE_CHILD_CASES, InStream(Stream.CHILD)),
    Grant(Permission.HANDLE_ALLEGATIONS, _ALLEGATION),
    *_STANDING_IN,
)
"""Who may take every step in which cases, and in which role."""

ASSIST: Final = (Grant(Permission.HANDLE_ASSIGNED, _ASSIGNED),)
"""Who may take the steps that are `FOR_ASSIGNEES` in which cases, and in which role."""

LEADERS: Final = tuple(
    sorted(roles_named(BARRED).union(*(roles_named(grant.when) for grant in (*READ, *HANDLE, *ASSIST))))
)
"""The roles whose holders the predicates above need."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The access of an actor to one incident: the roles in which they may read and handle it, if any.

    Who `handles` it may take every step, who `assists` those that are `FOR_ASSIGNEES`.
    """

    reads_as: Role | None = None
    handles_as: Role | None = None
    assists_as: Role | None = None
    reported_it: bool = False

    @property
    def knows(self) -> bool:
        """Whether the actor may know that the incident exists."""
        return self.reads_as is not None or self.reported_it

    def takes_as(self, step: type[Step]) -> Role | None:
        """The role in which the actor takes `step`; None if they may not."""
        if self.handles_as is not None:
            return self.handles_as
        if self.assists_as is not None and step.FOR_ASSIGNEES:
            return self.assists_as
        return Role.REPORTER if self.reported_it and step.FOR_REPORTERS else None


def standing(
    actor: Actor,
    incident: Incident,
    *,
    reported_it: bool,
    leaders: Mapping[Role, frozenset[UUID]] | None = None,
) -> Standing:
    """The access of `actor` to `incident`.

    `leaders` are all the people that the holders of the roles in `LEADERS` at the school were ever linked
    to, at the same moment at which the actor holds their roles. A report stays known to the person who made
    it for as long as they hold any role at the school.
    """
    case = CaseFacts.of(incident)
    reported_it = reported_it and bool(actor.roles)
    reader = Reader(actor.user, actor.persons, leaders or {})
    if holds(BARRED, case, reader):
        return Standing(reported_it=reported_it)
    return Standing(
        reads_as=_granted(READ, actor, case, reader),
        handles_as=_granted(HANDLE, actor, case, reader),
        assists_as=_granted(ASSIST, actor, case, reader),
        reported_it=reported_it,
    )


def reads_once_assigned(actor: Actor, incident: Incident) -> bool:
    """Whether `actor` could read `incident` if it were assigned to them and not about them.

    Assigning a case gives access by itself, to those of whose roles the table says so.
    """
    case = CaseFacts.of(incident)
    case = msgspec.structs.replace(case, assigned=case.assigned | {actor.user})
    if incident.stream is Stream.ALLEGATION:
        case = msgspec.structs.replace(case, appointed=case.appointed | {actor.user})
    return _granted(READ, actor, case, Reader(actor.user, frozenset())) is not None


def _granted(grants: Iterable[Grant], actor: Actor, case: CaseFacts, reader: Reader) -> Role | None:
    roles = (actor.role_for(grant.permission) for grant in grants if holds(grant.when, case, reader))
    return next((role for role in roles if role is not None), None)
