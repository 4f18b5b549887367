"""Which cases come to a user by the route, and which are about a leader, for lists.

Only cases closed to a member of the staff, and those that may be about a leader, differ from the others of
their school and stream. There are few of
them, so each is decided in Python, and SQL is given their ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Row, and_, bindparam, or_, select

from casework.domain.access import (
    NEXT,
    CaseFacts,
    Staff,
    comes_by_route,
    is_about_leader,
    needs_staff,
)
from casework.domain.bars import Why
from casework.domain.clocks import day_of
from casework.domain.vocabulary import Role, Stream
from casework_projections.reading.asking import Reach
from casework_projections.views.case_tables import cases
from casework_projections.views.recusals import bar_of, bars_table, closed_to


class ByRoute(msgspec.Struct, frozen=True):
    """The cases that come to the holders of a role: whole streams of schools, without some, and others."""

    streams: frozenset[tuple[UUID, str]] = frozenset()
    without: frozenset[UUID] = frozenset()
    others: frozenset[UUID] = frozenset()


class Routes(msgspec.Struct, frozen=True):
    """The cases about a leader, and those that come by the route, at the schools where a user needs them."""

    about_leader: frozenset[UUID] = frozenset()
    by_route: Mapping[Role, ByRoute] = {}


NO_ROUTES: Final = Routes()


def routes_of(connection: Connection, reach: Reach) -> Routes:
    """The routes that decide what a user may read; the snapshot is of the caseload and the recusals."""
    schools = [school for school, actor in reach.actors.items() if needs_staff(actor)]
    found = [_at_school(connection, school, reach.staff_of(school), reach.day) for school in schools]
    return Routes(
        about_leader=frozenset().union(*(each.about_leader for each in found)),
        by_route={role: _all_of([each.by_route[role] for each in found]) for role in NEXT},
    )


def _at_school(connection: Connection, school: UUID, staff: Staff, day: date) -> Routes:
    exceptions = dict(closed_to_staff(connection, school, staff))
    leading = (key for key, facts in exceptions.items() if is_about_leader(facts, staff, day))
    by_route = {role: _by_route(role, school, staff, exceptions, day) for role in NEXT}
    return Routes(frozenset(leading), by_route)


def _by_route(
    role: Role, school: UUID, staff: Staff, exceptions: Mapping[UUID, CaseFacts], day: date
) -> ByRoute:
    usual = {
        stream: comes_by_route(role, CaseFacts(stream=stream, occurred_on=day), staff, day)
        for stream in Stream
    }
    comes = {key for key, facts in exceptions.items() if comes_by_route(role, facts, staff, day)}
    return ByRoute(
        streams=frozenset((school, stream.value) for stream, comes_here in usual.items() if comes_here),
        without=frozenset(exceptions.keys() - comes),
        others=frozenset(comes),
    )


def closed_to_staff(connection: Connection, school: UUID, staff: Staff) -> Iterator[tuple[UUID, CaseFacts]]:
    """The cases of a school that are closed to any of its staff, or may be about a leader.

    And the allegations in which any of its staff are witnesses.
    """
    possible = frozenset().union(*(holder.identity.possible for holder in staff))
    rows: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(_CLOSED, {"school": school, "possible": [*possible]}):
        rows[row.incident].append(row)
    for incident, found in rows.items():
        first = found[0]
        yield (
            incident,
            CaseFacts(
                stream=Stream(first.stream),
                occurred_on=day_of(first.occurred_at),
                recorded_at=first.recorded_at,
                may_be_about_leader=first.may_be_about_leader,
                bars=tuple(bar_of(row) for row in found if row.member is not None),
            ),
        )


def _all_of(found: list[ByRoute]) -> ByRoute:
    return ByRoute(
        streams=frozenset().union(*(each.streams for each in found)),
        without=frozenset().union(*(each.without for each in found)),
        others=frozenset().union(*(each.others for each in found)),
    )


_BAR: Final = [column for column in bars_table.c if column.name != "incident"]
_POSSIBLE: Final = bars_table.c.member.in_(bindparam("possible", expanding=True))
_FACTS: Final = (cases.c.stream, cases.c.occurred_at, cases.c.recorded_at, cases.c.may_be_about_leader)
_OF_STAFF: Final = cases.c.stream == Stream.ALLEGATION.value
"""Only in an allegation does it matter who is a witness."""
_CLOSED: Final = (
    select(cases.c.incident, *_FACTS, *_BAR)
    .outerjoin(bars_table, bars_table.c.incident == cases.c.incident)
    .where(
        cases.c.school == bindparam("school"),
        or_(
            cases.c.incident.in_(closed_to(_POSSIBLE, bars_table.c.why != Why.WITNESS.value)),
            and_(
                _OF_STAFF, cases.c.incident.in_(closed_to(_POSSIBLE, bars_table.c.why == Why.WITNESS.value))
            ),
            cases.c.may_be_about_leader,
        ),
    )
)
