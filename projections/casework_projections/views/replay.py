"""Incidents and schools replayed from the log, for views whose rows are computed from whole incidents."""

from __future__ import annotations

from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Table, select

from casework.application import Casework
from casework.domain.event import Event
from casework.domain.incident import Incident, Step
from casework.domain.incident.reporting import Report
from casework.domain.playbook import Playbook
from casework.domain.school import Appointed, AppointmentEnded, School, SchoolChanged, SchoolOpened
from casework.record import Unreadable
from casework_projections.views.apart import apart, is_outage
from casework_projections.views.set_aside import loadable, replayable, set_aside
from casework_projections.views.view import Batch, Failure, Outcome, Recorded, View

A = TypeVar("A", Incident, School)

BATCH: Final = 500
"""Events in a batch, and incidents replayed at a time."""

_SCHOOL_EVENTS: Final[tuple[type[Event], ...]] = (SchoolOpened, SchoolChanged, Appointed, AppointmentEnded)


class Replay:
    """Follows the log and caches the incidents and schools in it, so that an event is replayed once.

    A cached incident may be ahead of the batch a view applies, never behind it. Its texts stay sealed, so
    the cache never holds a text whose key was destroyed.
    """

    def __init__(self, app: Casework, capacity: int = 2 * BATCH) -> None:
        self.app = app
        self._capacity = capacity
        self._incidents: OrderedDict[UUID, Incident] = OrderedDict()
        self._schools: dict[UUID, School] = {}
        self._seen = 0

    def start_for(self, position: int) -> int:
        """The position to read the log from for a view at `position`, so that the cache misses no event.

        Other processes may have moved the view further than this one has read. If it is more than a batch
        ahead, the cache is dropped instead.
        """
        if position - self._seen > BATCH:
            self.forget()
            self._seen = position
        return min(position, self._seen)

    def forget(self) -> None:
        """Drop the cache."""
        self._incidents.clear()
        self._schools.clear()

    def follow(self, records: Sequence[Recorded], upto: int) -> None:
        """Replay `records`, the log up to `upto`, onto the cache; drop what cannot be replayed."""
        for recorded in records:
            try:
                self._follow(recorded)
            except Exception as error:
                if is_outage(error):
                    raise
                # It may be half applied. A view that needs it loads it again and gets the error then.
                self._incidents.pop(recorded.aggregate, None)
                self._schools.pop(recorded.aggregate, None)
        while len(self._incidents) > self._capacity:
            self._incidents.popitem(last=False)
        self._seen = max(self._seen, upto)

    def incidents(self, ids: Iterable[UUID]) -> dict[UUID, Incident]:
        """The incidents of these ids; those not cached are read with one statement. Raises Unreadable."""
        wanted = list(ids)
        missing = [incident for incident in wanted if incident not in self._incidents]
        loaded = self.app.record.load_many(missing) if missing else {}
        self._incidents.update((key, found) for key, found in loaded.items() if isinstance(found, Incident))
        return _all_of(wanted, self._incidents)

    def schools(self, ids: Iterable[UUID]) -> dict[UUID, School]:
        """The schools of these ids; those not cached are read with one statement. Raises Unreadable."""
        wanted = set(ids)
        missing = wanted - self._schools.keys()
        loaded = self.app.record.load_many(missing) if missing else {}
        self._schools.update((key, found) for key, found in loaded.items() if isinstance(found, School))
        return _all_of(wanted, self._schools)

    def set_aside_by(self, connection: Connection, view: View) -> dict[UUID, Incident]:
        """The incidents that `view` set aside, replayed, except those that cannot be loaded from the log."""
        loaded = loadable(self.app, replayable(connection, view))
        return {key: found for key, found in loaded.items() if isinstance(found, Incident)}

    def playbook(self, incident: Incident) -> Playbook:
        """The playbook the incident is pinned to. Raises PlaybookError if one of its files is missing."""
        policy = incident.policy
        return self.app.library.playbook(policy.floor, policy.pack, policy.switches)

    def _follow(self, recorded: Recorded) -> None:
        if recorded.is_a(Step):
            self._follow_incident(recorded)
        elif recorded.is_a(*_SCHOOL_EVENTS):
            self._follow_school(recorded)

    def _follow_incident(self, recorded: Recorded) -> None:
        key, number = recorded.aggregate, recorded.stored.originator_version
        known = self._incidents.get(key)
        if known is None and number > 1:
            return
        if known is None or number == known.version + 1:
            replayed = Incident.replay([recorded.event], onto=known)
            if replayed is not None:
                self._incidents[key] = replayed
        elif number > known.version:
            del self._incidents[key]
            return
        self._incidents.move_to_end(key)

    def _follow_school(self, recorded: Recorded) -> None:
        key, number = recorded.aggregate, recorded.stored.originator_version
        known = self._schools.get(key)
        if number == (0 if known is None else known.version) + 1:
            replayed = School.replay([recorded.event], onto=known)
            if replayed is not None:
                self._schools[key] = replayed


