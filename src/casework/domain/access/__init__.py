"""Who may do what: roles and permissions, who makes a request, and what access a user has to a case."""

from casework.domain.access.predicates import (
    All,
    AnyOf,
    AppointedToCase,
    CaseFacts,
    InStream,
    IsAboutHolderOf,
    IsSubject,
    Not,
    Predicate,
    Reader,
    holds,
    roles_named,
)
from casework.domain.access.principal import NOBODY, SYSTEM, Actor, Principal
from casework.domain.access.roles import PERMISSIONS, Permission
from casework.domain.access.standing import (
    BARRED,
    HANDLE,
    LEADERS,
    READ,
    Grant,
    Standing,
    reads_once_assigned,
    standing,
)

__all__ = [
    "BARRED",
    "HANDLE",
    "LEADERS",
    "NOBODY",
    "PERMISSIONS",
    "READ",
    "SYSTEM",
    "Actor",
    "All",
    "AnyOf",
    "AppointedToCase",
    "CaseFacts",
    "Grant",
    "InStream",
    "IsAboutHolderOf",
    "IsSubject",
    "Not",
    "Permission",
    "Predicate",
    "Principal",
    "Reader",
    "Standing",
    "holds",
    "reads_once_assigned",
    "roles_named",
    "standing",
]
