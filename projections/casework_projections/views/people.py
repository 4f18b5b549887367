"""The people index: finds a person by whole name, and returns the sealed names of people in a list."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
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
    select,
)

from casework.application import Casework
from casework.domain.person import PersonChanged, PersonRegistered
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category
from casework_projections.views.sealed_names import prefetch_keys, sealed_by_id
from casework_projections.views.view import Batch, View, upsert

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
    Column("name_index", String(64)),
)
Index("view_people_name", people.c.name_index, people.c.school)


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A person found by name; the name is sealed."""

    person: UUID
    school: UUID
    category: Category
    year_group: int | None
    name: Sealed


class PeopleIndex(View):
    """The people of each school. Names are stored sealed, with a keyed hash to find them by."""

    name: ClassVar[str] = "people"
    version: ClassVar[int] = 3
    tables: ClassVar[MetaData] = _metadata

    def __init__(self, app: Casework) -> None:
        self._sealer = app.sealer
        self._keys = app.keys

    def apply(self, connection: Connection, batch: Batch) -> None:
        events: Iterator[PersonRegistered | PersonChanged] = batch.of(PersonRegistered, PersonChanged)
        latest = {event.originator_id: event for event in events}
        # Names are unsealed to compute the hash; all their keys are fetched with one statement.
        self._keys.prefetch([*latest])
        # An event that was set aside may be applied after a later one of the same person.
        upsert(connection, people, [self._row(event) for event in latest.values()], newer="version")

    def find(self, connection: Connection, schools: Collection[UUID], name: str) -> list[Found]:
        """The people at `schools` whose whole name is `name`, ignoring case and spacing."""
        index = self._sealer.blind_index(name)
        query = (
            select(people)
            .where(people.c.name_index == index, people.c.school.in_(schools))
            .order_by(people.c.person)
        )
        found = [
            Found(
                person=row.person,
                school=row.school,
                category=Category(row.category),
                year_group=row.year_group,
                name=self._sealer.from_token(row.name),
            )
            for row in connection.execute(query)
        ]
        prefetch_keys(self._keys, [person.name for person in found])
        return found

    def names(self, connection: Connection, ids: Collection[UUID]) -> dict[UUID, Sealed]:
        """The sealed names of the people among `ids`, their keys cached."""
        return sealed_by_id(connection, people.c.person, people.c.name, ids, self._sealer)

    def _row(self, event: PersonRegistered | PersonChanged) -> dict[str, Any]:
        details = event.details
        name = details.name
        return {
            "person": event.originator_id,
            "version": event.originator_version,
            "school": event.school,
            "category": details.category.value,
            "year_group": details.year_group,
            "name": self._sealer.to_token(name),
            "name_index": None if name.erased else self._sealer.blind_index(name.text),
        }
