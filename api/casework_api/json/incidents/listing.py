"""`GET /incidents`: the filters of the list, and its pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from casework.domain.fields import Text
from casework.domain.vocabulary import State
from casework_api.http import current
from casework_api.http.fields import Choice, Identifier, Moment, TermName, Words
from casework_api.http.paging import PageQuery, Position, QueryFlag
from casework_api.http.problems import malformed
from casework_api.http.reader import visible
from casework_api.http.set_aside import stale_mark
from casework_api.json.incidents.schemas import IncidentPage, ListedIncident
from casework_projections.reading.listing import After, Filters, Listed


class IncidentQuery(PageQuery):
    """Which incidents to list; a filter that is left out asks nothing."""

    school = Identifier()
    kind = Words(Text(max=100))
    state = Choice({state.value: state for state in State})
    person = Identifier(metadata={"description": "Somebody involved."})
    overdue = QueryFlag(metadata={"description": "Whether something is overdue now."})
    assigned_to = Identifier(metadata={"description": "A user the case is assigned to."})
    term = TermName(metadata={"description": "The term of the report: `2026-autumn`."})
    reported_from = Moment()
    reported_to = Moment()


def incidents_page(query: dict[str, Any]) -> IncidentPage:
    """The page that `query` asks for, of what the reader may know of."""
    told = {name: value for name, value in query.items() if name not in ("limit", "cursor")}
    if "kind" in told and told["kind"] not in current.casework().library.kinds():
        raise malformed({"kind": ["is not a kind of incident"]})
    scope = ["incidents", told, current.user().id]
    page = current.cursors().page(query, scope)
    views = current.views()
    with views.read(views.directory, views.caseload) as connection:
        found, following = views.caseload.known_to(visible(connection), connection).page(
            Filters(**told),
            now=current.now(),
            limit=page.limit,
            after=None if page.after is None else after_position(page.after),
        )
        stale = stale_mark(connection)
    cursor = None if following is None else current.cursors().make(position_of(following), scope)
    return IncidentPage([listed_incident(each) for each in found], cursor, stale)


def listed_incident(listed: Listed) -> ListedIncident:
    """An incident as a list shows it."""
    shown = ListedIncident.__struct_fields__
    shared = {name: getattr(listed, name) for name in shown if hasattr(listed, name)}
    return ListedIncident(**shared, id=listed.incident, closed=listed.state is State.CLOSED)


def position_of(after: After) -> Position:
    """What a cursor holds of where a page ended."""
    return [after.reported_at.isoformat(), after.incident.hex]


def after_position(position: Position) -> After:
    """Where a page ended, read from its cursor."""
    reported_at, incident = position
    return After(datetime.fromisoformat(str(reported_at)), UUID(str(incident)))
