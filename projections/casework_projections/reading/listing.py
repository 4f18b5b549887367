"""The part of the caseload that one user may see: listed, filtered and paged in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    false,
    not_,
    or_,
    select,
)

from casework.domain.incident.connecting import Uncounted
from casework.domain.moments import Instant
from casework.domain.vocabulary import Direction, Involvement, Setting, State, Stream
from casework_projections.reading.access_sql import reading_parameters, reads
from casework_projections.reading.asking import Reach
from casework_projections.views.case_tables import ASSIGNEE, cases, members
from casework_projections.views.due import DueStep


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One incident in a list. If `own`, the reader sees it only as their own report, and no more of it."""

    incident: UUID
    school: UUID
    kind: str
    state: State
    stream: Stream
    critical: bool
    own: bool
    received: bool
    occurred_at: Instant
    reported_at: Instant
    recorded_at: Instant
    term: str | None
    setting: Setting
    platform: str | None
    direction: Direction | None
    uncounted: Uncounted | None
    version: int
    next_due_at: Instant | None
    due: tuple[DueStep, ...]


class After(msgspec.Struct, frozen=True):
    """Where a page ended: the next starts after this incident."""

    reported_at: Instant
    incident: UUID


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of a list; None filters nothing. Both ends of the reported period are included.

    `records` are the other records of `person`, as far as the reader may know of them.
    """

    school: UUID | None = None
    kind: str | None = None
    state: State | None = None
    person: UUID | None = None
    records: tuple[UUID, ...] = ()
    overdue: bool | None = None
    assigned_to: UUID | None = None
    term: str | None = None
    reported_from: Instant | None = None
    reported_to: Instant | None = None

    def asked(self) -> dict[str, Any]:
        """The filters that are set, by name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}


class Involved(msgspec.Struct, frozen=True):
    """An incident that involves a person, and in which ways."""

    listed: Listed
    involvements: tuple[Involvement, ...]


class Listing:
    """The caseload as one user may see it at one moment, without the incidents any of `without` selects."""

    def __init__(
        self,
        connection: Connection,
        reach: Reach,
        marks: Sequence[str],
        without: Sequence[Select[Any]] = (),
    ) -> None:
        """`marks` are the user's values of `reported_by`, which the caseload stores in place of their id."""
        self._connection = connection
        self._without = without
        self._parameters = reading_parameters(connection, reach)
        self._known = _known(reads(self._parameters))
        self._parameters |= {_MARKS: list(marks), _SCHOOLS: sorted(reach.actors)}

    def page(
        self, filters: Filters, *, now: datetime, limit: int | None = None, after: After | None = None
    ) -> tuple[list[Listed], After | None]:
        """At most `limit` incidents, the latest reported first, and where the next page starts, if any.

        An incident reported between two calls comes before the first page and does not shift later pages.
        """
        c = self._known.c
        query = select(*self._known.columns).where(*_conditions(self._known, filters, now))
        if after is not None:
            later = and_(c.reported_at == after.reported_at, c.incident > after.incident)
            # The first condition is implied by the second, but an index can use it.
            query = query.where(
                c.reported_at <= after.reported_at, or_(c.reported_at < after.reported_at, later)
            )
        query = query.order_by(c.reported_at.desc(), c.incident)
        found = [*self._rows(query.limit(None if limit is None else limit + 1))]
        page = found[:limit]
        more = len(found) > len(page)
        following = After(page[-1].reported_at, page[-1].incident) if more else None
        return [*map(listed_of, page)], following

    def deadlines(self) -> list[Listed]:
        """The open incidents with something due that the reader may read in full, the soonest due first."""
        c = self._known.c
        due = c.next_due_at
        query = select(*self._known.columns).where(not_(c.own), due.is_not(None)).order_by(due)
        return [listed_of(row) for row in self._rows(query)]

    def chronology(self, *records: UUID) -> list[Involved]:
        """Every incident that involves a person under any of `records`, in order of occurrence."""
        c = self._known.c
        query = (
            select(*self._known.columns, members.c.involved_as)
            .join(members, members.c.incident == c.incident)
            .where(members.c.member.in_(records), members.c.involved_as.in_([*map(str, Involvement)]))
            .where(case((c.own, members.c.in_report), else_=members.c.at_present))
        )
        found: dict[UUID, tuple[Listed, list[Involvement]]] = {}
        for row in self._rows(query):
            found.setdefault(row.incident, (listed_of(row), []))[1].append(Involvement(row.involved_as))
        order = [*Involvement]
        # Sorted by what the reader sees, which may differ from the column if the report was corrected.
        rows = sorted(found.values(), key=lambda each: (each[0].occurred_at, each[0].incident))
        return [Involved(shown, tuple(sorted(ways, key=order.index))) for shown, ways in rows]

    def _rows(self, query: Select[*tuple[Any, ...]]) -> Iterator[Row[*tuple[Any, ...]]]:
        for ids in self._without:
            query = query.where(self._known.c.incident.not_in(ids))
        return iter(self._connection.execute(query, self._parameters))


