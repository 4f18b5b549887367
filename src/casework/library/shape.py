"""What is wrong with the structure of a file, in words for the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import inspect

from casework.library.hints import hint

_IN_WORDS: Final = {
    "str": "a text in quotes",
    "int": "a whole number",
    "float": "a number with a fraction",
    "bool": "true or false",
    "array": "a list in [ ]",
    "object": "a table { }",
    "date": "a day such as 2026-09-01",
    "datetime": "a day with a time",
}


def in_words(message: str, wanted: type, path: str) -> str:
    """The message of a `msgspec.ValidationError` about `path` of a file read as `wanted`."""
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        return f"unknown field `{found[1]}`{hint(found[1], _fields(_at(wanted, path)))}"
    if found := re.fullmatch(r"Object missing required field `(.*)`", message):
        return f"the field `{found[1]}` is missing"
    if found := re.fullmatch(r"Invalid enum value '(.*)'", message):
        return f"{found[1]!r} is not a word of this field{hint(found[1], _words(_at(wanted, path)))}"
    if found := re.fullmatch(r"Expected `(.*)`, got `(.*)`", message):
        return f"must be {_named(found[1])}, not {_named(found[2])}"
    if message == "Invalid RFC3339 encoded date":
        return f"must be {_IN_WORDS['date']}"
    return message


def enum_words(wanted: Any) -> list[str]:
    """The words that a value of the type `wanted`, or of a list of it, can be; none for free text."""
    return list(_words([inspect.type_info(wanted)]))


def _named(types: str) -> str:
    return " or ".join(_IN_WORDS.get(each, each) for each in types.split(" | ") if each != "null")


def _at(wanted: type, path: str) -> list[inspect.Type]:
    """The types that the value at `path` (`rules[0].clock.unit`) may have."""
    types = list(_alternatives(inspect.type_info(wanted)))
    for step in re.findall(r"\w+|\[", path.replace("]", "").replace("...", "0")):
        if step == "[" or step.isdigit():
            types = [part for each in types for part in _items(each)] if step == "[" else types
        else:
            types = [part for each in types for part in _field(each, step)]
    return types


def _alternatives(info: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(info, inspect.UnionType):
        for each in info.types:
            yield from _alternatives(each)
    elif isinstance(info, inspect.Metadata):
        yield from _alternatives(info.type)
    else:
        yield info


def _items(info: inspect.Type) -> Iterator[inspect.Type]:
    if isinstance(info, inspect.CollectionType):
        yield from _alternatives(info.item_type)
    elif isinstance(info, inspect.DictType):
        yield from _alternatives(info.value_type)


def _field(info: inspect.Type, name: str) -> Iterator[inspect.Type]:
    if isinstance(info, inspect.StructType):
        for field in info.fields:
            if field.encode_name == name:
                yield from _alternatives(field.type)


def _fields(types: list[inspect.Type]) -> Iterator[str]:
    for info in types:
        if isinstance(info, inspect.StructType):
            yield from (field.encode_name for field in info.fields)


def _words(types: list[inspect.Type]) -> Iterator[str]:
    for info in (part for each in types for part in _alternatives(each)):
        if isinstance(info, inspect.EnumType):
            yield from (str(word.value) for word in info.cls)
        else:
            yield from _words(list(_items(info)))
