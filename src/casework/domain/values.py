"""The values that facts about an incident and fields of a step have, as rules compare them."""

from __future__ import annotations

from typing import Any

Scalar = str | bool | int
ValueSet = frozenset[Scalar]


def as_values(value: Any) -> ValueSet:
    """A field's or a fact's value as a set: empty for None, of one for a single value."""
    if value is None:
        return frozenset()
    if isinstance(value, (frozenset, tuple, set)):
        return frozenset(_scalar(item) for item in value)
    return frozenset({_scalar(value)})


def _scalar(value: Any) -> Scalar:
    if isinstance(value, (bool, int)):
        return value
    return str(value) if isinstance(value, str) else repr(value)
