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
    """A moment, stored and returned in UTC, because SQLite stores no offset."""

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
    """A stored event at its position in the log; it is decoded when a view first needs it."""

    __slots__ = ("_event", "_mapper", "position", "stored")

    def __init__(self, stored: Notification, mapper: SealingMapper) -> None:
        self.position = stored.id
        self.stored = stored
        self._mapper = mapper
        self._event: Event | None = None

    @property
    def aggregate(self) -> UUID:
        """The id of the event's aggregate."""
        return cast(UUID, self.stored.originator_id)

    @property
    def event(self) -> Event:
        """The event. Raises MapperDeserialisationError if this release cannot read it."""
        if self._event is None:
            self._event = self._mapper.to_domain_event(self.stored)
        return self._event

    def is_a(self, *classes: type[Event]) -> bool:
        """Whether the event is of one of these classes, decided by its topic alone.

        Raises MapperDeserialisationError for a topic this release does not know: a view that silently
        skipped it would stay wrong.
        """
        known = TOPICS.get(self.stored.topic)
        return issubclass(type(self.event) if known is None else known, classes)


@dataclass(frozen=True)
class Batch:
    """The events of the log after one position, up to and including another."""

    after: int
    upto: int
    records: Sequence[Recorded]

    def of(self, *classes: type[E]) -> Iterator[E]:
        """The events of these classes and of those derived from them, in order."""
        return (cast(E, recorded.event) for recorded in self.records if recorded.is_a(*classes))

    def only(self, records: Sequence[Recorded]) -> Self:
        """The same batch with other `records`."""
        return replace(self, records=records)


@dataclass(frozen=True)
class Failure:
    """An event a view could not apply, the aggregate whose rows stay as they were, and the error."""

    recorded: Recorded
    aggregate: UUID
    error: Exception


@dataclass(frozen=True)
class Outcome:
    """The result of a batch applied in parts.

    `rewritten` are the aggregates whose rows were computed completely, so that earlier failures are settled.
    """

    failures: Sequence[Failure]
    rewritten: frozenset[UUID] = frozenset()


class View(ABC):
    """Tables computed from the log, which can be deleted and computed again.

    `version` counts the shapes of the tables: a view stored in another shape is computed again. Every
    table's name starts with `view_`. No table holds a name or a narrative in clear. A view with data that
    is not in the log is not `rebuildable`: it is never emptied.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    tables: ClassVar[MetaData]
    rebuildable: ClassVar[bool] = True

    @abstractmethod
    def apply(self, connection: Connection, batch: Batch) -> None:
        """Update the tables from `batch.after` to `batch.upto`. Doing it twice leaves the same rows."""

    def apply_apart(self, connection: Connection, batch: Batch) -> Outcome:
        """Apply `batch` without the events that fail, and return those with their errors.

        The rows must not depend on when, among the others, an event that failed is applied.
        """
        failed = apart(connection, batch.records, lambda part: self.apply(connection, batch.only(part)))
        return Outcome([Failure(recorded, recorded.aggregate, error) for recorded, error in failed])


def upsert(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, newer: str | None = None
) -> None:
    """Write `rows` with one statement; each replaces the row with the same primary key.

    With `newer`, only if its value in that column is greater than the stored one.
    """
    if not rows:
        return
    statement = _INSERTS[connection.dialect.name](table)
    replaced = {
        column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key
    }
    older = None if newer is None else table.c[newer] < statement.excluded[newer]
    key = list(table.primary_key)
    if replaced:
        written = statement.on_conflict_do_update(index_elements=key, set_=replaced, where=older)
    else:
        written = statement.on_conflict_do_nothing(index_elements=key)
    connection.execute(written, rows)
