"""The types that fields of structs declare for a moment and for a day, and their values in JSON.

Clients test with freezegun. While it freezes time, `datetime` and `date` are subclasses of its own in every
module. msgspec resolves the type of a field by its name, when it first needs it, and supports no subclass.
So a field declares `Instant` or `LocalDate`, which are always the classes of the standard library.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec


def _standard_class(known: type) -> Any:
    """`known`, or the class of the standard library it is derived from."""
    return next(base for base in known.__mro__ if base.__module__ == "datetime")


# In a tuple: freezegun replaces the attributes of modules.
_STANDARD: Final = (_standard_class(datetime), _standard_class(date))

# freezegun does not look into an `Annotated` either.
if TYPE_CHECKING:
    Instant = Annotated[datetime, msgspec.Meta(tz=True)]
    LocalDate = Annotated[date, msgspec.Meta()]
else:
    Instant = Annotated[_STANDARD[0], msgspec.Meta(tz=True)]
    LocalDate = Annotated[_STANDARD[1], msgspec.Meta()]
"""`Instant` has an offset from UTC: a moment without one is not decoded. `LocalDate` is a day in London."""


def standard(value: Any) -> Any:
    """`value`, a `datetime` or `date` or of a subclass, as the standard library's; an `enc_hook` of msgspec.

    Raises NotImplementedError for a value of any other type.
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
    """A TOML document with each `datetime` and `date` in it as the standard library's."""
    return msgspec.to_builtins(document, builtin_types=(*_STANDARD, time), enc_hook=standard)
