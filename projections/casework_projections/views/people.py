"""The people index: the people of each school, with their names sealed."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
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
    not_,
    select,
)

from casework.application import Casework
from casework.domain.access import PERMISSIONS, Permission
from casework.domain.person import Person, PersonChanged, PersonRegistered
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Role
from casework_projections.views.sealed_names import sealed_by_id
from casework_projections.views.set_aside import loadable, replayable
from casework_projections.views.view import Batch, Recorded, View, upsert

NAME: Final = "name"
KNOWN_AS: Final = "known_as"

_metadata: Final = MetaData()
people: Final = Table(
    "view_people",
    _metadata,
    Column("person", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("school", Uuid, nullable=False),
    Column("category", String(20), nullable=False),
    Column("year_group", SmallInteger),
    Column("on_roll", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    # Of the last event in the row, so that a reader who has read the others needs only the new rows.
    Column("position", BigInteger, nullable=False),
)
Index("view_people_school", people.c.school, people.c.position)
# Every name that each event records, whichever of them is the present one: an event that was set aside may be
# applied after a later one. Which are former follows from the version in the row of the person.
names: Final = Table(
    "view_person_names",
    _metadata,
    Column("person", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("field", String(10), primary_key=True),
    Column("name", Text, nullable=False),
)
# Apart from the people, because only the first event of each says it.
_registrars: Final = Table(
    "view_registrars",
    _metadata,
    Column("person", Uuid, primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("parent_for_leads", Boolean, nullable=False),
)


class PeopleIndex(View):
    """The people of each school. Nothing in it is computed from a name: a name is only its ciphertext."""

    name: ClassVar[str] = "people"
    version: ClassVar[int] = 6
    tables: ClassVar[MetaData] = _metadata

    def __init__(self, app: Casework) -> None:
        self._app = app

    def apply(self, connection: Connection, batch: Batch) -> None:
        recorded = [each for each in batch.records if each.is_a(PersonRegistered, PersonChanged)]
        latest = {each.aggregate: each for each in recorded}
        # An event that was set aside may be applied after a later one of the same person.
        upsert(connection, people, [self._row(each) for each in latest.values()], newer="version")
        upsert(connection, names, [row for each in recorded for row in self._name_rows(each)])
        registered = batch.of(PersonRegistered)
        upsert(connection, _registrars, [self._registrar(each) for each in registered if not each.on_roll])

    def registered_by(self, connection: Connection, user: UUID, ids: Collection[UUID]) -> set[UUID]:
        """The people among `ids` who were registered by `user`, not on the roll."""
        r = _registrars.c
        return {*connection.scalars(select(r.person).where(r.person.in_(ids), r.mark == self._mark(user)))}

    def known_to_leads(
        self, connection: Connection, schools: Collection[UUID], ids: Collection[UUID]
    ) -> set[UUID]:
        """The people among `ids` at `schools` who were on the roll once, or are parents.

        Parents count only if a lead or an administrator registered them.
        """
        made = select(_registrars.c.person).where(not_(_registrars.c.parent_for_leads))
        p = people.c
        found = select(p.person).where(p.person.in_(ids), p.school.in_(schools), p.person.not_in(made))
        return {*connection.scalars(found)}

    def names(self, connection: Connection, ids: Collection[UUID]) -> dict[UUID, Sealed]:
        """The sealed names of the people among `ids`, their keys cached."""
        found = sealed_by_id(connection, people.c.person, people.c.name, ids, self._app.sealer)
        return found | {key: each.name for key, each in self.people_apart(connection).items() if key in ids}

    def people_apart(self, connection: Connection) -> dict[UUID, Person]:
        """The people this view set aside, replayed, except those that cannot be loaded from the log."""
        loaded = loadable(self._app, replayable(connection, self))
        return {key: found for key, found in loaded.items() if isinstance(found, Person)}

    def _registrar(self, registered: PersonRegistered) -> dict[str, Any]:
        keeps_roll = Permission.KEEP_ROLL in PERMISSIONS[Role(registered.role)]
        return {
            "person": registered.originator_id,
            "mark": self._mark(registered.by),
            "parent_for_leads": keeps_roll and registered.category is Category.PARENT,
        }

    def _mark(self, user: UUID) -> str:
        """A keyed hash that finds what a user registered and does not reveal to others who it was."""
        return self._app.sealer.blind_index(f"{user} registered")

    def _name_rows(self, recorded: Recorded) -> Iterator[dict[str, Any]]:
        event = cast(PersonRegistered | PersonChanged, recorded.event)
        for field in (NAME, KNOWN_AS):
            name = getattr(event.details, field)
            if name is not None:
                yield {
                    "person": event.originator_id,
                    "version": event.originator_version,
                    "field": field,
                    "name": self._app.sealer.to_token(name),
                }

    def _row(self, recorded: Recorded) -> dict[str, Any]:
        event = cast(PersonRegistered | PersonChanged, recorded.event)
        return {
            "person": event.originator_id,
            "version": event.originator_version,
            "school": event.school,
            "category": event.details.category.value,
            "year_group": event.details.year_group,
            "on_roll": event.details.on_roll,
            "name": self._app.sealer.to_token(event.details.name),
            "position": recorded.position,
        }
