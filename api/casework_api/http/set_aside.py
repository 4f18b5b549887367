"""How health and metrics show that a view set events aside."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import SQLAlchemyError

from casework_api.http import current
from casework_api.http.health import Degraded
from casework_api.http.metrics import Gauge


def check_views() -> None:
    """Raise Degraded if a view set something aside; reports are still recorded, and lists still read."""
    try:
        counts = current.services().room.views.counts_aside()
    except SQLAlchemyError as error:
        raise Degraded from error
    if counts.views:
        raise Degraded(set_aside=counts.views, unreadable=counts.unreadable)


def view_gauges() -> Sequence[Gauge]:
    """How much is set aside at present; nothing if the database cannot be read."""
    views = current.services().room.views
    try:
        counts = views.counts_aside()
    except SQLAlchemyError:
        return []
    by_view = [({"view": name}, counts.views.get(name, 0)) for name in views.names()]
    return [
        Gauge("casework_view_events_set_aside", "Events a view could not apply.", by_view),
        Gauge("casework_unreadable", "Cases and others nobody can read.", [({}, counts.unreadable)]),
    ]
