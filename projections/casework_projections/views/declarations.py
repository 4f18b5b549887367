"""An index of declared relationships by person; what was declared is read from the log."""

from __future__ import annotations

from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import Column, Connection, Date, MetaData, Table, Uuid, or_, select

from casework.domain.registers.declaration import RelationshipDeclared
from casework_projections.views.view import Batch, View, upsert

_metadata: Final = MetaData()
_declarations: Final = Table(
    "view_declarations",
    _metadata,
    Column("id", Uuid, primary_key=True),
    Column("school", Uuid, nullable=False),
    Column("staff", Uuid, nullable=False, index=True),
    Column("other", Uuid, nullable=False, index=True),
    Column("disclosed_on", Date, nullable=False),
)


class DeclarationIndex(View):
    """One row per declaration: the two people, and when it was disclosed."""

    name: ClassVar[str] = "declarations"
    version: ClassVar[int] = 1
    tables: ClassVar[MetaData] = _metadata

    def apply(self, connection: Connection, batch: Batch) -> None:
        rows = [
            {
                "id": made.originator_id,
                "school": made.school,
                "staff": made.staff,
                "other": made.other,
                "disclosed_on": made.disclosed_on,
            }
            for made in batch.of(RelationshipDeclared)
        ]
        upsert(connection, _declarations, rows)

    def of_person(self, connection: Connection, person: UUID) -> list[UUID]:
        """The ids of the declarations `person` is in, the latest disclosed first."""
        found = (
            select(_declarations.c.id)
            .where(or_(_declarations.c.staff == person, _declarations.c.other == person))
            .order_by(_declarations.c.disclosed_on.desc(), _declarations.c.id)
        )
        return list(connection.scalars(found))
