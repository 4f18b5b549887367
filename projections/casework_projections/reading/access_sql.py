"""The access rules for cases in SQL, so that a list is filtered before it is cut into pages.

`holding` interprets the predicates of `casework.domain.access` over the rows of the caseload, as `holds`
does for one case in Python; a test compares the two.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Uuid,
    and_,
    bindparam,
    not_,
    or_,
    select,
    tuple_,
)

from casework.domain.access import (
    BARRED,
    LEADERS,
    READ,
    All,
    AnyOf,
    AppointedToCase,
    AssignedToCase,
    InStream,
    IsAboutHolderOf,
    IsSubject,
    Not,
    Permission,
    Predicate,
)
from casework.domain.vocabulary import Role
from casework_projections.reading.asking import Reach
from casework_projections.views.case_tables import APPOINTED, ASSIGNEE, cases, incidents_about, members


def _ids(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


_USER: Final = bindparam("user", type_=Uuid())


def holding(predicate: Predicate) -> ColumnElement[bool]:  # noqa: PLR0911 - as `holds`
    """Whether `predicate` holds for a row of the caseload and the reader of the `parameters`."""
    match predicate:
        case InStream(stream):
            return cases.c.stream == stream.value
        case IsSubject():
            return cases.c.incident.in_(incidents_about(members.c.member.in_(_ids("persons"))))
        case IsAboutHolderOf(role):
            return cases.c.incident.in_(_incidents_about_holders_of(role))
        case AppointedToCase():
            return cases.c.incident.in_(_incidents_of_user(APPOINTED))
        case AssignedToCase():
            return cases.c.incident.in_(_incidents_of_user(ASSIGNEE))
        case Not(inner):
            return not_(holding(inner))
        case All(inner):
            return and_(*map(holding, inner))
        case AnyOf(inner):
            return or_(*map(holding, inner))


def parameters(reach: Reach) -> dict[str, Any]:
    """The parameters of a statement that uses `BARS` and `READS`, for one reader."""
    granted: dict[str, Any] = {
        _granted(place): reach.schools(*held) for place, held in enumerate(_GRANTS.values())
    }
    for role in LEADERS:
        holders = [(s, person) for s, leaders in reach.leaders.items() for person in leaders.get(role, ())]
        granted |= {f"{role}_holders": holders, f"{role}_people": [person for _, person in holders]}
    return granted | {"user": reach.user, "persons": sorted(reach.persons)}


def _incidents_of_user(involved_as: str) -> Select[tuple[UUID]]:
    """The incidents in which the reader is involved as a user."""
    theirs = and_(members.c.member == _USER, members.c.involved_as == involved_as)
    return select(members.c.incident).where(theirs)


def _incidents_about_holders_of(role: Role) -> Select[tuple[UUID]]:
    """The incidents about a person who holds `role` at their own school."""
    theirs = cases.alias("theirs")
    about = incidents_about(
        # Implied by the second condition, but an index can start from it.
        members.c.member.in_(_ids(f"{role}_people")),
        tuple_(theirs.c.school, members.c.member).in_(_ids(f"{role}_holders")),
    )
    return about.join(theirs, theirs.c.incident == members.c.incident)


def _grants() -> dict[Predicate, list[Permission]]:
    """The permissions of `READ` by the condition of their grants, so that SQL tests each condition once."""
    grants: dict[Predicate, list[Permission]] = {}
    for grant in READ:
        grants.setdefault(grant.when, []).append(grant.permission)
    return grants


def _granted(place: int) -> str:
    return f"granted_{place}"


# Built once, because building these expressions costs more than running them.
_GRANTS: Final = _grants()
BARS: Final = holding(BARRED)
"""Whether the reader must never see a case, whatever permissions they hold."""
READS: Final = and_(
    or_(
        *(
            and_(cases.c.school.in_(_ids(_granted(place))), holding(when))
            for place, when in enumerate(_GRANTS)
        )
    ),
    not_(BARS),
)
"""Whether the reader may read a case."""
