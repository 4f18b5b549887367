"""What a step says of people as they were when it was taken, which a correction does not bring up to date."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from casework.domain.incident import Step
from casework.domain.incident.reporting import Report

_AS_IT_WAS: Final = ("left", "stands_for")
"""Whether somebody had left the school, and whose parent they were recorded as."""
_NAMING: Final = ("person", "as_")


def as_it_was(standing: Step | None, form: Step, filled: dict[str, Any]) -> dict[str, Any]:
    """`filled`, with what `standing` says of people that its new `form` still names."""
    if isinstance(standing, Report) and isinstance(form, Report):
        then = {party.as_named: party for party in standing.people}
        people = tuple(_like(party, then.get(party.as_named)) for party in filled["people"])
        return {**filled, "people": people}
    if any(getattr(standing, name, None) != getattr(form, name, None) for name in _NAMING):
        return filled
    return {name: value for name, value in filled.items() if name not in _AS_IT_WAS}


def _like(party: Any, then: Any) -> Any:
    if then is None:
        return party
    return msgspec.structs.replace(party, **{name: getattr(then, name) for name in _AS_IT_WAS})
