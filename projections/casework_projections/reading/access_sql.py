"""The access rules for cases in SQL, so that a list is filtered before it is cut into pages.

`holding` interprets the predicates of `casework.domain.access` over the rows of the caseload, as `holds`
does for one case in Python; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Select,
    Uuid,
    and_,
    bindparam,
    exists,
    false,
    not_,
    or_,
    select,
    tuple_,
)

from casework.domain.access import (
    BARRED,
    HANDLE,
    NEXT,
    READ,
    All,
    AnyOf,
    AppointedToCase,
    AssignedToCase,
    ComesByRoute,
    Grant,
    InStream,
    IsAboutLeader,
    IsShutOut,
    IsWitness,
    Not,
    Permission,
    Predicate,
    permissions_of,
)
from casework.domain.bars import Why
from casework.domain.vocabulary import Role
from casework_projections.reading.asking import Reach
from casework_projections.reading.routes import NO_ROUTES, ByRoute, Routes, routes_of
from casework_projections.views.case_tables import APPOINTED, ASSIGNEE, cases, members
from casework_projections.views.directory_tables import appointments, in_force
from casework_projections.views.recusals import bars_table, closed_to


def _ids(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


_USER: Final = bindparam("user", type_=Uuid())
_TODAY: Final = bindparam("today", type_=Date())
ONE: Final = bindparam("incident", type_=Uuid())
"""The incident of a statement about one."""


def holding(  # noqa: C901, PLR0911 - as `holds`
    predicate: Predicate, *, of_one: bool = False
) -> ColumnElement[bool]:
    """Whether `predicate` holds for a row of the caseload and the reader of the `parameters`.

    With `of_one`, the row is that of the parameter `incident`: the same result, without reading the rows of
    other cases of the reader.
    """
    match predicate:
        case InStream(stream):
            return cases.c.stream == stream.value
        case IsShutOut():
            return or_(*(cases.c.incident.in_(closed) for closed in (_about(of_one), _closed(of_one))))
        case IsWitness():
            return cases.c.incident.in_(_witnessed(of_one))
        case IsAboutLeader():
            return cases.c.incident.in_(_ids("about_leader"))
        case ComesByRoute(role):
            return _by_route(role)
        case AppointedToCase():
            return cases.c.incident.in_(_incidents_of_user(APPOINTED, of_one))
        case AssignedToCase():
            return cases.c.incident.in_(_incidents_of_user(ASSIGNEE, of_one))
        case Not(inner):
            return not_(holding(inner, of_one=of_one))
        case All(inner):
            return and_(*(holding(each, of_one=of_one) for each in inner))
        case AnyOf(inner):
            return or_(*(holding(each, of_one=of_one) for each in inner))


def reading_parameters(connection: Connection, reach: Reach) -> dict[str, Any]:
    """The parameters of a statement that uses `BARS` and `READS`, for one reader.

    `connection` is a snapshot of the caseload and the recusals.
    """
    return parameters(reach, routes_of(connection, reach))


def parameters(reach: Reach, routes: Routes = NO_ROUTES) -> dict[str, Any]:
    """As `reading_parameters`, where the `routes` are known, or only `BARS` is used."""
    granted = _schools(reach, _READING)
    for role in NEXT:
        comes = routes.by_route.get(role, ByRoute())
        granted |= {
            f"{role}_streams": sorted(comes.streams),
            f"{role}_without": sorted(comes.without),
            f"{role}_others": sorted(comes.others),
        }
    identity = reach.identity
    return granted | {
        "user": identity.user,
        "today": reach.day,
        "members": sorted(identity.members),
        "possible": sorted(identity.possible),
        "about_leader": sorted(routes.about_leader),
    }


def handling_parameters(connection: Connection, reach: Reach) -> dict[str, Any]:
    """As `reading_parameters`, of a statement that uses `HANDLES`."""
    return reading_parameters(connection, reach) | _schools(reach, _HANDLING)


def _schools(reach: Reach, grants: _Grants) -> dict[str, Any]:
    """The schools at which the reader has the permissions of each of `grants`, as parameters."""
    found = {}
    for grant in grants:
        found[grant.confirmed] = reach.confirmed_schools(*grant.permissions)
        found[grant.provisional] = reach.provisional_schools(*grant.permissions)
    return found


def _incidents_of_user(involved_as: str, of_one: bool) -> Select[tuple[UUID]]:
    """The incidents in which the reader is involved as a user."""
    theirs = and_(members.c.member == _USER, members.c.involved_as == involved_as)
    return _only_one(select(members.c.incident).where(theirs), of_one)


def _about(of_one: bool) -> Select[tuple[UUID]]:
    b = bars_table.c
    return _only_one(closed_to(b.member.in_(_ids("possible")), b.why == Why.SUBJECT.value), of_one)


def _closed(of_one: bool) -> Select[tuple[UUID]]:
    b = bars_table.c
    begun = or_(b["from"].is_(None), b["from"] <= _TODAY)
    return _only_one(closed_to(b.member.in_(_ids("members")), begun, b.why != Why.WITNESS.value), of_one)


def _witnessed(of_one: bool) -> Select[tuple[UUID]]:
    b = bars_table.c
    return _only_one(closed_to(b.member.in_(_ids("members")), b.why == Why.WITNESS.value), of_one)


def _only_one(incidents: Select[tuple[UUID]], of_one: bool) -> Select[tuple[UUID]]:
    """`incidents`; if `of_one`, only that of the parameter `incident`."""
    return incidents.where(incidents.selected_columns[0] == ONE) if of_one else incidents


def _by_route(role: Role) -> ColumnElement[bool]:
    c = cases.c
    usual = and_(
        tuple_(c.school, c.stream).in_(_ids(f"{role}_streams")),
        c.incident.not_in(_ids(f"{role}_without")),
    )
    return or_(usual, c.incident.in_(_ids(f"{role}_others")))


class _Granted(msgspec.Struct, frozen=True):
    """The permissions that give access under one condition.

    `confirmed` and `provisional` are the parameters with the schools at which the reader has any of them.
    """

    when: Predicate
    permissions: tuple[Permission, ...]
    confirmed: str
    provisional: str

    @property
    def schools(self) -> tuple[str, str]:
        return self.confirmed, self.provisional


_Grants = tuple[_Granted, ...]


def _grants(table: Iterable[Grant], named: str) -> _Grants:
    """The permissions of `table` by the condition of their grants, so that SQL tests each condition once."""
    found: dict[Predicate, list[Permission]] = {}
    for grant in table:
        found.setdefault(grant.when, []).append(grant.permission)
    return tuple(
        _Granted(when, tuple(permissions), f"{named}_{place}", f"{named}_{place}_provisionally")
        for place, (when, permissions) in enumerate(found.items())
    )


def _extends(granted: _Granted, held: frozenset[str]) -> ColumnElement[bool]:
    """Whether a role of the reader that has any of its permissions extends to a case.

    A provisional role extends only to the cases that were recorded since it was given. `held` are the
    parameters that name any school.
    """
    confirmed = cases.c.school.in_(_ids(granted.confirmed))
    if granted.provisional not in held:
        return confirmed
    a = appointments.c
    roles = [
        role.value
        for role in Role
        if not permissions_of(role, provisional=True).isdisjoint(granted.permissions)
    ]
    since = exists().where(
        a.user == _USER,
        a.school == cases.c.school,
        a.role.in_(roles),
        a.provisional_since <= cases.c.recorded_at,
        in_force(_TODAY),
    )
    return or_(confirmed, and_(cases.c.school.in_(_ids(granted.provisional)), since))


def _given(grants: _Grants, held: frozenset[str]) -> ColumnElement[bool]:
    """Whether any of `grants` gives the reader access to a case. `held` are the parameters with a school."""
    possible = (each for each in grants if not held.isdisjoint((each.confirmed, each.provisional)))
    given = (and_(_extends(each, held), holding(each.when)) for each in possible)
    return and_(or_(false(), *given), not_(holding(BARRED)))


def reads(given: Mapping[str, Any]) -> ColumnElement[bool]:
    """As `READS`, for the reader with the parameters `given`: without what this reader cannot have.

    It is a third as long for most readers, and the same object for all who hold the same permissions.
    """
    return _reads(frozenset(name for each in _READING for name in each.schools if given[name]))


@cache
def _reads(held: frozenset[str]) -> ColumnElement[bool]:
    return _given(_READING, held)


# Built once, because building these expressions costs more than running them.
_READING: Final = _grants(READ, "read")
_HANDLING: Final = _grants(HANDLE, "handled")
BARS: Final = holding(BARRED)
"""Whether the reader must never see a case, whatever permissions they hold."""
READS: Final = _given(_READING, frozenset(name for each in _READING for name in each.schools))
"""Whether the reader may read a case."""
HANDLES: Final = _given(_HANDLING, frozenset(name for each in _HANDLING for name in each.schools))
"""Whether the reader may take every step in a case."""
