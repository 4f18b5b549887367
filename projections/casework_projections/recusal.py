"""The incidents a reader may not know of because they are about the reader: no report counts them either."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, select

from casework.domain.incident.incident import SUBJECT_INVOLVEMENTS
from casework_projections.caseload import members


def about(connection: Connection, person: UUID | None) -> frozenset[UUID]:
    """The incidents that are about `person`, if anybody; `connection` holds the caseload."""
    if person is None:
        return frozenset()
    ways = [involvement.value for involvement in SUBJECT_INVOLVEMENTS]
    theirs = select(members.c.incident).where(
        members.c.member == person, members.c.involved_as.in_(ways), members.c.at_present
    )
    return frozenset(connection.scalars(theirs))
