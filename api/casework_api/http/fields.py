"""Fields and records for input: each accepts one form of JSON and never repeats what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import marshmallow as ma
from marshmallow import fields

from casework.domain.clocks import TERM_NAME
from casework.domain.fields import HIDDEN_CHARACTERS, Text
from casework.domain.limits import INT32, MOST_ITEMS, YEARS, Between, Length

_ALWAYS: Final[dict[str, Any]] = {"required": "is required", "null": "must not be null"}
# The range of years consists of whole centuries.
_CENTURIES: Final = "|".join(str(century) for century in range(YEARS.low // 100, YEARS.high // 100 + 1))
_YEARS: Final = f"from {YEARS.low} to {YEARS.high}"
_DATE: Final = rf"(?:{_CENTURIES})[0-9]{{2}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
# RFC 3339.
DAY_PATTERN: Final = f"^{_DATE}$"
MOMENT_PATTERN: Final = rf"^{_DATE}T{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,9}})?(?:Z|[+-]{_CLOCK})$"
_UUID: Final = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Without an example, a page that shows the API generates random characters from the pattern.
EXAMPLE_TEXT: Final = "in plain words"

# The same characters as in `Text.fault`, and those of them that are not white space.
_ALLOWED: Final = f"[^{HIDDEN_CHARACTERS}]"
_VISIBLE: Final = rf"[^\s{HIDDEN_CHARACTERS}]"

AnyField = fields.Field[Any]


class InputSchema(ma.Schema):
    """A JSON object without unknown fields."""

    error_messages: dict[str, str] = {  # noqa: RUF012 - marshmallow declares it so
        "type": "must be an object",
        "unknown": "is not a known field",
    }

    class Meta:
        unknown = ma.RAISE
        register = False


class Strict(fields.Field[Any]):
    """A field that accepts one form of JSON value.

    `fault` is the message if it gets another one; it never repeats the input.
    """

    documented: ClassVar[Mapping[str, Any]] = {}
    fault: ClassVar[str] = ""

    def __init__(self, *, metadata: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(metadata={**self.documented, **(metadata or {})}, error_messages=_ALWAYS, **options)

    def read(self, value: Any) -> Any:
        """The value that the JSON `value` stands for. Raises ValueError if it has another form."""
        raise NotImplementedError

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Any:
        try:
            return self.read(value)
        except ValueError:
            raise ma.ValidationError(self.fault) from None


class Flag(Strict):
    """`true` or `false`, but not a number or a string."""

    documented: ClassVar = {"type": "boolean"}
    fault: ClassVar = "must be true or false"

    def read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value


class Whole(Strict):
    """A whole number within `bounds`, or of 32 bits.

    JSON does not distinguish 3.0 from 3, and neither does JSON Schema.
    """

    documented: ClassVar = {"type": "integer", "format": "int32"}
    fault: ClassVar = "must be a whole number"

    def __init__(
        self, bounds: Between | None = None, *, metadata: Mapping[str, Any] | None = None, **options: Any
    ) -> None:
        self._bounds = bounds or INT32
        within = {"minimum": self._bounds.low, "maximum": self._bounds.high}
        super().__init__(metadata={**within, **(metadata or {})}, **options)

    def read(self, value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError
        fault = self._bounds.fault(value)
        if fault is not None:
            raise ma.ValidationError(fault)
        return value


class Words(Strict):
    """Text that is within `limits` without the white space around it."""

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
        fault = self._limits.fault(value)
        if fault is not None:
            raise ma.ValidationError(fault)
        return value.strip()


class TermName(Strict):
    """The name of a term, such as `2026-autumn`."""

    documented: ClassVar = {"type": "string", "pattern": f"^{TERM_NAME.pattern}$"}
    fault: ClassVar = "must be the name of a term, such as 2026-autumn"

    def read(self, value: Any) -> str:
        return _matching(TERM_NAME.pattern, value)


class Identifier(Strict):
    """A UUID in its usual form, with hyphens."""

    documented: ClassVar = {"type": "string", "format": "uuid"}
    fault: ClassVar = "must be a UUID"

    def read(self, value: Any) -> UUID:
        return UUID(_matching(_UUID, value))


class Moment(Strict):
    """A time in the format of RFC 3339, with its offset from UTC, in the years that the domain accepts."""

    documented: ClassVar = {
        "type": "string",
        "format": "date-time",
        "pattern": MOMENT_PATTERN,
        "examples": ["2026-09-14T10:05:00+01:00"],
    }
    fault: ClassVar = f"must be a time with an offset, such as 2026-09-14T10:05:00+01:00, {_YEARS}"

    def read(self, value: Any) -> datetime:
        return datetime.fromisoformat(_matching(MOMENT_PATTERN, value))


class Day(Strict):
    """A date in the format of RFC 3339, in the years that the domain accepts."""

    documented: ClassVar = {
        "type": "string",
        "format": "date",
        "pattern": DAY_PATTERN,
        "examples": ["2026-09-14"],
    }
    fault: ClassVar = f"must be a date such as 2026-09-14, {_YEARS}"

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
    """The word that identifies a variant."""

    def __init__(self, word: str) -> None:
        super().__init__({word: word}, required=True)
        self.word = word


class SomeFields(Strict):
    """An object whose fields depend on something else in the request, and are checked once that is known."""

    documented: ClassVar = {"type": "object", "additionalProperties": True}
    fault: ClassVar = "must be an object"

    def read(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError
        return value


class Items(fields.List[Any]):
    """A JSON array whose number of items is within `length`; no other iterable."""

    def __init__(
        self,
        item: AnyField,
        length: Length | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self._length = length or MOST_ITEMS
        super().__init__(
            item,
            error_messages={**_ALWAYS, "invalid": "must be a list"},
            metadata={"maxItems": self._length.max, **(metadata or {})},
            **options,
        )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> list[Any]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        fault = self._length.fault(value)
        if fault is not None:
            raise ma.ValidationError(fault)
        return super()._deserialize(value, attr, data, **kwargs)


class Inner(fields.Nested):
    """An object within another."""

    def __init__(self, schema: type[InputSchema], **options: Any) -> None:
        super().__init__(schema, error_messages={**_ALWAYS, "type": "must be an object"}, **options)


class OneOf(InputSchema):
    """One of several records, identified by the word in the field `TAG`."""

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
            raise ma.ValidationError({self.TAG: ["is not a known value"]})
        return variant.load(data, many=many, partial=partial, unknown=unknown)


class OneOrMany(InputSchema):
    """A record of `EACH`, or a list of 1 to `MOST` of them; loading returns one record, or a list."""

    EACH: type[OneOf]
    MOST = 100

    def load(self, data: Any, *, many: bool | None = None, partial: Any = None, unknown: Any = None) -> Any:
        each = self.EACH()
        if not isinstance(data, list):
            return each.load(data, many=many, partial=partial, unknown=unknown)
        if not 1 <= len(data) <= self.MOST:
            raise ma.ValidationError({"_schema": [f"must hold 1 to {self.MOST} items"]})
        loaded: list[Any] = []
        faults: dict[Any, Any] = {}
        for place, item in enumerate(data):
            try:
                loaded.append(each.load(item, partial=partial, unknown=unknown))
            except ma.ValidationError as error:
                faults[place] = error.messages
        if faults:
            raise ma.ValidationError(faults, data=data)
        return loaded

    def failed(self, error: ma.ValidationError) -> dict[str, Any]:
        """The first item of a list that could not be loaded: its place, and its word if that is known."""
        found = error.messages.get("json", {}) if isinstance(error.messages, dict) else {}
        places = [place for place in found if isinstance(place, int)]
        if not places:
            return {}
        sent: Any = error.data
        item, each = sent[min(places)], self.EACH
        word = item.get(each.TAG) if isinstance(item, Mapping) else None
        known = {each.TAG: word} if isinstance(word, str) and word in each.VARIANTS else {}
        return {"failed": {"index": min(places), **known}}


def text_pattern(limits: Text) -> str:
    """A regular expression, valid in ECMA 262 and in Python, for the texts that `limits` allows."""
    if limits.min < 1:
        return f"^{_ALLOWED}*$"
    if limits.min == 1:
        return f"^{_ALLOWED}*{_VISIBLE}{_ALLOWED}*$"
    return f"^{_ALLOWED}*{_VISIBLE}{_ALLOWED}{{{limits.min - 2},}}{_VISIBLE}{_ALLOWED}*$"


def _matching(pattern: str, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError
    return value