class _Known:
    """The cases one reader may see; for those with `own` they may see only what they submitted.

    `columns` are those of a listed case. `submitted` are what a filter compares, by its name, for a case that
    its reader only reported, where it differs from other cases.
    """

    def __init__(self, readable: ColumnElement[bool]) -> None:
        # Whether somebody reads a case is a long expression: it is written once, and asked last.
        each = select(cases, readable.label("reads")).subquery("each_case").c
        # A report is known to the person who made it for as long as they hold any role at the school.
        at_school = each.school.in_(bindparam(_SCHOOLS, expanding=True))
        reported = and_(each.reported_by.in_(_REPORTER), at_school)
        own = and_(each.reported_by.in_(_REPORTER), not_(each.reads))
        seen = select(*each, own.label("own")).where(or_(each.reads, reported))
        self.c = c = seen.subquery("known").c
        self.columns = tuple(c[name] for name in (*Listed.__struct_fields__, *_OF_OWN_REPORT))
        self.submitted: Mapping[str, ColumnElement[Any]] = {
            "kind": c.reported_kind,
            "state": case((c.report_open, State.REPORTED.value), else_=State.CLOSED.value),
            "term": c.submitted_term,
        }


# Built once for all readers with the same permissions, because building it costs more than running it.
_known: Final = cache(_Known)


def _incidents_with(whom: Sequence[UUID], *involved_as: str) -> Select[tuple[UUID]]:
    """The incidents of a person involved, now or in the report, or of an assigned user, in these ways."""
    return select(members.c.incident).where(
        members.c.member.in_(whom), members.c.involved_as.in_([str(way) for way in involved_as])
    )


_MARKS: Final = "marks"
_SCHOOLS: Final = "schools"
_REPORTER: Final[BindParameter[Any]] = bindparam(_MARKS, expanding=True)
_OF_OWN_REPORT: Final = (
    *("reported_kind", "reported_stream", "report_open", "reported_direction", "reporter_version"),
    *("submitted_at", "submitted_occurred_at", "submitted_term", "submitted_setting", "submitted_platform"),
)


def _conditions(known: _Known, filters: Filters, now: datetime) -> Iterator[ColumnElement[bool]]:
    """The filters, applied only to what the reader sees: no filter reveals more than the list."""
    c = known.c
    for name in ("school", "kind", "state", "term"):
        wanted = getattr(filters, name)
        if wanted is not None and name in known.submitted:
            # Implied by the second condition, but cheap to evaluate.
            yield or_(c[name] == wanted, c.reported_by.in_(_REPORTER))
            # The comparisons stand inside the CASE: PostgreSQL expects a comparison with the result of a
            # CASE to match few rows, and then reads the whole table.
            yield case((c.own, known.submitted[name] == wanted), else_=c[name] == wanted)
        elif wanted is not None:
            yield c[name] == wanted
    if filters.reported_from is not None:
        yield or_(c.reported_at >= filters.reported_from, c.reported_by.in_(_REPORTER))
        yield case(
            (c.own, c.submitted_at >= filters.reported_from), else_=c.reported_at >= filters.reported_from
        )
    if filters.reported_to is not None:
        yield or_(c.reported_at <= filters.reported_to, c.reported_by.in_(_REPORTER))
        yield case((c.own, c.submitted_at <= filters.reported_to), else_=c.reported_at <= filters.reported_to)
    if filters.overdue is not None:
        overdue = case((c.own, false()), else_=and_(c.next_due_at.is_not(None), c.next_due_at < now))
        yield overdue if filters.overdue else not_(overdue)
    if filters.person is not None:
        ever = _incidents_with((filters.person, *filters.records), *Involvement)
        in_report = c.incident.in_(ever.where(members.c.in_report))
        at_present = c.incident.in_(ever.where(members.c.at_present))
        # The first condition is implied by the second, but an index can start from it.
        yield c.incident.in_(ever)
        yield case((c.own, in_report), else_=at_present)
    if filters.assigned_to is not None:
        assigned = _incidents_with((filters.assigned_to,), ASSIGNEE)
        yield and_(not_(c.own), c.incident.in_(assigned))


def listed_of(row: Any) -> Listed:
    """A case as the reader sees it. Done in Python because SQL would evaluate `own` again for each column."""
    fields = {name: getattr(row, name) for name in Listed.__struct_fields__}
    if row.own:
        fields |= {
            "kind": row.reported_kind,
            "stream": row.reported_stream,
            "state": State.REPORTED if row.report_open else State.CLOSED,
            "critical": False,
            "direction": row.reported_direction,
            "occurred_at": row.submitted_occurred_at,
            "reported_at": row.submitted_at,
            "term": row.submitted_term,
            "setting": row.submitted_setting,
            "platform": row.submitted_platform,
            "uncounted": None,
            "version": row.reporter_version,
            "next_due_at": None,
            "due": (),
        }
    return msgspec.convert(fields, Listed, strict=False)
