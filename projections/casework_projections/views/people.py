"""The people index: the people of each school, with their names sealed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

from casework.application import Casework
from casework.domain.person import Person, PersonChanged, PersonRegistered
from casework.domain.sealed import Sealed
from casework_projections.views.sealed_names import sealed_by_id
from casework_projections.views.set_aside import loadable, replayable
from casework_projections.views.view import Batch, Recorded, View, upsert

_metadata: Final = MetaData()
people: Final = Table(
    "view_people",
    _metadata,
    Column("person", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("school", Uuid, nullable=False),
    Column("category", String(20), nullable=False),
    Column("year_group", SmallInteger),
    Column("name", Text, nullable=False),
    # Of the last event in the row, so that a reader who has read the others needs only the new rows.
    Column("position", BigInteger, nullable=False),
)
Index("view_people_school", people.c.school, people.c.position)


class PeopleIndex(View):
    """The people of each school. Nothing in it is computed from a name: a name is only its ciphertext."""

    name: ClassVar[str] = "people"
    version: ClassVar[int] = 4
    tables: ClassVar[MetaData] = _metadata

    def __init__(self, app: Casework) -> None:
        self._app = app

    def apply(self, connection: Connection, batch: Batch) -> None:
        recorded = (each for each in batch.records if each.is_a(PersonRegistered, PersonChanged))
        latest = {each.aggregate: each for each in recorded}
        # An event that was set aside may be applied after a later one of the same person.
        upsert(connection, people, [self._row(each) for each in latest.values()], newer="version")

    def names(self, connection: Connection, ids: Collection[UUID]) -> dict[UUID, Sealed]:
        """The sealed names of the people among `ids`, their keys cached."""
        found = sealed_by_id(connection, people.c.person, people.c.name, ids, self._app.sealer)
        return found | {key: each.name for key, each in self.people_apart(connection).items() if key in ids}

    def people_apart(self, connection: Connection) -> dict[UUID, Person]:
        """The people this view set aside, replayed, except those that cannot be loaded from the log."""
        loaded = loadable(self._app, replayable(connection, self))
        return {key: found for key, found in loaded.items() if isinstance(found, Person)}

    def _row(self, recorded: Recorded) -> dict[str, Any]:
        event = cast(PersonRegistered | PersonChanged, recorded.event)
        return {
            "person": event.originator_id,
            "version": event.originator_version,
            "school": event.school,
            "category": event.details.category.value,
            "year_group": event.details.year_group,
            "name": self._app.sealer.to_token(event.details.name),
            "position": recorded.position,
        }
