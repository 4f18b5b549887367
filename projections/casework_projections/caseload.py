"""The caseload: one row an incident, listed, filtered and paged for whoever may know of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    JSON,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Subquery,
    Table,
    Uuid,
    and_,
    bindparam,
    case,
    delete,
    not_,
    null,
    or_,
    select,
)

from casework.domain.clocks import LONDON
from casework.domain.incident import Incident
from casework.domain.incident.incident import SUBJECT_INVOLVEMENTS
from casework.domain.incident.reporting import Acknowledge, Report
from casework.domain.school import School
from casework.domain.vocabulary import Direction, Involvement, Setting, State, Stream
from casework.services.command import NOBODY
from casework.services.incidents import REPORTER_SEES
from casework_projections.due import DueStep, due_steps
from casework_projections.replay import IncidentView
from casework_projections.view import Moment, upsert
from casework_projections.visibility import VisibleTo

_metadata: Final = MetaData()
cases: Final = Table(
    "view_caseload",
    _metadata,
    Column("incident", Uuid, primary_key=True),
    Column("school", Uuid, nullable=False),
    Column("kind", String(100), nullable=False),
    Column("reported_kind", String(100), nullable=False),
    Column("state", String(20), nullable=False),
    Column("stream", String(20), nullable=False),
    Column("critical", Boolean, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("received", Boolean, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("reported_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("term", String(20)),
    Column("setting", String(20), nullable=False),
    Column("platform", String(100)),
    Column("direction", String(20)),
    Column("reported_direction", String(20)),
    Column("version", Integer, nullable=False),
    Column("reporter_version", Integer, nullable=False),
    Column("reported_by", String(64)),
    Column("next_due_at", Moment),
    Column("due", JSON, nullable=False),
)
Index("view_caseload_school_reported", cases.c.school, cases.c.reported_at.desc(), cases.c.incident)
Index("view_caseload_reported", cases.c.reported_at.desc(), cases.c.incident)
Index("view_caseload_reported_by", cases.c.reported_by)

ASSIGNEE: Final = "assignee"
# People and assignees share a table, so that a batch writes both in one statement.
members: Final = Table(
    "view_caseload_members",
    _metadata,
    Column("incident", Uuid, primary_key=True),
    Column("member", Uuid, primary_key=True),
    Column("involved_as", String(20), primary_key=True),
    Column("at_present", Boolean, nullable=False),
    Column("in_report", Boolean, nullable=False),
)
Index("view_caseload_members_member", members.c.member, members.c.involved_as)


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One incident in a list. `own`: its reader knows it only as their own report, and sees no more of it."""

    incident: UUID
    school: UUID
    kind: str
    state: State
    stream: Stream
    critical: bool
    own: bool
    received: bool
    occurred_at: datetime
    reported_at: datetime
    recorded_at: datetime
    term: str | None
    setting: Setting
    platform: str | None
    direction: Direction | None
    version: int
    next_due_at: datetime | None
    due: tuple[DueStep, ...]


