"""The gate before a case: its row in the caseload shuts out most users before its history is replayed."""

from __future__ import annotations

import time
from functools import cache, lru_cache
from typing import Final
from uuid import UUID

from eventsourcing.application import LRUCache
from sqlalchemy import (
    ColumnElement,
    Integer,
    Uuid,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.exc import SQLAlchemyError

from casework.domain.access import BARRED, READ, Permission, Predicate, Principal, depends_on_staff
from casework.domain.moments import LocalDate
from casework.record.gate import Glance
from casework.storage.fixed_statement import FixedStatement
from casework.storage.recorders import EVENTS_TABLE
from casework_projections.reading.access_sql import ONE, holding
from casework_projections.views.case_tables import cases
from casework_projections.views.caseload import Caseload
from casework_projections.views.catch_up import Views
from casework_projections.views.positions import is_current_on, positions
from casework_projections.views.recusals import FOLLOWED, RecusalIndex

_PASSED_SECONDS: Final = 60.0
_PASSED_SIZE: Final = 10_000
"""How long, and of how many users and cases, a process skips the rows: who works on a case asks often."""

_MARKS_SIZE: Final = 1000
"""Of how many users a process keeps the marks of their reports, which never change."""


class RowGate:
    """A `Gate` that reads the rows of the caseload and the recusals with one statement, as they are.

    It needs neither the names of anybody nor the staff of a school: a case that is closed to a user only for
    their name, and one that might come to them by the route, are left to the replay.
    """

    def __init__(self, views: Views) -> None:
        self._views = views
        self._passed: LRUCache[tuple[UUID, UUID], float] = LRUCache(maxsize=_PASSED_SIZE)
        self._marks_of = lru_cache(_MARKS_SIZE)(views.caseload.marks_of)

    def passed(self, principal: Principal, incident_id: UUID) -> None:
        self._passed.put((principal.id, incident_id), time.monotonic())

    def glance(self, principal: Principal, incident_id: UUID, today: LocalDate) -> Glance | None:
        if self._has_just_passed(principal, incident_id):
            return None
        members = sorted({principal.id, *principal.persons})
        openly, in_confidence = self._marks_of(principal.id)
        given = {
            "incident": incident_id,
            "user": principal.id,
            "today": today,
            "members": members,
            # Without the people whose name could be theirs.
            "possible": members,
            "openly": openly,
            "in_confidence": in_confidence,
        }
        engine = self._views.engine
        try:
            rows = _look(engine.dialect.name).rows_alone(engine, given)
        except (SQLAlchemyError, ValueError):
            # A broken view must not keep anybody from a case.
            return None
        if not rows or rows[0]["reported"]:
            return None
        row = rows[0]
        if row["closed"]:
            return Glance(row["school"], frozenset())
        held = (permission for permission, label in _LABELS if label is None or row[label])
        return Glance(row["school"], frozenset(held))

    def _has_just_passed(self, principal: Principal, incident_id: UUID) -> bool:
        try:
            since: float = self._passed.get((principal.id, incident_id))
        except KeyError:
            return False
        return time.monotonic() - since < _PASSED_SECONDS


@cache
def _look(dialect: str) -> FixedStatement:
    """The row of one incident, if it is not behind the incident, and which conditions hold for it."""
    shape = select(positions.c.version).where(positions.c.view == Caseload.name).scalar_subquery()
    look = select(
        cases.c.school,
        or_(*(cases.c.reported_by == bindparam(mark) for mark in ("openly", "in_confidence"))).label(
            "reported"
        ),
        # Not known to hold while the recusals may be behind.
        and_(holding(BARRED, of_one=True), _recusals_are_current(dialect)).label("closed"),
        *(holding(when, of_one=True).label(label) for when, label in _CONDITIONS.items()),
    ).where(
        cases.c.incident == ONE,
        cases.c.version == _last_number(),
        shape == Caseload.version,
    )
    return FixedStatement(look)


def _last_number() -> ColumnElement[int]:
    """The number of the last event of the incident in the log."""
    number = func.max(literal_column("originator_version", Integer))
    of_incident = literal_column("originator_id", Uuid) == ONE
    return select(number).select_from(table(EVENTS_TABLE)).where(of_incident).scalar_subquery()


def _recusals_are_current(dialect: str) -> ColumnElement[bool]:
    """Whether the recusals have applied every event that may change to whom a case is closed."""
    current = select(positions.c.position).where(is_current_on(dialect, RecusalIndex, FOLLOWED))
    return current.exists()


# A condition that depends on the staff is not asked: whoever has its permission may be let in by it.
_CONDITIONS: Final[dict[Predicate, str]] = {
    when: f"holds_{place}"
    for place, when in enumerate(dict.fromkeys(grant.when for grant in READ))
    if not depends_on_staff(when)
}
_LABELS: Final[tuple[tuple[Permission, str | None], ...]] = tuple(
    (grant.permission, _CONDITIONS.get(grant.when)) for grant in READ
)
