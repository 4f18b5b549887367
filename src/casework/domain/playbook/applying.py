"""Since when the tests of a rule hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


def applies_since(incident: Incident, holds: Callable[[Incident], bool]) -> datetime:
    """When the last step was taken after which the tests held and went on holding, up to `incident` itself.

    Only steps that stand are looked at. Nothing is known before the report.
    """
    reported = moment = incident.first_reported_at
    since: datetime | None = None
    for before, step in incident.retold():
        since = (since or moment) if holds(before) else None
        moment = max(step.happened_at, reported, key=datetime.timestamp)
    return since or moment
