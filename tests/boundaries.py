"""Values of the types that commands have: likely ones, and those at and beyond each limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from hypothesis import strategies as st
from msgspec import UnsetType

from casework.domain.event import Stamp
from casework.domain.fields import Partial, Ref, ServerSet, Text
from casework.domain.incident.reporting import AddNote
from casework.domain.limits import INT32, MOST_ITEMS, YEARS, Between, Length
from casework.domain.sealed import Sealed

Ids = Mapping[str, Sequence[UUID]]
"""Ids of things that exist, by type: `person`, `user`, `incident` and so on."""

NOW: Final = datetime(2026, 9, 30, 9, 0, tzinfo=UTC)
_FAR: Final = timezone(timedelta(hours=23, minutes=59))
_BACK: Final = timezone(-timedelta(hours=23, minutes=59))
MOMENTS: Final = (
    NOW,
    NOW - timedelta(days=3),
    NOW + timedelta(days=3),
    datetime(YEARS.low, 1, 1, tzinfo=_FAR),
    datetime(YEARS.low, 1, 1, tzinfo=_BACK),
    datetime(YEARS.high, 12, 31, 23, 59, 59, 999_999, tzinfo=_BACK),
    datetime(YEARS.high, 12, 31, 23, 59, 59, 999_999, tzinfo=_FAR),
    datetime.min.replace(tzinfo=_FAR),
    datetime.max.replace(tzinfo=_BACK),
    NOW.replace(tzinfo=None),
    NOW.astimezone(timezone(timedelta(minutes=1, seconds=30))),
)
_DAYS: Final = (
    NOW.date(),
    date.min,
    date(YEARS.low - 1, 12, 31),
    date(YEARS.low, 1, 1),
    date(YEARS.high, 12, 31),
    date(YEARS.high + 1, 1, 1),
    date.max,
)
_NUMBERS: Final = (0, 1, -1, 2**15 - 1, 2**15, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**70, -(2**31) - 1)
_PLAIN: Final = "A text of some length."


def likely(struct: type[msgspec.Struct], ids: Ids) -> dict[str, Any]:
    """The required fields of `struct`, each with a valid value."""
    hints = _hints(struct)
    required = (field.name for field in msgspec.structs.fields(struct) if field.required)
    return {name: _likely(hints[name], (), name, ids) for name in required if name in hints}


def beyond(struct: type[msgspec.Struct], ids: Ids) -> st.SearchStrategy[dict[str, Any]]:
    """A few fields of `struct`, each with a value at or beyond one of its limits."""
    hints = _hints(struct)
    if not hints:
        return st.just({})
    one = st.sampled_from(sorted(hints)).flatmap(
        lambda name: st.tuples(st.just(name), _beyond(hints[name], (), name, ids))
    )
    return st.lists(one, max_size=2).map(dict)


def _likely(hint: Any, markers: tuple[Any, ...], name: str, ids: Ids) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _likely(args[0], (*args[1:], *markers), name, ids)
    if origin in (Union, UnionType):
        return _likely(_present(args), markers, name, ids)
    if origin is tuple:
        return (_likely(args[0], markers, name, ids),)
    if issubclass(hint, Enum):
        return next(iter(hint))
    if issubclass(hint, msgspec.Struct):
        return hint(**likely(hint, ids))
    return _LIKELY[hint](markers, name, ids)


def _beyond(hint: Any, markers: tuple[Any, ...], name: str, ids: Ids) -> st.SearchStrategy[Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _beyond(args[0], (*args[1:], *markers), name, ids)
    if origin in (Union, UnionType):
        present = _beyond(_present(args), markers, name, ids)
        return st.one_of(st.none(), present) if NoneType in args else present
    if origin is tuple:
        most = (_first(markers, Length) or MOST_ITEMS).max
        items = st.lists(_beyond(args[0], markers, name, ids), max_size=3).map(tuple)
        many = st.sampled_from([most, most + 1]).map(lambda n: (_likely(args[0], markers, name, ids),) * n)
        return st.one_of(items, items, items, many)
    if issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if issubclass(hint, msgspec.Struct):
        changed = beyond(hint, ids)
        return changed.map(lambda fields: hint(**{**likely(hint, ids), **fields}))
    return st.sampled_from(_BEYOND[hint](markers, name, ids))


def _present(args: Sequence[Any]) -> Any:
    return next(part for part in args if part not in (NoneType, UnsetType))


def _texts(markers: tuple[Any, ...]) -> list[str]:
    limits = _first(markers, Text) or Text()
    return [
        "",
        " ",
        "x" * limits.max,
        "x" * (limits.max + 1),
        "\N{GRINNING FACE}" * limits.max,
        " " * 3 + "x" * limits.max,
        f"{_PLAIN}\x00",
        f"{_PLAIN}\ud800",
        f"{_PLAIN}\u202e",
    ]


def _numbers(markers: tuple[Any, ...]) -> list[int]:
    bounds = _first(markers, Between) or INT32
    return [bounds.low - 1, bounds.low, bounds.high, bounds.high + 1, *_NUMBERS]


def _named(markers: tuple[Any, ...], name: str, ids: Ids) -> list[UUID]:
    ref = _first(markers, Ref)
    return [known for kind in (ref.to if ref else (name,)) for known in ids.get(kind, ())] or [UUID(int=9)]


_LIKELY: Final[Mapping[type, Callable[[tuple[Any, ...], str, Ids], Any]]] = {
    bool: lambda *_: False,
    int: lambda markers, *_: max(0, (_first(markers, Between) or INT32).low),
    str: lambda *_: _PLAIN,
    Sealed: lambda *_: Sealed(_PLAIN),
    UUID: lambda *given: _named(*given)[0],
    datetime: lambda *_: NOW,
    date: lambda *_: NOW.date(),
}
_BEYOND: Final[Mapping[type, Callable[[tuple[Any, ...], str, Ids], Sequence[Any]]]] = {
    bool: lambda *_: [True, False],
    int: lambda markers, *_: _numbers(markers),
    str: lambda markers, *_: _texts(markers),
    Sealed: lambda markers, *_: [Sealed(text) for text in _texts(markers)],
    UUID: lambda *given: [*_named(*given), UUID(int=8)],
    datetime: lambda *_: MOMENTS,
    date: lambda *_: _DAYS,
    # Every step has a note, whichever the correction names.
    Partial: lambda markers, *_: [
        Partial(AddNote, {}),
        *(Partial(AddNote, {"note": Sealed(text)}) for text in _texts(markers)),
    ],
}


def _first(markers: tuple[Any, ...], kind: type[Any]) -> Any:
    return next((marker for marker in markers if isinstance(marker, kind)), None)


def _hints(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The types of the fields of `struct` that casework does not fill in itself."""
    stamped = Stamp.__struct_fields__ if issubclass(struct, Stamp) else ()
    hints = get_type_hints(struct, include_extras=True)
    return {
        name: hints[name]
        for name in struct.__struct_fields__
        if name not in stamped and _first(getattr(hints[name], "__metadata__", ()), ServerSet) is None
    }
