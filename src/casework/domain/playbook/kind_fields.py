"""The fields that only some kinds of incident have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident
    from casework.domain.incident.steps import Step
    from casework.domain.playbook.floor import KindOfIncident

KIND_FIELDS: Final = ("direction",)
"""The fields of a report that only some kinds have."""


def kind_faults(kinds: Mapping[str, KindOfIncident], incident: Incident, step: Step) -> dict[str, str]:
    """What is wrong with the kind that a step names, and with the fields that this kind requires."""
    named = getattr(step, "kind", None)
    if named is None:
        return {}
    kind = kinds.get(named)
    if kind is None:
        return {"$.kind": "is not a kind of incident"}
    given = {field for field in KIND_FIELDS if getattr(step, field, None) or getattr(incident, field)}
    missing = {f"$.{field}": "is required for this kind" for field in kind.requires if field not in given}
    surplus = {
        f"$.{field}": "does not belong to this kind"
        for field in KIND_FIELDS
        if getattr(step, field, None) and field not in kind.requires
    }
    return missing | surplus
