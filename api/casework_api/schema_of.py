"""Marshmallow schemas derived from the domain's own types, so that what a client may send is said once."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from uuid import UUID

import marshmallow as ma
import msgspec
from marshmallow import fields

from casework.domain.event import Event
from casework.domain.sealed import Sealed
from casework.domain.text import ApiName, Ref, ServerSet, Text, field_markers

EVENT_FIELDS: Final = frozenset(field.name for field in msgspec.structs.fields(Event))
"""What every event carries and casework fills in."""

_ALWAYS: Final[dict[str, Any]] = {"required": "is required", "null": "must not be null"}
_DATE: Final = r"(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
# RFC 3339; the years are those a clock can be counted in without leaving what a datetime holds.
DAY_PATTERN: Final = f"^{_DATE}$"
MOMENT_PATTERN: Final = rf"^{_DATE}T{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,9}})?(?:Z|[+-]{_CLOCK})$"
_UUID: Final = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_INT32: Final = 2**31
# Without one, a page that shows the API makes characters up from the pattern.
_EXAMPLE: Final = "in plain words"

# The same characters as in `Text.fault`, and those of them that are not white space.
_ALLOWED: Final = r"[^\x00-\x08\x0b-\x1f\x7f]"
_VISIBLE: Final = r"[^\s\x00-\x1f\x7f]"

AnyField = fields.Field[Any]
T = TypeVar("T")


class Record(ma.Schema):
    """A JSON object that takes no field but its own."""

    error_messages: dict[str, str] = {  # noqa: RUF012 - marshmallow declares it so
        "type": "must be an object",
        "unknown": "is not a known field",
    }

    class Meta:
        unknown = ma.RAISE
        register = False


class Strict(fields.Field[Any]):
    """A field that takes one form of JSON value; `fault` says which, and never what was given instead."""

    documented: ClassVar[Mapping[str, Any]] = {}
    fault: ClassVar[str] = ""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata={**self.documented, **(metadata or {})}, error_messages=_ALWAYS, **options)

    def read(self, value: Any) -> Any:
        """The value that JSON `value` stands for; ValueError where it is of another form."""
        raise NotImplementedError

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        try:
            return self.read(value)
        except ValueError:
            raise ma.ValidationError(self.fault) from None


class Flag(Strict):
    """`true` or `false`, and nothing that only looks like it."""

    documented: ClassVar = {"type": "boolean"}
    fault: ClassVar = "must be true or false"

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value


class Whole(Strict):
    """A whole number of 32 bits, within the bounds of a `msgspec.Meta` where one is declared."""

    documented: ClassVar = {"type": "integer", "format": "int32"}
    fault: ClassVar = "must be a whole number"

    def __init__(
        self, bounds: msgspec.Meta | None = None, *, metadata: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        self._low = -_INT32 if bounds is None or bounds.ge is None else int(bounds.ge)
        self._high = _INT32 - 1 if bounds is None or bounds.le is None else int(bounds.le)
        within = {"minimum": self._low, "maximum": self._high}
        super().__init__(metadata={**within, **(metadata or {})}, **options)

    def read(self, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError
        if not self._low <= value <= self._high:
            raise ma.ValidationError(f"must be from {self._low} to {self._high}")
        return value


class Words(Strict):
    """Text within `limits` once the white space around it is gone."""

    fault: ClassVar = "must be text"

    def __init__(
        self, limits: Text | None = None, *, metadata: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        self._limits = limits or Text()
        documented = {
            "type": "string",
            "pattern": text_pattern(self._limits),
            "minLength": self._limits.min,
            "maxLength": self._limits.max,
        }
        super().__init__(metadata={**documented, **(metadata or {})}, **options)

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError
        text = value.strip()
        fault = self._limits.fault(text)
        if fault is not None:
            raise ma.ValidationError(fault)
        return text


class Identifier(Strict):
    """A UUID in its usual form, with hyphens."""

    documented: ClassVar = {"type": "string", "format": "uuid"}
    fault: ClassVar = "must be a UUID"

    def read(self, value: Any) -> UUID:
        return UUID(_matching(_UUID, value))


class Moment(Strict):
    """A time as RFC 3339 writes it, with its offset from UTC, from 1900 to 2199."""

    documented: ClassVar = {
        "type": "string",
        "format": "date-time",
        "pattern": MOMENT_PATTERN,
        "examples": ["2026-09-14T10:05:00+01:00"],
    }
    fault: ClassVar = "must be a time with an offset, such as 2026-09-14T10:05:00+01:00, from 1900 to 2199"

    def read(self, value: Any) -> datetime:
        return datetime.fromisoformat(_matching(MOMENT_PATTERN, value))


class Day(Strict):
    """A date as RFC 3339 writes it, from 1900 to 2199."""

    documented: ClassVar = {
        "type": "string",
        "format": "date",
        "pattern": DAY_PATTERN,
        "examples": ["2026-09-14"],
    }
    fault: ClassVar = "must be a date such as 2026-09-14, from 1900 to 2199"

    def read(self, value: Any) -> date:
        return date.fromisoformat(_matching(DAY_PATTERN, value))


class Choice(Strict):
    """One of a few words, each standing for a value."""

    def __init__(
        self, values: Mapping[str, Any], *, metadata: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        self._values = dict(values)
        words = [*values, None] if options.get("allow_none") else [*values]
        super().__init__(metadata={"type": "string", "enum": words, **(metadata or {})}, **options)

    def read(self, value: Any) -> Any:
        if not isinstance(value, str) or value not in self._values:
            raise ma.ValidationError("must be one of: " + ", ".join(self._values))
        return self._values[value]


class Constant(Choice):
    """The one word that tells a variant from the others."""

    def __init__(self, word: str) -> None:
        super().__init__({word: word}, required=True)
        self.word = word


class Items(fields.List[Any]):
    """A JSON array, and nothing else that can be gone through."""

    def __init__(self, item: AnyField, **options: Any) -> None:
        super().__init__(item, error_messages={**_ALWAYS, "invalid": "must be a list"}, **options)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kwargs)


class Inner(fields.Nested):
    """An object within another."""

    def __init__(self, schema: type[Record], **options: Any) -> None:
        super().__init__(schema, error_messages={**_ALWAYS, "type": "must be an object"}, **options)


class OneOf(Record):
    """One of several records, told apart by the word in `TAG`."""

    TAG: str = ""
    VARIANTS: Mapping[str, ma.Schema] = {}

    def load(self, data: Any, *, many: bool | None = None, partial: Any = None, unknown: Any = None) -> Any:
        if not isinstance(data, Mapping):
            raise ma.ValidationError({"_schema": [self.error_messages["type"]]})
        if self.TAG not in data:
            raise ma.ValidationError({self.TAG: [_ALWAYS["required"]]})
        word = data[self.TAG]
        variant = self.VARIANTS.get(word) if isinstance(word, str) else None
        if variant is None:
            raise ma.ValidationError({self.TAG: ["is not one of those there are"]})
        return variant.load(data, many=many, partial=partial, unknown=unknown)


def schema_of(
    struct: type[msgspec.Struct],
    *,
    exclude: Collection[str] = (),
    extra: Mapping[str, AnyField] | None = None,
    name: str | None = None,
) -> type[Record]:
    """A schema for what a client may say of `struct`.

    Loading answers a dict of attribute name to value: texts stripped and, where declared so, `Sealed`;
    nested structs as instances; a field that was left out is left out. `exclude` names attributes that
    are not taken, beside those marked `ServerSet` and what every event carries; `extra` adds fields.
    The schema's name, and so its name in OpenAPI, is `name` or the struct's with `Input`.
    Raises TypeError where a field's type is not one that JSON input is read as.
    """
    if not extra and name is None:
        return _derived(struct, frozenset(exclude))
    return _derive(struct, frozenset(exclude), extra or {}, name or f"{struct.__name__}Input")


def one_of(name: str, variants: Mapping[str, type[Record]], *, tag: str = "step") -> type[OneOf]:
    """A schema that reads the variant which the field `tag` names: word → schema.

    Loading answers the variant's dict, with the word under `tag`. In OpenAPI the variant `seek_advice`
    of the tag `step` is called `SeekAdviceStep`.
    """

    def tagged(word: str, variant: type[Record]) -> Record:
        title = f"{word}_{tag}".title().replace("_", "")
        made: Record = type(title, (variant,), {tag: Constant(word), "Meta": variant.Meta})()
        return made

    members = {word: tagged(word, variant) for word, variant in variants.items()}
    return type(name, (OneOf,), {"TAG": tag, "VARIANTS": members})


def text_pattern(limits: Text) -> str:
    """The regular expression (in what ECMA 262 and Python share) of the texts that `limits` allows."""
    if limits.min < 1:
        return f"^{_ALLOWED}*$"
    if limits.min == 1:
        return f"^{_ALLOWED}*{_VISIBLE}{_ALLOWED}*$"
    return f"^{_ALLOWED}*{_VISIBLE}{_ALLOWED}{{{limits.min - 2},}}{_VISIBLE}{_ALLOWED}*$"


@cache
def _derived(struct: type[msgspec.Struct], exclude: frozenset[str]) -> type[Record]:
    return _derive(struct, exclude, {}, f"{struct.__name__}Input")


def _derive(
    struct: type[msgspec.Struct], exclude: frozenset[str], extra: Mapping[str, AnyField], name: str
) -> type[Record]:
    hints = get_type_hints(struct, include_extras=True)
    markers = field_markers(struct)
    inherited = EVENT_FIELDS if issubclass(struct, Event) else frozenset()
    members: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        marked = markers[field.name]
        if field.name in exclude | inherited or _first(marked, ServerSet) is not None:
            continue
        api_name = _first(marked, ApiName)
        options: dict[str, Any] = {
            "data_key": api_name.name if api_name else field.encode_name,
            "required": field.required,
            "metadata": _default(field),
        }
        members[field.name] = _field(hints[field.name], (), options)
    description = {"description": inspect.getdoc(struct)}
    return type(name, (Record,), {**members, **extra, "Meta": type("Meta", (Record.Meta,), description)})


def _field(hint: Any, markers: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _field(args[0], (*args[1:], *markers), options)
    if origin in (Union, UnionType):
        return _field(_only_present(hint), markers, {**options, "allow_none": True})
    if origin is Literal:
        return Choice({word: word for word in args}, **options)
    if origin is tuple and args[1:] == (...,):
        return Items(_item(args[0]), post_load=tuple, **options)
    if origin is frozenset:
        return _set(_item(args[0]), options)
    if isinstance(hint, type):
        for sort, make in _MAKERS.items():
            if issubclass(hint, sort):
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
        raise ma.ValidationError("must not hold the same twice")


def _words(hint: type, markers: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    limits = _first(markers, Text) or Text()
    if limits.fault(_EXAMPLE) is None:
        options = _shown(options, examples=[_EXAMPLE])
    return Words(limits, post_load=Sealed if hint is Sealed else None, **options)


def _identifier(_: type, markers: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    ref = _first(markers, Ref)
    if ref is not None:
        options = _shown(options, description=f"The id of a {' or '.join(ref.to)}.")
    return Identifier(**options)


def _nested(struct: type[msgspec.Struct], _: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    return Inner(_derived(struct, frozenset()), post_load=lambda values: struct(**values), **options)


def _choice(hint: type[Enum], _: tuple[Any, ...], options: dict[str, Any]) -> AnyField:
    return Choice({member.value: member for member in hint}, **options)


_MAKERS: Final[dict[type, Callable[[Any, tuple[Any, ...], dict[str, Any]], AnyField]]] = {
    Enum: _choice,
    bool: lambda _, __, options: Flag(**options),
    int: lambda _, markers, options: Whole(_first(markers, msgspec.Meta), **options),
    str: _words,
    Sealed: _words,
    UUID: _identifier,
    datetime: lambda _, __, options: Moment(**options),
    date: lambda _, __, options: Day(**options),
    msgspec.Struct: _nested,
}
"""How a field of each type is made; a subclass stands before its base."""


def _only_present(hint: Any) -> Any:
    present = [part for part in get_args(hint) if part is not NoneType]
    if len(present) != 1:
        raise TypeError(f"{hint!r} leaves open what is sent")
    return present[0]


def _default(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    if field.default in (msgspec.NODEFAULT, None):
        return {}
    return {"default": msgspec.to_builtins(field.default)}


def _first(markers: Iterable[Any], sort: type[T]) -> T | None:
    return next((marker for marker in markers if isinstance(marker, sort)), None)


def _matching(pattern: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError
    return value
