"""The incidents a reader may not know of because they are about the reader: no report counts them either."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from casework_projections.views.case_tables import incidents_about, members


def about(connection: Connection, person: UUID | None) -> frozenset[UUID]:
    """The incidents that are about `person`, if anybody; `connection` holds the caseload."""
    if person is None:
        return frozenset()
    return frozenset(connection.scalars(incidents_about(members.c.member == person)))
