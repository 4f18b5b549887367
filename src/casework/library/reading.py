"""Reading a TOML file, with the place of whatever is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from casework.domain.moments import standardised
from casework.library.checking import Fault, PlaybookError, shape_error

T = TypeVar("T")


def document_of(path: Path) -> dict[str, Any]:
    """What a file holds. Raises PlaybookError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlaybookError(path.name, str(error)) from error
    return cast(dict[str, Any], standardised(document))


def shaped(path: Path, document: dict[str, Any], wanted: type[T]) -> T:
    """What a document says, as `wanted`. Raises PlaybookError."""
    try:
        return msgspec.convert(document, wanted)
    except msgspec.ValidationError as error:
        raise shape_error(path.name, document, error) from error


def raise_first(path: Path, faults: Iterable[Fault]) -> None:
    """Raise PlaybookError where there is a fault."""
    for rule, field, message in faults:
        raise PlaybookError(path.name, message, rule=rule, field=field)
