"""Who may do what: one table of roles and permissions, default deny; and how a user stands to an incident."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.incident import Incident
from casework.domain.vocabulary import Involvement, Role, Stream


class Permission(StrEnum):
    """One thing a role may do at its school."""

    REPORT = "report incidents"
    READ_OWN_REPORTS = "read back own reports"
    NOTE_OWN_REPORTS = "add notes to own reports"
    READ_CHILD_CASES = "read child cases"
    HANDLE_CHILD_CASES = "take steps in child cases"
    READ_ALLEGATIONS = "read allegations"
    HANDLE_ALLEGATIONS = "take steps in allegations"
    AUTHORISE = "authorise what a colleague waives"
    REGISTER_PEOPLE = "register people"
    READ_PEOPLE = "find and read people"
    DECLARE = "record declared relationships"
    READ_DECLARATIONS = "read declared relationships"
    READ_SUMMARY = "read the governor summary"
    READ_LESSONS = "read lessons learnt"
    READ_LESSON_SOURCES = "see which incident a lesson came from"
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
}

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.DSL: _LEADS,
    Role.DEPUTY_DSL: _LEADS,
    Role.HEADTEACHER: (_LEADS - {Permission.HANDLE_CHILD_CASES})
    | {Permission.READ_ALLEGATIONS, Permission.HANDLE_ALLEGATIONS},
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


def is_about(incident: Incident, person: UUID | None) -> bool:
    """Whether `person` is a subject of the incident: nobody reads or handles a case about themselves."""
    subjects = incident.involved(Involvement.TARGET, Involvement.ALLEGED)
    return person is not None and any(party.person == person for party in subjects)


def standing(actor: Actor, incident: Incident, reported_it: bool) -> Standing:
    """How `actor` stands to `incident`. A lead appointed to an allegation by name handles it too."""
    if is_about(incident, actor.person):
        return Standing(reported_it=reported_it)
    reads_as = actor.role_for(READING[incident.stream])
    handles_as = actor.role_for(HANDLING[incident.stream])
    if incident.stream is Stream.ALLEGATION and actor.user in incident.assignees:
        appointed = actor.role_for(Permission.HANDLE_CHILD_CASES)
        reads_as, handles_as = reads_as or appointed, handles_as or appointed
    return Standing(reads_as=reads_as, handles_as=handles_as, reported_it=reported_it)
