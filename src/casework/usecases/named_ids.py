"""Checking the ids in a command: each must be of the type that its field names, at the same school."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.errors import refuse_any
from casework.domain.fields import Leaf, Ref, leaves
from casework.domain.incident import Incident
from casework.domain.person import Person
from casework.domain.registers.declaration import Declaration
from casework.domain.school import School
from casework.domain.user import User

_TYPES: dict[str, type[Aggregate]] = {
    "person": Person,
    "user": User,
    "incident": Incident,
    "declaration": Declaration,
}


def named_ids(record: msgspec.Struct) -> list[tuple[Leaf, Ref]]:
    """Every id in `record` that refers to something, and the types that its field allows."""
    return [(leaf, marker) for leaf in leaves(record) for marker in leaf.markers if isinstance(marker, Ref)]


def check_ids(
    found: dict[UUID, Aggregate],
    ids: Iterable[tuple[Leaf, Ref]],
    school: School,
    incident: Incident | None = None,
) -> None:
    """Raise Invalid, naming each field whose id is not of an allowed type at `school`."""
    faults: dict[str, str] = {}
    for leaf, ref in ids:
        thing = found.get(leaf.value)
        if not any(_is_at(thing, _TYPES[name], school) for name in ref.to):
            faults[leaf.path] = f"names no {' or '.join(ref.to)} of this school"
        elif ref.party and incident is not None and not incident.is_party(leaf.value):
            faults[leaf.path] = "is not involved in this incident"
        elif ref.adult and isinstance(thing, Person) and thing.category.is_or_was_pupil:
            faults[leaf.path] = "is or was a pupil"
    refuse_any(faults)


def _is_at(thing: Aggregate | None, expected: type[Aggregate], school: School) -> bool:
    if not isinstance(thing, expected):
        return False
    if isinstance(thing, User):
        return school.has_appointed(thing.id)
    return bool(getattr(thing, "school", None) == school.id)
