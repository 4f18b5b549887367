"""The values of facts and of fields of a step, in the form in which rules compare them."""

from __future__ import annotations

from typing import Any

Scalar = str | bool | int
ValueSet = frozenset[Scalar]


def as_values(value: Any) -> ValueSet:
    """The value of a field or a fact as a set: empty for None, with one member for a single value."""
    if value is None:
        return frozenset()
    if isinstance(value, (frozenset, tuple, set)):
        return frozenset(_scalar(item) for item in value)
    return frozenset({_scalar(value)})


def _scalar(value: Any) -> Scalar:
    if isinstance(value, (bool, int)):
        return value
    return str(value) if isinstance(value, str) else repr(value)
