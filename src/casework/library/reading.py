"""Reading a TOML file; errors say where in the file the mistake is."""

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
    """The content of a TOML file. Raises PlaybookError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlaybookError(path.name, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PlaybookError(path.name, "is not text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise PlaybookError(path.name, f"is not valid TOML: {error}") from error
    return cast(dict[str, Any], standardised(document))


def shaped(path: Path, document: dict[str, Any], wanted: type[T]) -> T:
    """`document` as a value of the type `wanted`. Raises PlaybookError."""
    try:
        return msgspec.convert(document, wanted)
    except msgspec.ValidationError as error:
        raise shape_error(path.name, document, wanted, error) from error


def raise_first(path: Path, faults: Iterable[Fault]) -> None:
    """Raise PlaybookError for the first of `faults`, if there is any."""
    for rule, field, message in faults:
        raise PlaybookError(path.name, message, rule=rule, field=field)
