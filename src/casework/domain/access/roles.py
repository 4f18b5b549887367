"""What each role may do at its school: one table, deny by default."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from casework.domain.vocabulary import Role


class Permission(StrEnum):
    """One thing a role may do at its school."""

    REPORT = "report incidents"
    READ_CHILD_CASES = "read child cases"
    HANDLE_CHILD_CASES = "take steps in child cases"
    READ_ALLEGATIONS = "read allegations"
    HANDLE_ALLEGATIONS = "take steps in allegations"
    READ_ASSIGNED = "read child cases assigned to them"
    HANDLE_ASSIGNED = "take some steps in child cases assigned to them"
    MANAGE_WHERE_HEAD_IS_SUBJECT = "manage an allegation against the head"
    MANAGE_AFTER_CHAIR = "manage an allegation where the chair cannot"
    AUTHORISE = "authorise what a colleague waives"
    REGISTER_PEOPLE = "register people"
    FIND_ON_ROLL = "find people on the roll"
    READ_PEOPLE = "find and read people"
    CHANGE_PEOPLE = "change people's records"
    KEEP_ROLL = "say who is on the roll"
    DECLARE = "record declared relationships"
    READ_DECLARATIONS = "read declared relationships"
    READ_SUMMARY = "read the governor summary"
    READ_LESSONS = "read lessons learnt"
    READ_LESSON_SOURCES = "see which incident a lesson came from"
    COMPARE_PLAYBOOKS = "compare what other policies would have meant"
    READ_SCHOOL = "read the school's settings"
    MANAGE_SCHOOL = "change the school's settings"
    MANAGE_APPOINTMENTS = "appoint users to roles"
    READ_APPOINTMENTS = "see who is appointed"
    LIST_USERS = "find users to assign or appoint"


BY_ROUTE: Final = (Permission.MANAGE_WHERE_HEAD_IS_SUBJECT, Permission.MANAGE_AFTER_CHAIR)
"""Who has one of these is a lead for the people of the cases that come to them by the route, no others."""

_EVERYBODY: Final = frozenset(
    {Permission.REPORT, Permission.REGISTER_PEOPLE, Permission.FIND_ON_ROLL, Permission.READ_SCHOOL}
)
_LEADS: Final = _EVERYBODY | {
    Permission.READ_CHILD_CASES,
    Permission.HANDLE_CHILD_CASES,
    Permission.AUTHORISE,
    Permission.READ_PEOPLE,
    Permission.CHANGE_PEOPLE,
    Permission.KEEP_ROLL,
    Permission.DECLARE,
    Permission.READ_DECLARATIONS,
    Permission.READ_SUMMARY,
    Permission.READ_LESSONS,
    Permission.READ_LESSON_SOURCES,
    Permission.COMPARE_PLAYBOOKS,
    Permission.READ_APPOINTMENTS,
    Permission.LIST_USERS,
}

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.DSL: _LEADS,
    Role.DEPUTY_DSL: _LEADS,
    Role.HEADTEACHER: _LEADS | {Permission.READ_ALLEGATIONS, Permission.HANDLE_ALLEGATIONS},
    Role.SLT: _EVERYBODY | {Permission.READ_ASSIGNED, Permission.HANDLE_ASSIGNED},
    # Governors may not read the live figures of a summary, or lessons that were not cleared: before these are
    # published as an edition, they could reveal small numbers and names.
    Role.CHAIR_OF_GOVERNORS: _EVERYBODY | {Permission.MANAGE_WHERE_HEAD_IS_SUBJECT, Permission.LIST_USERS},
    Role.VICE_CHAIR: _EVERYBODY | {Permission.MANAGE_AFTER_CHAIR, Permission.LIST_USERS},
    Role.REPORTER: _EVERYBODY,
    Role.GOVERNOR: _EVERYBODY,
    Role.ADMIN: _EVERYBODY
    | {
        Permission.KEEP_ROLL,
        Permission.MANAGE_SCHOOL,
        Permission.MANAGE_APPOINTMENTS,
        Permission.READ_APPOINTMENTS,
        Permission.LIST_USERS,
    },
}
"""A user who holds several roles acts in the first of these that has the permission."""

_OF_ALL_CASES: Final = frozenset(
    {
        Permission.READ_SUMMARY,
        Permission.READ_LESSONS,
        Permission.READ_LESSON_SOURCES,
        Permission.COMPARE_PLAYBOOKS,
    }
)
"""Permissions that a provisional role lacks: they show figures and texts of every case of the school."""


def permissions_of(role: Role, *, provisional: bool) -> frozenset[Permission]:
    """What `role` permits to a user who holds it, provisionally or not."""
    return PERMISSIONS[role] - _OF_ALL_CASES if provisional else PERMISSIONS[role]
