"""The cases that one user may see, from the caseload and from what it set aside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.listing import After, Filters, Listed, Listing
from casework_projections.reading.paging import Page, Part, Position, moment_and_id, position_of
from casework_projections.reading.replayed import ListingBesideReplayed, replayed_for
from casework_projections.reading.room import ReadingRoom, Shown, Snapshot


def listing(room: ReadingRoom, snapshot: Snapshot, asker: Asker) -> Listing:
    """The caseload as `asker` may see it; the snapshot is of `Views.of_cases`."""
    connection, caseload = snapshot.connection, room.views.caseload
    reach = room.admission.reach(asker, reach_of(asker, room.views.directory, connection), connection)
    marks, aside = caseload.marks_of(reach.user), snapshot.aside(caseload, room.views.recusals)
    if not aside:
        return Listing(connection, reach, marks)
    rows = caseload.rows_of(snapshot.replayed(caseload, room.views.recusals).values())
    replayed = replayed_for(reach, rows, room.admission.bars_of)
    return ListingBesideReplayed(connection, reach, marks, aside, replayed)


def page_of(room: ReadingRoom, asker: Asker, filters: Filters, part: Part, scope: Any) -> Page[Listed]:
    """A page of the cases `asker` may see. Raises Invalid."""
    after = _after(room.cursors.start(part, scope))
    with room.snapshot(*room.views.of_cases) as snapshot:
        known = listing(room, snapshot, asker)
        found, following = known.page(filters, now=asker.now, limit=part.limit, after=after)
        stale = snapshot.stale
    if following is None:
        return Page(tuple(found), None, stale)
    position = position_of(following.reported_at, following.incident)
    return Page(tuple(found), room.cursors.make(position, scope), stale)


def shown(listed: Iterable[Listed], part: str) -> tuple[Shown, ...]:
    """`part` of each incident, or "own report" if the user may see no more of it."""
    return tuple(Shown(about=each.incident, parts=("own report" if each.own else part,)) for each in listed)


def _after(position: Position | None) -> After | None:
    return None if position is None else After(*moment_and_id(position))
