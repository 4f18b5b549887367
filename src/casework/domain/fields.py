"""The types of text and of reference that fields may have. A type declares its limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Final, TypeVar, get_type_hints
from uuid import UUID

import msgspec

from casework.domain import clocks
from casework.domain.embedded import embeds_file
from casework.domain.limits import INT32, MOST_ITEMS, Between, Length, day_fault, time_fault
from casework.domain.moments import Instant
from casework.domain.sealed import Sealed

M = TypeVar("M")

# Characters that hide or reorder what a reader sees: control characters except line breaks and tabs, and
# those that override the direction of writing.
HIDDEN_CHARACTERS: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069"
_CONTROL: Final = re.compile(f"[{HIDDEN_CHARACTERS}]")
# Halves of a character, which JSON cannot bring and UTF-8 cannot hold: a command line may.
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Text(msgspec.Struct, frozen=True):
    """Limits, in characters, on the length of a text without the white space around it."""

    min: int = 1
    max: int = 10_000

    def fault(self, text: str) -> str | None:
        """What is wrong with `text`, never repeating it; None if nothing is."""
        length = len(text.strip())
        if length < self.min:
            return f"must be at least {self.min} characters" if self.min > 1 else "must not be empty"
        if length > self.max:
            return f"must be at most {self.max} characters"
        if _SURROGATE.search(text):
            return "must be text that UTF-8 can hold"
        return "must not contain control characters" if _CONTROL.search(text) else None


class ServerSet(msgspec.Struct, frozen=True):
    """Marks a field that casework sets itself and never accepts from a client."""


class ApiName(msgspec.Struct, frozen=True):
    """The name of a field in the API, if it differs from the name in the log."""

    name: str


class Past(msgspec.Struct, frozen=True):
    """Marks a moment that must not be in the future, even after `synchronised`."""


class Ref(msgspec.Struct, frozen=True):
    """Marks an id, and says what it may be the id of at the same school.

    A `party` must be involved in the incident; an `adult` must not be a pupil.
    """

    to: tuple[str, ...]
    party: bool = False
    adult: bool = False


Name = Annotated[Sealed, Text(max=200)]
Short = Annotated[Sealed, Text(max=500)]
Narrative = Annotated[Sealed, Text()]
Reason = Annotated[Sealed, Text(min=10)]
Code = Annotated[str, Text(max=100)]

PastInstant = Annotated[Instant, Past()]

PartyId = Annotated[UUID, Ref(("person",), party=True)]
PersonId = Annotated[UUID, Ref(("person",))]
UserId = Annotated[UUID, Ref(("user",))]
AdultId = Annotated[UUID, Ref(("user", "person"), adult=True)]
ParentId = Annotated[UUID, Ref(("person",), adult=True)]
IncidentId = Annotated[UUID, Ref(("incident",))]
DeclarationId = Annotated[UUID, Ref(("declaration",))]


S = TypeVar("S", bound=msgspec.Struct)


class Partial:
    """Values for some of the fields of a record of type `kind`, by attribute."""

    __slots__ = ("kind", "values")

    def __init__(self, kind: type[msgspec.Struct], values: Mapping[str, Any]) -> None:
        self.kind = kind
        self.values = dict(values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Partial) and (self.kind, self.values) == (other.kind, other.values)

    def __hash__(self) -> int:
        return hash((self.kind, *sorted(self.values)))

    def on(self, record: S) -> S:
        """`record` with these values in place of its own."""
        return msgspec.structs.replace(record, **self.values)


class Leaf(msgspec.Struct, frozen=True, gc=False):
    """One value in a record at any depth, its JSON path, and the markers that its field declares."""

    path: str
    value: Any
    markers: tuple[Any, ...]

    @property
    def text(self) -> str | None:
        """The value as a text, sealed or not; None if it is not a text."""
        if isinstance(self.value, Sealed):
            return self.value.text
        return self.value if isinstance(self.value, str) else None


@cache
def field_markers(struct: type[msgspec.Struct]) -> dict[str, tuple[Any, ...]]:
    """The markers declared on each field of `struct`, by attribute name, including nested `Annotated`."""
    hints = get_type_hints(struct, include_extras=True)
    return {field.name: _markers(hints[field.name]) for field in msgspec.structs.fields(struct)}


def _markers(hint: Any) -> tuple[Any, ...]:
    own = getattr(hint, "__metadata__", ())
    inner = (marker for part in getattr(hint, "__args__", ()) for marker in _markers(part))
    return (*own, *inner)


def first_marker(markers: Iterable[Any], kind: type[M]) -> M | None:
    """The first of `markers` that is a `kind`; None if there is none."""
    for marker in markers:
        if isinstance(marker, kind):
            return marker
    return None


class NamedField(msgspec.Struct, frozen=True):
    """A field: its attribute, its name in the API, and the markers it declares."""

    attribute: str
    api_name: str
    markers: tuple[Any, ...]


@cache
def named_fields(struct: type[msgspec.Struct]) -> tuple[NamedField, ...]:
    """The fields of `struct`, in order."""
    # Cached, because resolving the type hints of a class takes longer than storing an event.
    markers = field_markers(struct)
    names = {
        name: next((marker.name for marker in found if isinstance(marker, ApiName)), None)
        for name, found in markers.items()
    }
    return tuple(
        NamedField(field.name, names[field.name] or field.encode_name, markers[field.name])
        for field in msgspec.structs.fields(struct)
    )


def leaves(record: msgspec.Struct) -> list[Leaf]:
    """Every value in `record` and in the records within it, by the paths a client knows."""
    return [leaf for leaf in values_of(record) if not isinstance(leaf.value, tuple)]


def values_of(record: msgspec.Struct) -> list[Leaf]:
    """Every value in `record` and in the records within it; a list comes before its items."""
    # Collected in one list, because nested generators were slow.
    found: list[Leaf] = []
    _collect(record, "$", found)
    return found


def _collect(record: msgspec.Struct, path: str, found: list[Leaf]) -> None:
    for field in named_fields(type(record)):
        value = getattr(record, field.attribute)
        if value is not None:
            _collect_value(value, f"{path}.{field.api_name}", field.markers, found)


def _collect_partial(partial: Partial, path: str, found: list[Leaf]) -> None:
    for field in named_fields(partial.kind):
        value = partial.values.get(field.attribute)
        if value is not None:
            _collect_value(value, f"{path}.{field.api_name}", field.markers, found)


def _collect_value(value: Any, path: str, markers: tuple[Any, ...], found: list[Leaf]) -> None:
    if isinstance(value, msgspec.Struct):
        _collect(value, path, found)
        return
    if isinstance(value, Partial):
        _collect_partial(value, path, found)
        return
    found.append(Leaf(path, value, markers))
    if isinstance(value, tuple):
        for place, item in enumerate(value):
            _collect_value(item, f"{path}[{place}]", markers, found)


def synchronised(record: S, now: datetime) -> S:
    """`record` with `clocks.synchronised` applied to each `PastInstant` in it, at any depth."""
    changed = {
        field.attribute: _synchronised(getattr(record, field.attribute), field.markers, now)
        for field in named_fields(type(record))
    }
    return msgspec.structs.replace(record, **changed)


def _synchronised(value: Any, markers: tuple[Any, ...], now: datetime) -> Any:
    if isinstance(value, msgspec.Struct):
        return synchronised(value, now)
    if isinstance(value, datetime) and _is_past(markers):
        return clocks.synchronised(value, now)
    return value


def _is_past(markers: tuple[Any, ...]) -> bool:
    return first_marker(markers, Past) is not None


def texts(record: msgspec.Struct) -> Iterator[str]:
    """Every text in `record`, sealed or not."""
    for leaf in leaves(record):
        text = leaf.text
        if text is not None:
            yield text


def record_faults(record: msgspec.Struct) -> dict[str, str]:
    """What is wrong with the values of a record that is no step: nor may any text of it carry a file."""
    values = values_of(record)
    carrying = {leaf.path: "must not carry a file" for leaf in values if embeds_file(leaf.text or "")}
    return carrying | text_faults(values) | limit_faults(values)


def text_faults(values: Iterable[Leaf]) -> dict[str, str]:
    """What is wrong with the texts among `values`: message by JSON path."""
    faults = {}
    for leaf in values:
        limits = None if leaf.text is None else first_marker(leaf.markers, Text)
        if limits is not None:
            fault = limits.fault(leaf.text or "")
            if fault:
                faults[leaf.path] = fault
    return faults


def moment_faults(values: Iterable[Leaf], now: datetime) -> dict[str, str]:
    """A message for each `PastInstant` among `values` that is after `now`, by JSON path."""
    return {leaf.path: "is in the future" for leaf in values if _is_past(leaf.markers) and leaf.value > now}


def limit_faults(values: Iterable[Leaf]) -> dict[str, str]:
    """What is wrong with the numbers, dates, times, codes and lists among `values`: message by JSON path.

    Each has a limit, whether its field declares one or not: the tables computed from a record hold no more.
    """
    checked = ((leaf.path, limit_fault(leaf.value, leaf.markers)) for leaf in values)
    return {path: fault for path, fault in checked if fault is not None}


def limit_fault(value: Any, markers: tuple[Any, ...] = ()) -> str | None:
    """What is wrong with one value of a field with `markers`, never repeating it; None where nothing is."""
    match value:
        case int():
            return (first_marker(markers, Between) or INT32).fault(value)
        case datetime():
            return time_fault(value)
        case date():
            return day_fault(value)
        case str():
            return _length_fault(value, first_marker(markers, Text))
        case tuple():
            return (first_marker(markers, Length) or MOST_ITEMS).fault(value)
        case _:
            return None


def _length_fault(text: str, limits: Text | None) -> str | None:
    # Of a text that is not sealed, the white space around it is kept too.
    beyond = limits is not None and len(text) > limits.max
    return f"must be at most {limits.max} characters" if limits and beyond else None
