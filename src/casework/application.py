"""Casework: the one door into the domain, and the only thing that writes to the event log."""

from __future__ import annotations

import hmac
import random
import time
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final, TypeVar, cast
from uuid import UUID

from eventsourcing.application import Application, LRUCache
from eventsourcing.persistence import EventStore, IntegrityError, Mapper

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event
from casework.domain.incident import Incident
from casework.domain.incident.reporting import Report
from casework.domain.person import Person, PersonRegistered
from casework.domain.registers.declaration import Declaration, RelationshipDeclared
from casework.domain.school import School, SchoolOpened
from casework.domain.user import User, UserRegistered
from casework.library import Library
from casework.settings import Settings
from casework.storage.database import Database
from casework.storage.event_store import SealingEventStore
from casework.storage.keys import DataKeys, MasterKey
from casework.storage.mapper import SealingMapper
from casework.storage.recorders import CaseworkRecorder
from casework.storage.sealing import Sealer
from casework.storage.vault import Vault
from casework.usecases.declarations import Declarations
from casework.usecases.evidence import Evidence
from casework.usecases.incidents import Incidents
from casework.usecases.people import People
from casework.usecases.schools import Schools
from casework.usecases.users import Users

A = TypeVar("A", bound=Aggregate)
R = TypeVar("R")

_RERUNS: Final = 24
_FIRST_EVENTS: Final[dict[type[Event], type[Aggregate]]] = {
    Report: Incident,
    PersonRegistered: Person,
    SchoolOpened: School,
    UserRegistered: User,
    RelationshipDeclared: Declaration,
}
_PEEK_LIFE: Final = 60.0


class Casework(Application[UUID]):
    """The use cases, over one event log. Open it after a fork, never before.

    `settings` say where the database, the vault and the keys are; the tables must have been made by
    `casework.storage.migrations.create_tables`.
    """

    name = "casework"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        own_packs = settings.playbook_folder
        self.library = Library.own() if own_packs is None else Library.own().with_packs(own_packs)
        self._master = MasterKey.load(settings.master_key_file)
        self.database = Database(settings.database_url)
        self.keys = DataKeys(self._master, self.database.engine)
        self.sealer = Sealer(self.keys, self._master)
        self.vault = Vault.from_url(settings.evidence_url)
        self._peeked: LRUCache[UUID, tuple[Aggregate, float]] = LRUCache(maxsize=1000)
        super().__init__(env=self.database.environment)

    def construct_mapper(self) -> Mapper[UUID]:
        return SealingMapper(self.sealer)

    def construct_event_store(self) -> EventStore[UUID]:
        return self._store

    @cached_property
    def _store(self) -> SealingEventStore:
        return SealingEventStore(cast(SealingMapper, self.mapper), cast(CaseworkRecorder, self.recorder))

    @cached_property
    def incidents(self) -> Incidents:
        return Incidents(self)

    @cached_property
    def evidence(self) -> Evidence:
        return Evidence(self)

    @cached_property
    def people(self) -> People:
        return People(self)

    @cached_property
    def schools(self) -> Schools:
        return Schools(self)

    @cached_property
    def users(self) -> Users:
        return Users(self)

    @cached_property
    def declarations(self) -> Declarations:
        return Declarations(self)

    def load(self, sort: type[A], aggregate_id: UUID) -> A | None:
        """The aggregate of that sort with that id, from the log; None where there is none."""
        events = [cast(Event, event) for event in self.events.get(aggregate_id)]
        if not events or _FIRST_EVENTS.get(type(events[0])) is not sort:
            return None
        return sort.replay(events)

    def load_many(self, ids: Iterable[UUID]) -> dict[UUID, Aggregate]:
        """The aggregates of these ids, of whatever sort, read in one statement."""
        wanted = list(dict.fromkeys(ids))
        found = {}
        for aggregate_id, events in (self._store.streams(wanted) if wanted else {}).items():
            aggregate = _FIRST_EVENTS[type(events[0])].replay(events)
            if aggregate is not None:
                found[aggregate_id] = aggregate
        return found

    def peek(self, sort: type[A], aggregate_id: UUID) -> A | None:
        """Like `load`, but kept in memory and only brought up to date: for reading, never for changing.

        What it holds of a person is dropped after a minute, so that nothing destroyed lives on here.
        """
        try:
            kept, since = self._peeked.get(aggregate_id)
        except KeyError:
            kept, since = None, 0.0
        if kept is None or time.monotonic() - since > _PEEK_LIFE:
            kept, since = self.load(sort, aggregate_id), time.monotonic()
            if kept is not None:
                self._peeked.put(aggregate_id, (kept, since))
            return kept
        if not isinstance(kept, sort):
            return None
        news = (cast(Event, event) for event in self.events.get(aggregate_id, gt=kept.version))
        return sort.replay(news, onto=kept)

    def commit(self, *aggregates: Aggregate) -> None:
        """Store what happened to `aggregates` in one transaction, with the data keys they start to use.

        Raises IntegrityError where somebody else wrote first; see `rerun`.
        """
        self.events.put([event for aggregate in aggregates for event in aggregate.collect_events()])

    def rerun(self, command: Callable[[], R]) -> R:
        """The answer of `command`, run again from the start where somebody else wrote first."""
        for attempt in range(_RERUNS):
            began = time.monotonic()
            try:
                return command()
            except IntegrityError:
                # Two writers that collided would collide again if they waited equally long. How long is long
                # enough depends on what one attempt takes here.
                took = time.monotonic() - began
                time.sleep(random.uniform(0, took * (attempt + 1)))  # noqa: S311
        return command()

    def token_secret(self, token: UUID) -> str:
        """The secret of a token, in hex: nobody can compute it without the master key."""
        return hmac.digest(self._master.derive("token-secrets"), token.bytes, "sha256").hex()

    def check(self) -> None:
        """Raise where the log cannot be read."""
        self.recorder.max_notification_id()

    def derived_key(self, purpose: str) -> bytes:
        """32 bytes for one keyed use, the same in every process."""
        return self._master.derive(purpose)

    def digest(self, *parts: bytes) -> str:
        """A keyed digest of what a request asked, by which a retry is told from another request."""
        mac = hmac.new(self._master.derive("request-digests"), digestmod="sha256")
        for part in parts:
            mac.update(len(part).to_bytes(8) + part)
        return mac.hexdigest()[:32]
