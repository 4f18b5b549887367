"""What another pack would have meant for a school's past incidents: to be asked before adopting it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.fields import Text
from casework.domain.incident import Incident
from casework_api.http import current
from casework_api.http.fields import Words
from casework_api.http.paging import PageQuery
from casework_api.http.problems import malformed
from casework_api.http.reader import visible
from casework_api.http.set_aside import stale_mark
from casework_api.json.incidents.listing import after_position, position_of
from casework_projections.reading.comparison import Comparison, compare
from casework_projections.reading.listing import Filters


class ComparisonQuery(PageQuery):
    """Which packs: `pack` in the place of the one each incident was judged by, or of `under`."""

    pack = Words(Text(max=100), required=True, metadata={"description": "The pack asked about."})
    under = Words(Text(max=100), metadata={"description": "Judged beside this pack instead of its own."})


class Comparisons(msgspec.Struct, frozen=True):
    """A page of the incidents that would have differed, and the cursor of the incidents that follow.

    `stale` where it may be behind the log.
    """

    items: list[Comparison]
    next: str | None
    stale: bool | UnsetType = UNSET


def comparisons(school_id: UUID, query: dict[str, Any]) -> Comparisons:
    """The incidents of one page, of those the reader may read, that would have differed."""
    app = current.casework()
    school = app.schools.read(current.reading(), school_id, Permission.COMPARE_PLAYBOOKS)
    pack, under = _edition("pack", query["pack"]), _edition("under", query.get("under"))
    scope = ["comparison", school_id, pack, under, current.user().id]
    page = current.cursors().page(query, scope)
    views = current.views()
    with views.read(views.directory, views.caseload) as connection:
        listed, following = views.caseload.known_to(visible(connection), connection).page(
            Filters(school=school.id),
            now=current.now(),
            limit=page.limit,
            after=None if page.after is None else after_position(page.after),
        )
        stale = stale_mark(connection)
    incidents = app.record.load_many(each.incident for each in listed if not each.own)
    app.keys.prefetch(incidents)
    found = []
    for incident in incidents.values():
        if isinstance(incident, Incident):
            policy = incident.policy
            ours = app.library.playbook(policy.floor, under or policy.pack)
            other = app.library.playbook(policy.floor, pack or policy.pack)
            found.append(compare(incident, ours, other, school.calendar))
    cursor = None if following is None else current.cursors().make(position_of(following), scope)
    return Comparisons([compared for compared in found if compared.differs], cursor, stale)


def _edition(field: str, pack_id: str | None) -> str | None:
    if pack_id is None:
        return None
    library = current.casework().library
    if pack_id not in library.pack_ids():
        raise malformed({field: ["is not a pack"]})
    return library.latest_pack(pack_id).edition