class After(msgspec.Struct, frozen=True):
    """Where a page ended: the next starts after this incident."""

    reported_at: datetime
    incident: UUID


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a list; None asks nothing. Both ends of the reported period are included."""

    school: UUID | None = None
    kind: str | None = None
    state: State | None = None
    person: UUID | None = None
    overdue: bool | None = None
    assigned_to: UUID | None = None
    term: str | None = None
    reported_from: datetime | None = None
    reported_to: datetime | None = None


class Involved(msgspec.Struct, frozen=True):
    """An incident a person is in, and in which ways."""

    listed: Listed
    involvements: tuple[Involvement, ...]


class Caseload(IncidentView):
    """What is under way at each school."""

    name: ClassVar[str] = "caseload"
    version: ClassVar[int] = 1
    tables: ClassVar[MetaData] = _metadata
    main: ClassVar[Table] = cases

    def write(self, connection: Connection, incidents: Sequence[Incident]) -> None:
        if not incidents:
            return
        schools = self.replay.schools(incident.school for incident in incidents)
        self._prefetch_reporters(incidents)
        upsert(connection, cases, [self._row(incident, schools[incident.school]) for incident in incidents])
        connection.execute(delete(members).where(members.c.incident.in_([each.id for each in incidents])))
        rows = [row for incident in incidents for row in _member_rows(incident)]
        if rows:
            connection.execute(members.insert(), rows)

    def page(
        self,
        connection: Connection,
        filters: Filters,
        visible: VisibleTo,
        *,
        now: datetime,
        limit: int,
        after: After | None = None,
    ) -> tuple[list[Listed], After | None]:
        """At most `limit` incidents, the latest reported first, and where the next page starts, if any.

        An incident reported meanwhile comes before the first page and disturbs no other.
        """
        c = _LISTED.c
        query = select(_LISTED).where(*_conditions(filters, now))
        if after is not None:
            later = and_(c.reported_at == after.reported_at, c.incident > after.incident)
            # The first condition says less than the second, but in a way an index can use.
            query = query.where(
                c.reported_at <= after.reported_at, or_(c.reported_at < after.reported_at, later)
            )
        query = query.order_by(c.reported_at.desc(), c.incident).limit(limit + 1)
        found = [_listed(row) for row in connection.execute(query, self._reader(visible))]
        page = found[:limit]
        return page, After(page[-1].reported_at, page[-1].incident) if len(found) > limit else None

    def deadlines(self, connection: Connection, visible: VisibleTo) -> list[Listed]:
        """The open incidents the reader may read whole that have something due, the soonest due first."""
        query = select(_LISTED).where(_LISTED.c.next_due_at.is_not(None)).order_by(_LISTED.c.next_due_at)
        return [_listed(row) for row in connection.execute(query, self._reader(visible))]

    def chronology(self, connection: Connection, person: UUID, visible: VisibleTo) -> list[Involved]:
        """Every incident `person` is in that the reader may know of, in the order they took place."""
        c = _LISTED.c
        query = (
            select(_LISTED, members.c.involved_as)
            .join(members, members.c.incident == c.incident)
            .where(members.c.member == person, members.c.involved_as != ASSIGNEE)
            .where(case((c.own, members.c.in_report), else_=members.c.at_present))
            .order_by(c.occurred_at, c.incident)
        )
        found: dict[UUID, tuple[Listed, list[Involvement]]] = {}
        for row in connection.execute(query, self._reader(visible)):
            found.setdefault(row.incident, (_listed(row), []))[1].append(Involvement(row.involved_as))
        order = [*Involvement]
        return [Involved(shown, tuple(sorted(ways, key=order.index))) for shown, ways in found.values()]

    def _row(self, incident: Incident, school: School) -> dict[str, Any]:
        playbook = self.replay.playbook(incident)
        due = [duty for duty in playbook.outstanding(incident, school.calendar) if duty.due_at is not None]
        report = next(incident.taken(Report))
        term = school.calendar.term_on(incident.reported_at.astimezone(LONDON).date())
        return {
            "incident": incident.id,
            "school": incident.school,
            "kind": incident.kind,
            "reported_kind": report.kind,
            "state": incident.state.value,
            "stream": incident.stream.value,
            "critical": playbook.critical_since(incident) is not None,
            "is_open": not incident.closed,
            "received": any(incident.taken(Acknowledge)),
            "occurred_at": incident.occurred_at,
            "reported_at": incident.reported_at,
            "recorded_at": incident.recorded_at,
            "term": None if term is None else term.name,
            "setting": incident.setting.value,
            "platform": incident.platform,
            "direction": incident.direction and incident.direction.value,
            "reported_direction": report.direction and report.direction.value,
            "version": incident.version,
            "reporter_version": max(s.number for s in incident.timeline if s.name() in REPORTER_SEES),
            "reported_by": self._reported_by(incident),
            "next_due_at": min((duty.due_at for duty in due if duty.due_at), default=None),
            "due": [*due_steps(due)],
        }

    def _reported_by(self, incident: Incident) -> str | None:
        """A hash by which a user finds their own reports, and which tells nobody else who reported."""
        report = next(incident.taken(Report))
        if report.by != NOBODY:
            return self._reporter_hash(report.by)
        sealer = self.replay.app.sealer
        # Opened on a copy: who reported in confidence is not to stay open in what is kept at hand.
        reporter = sealer.from_token(sealer.to_token(report.reporter))
        return None if reporter.erased else sealer.blind_index(reporter.text)

    def _reader(self, visible: VisibleTo) -> dict[str, Any]:
        """The parameters that say who reads."""
        schools = {_schools(stream): sorted(readable) for stream, readable in visible.streams.items()}
        return schools | {
            "when_assigned": sorted(visible.when_assigned),
            "where_head_is_subject": sorted(visible.where_head_is_subject),
            "heads": sorted(visible.heads),
            "reader": visible.user,
            "reader_person": visible.person,
            "reporter_hash": self._reporter_hash(visible.user),
        }

    def _reporter_hash(self, user: UUID) -> str:
        return self.replay.app.sealer.blind_index(str(user))

    def _prefetch_reporters(self, incidents: Sequence[Incident]) -> None:
        subjects = [i.reporter.under for i in incidents if i.confidential_reporter and i.reporter.under]
        if subjects:
            self.replay.app.keys.prefetch(subjects)


def _listed_for_a_reader() -> Subquery:
    """What one reader may know: whole cases, and of their own reports no more than they submitted."""
    c = cases.c
    is_own = not_(and_(_reads(), not_(_is_about_them())))
    known = (
        select(cases, is_own.label("own"))
        .where(or_(not_(is_own), c.reported_by == bindparam("reporter_hash")))
        .subquery("known")
    )
    k = known.c
    own_state = case((k.is_open, State.REPORTED.value), else_=State.CLOSED.value)
    shown = {
        "kind": case((k.own, k.reported_kind), else_=k.kind),
        "state": case((k.own, own_state), else_=k.state),
        "critical": and_(not_(k.own), k.critical),
        "direction": case((k.own, k.reported_direction), else_=k.direction),
        "version": case((k.own, k.reporter_version), else_=k.version),
        "next_due_at": case((k.own, null()), else_=k.next_due_at),
    }
    columns = (shown[name].label(name) if name in shown else k[name] for name in Listed.__struct_fields__)
    return select(*columns).subquery("listed")


def _reads() -> ColumnElement[bool]:
    by_role = [
        and_(cases.c.stream == stream.value, cases.c.school.in_(bindparam(_schools(stream), expanding=True)))
        for stream in Stream
    ]
    assigned = and_(
        cases.c.stream == Stream.ALLEGATION.value,
        cases.c.school.in_(bindparam("when_assigned", expanding=True)),
        cases.c.incident.in_(_incidents_with(bindparam("reader", type_=Uuid()), ASSIGNEE)),
    )
    about_a_head = incidents_about(members.c.member.in_(bindparam("heads", expanding=True)))
    stands_in = and_(
        cases.c.stream == Stream.ALLEGATION.value,
        cases.c.school.in_(bindparam("where_head_is_subject", expanding=True)),
        cases.c.incident.in_(about_a_head),
    )
    return or_(*by_role, assigned, stands_in)


def _is_about_them() -> ColumnElement[bool]:
    them: BindParameter[UUID | None] = bindparam("reader_person", type_=Uuid())
    return cases.c.incident.in_(incidents_about(members.c.member == them))


def incidents_about(whom: ColumnElement[bool]) -> Select[tuple[UUID]]:
    """The incidents that are about those members `whom` holds of."""
    ways = [involvement.value for involvement in SUBJECT_INVOLVEMENTS]
    return select(members.c.incident).where(whom, members.c.involved_as.in_(ways), members.c.at_present)


def _incidents_with(member: ColumnElement[Any] | UUID, *involved_as: str) -> Select[tuple[UUID]]:
    """The incidents a person is, or in the report was, in or a user is assigned to, in any of these ways."""
    return select(members.c.incident).where(
        members.c.member == member, members.c.involved_as.in_([str(way) for way in involved_as])
    )


def _schools(stream: Stream) -> str:
    return f"{stream.value}_schools"


# Built once: it is larger than what it costs to run.
_LISTED: Final = _listed_for_a_reader()


def _conditions(filters: Filters, now: datetime) -> Iterator[ColumnElement[bool]]:
    """The filters, each asked only of what the reader sees: no filter tells them more than the list."""
    c = _LISTED.c
    for name in ("school", "kind", "state", "term"):
        if getattr(filters, name) is not None:
            yield c[name] == getattr(filters, name)
    if filters.reported_from is not None:
        yield c.reported_at >= filters.reported_from
    if filters.reported_to is not None:
        yield c.reported_at <= filters.reported_to
    if filters.overdue is not None:
        overdue = and_(c.next_due_at.is_not(None), c.next_due_at < now)
        yield overdue if filters.overdue else not_(overdue)
    if filters.person is not None:
        ever = _incidents_with(filters.person, *Involvement)
        in_report = c.incident.in_(ever.where(members.c.in_report))
        at_present = c.incident.in_(ever.where(members.c.at_present))
        # The first condition is implied by the second, but is one an index can start from.
        yield c.incident.in_(ever)
        yield case((c.own, in_report), else_=at_present)
    if filters.assigned_to is not None:
        assigned = _incidents_with(filters.assigned_to, ASSIGNEE)
        yield and_(not_(c.own), c.incident.in_(assigned))


def _member_rows(incident: Incident) -> Iterator[dict[str, Any]]:
    reported = {(p.person, p.involvement.value) for p in next(incident.taken(Report)).people}
    at_present = {(p.person, p.involvement.value) for p in incident.people}
    at_present |= {(user, ASSIGNEE) for user in incident.assignees}
    for member, involved_as in sorted(reported | at_present):
        yield {
            "incident": incident.id,
            "member": member,
            "involved_as": involved_as,
            "at_present": (member, involved_as) in at_present,
            "in_report": (member, involved_as) in reported,
        }


def _listed(row: Row[Any]) -> Listed:
    fields = {name: getattr(row, name) for name in Listed.__struct_fields__}
    due = () if row.own else msgspec.convert(row.due, tuple[DueStep, ...])
    return Listed(
        **fields
        | {
            # SQLite answers a condition with 0 or 1.
            "own": bool(row.own),
            "critical": bool(row.critical),
            "due": due,
            "state": State(row.state),
            "stream": Stream(row.stream),
            "setting": Setting(row.setting),
            "direction": row.direction and Direction(row.direction),
        }
    )
