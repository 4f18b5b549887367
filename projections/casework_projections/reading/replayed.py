"""Lists in which the incidents the caseload set aside are replayed from the log, not read from their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Select

from casework.domain.bars import Bar
from casework.domain.incident import Incident
from casework.domain.incident.reporting import Party
from casework.domain.vocabulary import Involvement
from casework_projections.reading.asking import Reach
from casework_projections.reading.listing import After, Filters, Involved, Listed, Listing, listed_of


class Replayed(msgspec.Struct, frozen=True):
    """An incident that a reader may see, and how a list shows it to them."""

    incident: Incident
    listed: Listed

    @property
    def people(self) -> tuple[Party, ...]:
        """The people involved; those named in the report if the reader only reported it."""
        return self.incident.submitted.people if self.listed.own else self.incident.people

    def ways_of(self, *records: UUID) -> tuple[Involvement, ...]:
        """The ways in which a person is involved under any of `records`."""
        ways = {party.involvement for party in self.people if party.person in records}
        return tuple(way for way in Involvement if way in ways)

    def matches(self, filters: Filters, now: datetime) -> bool:
        """Whether a list with these filters contains it; `listing` does the same in SQL."""
        shown, own = self.listed, self.listed.own
        due = None if own else shown.next_due_at
        return (
            all(
                getattr(filters, name) in (None, getattr(shown, name))
                for name in ("school", "kind", "state", "term")
            )
            and (filters.reported_from is None or shown.reported_at >= filters.reported_from)
            and (filters.reported_to is None or shown.reported_at <= filters.reported_to)
            and filters.overdue in (None, due is not None and due < now)
            and (filters.person is None or bool(self.ways_of(filters.person, *filters.records)))
            and (filters.assigned_to is None or (not own and filters.assigned_to in self.incident.assignees))
        )


class ListingBesideReplayed(Listing):
    """A listing without the rows that `without` selects, and with `replayed` in their place."""

    def __init__(
        self,
        connection: Connection,
        reach: Reach,
        marks: Sequence[str],
        without: Sequence[Select[Any]],
        replayed: Sequence[Replayed],
    ) -> None:
        super().__init__(connection, reach, marks, without)
        self._replayed = replayed

    def page(
        self, filters: Filters, *, now: datetime, limit: int | None = None, after: After | None = None
    ) -> tuple[list[Listed], After | None]:
        found, following = super().page(filters, now=now, limit=limit, after=after)
        for each in self._replayed:
            if each.matches(filters, now) and (after is None or _is_after(each.listed, after)):
                found.append(each.listed)
        listed = _latest_first(found)
        page = listed[:limit]
        more = following is not None or len(listed) > len(page)
        return page, After(page[-1].reported_at, page[-1].incident) if more else None

    def deadlines(self) -> list[Listed]:
        due = [each.listed for each in self._replayed if not each.listed.own and each.listed.next_due_at]
        return sorted([*super().deadlines(), *due], key=_due_at)

    def chronology(self, *records: UUID) -> list[Involved]:
        own = (Involved(each.listed, each.ways_of(*records)) for each in self._replayed)
        found = [*super().chronology(*records), *(each for each in own if each.involvements)]
        return sorted(found, key=lambda each: (each.listed.occurred_at, each.listed.incident))


def replayed_for(
    reach: Reach,
    rows: Iterable[tuple[Incident, Mapping[str, Any]]],
    bars_of: Callable[[Incident], tuple[Bar, ...]],
) -> list[Replayed]:
    """The incidents of `rows` that the user may see; each comes with the values a list shows."""
    found = []
    for incident, row in rows:
        stands = reach.standing(incident, bars_of(incident))
        if stands.knows:
            own = stands.reads_as is None
            shown = listed_of(SimpleNamespace(**{**row, "due": row["due"] or (), "own": own}))
            found.append(Replayed(incident, shown))
    return found


def _latest_first(listed: Iterable[Listed]) -> list[Listed]:
    by_id = sorted(listed, key=lambda each: each.incident)
    return sorted(by_id, key=lambda each: each.reported_at, reverse=True)


def _is_after(each: Listed, after: After) -> bool:
    if each.reported_at == after.reported_at:
        return each.incident > after.incident
    return each.reported_at < after.reported_at


def _due_at(each: Listed) -> float:
    return 0.0 if each.next_due_at is None else each.next_due_at.timestamp()
