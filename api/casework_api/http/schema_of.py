"""Marshmallow schemas derived from the domain's types, so that what a client may send is defined once."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import marshmallow as ma
import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.event import Event
from casework.domain.fields import Partial, Past, Ref, ServerSet, Text, first_marker, named_fields
from casework.domain.limits import Between, Length
from casework.domain.sealed import Sealed
from casework_api.http.fields import (
    EXAMPLE_TEXT,
    AnyField,
    Choice,
    Constant,
    Day,
    Flag,
    Identifier,
    Inner,
    InputSchema,
    Items,
    Moment,
    OneOf,
    SomeFields,
    Whole,
    Words,
)

EVENT_FIELDS: Final = frozenset(field.name for field in msgspec.structs.fields(Event))
"""The fields of every event, which casework fills in."""

Example = Callable[[], Mapping[str, Any]]


def schema_of(
    struct: type[msgspec.Struct],
    *,
    exclude: Collection[str] = (),
    extra: Mapping[str, AnyField] | None = None,
    name: str | None = None,
    example: Example | None = None,
    nullable: bool = True,
) -> type[InputSchema]:
    """A schema for the fields of `struct` that a client may send.

    Loading returns a dict of attribute name to value: texts stripped and, if declared so, `Sealed`;
    nested structs as instances; fields that were not sent are absent. A field whose default is UNSET may be
    null only if its type allows None too. `exclude` names attributes that a client may not send, besides
    those marked `ServerSet` and those of every event; `extra` adds fields.
    The schema's name, also in OpenAPI, is `name`, or that of the struct with `Input`; `example` returns
    the JSON that OpenAPI shows for it. Unless it is `nullable`, no field may be null: in a change, None means
    that a field stays, and a client that sends null means to clear it.
    Raises TypeError if a field has a type that cannot be read from JSON.
    """
    if not extra and name is None and example is None and nullable:
        return _derived(struct, frozenset(exclude))
    name = name or f"{struct.__name__}Input"
    return _derive(struct, frozenset(exclude), extra or {}, name, example, nullable=nullable)


def one_of(name: str, variants: Mapping[str, type[InputSchema]], *, tag: str = "step") -> type[OneOf]:
    """A schema that loads the one of `variants` (word → schema) that the field `tag` names.

    Loading returns the variant's dict, with the word under `tag`. In OpenAPI the variant `seek_advice`
    of the tag `step` is called `SeekAdviceStep`.
    """

    def tagged(word: str, variant: type[InputSchema]) -> InputSchema:
        title = f"{word}_{tag}".title().replace("_", "")
        made: InputSchema = type(title, (variant,), {tag: Constant(word), "Meta": variant.Meta})()
        return made

    members = {word: tagged(word, variant) for word, variant in variants.items()}
    return type(name, (OneOf,), {"TAG": tag, "VARIANTS": members})


@cache
def _derived(struct: type[msgspec.Struct], exclude: frozenset[str]) -> type[InputSchema]:
    return _derive(struct, exclude, {}, f"{struct.__name__}Input")


def _derive(
    struct: type[msgspec.Struct],
    exclude: frozenset[str],
    extra: Mapping[str, AnyField],
    name: str,
    example: Example | None = None,
    *,
    nullable: bool = True,
) -> type[InputSchema]:
    hints = get_type_hints(struct, include_extras=True)
    inherited = EVENT_FIELDS if issubclass(struct, Event) else frozenset()
    members: dict[str, Any] = {}
    for field, named in zip(msgspec.structs.fields(struct), named_fields(struct), strict=True):
        if field.name in exclude | inherited or first_marker(named.markers, ServerSet) is not None:
            continue
        options: dict[str, Any] = {
            "data_key": named.api_name,
            "required": field.required,
            "metadata": _default(field),
        }
        hint = hints[field.name]
        members[field.name] = _field(hint if nullable else _without_none(hint), (), options)
    shown = {"description": inspect.getdoc(struct), "example": example}
    return type(name, (InputSchema,), {**members, **extra, "Meta": type("Meta", (InputSchema.Meta,), shown)})


def _field(hint: Any, markers: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _field(args[0], (*args[1:], *markers), options)
    if origin in (Union, UnionType):
        nullable = {"allow_none": True} if NoneType in args else {}
        return _field(_only_present(hint), markers, {**options, **nullable})
    if origin is Literal:
        return Choice({word: word for word in args}, **options)
    if origin is tuple and args[1:] == (...,):
        return Items(_item(args[0]), first_marker(markers, Length), post_load=tuple, **options)
    if origin is frozenset:
        return _set(_item(args[0]), options)
    if isinstance(hint, type):
        for base, make in _MAKERS.items():
            if issubclass(hint, base):
                return make(hint, markers, options)
    raise TypeError(f"{hint!r} cannot be read from JSON")


def _item(hint: Any) -> AnyField:
    return _field(hint, (), {"metadata": {}})


def _set(item: AnyField, options: dict[str, Any]) -> Items:
    return Items(item, validate=_no_duplicates, post_load=frozenset, **_shown(options, uniqueItems=True))


def _shown(options: dict[str, Any], **documented: Any) -> dict[str, Any]:
    return {**options, "metadata": {**documented, **options["metadata"]}}


def _no_duplicates(items: list[Any]) -> None:
    if len(set(items)) < len(items):
        raise ma.ValidationError("must not contain duplicates")


def _words(hint: type, markers: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    limits = first_marker(markers, Text) or Text()
    if limits.fault(EXAMPLE_TEXT) is None:
        options = _shown(options, examples=[EXAMPLE_TEXT])
    return Words(limits, post_load=Sealed if hint is Sealed else None, **options)


def _identifier(_: type, markers: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    ref = first_marker(markers, Ref)
    if ref is not None:
        options = _shown(options, description=f"The id of a {' or '.join(ref.to)}.")
    return Identifier(**options)


def _moment(_: type, markers: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    if first_marker(markers, Past) is not None:
        options = _shown(options, description="A time up to two minutes ahead is taken as now.")
    return Moment(**options)


def _nested(struct: type[msgspec.Struct], _: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    return Inner(_derived(struct, frozenset()), post_load=lambda values: struct(**values), **options)


def _choice(hint: type[Enum], _: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    return Choice({member.value: member for member in hint}, **options)


_MAKERS: Final[dict[type, Callable[[Any, tuple[Any, ...], dict[str, Any]], AnyField]]] = {
    Enum: _choice,
    bool: lambda _, __, options: Flag(**options),
    int: lambda _, markers, options: Whole(first_marker(markers, Between), **options),
    str: _words,
    Sealed: _words,
    UUID: _identifier,
    datetime: _moment,
    date: lambda _, __, options: Day(**options),
    msgspec.Struct: _nested,
    Partial: lambda _, __, options: SomeFields(**options),
}
"""Creates the field for each type; a subclass comes before its base class."""


def _without_none(hint: Any) -> Any:
    return _only_present(hint) if get_origin(hint) in (Union, UnionType) else hint


def _only_present(hint: Any) -> Any:
    present = [part for part in get_args(hint) if part not in (NoneType, UnsetType)]
    if len(present) != 1:
        raise TypeError(f"{hint!r} allows more than one type")
    return present[0]


def _default(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    if field.default in (msgspec.NODEFAULT, None, UNSET):
        return {}
    return {"default": msgspec.to_builtins(field.default)}
