"""Who may do what: one table of roles and permissions, default deny; and how a user stands to an incident."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.incident import Incident
from casework.domain.vocabulary import Role, Stream


class Permission(StrEnum):
    """One thing a role may do at its school."""

    REPORT = "report incidents"
    READ_OWN_REPORTS = "read back own reports"
    NOTE_OWN_REPORTS = "add notes to own reports"
    READ_CHILD_CASES = "read child cases"
    HANDLE_CHILD_CASES = "take steps in child cases"
    READ_ALLEGATIONS = "read allegations"
    HANDLE_ALLEGATIONS = "take steps in allegations"
    MANAGE_WHERE_HEAD_IS_SUBJECT = "manage an allegation against the head"
    AUTHORISE = "authorise what a colleague waives"
    REGISTER_PEOPLE = "register people"
    READ_PEOPLE = "find and read people"
    DECLARE = "record declared relationships"
    READ_DECLARATIONS = "read declared relationships"
    READ_SUMMARY = "read the governor summary"
    READ_LESSONS = "read lessons learnt"
    READ_LESSON_SOURCES = "see which incident a lesson came from"
    COMPARE_PLAYBOOKS = "compare what other policies would have meant"
    READ_SCHOOL = "read the school's settings"
    MANAGE_SCHOOL = "change the school's settings"
    MANAGE_APPOINTMENTS = "appoint users to roles"


_EVERYBODY: Final = frozenset(
    {
        Permission.REPORT,
        Permission.READ_OWN_REPORTS,
        Permission.NOTE_OWN_REPORTS,
        Permission.REGISTER_PEOPLE,
        Permission.READ_SCHOOL,
    }
)
_LEADS: Final = _EVERYBODY | {
    Permission.READ_CHILD_CASES,
    Permission.HANDLE_CHILD_CASES,
    Permission.AUTHORISE,
    Permission.READ_PEOPLE,
    Permission.DECLARE,
    Permission.READ_DECLARATIONS,
    Permission.READ_SUMMARY,
    Permission.READ_LESSONS,
    Permission.READ_LESSON_SOURCES,
    Permission.COMPARE_PLAYBOOKS,
}

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.DSL: _LEADS,
    Role.DEPUTY_DSL: _LEADS,
    Role.HEADTEACHER: (_LEADS - {Permission.HANDLE_CHILD_CASES})
    | {Permission.READ_ALLEGATIONS, Permission.HANDLE_ALLEGATIONS},
    Role.CHAIR_OF_GOVERNORS: _EVERYBODY
    | {Permission.MANAGE_WHERE_HEAD_IS_SUBJECT, Permission.READ_SUMMARY, Permission.READ_LESSONS},
    Role.REPORTER: _EVERYBODY,
    Role.GOVERNOR: _EVERYBODY | {Permission.READ_SUMMARY, Permission.READ_LESSONS},
    Role.ADMIN: _EVERYBODY | {Permission.MANAGE_SCHOOL, Permission.MANAGE_APPOINTMENTS},
}
"""The order of the roles is the order in which a user of several is taken to act."""

READING: Final[Mapping[Stream, Permission]] = {
    Stream.CHILD: Permission.READ_CHILD_CASES,
    Stream.ALLEGATION: Permission.READ_ALLEGATIONS,
}
HANDLING: Final[Mapping[Stream, Permission]] = {
    Stream.CHILD: Permission.HANDLE_CHILD_CASES,
    Stream.ALLEGATION: Permission.HANDLE_ALLEGATIONS,
}


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever makes a request: the user, the person they are in incidents, and the roles they hold."""

    user: UUID
    person: UUID | None
    roles: tuple[Role, ...]

    def role_for(self, permission: Permission) -> Role | None:
        """The first of the actor's roles that carries `permission`."""
        held = (role for role in PERMISSIONS if role in self.roles)
        return next((role for role in held if permission in PERMISSIONS[role]), None)


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an actor stands to one incident: the role in which they may read and handle it, if any."""

    reads_as: Role | None = None
    handles_as: Role | None = None
    reported_it: bool = False

    @property
    def knows(self) -> bool:
        """Whether the incident exists for the actor at all."""
        return self.reads_as is not None or self.reported_it


def standing(
    actor: Actor, incident: Incident, *, reported_it: bool, heads: frozenset[UUID] = frozenset()
) -> Standing:
    """How `actor` stands to `incident`; `heads` are the people who lead the school.

    Nobody reads or handles a case about themselves. An allegation is also handled by whoever was
    appointed to it by name, and one against the head by the chair of governors.
    """
    if actor.person in incident.subjects():
        return Standing(reported_it=reported_it)
    reads_as = actor.role_for(READING[incident.stream])
    handles_as = actor.role_for(HANDLING[incident.stream])
    if incident.stream is Stream.ALLEGATION:
        stands_in = _stands_in(actor, incident, heads)
        reads_as, handles_as = reads_as or stands_in, handles_as or stands_in
    return Standing(reads_as=reads_as, handles_as=handles_as, reported_it=reported_it)


def _stands_in(actor: Actor, incident: Incident, heads: frozenset[UUID]) -> Role | None:
    chair = actor.role_for(Permission.MANAGE_WHERE_HEAD_IS_SUBJECT)
    if actor.user in incident.appointed:
        return actor.role_for(Permission.HANDLE_CHILD_CASES) or chair
    return None if heads.isdisjoint(incident.subjects()) else chair
