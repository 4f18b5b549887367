"""What a view is: tables computed from the event log, and how a batch of events changes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self, TypeVar, cast
from uuid import UUID

from eventsourcing.persistence import Notification
from sqlalchemy import Connection, DateTime, Dialect, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

from casework.domain.event import TOPICS, Event
from casework.domain.moments import standard
from casework.storage.mapper import SealingMapper
from casework_projections.views.apart import apart

E = TypeVar("E", bound=Event)

_INSERTS: Final[Mapping[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class Moment(TypeDecorator[datetime]):
    """A moment, kept and given back in UTC: SQLite keeps no offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        in_utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return cast(datetime, standard(in_utc))


class Recorded:
    """A stored event at its position in the log; it is decoded when a view first asks for it."""

    __slots__ = ("_event", "_mapper", "position", "stored")

    def __init__(self, stored: Notification, mapper: SealingMapper) -> None:
        self.position = stored.id
        self.stored = stored
        self._mapper = mapper
        self._event: Event | None = None

    @property
    def aggregate(self) -> UUID:
        """The id of the aggregate the event is of."""
        return cast(UUID, self.stored.originator_id)

    @property
    def event(self) -> Event:
        """The event. Raises MapperDeserialisationError where this release cannot read it."""
        if self._event is None:
            self._event = self._mapper.to_domain_event(self.stored)
        return self._event

    def is_a(self, *sorts: type[Event]) -> bool:
        """Whether the event is of one of these classes, told by its topic alone.

        Raises MapperDeserialisationError for a topic this release does not know: a view that passed over
        it without a word would be wrong for ever.
        """
        known = TOPICS.get(self.stored.topic)
        return issubclass(type(self.event) if known is None else known, sorts)


@dataclass(frozen=True)
class Batch:
    """The events of the log after one position, up to and with another."""

    after: int
    upto: int
    records: Sequence[Recorded]

    def of(self, *sorts: type[E]) -> Iterator[E]:
        """The events of these classes and of those derived from them, in order."""
        return (cast(E, recorded.event) for recorded in self.records if recorded.is_a(*sorts))

    def only(self, records: Sequence[Recorded]) -> Self:
        """The same batch with other `records`."""
        return replace(self, records=records)


@dataclass(frozen=True)
class Failure:
    """An event a view could not apply: the rows of which aggregate it leaves as they were, and why."""

    recorded: Recorded
    aggregate: UUID
    error: Exception


@dataclass(frozen=True)
class Outcome:
    """What became of a batch applied in parts.

    `rewritten` are the aggregates whose rows were computed as a whole, whatever had failed for them before.
    """

    failures: Sequence[Failure]
    rewritten: frozenset[UUID] = frozenset()


class View(ABC):
    """Tables that say nothing the log does not say, and can be thrown away and computed again.

    `version` counts the shapes the view has had: one that was kept in another shape is computed anew.
    Every table's name starts with `view_`. No table holds a name or a narrative in clear. One that keeps
    what the log does not say is not `rebuildable`: nothing empties it.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    tables: ClassVar[MetaData]
    rebuildable: ClassVar[bool] = True

    @abstractmethod
    def apply(self, connection: Connection, batch: Batch) -> None:
        """Bring the tables from `batch.after` to `batch.upto`. Doing it twice leaves the same rows."""

    def apply_apart(self, connection: Connection, batch: Batch) -> Outcome:
        """As `apply`, but for the events that fail, whose order among the others does not matter."""
        failed = apart(connection, batch.records, lambda part: self.apply(connection, batch.only(part)))
        return Outcome([Failure(recorded, recorded.aggregate, error) for recorded, error in failed])


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `rows`, each in the place of the row with its primary key, in one statement."""
    if not rows:
        return
    statement = _INSERTS[connection.dialect.name](table)
    replaced = {
        column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=replaced), rows
    )
