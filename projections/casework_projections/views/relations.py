"""An index of who is related to a person; what the relation is now is read from the log."""

from __future__ import annotations

from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import Column, Connection, MetaData, String, Table, Uuid, select

from casework.domain.person import PersonRegistered, PersonRelated, Relationship
from casework_projections.views.set_aside import replayable
from casework_projections.views.view import Batch, View, upsert

_metadata: Final = MetaData()
_relations: Final = Table(
    "view_relations",
    _metadata,
    Column("relation", Uuid, primary_key=True),
    Column("holder", Uuid, nullable=False),
    Column("other", Uuid, nullable=False, index=True),
    Column("kind", String(20), nullable=False),
)


class RelationIndex(View):
    """One row per relation ever recorded: for whom, to whom, and which it is."""

    name: ClassVar[str] = "relations"
    version: ClassVar[int] = 1
    tables: ClassVar[MetaData] = _metadata

    def apply(self, connection: Connection, batch: Batch) -> None:
        given = [
            _row(registered.originator_id, each)
            for registered in batch.of(PersonRegistered)
            for each in registered.relationships
        ]
        made = [_row(event.originator_id, event.relationship) for event in batch.of(PersonRelated)]
        upsert(connection, _relations, [*given, *made])

    def related_to(self, connection: Connection, person: UUID) -> set[UUID]:
        """The people for whom a relation to `person` was recorded, even if it was ended.

        Those that were set aside are among them, whatever was recorded for them.
        """
        found = select(_relations.c.holder).where(_relations.c.other == person)
        return {*connection.scalars(found), *replayable(connection, self)}

    def holders_of(self, connection: Connection, relation: UUID) -> set[UUID]:
        """The person for whom that relation was recorded, even if it was ended; none if there is no such one.

        Those that were set aside are among them, whatever was recorded for them.
        """
        found = select(_relations.c.holder).where(_relations.c.relation == relation)
        return {*connection.scalars(found), *replayable(connection, self)}


def _row(holder: UUID, relationship: Relationship) -> dict[str, Any]:
    return {
        "relation": relationship.id,
        "holder": holder,
        "other": relationship.person,
        "kind": relationship.relation.value,
    }
