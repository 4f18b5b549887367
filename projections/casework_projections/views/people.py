"""The people index: the people of each school, with their names sealed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any, ClassVar, Final, cast
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
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
from casework.domain.moments import LocalDate
from casework.domain.person import (
    Identifiers,
    Person,
    PersonChanged,
    PersonDistinguished,
    PersonParted,
    PersonRegistered,
    day_in,
)
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Role
from casework.storage.sealing import Tampered
from casework.storage.tables import data_keys
from casework_projections.views.sealed_names import prefetch_keys, sealed_by_id
from casework_projections.views.set_aside import loadable, replayable, set_aside
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
    Column("born_on", Text),
    # Keyed hashes of the numbers, different at each school: they find a second record of a child, and nothing
    # else. They are in no event and no answer.
    Column("upn", String(64)),
    Column("nhs_number", String(64)),
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
# Pairs of records that a user said are of two people.
distinct: Final = Table(
    "view_distinct_people",
    _metadata,
    Column("one", Uuid, primary_key=True),
    Column("other", Uuid, primary_key=True),
)
# Apart from the people, because only the first event of each says it.
_registrars: Final = Table(
    "view_registrars",
    _metadata,
    Column("person", Uuid, primary_key=True),
    Column("mark", String(64), nullable=False),
    Column("parent_for_leads", Boolean, nullable=False),
)


class Digests(msgspec.Struct, frozen=True):
    """Keyed hashes of the numbers by which a child is known."""

    upn: str | None = None
    nhs_number: str | None = None

    def share_any(self, other: Digests) -> bool:
        """Whether any of the numbers is the same."""
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
        return any(mine is not None and mine == theirs for mine, theirs in pairs)


class Facts(msgspec.Struct, frozen=True):
    """What tells namesakes apart, as far as it is recorded."""

    born_on: LocalDate | None
    digests: Digests


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
        prefetch_keys(self._app.keys, _numbers(latest.values()))
        upsert(connection, people, [self._row(each) for each in latest.values()], newer="version")
        upsert(connection, names, [row for each in recorded for row in self._name_rows(each)])
        upsert(connection, distinct, list(_distinct_rows(batch)))
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

    def pupils_in_years(self, connection: Connection, school: UUID) -> frozenset[UUID]:
        """The pupils on the roll of a school who are in a year group, their keys cached.

        Without those whose keys are destroyed.
        """
        p = people.c
        query = select(p.person).join(data_keys, data_keys.c.subject == p.person)
        found = query.where(
            data_keys.c.wrapped.is_not(None),
            p.school == school,
            p.on_roll,
            p.category == Category.PUPIL.value,
            p.year_group.is_not(None),
        )
        stored = {*connection.scalars(found)} - set_aside(connection, self)
        apart = {
            key
            for key, each in self.people_apart(connection).items()
            if each.school == school and each.details.on_roll and each.category is Category.PUPIL
        }
        self._app.keys.prefetch(stored | apart)
        return frozenset(stored | apart)

    def names(self, connection: Connection, ids: Collection[UUID]) -> dict[UUID, Sealed]:
        """The sealed names of the people among `ids`, their keys cached."""
        found = sealed_by_id(connection, people.c.person, people.c.name, ids, self._app.sealer)
        return found | {key: each.name for key, each in self.people_apart(connection).items() if key in ids}

    def facts(self, connection: Connection, school: UUID, wanted: ColumnElement[bool]) -> dict[UUID, Facts]:
        """What rows say of the people of a school, those for whom `wanted` holds, by id.

        Without people whose keys are destroyed, and without those that the view set aside.
        """
        aside = set_aside(connection, self)
        rows = connection.execute(_FACTS.where(people.c.school == school, wanted))
        return {row.person: self._facts(row) for row in rows if row.person not in aside}

    def digests(self, school: UUID, identifiers: Identifiers | None) -> Digests:
        """The keyed hashes of the numbers, as the rows of `school` have them."""
        given = identifiers or Identifiers()
        return Digests(*(self._digest(school, field, getattr(given, field)) for field in _NUMBERS))

    def facts_of(self, person: Person) -> Facts:
        """As `facts`, of a person that the view set aside."""
        return Facts(
            born_on=day_in(person.details.born_on),
            digests=self.digests(person.school, person.details.identifiers),
        )

    def distinct_at(self, connection: Connection, school: UUID) -> set[frozenset[UUID]]:
        """The pairs of records of `school` that a user said are of two people."""
        query = select(distinct).join(people, people.c.person == distinct.c.one)
        rows = connection.execute(query.where(people.c.school == school))
        return {frozenset((row.one, row.other)) for row in rows}

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
        born_on = event.details.born_on
        digests = self.digests(event.school, event.details.identifiers)
        return {
            "person": event.originator_id,
            "version": event.originator_version,
            "school": event.school,
            "category": event.details.category.value,
            "year_group": event.details.year_group,
            "on_roll": event.details.on_roll,
            "name": self._app.sealer.to_token(event.details.name),
            "born_on": None if born_on is None else self._app.sealer.to_token(born_on),
            "upn": digests.upn,
            "nhs_number": digests.nhs_number,
            "position": recorded.position,
        }

    def _facts(self, row: Any) -> Facts:
        return Facts(
            born_on=None if row.born_on is None else self._born_on(row),
            digests=Digests(row.upn, row.nhs_number),
        )

    def _born_on(self, row: Any) -> date | None:
        try:
            return date.fromisoformat(self._app.sealer.token_text(row.born_on, row.person, row.wrapped))
        except Tampered:
            # As in a search: nobody else may be hidden by it.
            return None

    def _digest(self, school: UUID, field: str, number: Sealed | None) -> str | None:
        if number is None or number.erased:
            return None
        return self._app.sealer.blind_index(f"{school} {field} {number.text}")


def _numbers(recorded: Iterable[Recorded]) -> Iterator[Sealed | None]:
    for each in recorded:
        event = cast(PersonRegistered | PersonChanged, each.event)
        if event.details.identifiers is not None:
            yield from (getattr(event.details.identifiers, field) for field in _NUMBERS)


def _distinct_rows(batch: Batch) -> Iterator[dict[str, Any]]:
    pairs = [(each.originator_id, other) for each in batch.of(PersonDistinguished) for other in each.others]
    pairs += [(each.originator_id, each.other) for each in batch.of(PersonParted)]
    for one, other in dict.fromkeys((min(pair), max(pair)) for pair in pairs):
        yield {"one": one, "other": other}


_NUMBERS: Final = Digests.__struct_fields__
# Each row comes with its key, as in a search.
_FACTS: Final = (
    select(people.c.person, people.c.born_on, people.c.upn, people.c.nhs_number, data_keys.c.wrapped)
    .join(data_keys, data_keys.c.subject == people.c.person)
    .where(data_keys.c.wrapped.is_not(None))
)
