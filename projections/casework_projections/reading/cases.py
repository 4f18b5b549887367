"""The list of cases a user may see, the latest reported first."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.errors import Invalid
from casework.domain.incident.connecting import Uncounted
from casework.domain.moments import Instant
from casework.domain.vocabulary import Setting, State, Stream
from casework_projections.reading.asking import Asker
from casework_projections.reading.known import page_of, shown
from casework_projections.reading.listing import Filters, Listed
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom


class ListedIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident in a list, without its narrative."""

    id: UUID
    version: int
    school: UUID
    kind: str
    state: State
    stream: Stream
    critical: bool
    setting: Setting
    platform: str | None
    occurred_at: Instant
    reported_at: Instant
    recorded_at: Instant
    closed: bool
    uncounted: Uncounted | None
    next_due_at: Instant | None


class ListCases(Question[Page[ListedIncident]], frozen=True):
    """A page of the cases that a user may see and that match `filters`."""

    NAME: ClassVar = "cases"

    filters: Filters = Filters()
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[ListedIncident]]:
        kind = self.filters.kind
        if kind is not None and kind not in room.library.kinds():
            raise Invalid.at("kind", "is not a kind of incident")
        scope = ["incidents", self.filters.asked(), asker.principal.id]
        found = page_of(room, asker, self._of_person(room, asker), self.part, scope)
        items = tuple(map(listed_incident, found.items))
        return Answer(Page(items, found.next, found.stale), shown(found.items, "listing"))

    def _of_person(self, room: ReadingRoom, asker: Asker) -> Filters:
        """The filters with the other records of the person who is asked for."""
        if self.filters.person is None:
            return self.filters
        records = room.admission.other_records(asker, self.filters.person)
        return msgspec.structs.replace(self.filters, records=records)


def listed_incident(listed: Listed) -> ListedIncident:
    """An incident as a list shows it."""
    names = ListedIncident.__struct_fields__
    shared = {name: getattr(listed, name) for name in names if hasattr(listed, name)}
    return ListedIncident(**shared, id=listed.incident, closed=listed.state is State.CLOSED)
