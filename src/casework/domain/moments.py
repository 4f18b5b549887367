"""The types for the fields of structs that hold a moment or a day, and how these become JSON.

Clients test with freezegun. While it freezes time, it replaces `datetime` and `date` in every module by its
own subclasses. msgspec resolves the type of a field by name when it first needs it, and does not support
subclasses. So a field declares `Instant` or `LocalDate`, which are always classes of the standard library.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec


def _standard_class(known: type) -> Any:
    """`known`, or the class of the standard library that it is derived from."""
    return next(base for base in known.__mro__ if base.__module__ == "datetime")


# In a tuple, because freezegun replaces the attributes of modules.
_STANDARD: Final = (_standard_class(datetime), _standard_class(date))

# freezegun does not replace what is inside an `Annotated`.
if TYPE_CHECKING:
    Instant = Annotated[datetime, msgspec.Meta(tz=True)]
    LocalDate = Annotated[date, msgspec.Meta()]
else:
    Instant = Annotated[_STANDARD[0], msgspec.Meta(tz=True)]
    LocalDate = Annotated[_STANDARD[1], msgspec.Meta()]
"""`Instant` must have an offset from UTC; one without it is not decoded. `LocalDate` is a day in London."""


def standard(value: Any) -> Any:
    """A `datetime` or `date` of any subclass, as one of the standard library. An `enc_hook` of msgspec.

    Raises NotImplementedError if `value` is of any other type.
    """
    if type(value) in _STANDARD:
        return value
    as_datetime, as_date = _STANDARD
    if isinstance(value, datetime):
        day = (value.year, value.month, value.day)
        clock = (value.hour, value.minute, value.second, value.microsecond)
        return as_datetime(*day, *clock, value.tzinfo, fold=value.fold)
    if isinstance(value, date):
        return as_date(value.year, value.month, value.day)
    raise NotImplementedError(f"{type(value).__qualname__} has no JSON form")


def standardised(document: Any) -> Any:
    """A TOML document with each `datetime` and `date` in it as one of the standard library."""
    return msgspec.to_builtins(document, builtin_types=(*_STANDARD, time), enc_hook=standard)
