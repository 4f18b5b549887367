"""The form in JSON of values for some fields of a step: with the names of the step and the fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

import msgspec

from casework.domain.fields import Partial, named_fields
from casework.domain.incident.steps import STEPS, Step


def written(partial: Partial) -> dict[str, Any]:
    """The form of `partial` in JSON; its values are not converted yet."""
    kind = cast(type[Step], partial.kind)
    names = {each.name: name for name, each in _fields_of(kind).items()}
    fields = {names[attribute]: value for attribute, value in partial.values.items()}
    return {"step": kind.name(), "version": kind.VERSION, "fields": fields}


def read(form: Mapping[str, Any], read_value: Callable[[type, Any], Any]) -> Partial:
    """The values that `written` wrote; `read_value` reads those of types that msgspec does not know.

    Raises KeyError, TypeError, ValueError or a msgspec error if it has another form.
    """
    kind, fields = STEPS[form["step"]], form["fields"]
    if form["version"] != kind.VERSION:
        fields = kind.upcast(fields, form["version"])
    declared = _fields_of(kind)
    values = {
        declared[name].name: msgspec.convert(value, declared[name].type, dec_hook=read_value)
        for name, value in fields.items()
    }
    return Partial(kind, values)


def api_names(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The names that clients know of the fields of a step, by attribute."""
    names = {field.attribute: field.api_name for field in named_fields(kind)}
    path_of = kind.path_of if issubclass(kind, Step) else str
    return {attribute: path_of(f"$.{name}").removeprefix("$.") for attribute, name in names.items()}


@cache
def _fields_of(kind: type[Step]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a class of step, by their names in the log."""
    return {field.encode_name: field for field in msgspec.structs.fields(kind)}
