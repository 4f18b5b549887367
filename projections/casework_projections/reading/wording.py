"""Steps in words: the fields a client knows, and a plain sentence for the reader of an audit trail."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.clocks import LONDON
from casework.domain.fields import NamedField, Partial, named_fields
from casework.domain.incident import Step
from casework.domain.incident.partial import api_names
from casework.domain.sealed import Sealed

Names = Mapping[UUID, Sealed]
"""The names of people and users that a reader may see, by id."""

Fields = Mapping[str, Any]
"""The fields a step was taken with, by the names a client knows, unsealed."""

# The person who reported in confidence is sealed separately and never shown with a step.
_NEVER_SHOWN: Final = frozenset({"reporter"})
_NOT_DESCRIBED: Final = frozenset({"school", "policy"})
_REASONS: Final = ("reason", "rationale", "why_not")


def own_fields(step: Step, hidden: Collection[UUID] = ()) -> dict[str, Any]:
    """The fields of this class of step that not every step has, by the names a client knows, unsealed.

    Without the ids in `hidden`.
    """
    shown = {field.api_name: _plain(getattr(step, field.attribute)) for field in _shown_fields(type(step))}
    return dict(_without(hidden, shown)) if hidden else shown


@cache
def _shown_fields(step: type[Step]) -> tuple[NamedField, ...]:
    left_out = {*Step.__struct_fields__, *_NEVER_SHOWN}
    return tuple(field for field in named_fields(step) if field.attribute not in left_out)


def reason_of(fields: Fields) -> str | None:
    """The reason a step gives, from the fields it was taken with."""
    return next((fields[name] for name in _REASONS if fields.get(name) is not None), None)


def described(step: str, fields: Fields, note: str | None, names: Names) -> str:
    """What was done, as `Save evidence: form screenshot; description …`, without the reason for it."""
    left_out = {*_REASONS, *_NOT_DESCRIBED}
    shown = {name: value for name, value in fields.items() if name not in left_out} | {"note": note}
    details = "; ".join(f"{_words(name)} {text}" for name, text in _texts(shown, names))
    return _words(step).capitalize() + (f": {details}" if details else "")


def _without(hidden: Collection[UUID], value: Any) -> Any:
    def is_shown(each: Any) -> bool:
        return not isinstance(each, UUID) or each not in hidden

    if isinstance(value, dict):
        return {name: _without(hidden, each) for name, each in value.items() if is_shown(each)}
    if isinstance(value, list):
        return [_without(hidden, each) for each in value if is_shown(each)]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.text
    if isinstance(value, Partial):
        names = api_names(value.kind)
        return {names[attribute]: _plain(each) for attribute, each in value.values.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, msgspec.Struct):
        fields = named_fields(type(value))
        return {field.api_name: _plain(getattr(value, field.attribute)) for field in fields}
    return value


def _texts(fields: Mapping[str, Any], names: Names) -> Iterator[tuple[str, str]]:
    return ((name, _text(value, names)) for name, value in fields.items() if value not in (None, [], ""))


def _text(value: Any, names: Names) -> str:
    match value:
        case UUID():
            return names[value].text if value in names else str(value)
        case dict():
            return "(" + ", ".join(f"{_words(name)} {text}" for name, text in _texts(value, names)) + ")"
        case list():
            return ", ".join(_text(item, names) for item in value)
        case _:
            return _plain_text(value)


def _plain_text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value.astimezone(LONDON):%d %b %Y %H:%M}"
        case date():
            return f"{value:%d %b %Y}"
        case _:
            return str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")