class IncidentView(View):
    """A view whose rows are computed from whole incidents, so a row does not depend on the batches applied.

    `main` has the columns `incident` and `school`. If the rows depend on the school's calendar
    (`follows_calendar`), all rows of a school are computed again when its calendar changes.
    """

    main: ClassVar[Table]
    follows_calendar: ClassVar[bool] = True

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    @abstractmethod
    def write(self, connection: Connection, incidents: Sequence[Incident]) -> None:
        """Replace the rows of `incidents`."""

    def apply(self, connection: Connection, batch: Batch) -> None:
        self._rewrite(connection, [*self._touched(connection, batch)])

    def apply_apart(self, connection: Connection, batch: Batch) -> Outcome:
        """As `apply`, without incidents whose rows cannot be written and events that cannot be read."""
        touched: dict[UUID, Recorded] = {}
        unread = apart(
            connection,
            batch.records,
            lambda part: touched.update(self._touched(connection, batch.only(part))),
        )
        unwritten = apart(connection, [*touched], lambda ids: self._rewrite(connection, ids))
        failures = [Failure(recorded, recorded.aggregate, error) for recorded, error in unread]
        failures += [Failure(touched[incident], incident, error) for incident, error in unwritten]
        return Outcome(failures, frozenset(touched))

    def incidents_apart(self, connection: Connection) -> dict[UUID, Incident]:
        """The incidents this view set aside, replayed, except those that cannot be loaded from the log."""
        return self.replay.set_aside_by(connection, self)

    def incidents_aside(self, connection: Connection) -> frozenset[UUID]:
        """The ids of the incidents this view set aside, whether or not they can be loaded."""
        recorder = self.replay.app.log.event_recorder
        return frozenset(
            aggregate
            for aggregate in set_aside(connection, self)
            for first in recorder.select_events(aggregate, limit=1)
            if first.topic == Report.TOPIC
        )

    def _touched(self, connection: Connection, batch: Batch) -> dict[UUID, Recorded]:
        """The incidents whose rows `batch` changes, each with the last event that changes them."""
        touched = {recorded.aggregate: recorded for recorded in batch.records if recorded.is_a(Step)}
        for recorded in batch.records if self.follows_calendar else ():
            if recorded.is_a(SchoolChanged) and getattr(recorded.event, "calendar", None) is not None:
                in_it = select(self.main.c.incident).where(self.main.c.school == recorded.aggregate)
                ids = connection.scalars(in_it.order_by(self.main.c.incident))
                touched |= dict.fromkeys(ids, recorded)
        return touched

    def _rewrite(self, connection: Connection, ids: Sequence[UUID]) -> None:
        for chunk in _chunks(ids):
            self.write(connection, [*self.replay.incidents(chunk).values()])


def _all_of(ids: Iterable[UUID], known: Mapping[UUID, A]) -> dict[UUID, A]:
    """What is known of each of `ids`. Raises Unreadable if one of them could not be loaded."""
    try:
        return {each: known[each] for each in ids}
    except KeyError:
        raise Unreadable from None


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
