"""What rules ask for, as it can be compared between two cases about the same people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

from casework.domain.incident.facts import Item
from casework.domain.playbook.rules import Rule

OnePerson = Callable[[UUID], UUID]
"""Returns the same record for all records of a person."""
Asked = tuple[str | None, str, UUID | None]
"""A step that is asked for, the values it must have, and the person it is about."""


def asked_of(owed: Iterable[tuple[Rule, Item | None]], one_person: OnePerson) -> set[Asked]:
    """What the rules ask for, each for the item of its group, if it has one."""
    return {
        (
            rule.step,
            repr(sorted(rule.preset.items())),
            one_person(item.value) if item is not None and isinstance(item.value, UUID) else None,
        )
        for rule, item in owed
    }
