"""The tables of the caseload: one row per incident, and one per person and way they are involved."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
)

from casework_projections.views.view import Moment

metadata: Final = MetaData()
cases: Final = Table(
    "view_caseload",
    metadata,
    Column("incident", Uuid, primary_key=True),
    Column("school", Uuid, nullable=False),
    Column("kind", String(100), nullable=False),
    Column("reported_kind", String(100), nullable=False),
    Column("reported_stream", String(20), nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("submitted_occurred_at", Moment, nullable=False),
    Column("submitted_term", String(20)),
    Column("submitted_setting", String(20), nullable=False),
    Column("submitted_platform", String(100)),
    Column("state", String(20), nullable=False),
    Column("stream", String(20), nullable=False),
    Column("critical", Boolean, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("report_open", Boolean, nullable=False),
    Column("received", Boolean, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("reported_at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("may_be_about_leader", Boolean, nullable=False),
    Column("term", String(20)),
    Column("setting", String(20), nullable=False),
    Column("platform", String(100)),
    Column("direction", String(20)),
    Column("reported_direction", String(20)),
    Column("version", Integer, nullable=False),
    Column("reporter_version", Integer, nullable=False),
    Column("uncounted", String(20)),
    Column("reported_by", String(64)),
    Column("next_due_at", Moment),
    Column("due", JSON, nullable=False),
)
Index("view_caseload_school_reported", cases.c.school, cases.c.reported_at.desc(), cases.c.incident)
Index("view_caseload_reported", cases.c.reported_at.desc(), cases.c.incident)
Index("view_caseload_reported_by", cases.c.reported_by)

ASSIGNEE: Final = "assignee"
APPOINTED: Final = "appointed"
# People and users share a table, so that a batch writes both with one statement.
members: Final = Table(
    "view_caseload_members",
    metadata,
    Column("incident", Uuid, primary_key=True),
    Column("member", Uuid, primary_key=True),
    Column("involved_as", String(20), primary_key=True),
    Column("at_present", Boolean, nullable=False),
    Column("in_report", Boolean, nullable=False),
)
Index("view_caseload_members_member", members.c.member, members.c.involved_as)
