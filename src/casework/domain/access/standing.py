"""The access of a user to a case: the tables of who may read and who may handle which cases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from casework.domain.access.predicates import (
    All,
    AnyOf,
    AppointedToCase,
    AssignedToCase,
    CaseFacts,
    ComesByRoute,
    InStream,
    IsAboutLeader,
    IsShutOut,
    IsWitness,
    Not,
    Predicate,
    Reader,
    depends_on_staff,
    holds,
)
from casework.domain.access.principal import Actor
from casework.domain.access.roles import PERMISSIONS, Permission
from casework.domain.incident import Step
from casework.domain.vocabulary import Role, Stream


class Grant(msgspec.Struct, frozen=True):
    """A role that has `permission` at the school of a case has access to the case if `when` holds."""

    permission: Permission
    when: Predicate


BARRED: Final[Predicate] = IsShutOut()
"""Nobody reads or handles a case for which this holds, even if a grant below would allow it."""

_CHILD: Final = InStream(Stream.CHILD)
_ALLEGATION: Final = InStream(Stream.ALLEGATION)
_FOR_A_HEAD: Final = All((_ALLEGATION, Not(IsAboutLeader())))
_APPOINTED: Final = All((_ALLEGATION, AppointedToCase()))
_ASSIGNED: Final = All((_CHILD, AssignedToCase()))
_BY_ROUTE: Final = (
    Grant(Permission.HANDLE_CHILD_CASES, _APPOINTED),
    Grant(Permission.MANAGE_WHERE_HEAD_IS_SUBJECT, _APPOINTED),
    Grant(Permission.MANAGE_AFTER_CHAIR, _APPOINTED),
    Grant(Permission.MANAGE_WHERE_HEAD_IS_SUBJECT, ComesByRoute(Role.CHAIR_OF_GOVERNORS)),
    Grant(Permission.MANAGE_AFTER_CHAIR, ComesByRoute(Role.VICE_CHAIR)),
)

READ: Final = (
    Grant(Permission.READ_CHILD_CASES, _CHILD),
    Grant(Permission.READ_ALLEGATIONS, _FOR_A_HEAD),
    *_BY_ROUTE,
    Grant(Permission.READ_ASSIGNED, _ASSIGNED),
)
"""Who may read which cases. A user reads a case in the role of the first grant that gives them access."""

_MAY_MANAGE: Final = AnyOf((_CHILD, Not(IsWitness())))
HANDLE: Final = tuple(
    Grant(grant.permission, All((_MAY_MANAGE, grant.when)))
    for grant in (
        Grant(Permission.HANDLE_CHILD_CASES, _CHILD),
        Grant(Permission.HANDLE_ALLEGATIONS, _FOR_A_HEAD),
        *_BY_ROUTE,
    )
)
"""Who may take every step in which cases, and in which role. A witness manages no allegation."""

ASSIST: Final = (Grant(Permission.HANDLE_ASSIGNED, _ASSIGNED),)
"""Who may take the steps that are `FOR_ASSIGNEES` in which cases, and in which role."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The access of an actor to one incident: the roles in which they may read and handle it, if any.

    Who `handles` it may take every step, who `assists` those that are `FOR_ASSIGNEES`. Who `receives` it, a
    low-level concern, for the head takes those that are `FOR_RECEIVERS`, and reads no more than their report.
    """

    reads_as: Role | None = None
    handles_as: Role | None = None
    assists_as: Role | None = None
    receives_as: Role | None = None
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
        if self.receives_as is not None and step.FOR_RECEIVERS:
            return self.receives_as
        return Role.REPORTER if self.reported_it and step.FOR_REPORTERS else None


def standing(
    actor: Actor,
    case: CaseFacts,
    reader: Reader,
    *,
    reported_it: bool,
    receivers: frozenset[Role] = frozenset(),
) -> Standing:
    """The access of `actor` to `case`; `reader` is the same user.

    A report stays known to the person who made it for as long as they hold any role at the school. If they
    hold one of `receivers`, they received it for the head.
    """
    reported_it = reported_it and bool(actor.roles)
    if holds(BARRED, case, reader):
        return Standing(reported_it=reported_it)
    return Standing(
        reads_as=_granted(READ, actor, case, reader),
        handles_as=_granted(HANDLE, actor, case, reader),
        assists_as=_granted(ASSIST, actor, case, reader),
        receives_as=_receives(actor, case, reader, receivers) if reported_it else None,
        reported_it=reported_it,
    )


def _receives(actor: Actor, case: CaseFacts, reader: Reader, receivers: frozenset[Role]) -> Role | None:
    if not receivers or not holds(_MAY_MANAGE, case, reader):
        return None
    return next((role for role in PERMISSIONS if role in receivers and role in actor.roles), None)


def needs_staff(actor: Actor) -> bool:
    """Whether the staff of the school decides which cases `actor` may read or handle."""
    return any(actor.role_for(permission) is not None for permission in DEPEND_ON_STAFF)


def reads_once_assigned(actor: Actor, case: CaseFacts, reader: Reader) -> bool:
    """Whether `actor` could read `case` if it were assigned to them; `reader` is the same user.

    Assigning a case gives access by itself, to those of whose roles the table says so.
    """
    case = msgspec.structs.replace(case, assigned=case.assigned | {actor.user})
    if case.stream is Stream.ALLEGATION:
        case = msgspec.structs.replace(case, appointed=case.appointed | {actor.user})
    return not holds(BARRED, case, reader) and _granted(READ, actor, case, reader) is not None


def _granted(grants: Iterable[Grant], actor: Actor, case: CaseFacts, reader: Reader) -> Role | None:
    actor = actor.in_case(case.recorded_at)
    for grant in grants:
        role = actor.role_for(grant.permission)
        if role is not None and holds(grant.when, case, reader):
            return role
    return None


DEPEND_ON_STAFF: Final = frozenset(
    grant.permission for grant in (*READ, *HANDLE) if depends_on_staff(grant.when)
)
"""The permissions for which it depends on the staff of the school which cases they are for."""
