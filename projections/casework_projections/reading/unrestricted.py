"""What the caseload says to whoever runs the system, whatever a reader of cases may know."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sqlalchemy import Connection, select

from casework_projections.views.case_tables import cases
from casework_projections.views.due import DueStep


def every_deadline(
    connection: Connection, school: UUID | None = None
) -> list[tuple[UUID, tuple[DueStep, ...]]]:
    """What is due in every open incident, of one school or of all."""
    query = select(cases.c.incident, cases.c.due).where(cases.c.next_due_at.is_not(None))
    if school is not None:
        query = query.where(cases.c.school == school)
    return [
        (row.incident, msgspec.convert(row.due, tuple[DueStep, ...])) for row in connection.execute(query)
    ]


def incidents_of(connection: Connection, school: UUID) -> list[UUID]:
    """Every incident of a school, the latest reported first."""
    query = select(cases.c.incident).where(cases.c.school == school)
    return list(connection.scalars(query.order_by(cases.c.reported_at.desc(), cases.c.incident)))
