"""What the caseload says to whoever runs the system, whatever a reader of cases may know."""

from __future__ import annotations

from uuid import UUID

import msgspec
from sqlalchemy import Connection, select

from casework_projections.views.case_tables import cases
from casework_projections.views.caseload import Caseload
from casework_projections.views.due import DueStep


def every_deadline(
    caseload: Caseload, connection: Connection, school: UUID | None = None
) -> list[tuple[UUID, tuple[DueStep, ...]]]:
    """What is due in every open incident, of one school or of all.

    Of an incident that was set aside it is what its own history asks for; what was due in it stays due
    where nothing can be made of that.
    """
    query = select(cases.c.incident, cases.c.due).where(cases.c.next_due_at.is_not(None))
    if school is not None:
        query = query.where(cases.c.school == school)
    due = {row.incident: row.due for row in connection.execute(query)}
    for incident, row in caseload.rows_apart(connection):
        if row["school"] == school or school is None:
            due |= {} if row["due"] is None else {incident.id: row["due"]}
    return [(key, msgspec.convert(steps, tuple[DueStep, ...])) for key, steps in due.items() if steps]


def incidents_of(caseload: Caseload, connection: Connection, school: UUID) -> list[UUID]:
    """Every incident of a school, the latest reported first."""
    query = select(cases.c.incident, cases.c.reported_at).where(cases.c.school == school)
    found = {row.incident: row.reported_at for row in connection.execute(query)}
    apart = caseload.incidents_apart(connection).values()
    found |= {each.id: each.reported_at for each in apart if each.school == school}
    return sorted(sorted(found), key=found.__getitem__, reverse=True)
