"""The incidents a reader may not know of because they are about the reader: no report counts them either."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection

from casework_projections.views.case_tables import incidents_about, members
from casework_projections.views.caseload import Caseload
from casework_projections.views.set_aside import set_aside


def about(caseload: Caseload, connection: Connection, person: UUID | None) -> frozenset[UUID]:
    """The incidents that are about `person`, if anybody; `connection` holds the caseload.

    Of what it set aside, those are among them whose own history says so, or cannot be read.
    """
    if person is None:
        return frozenset()
    found: frozenset[UUID] = frozenset(connection.scalars(incidents_about(members.c.member == person)))
    aside = set_aside(connection, caseload)
    if not aside:
        return found
    replayed = caseload.incidents_apart(connection)
    others = {key for key, incident in replayed.items() if person not in incident.subjects()}
    return (found | aside) - others
