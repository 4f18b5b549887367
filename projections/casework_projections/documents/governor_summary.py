"""A governor summary as CSV, one line per figure; hidden and missing figures are left empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from casework_projections.documents.spreadsheet import csv_text
from casework_projections.reading.governor_summary import SummaryBody


def as_csv(summary: SummaryBody) -> str:
    """A summary as CSV."""
    return csv_text(["section", "figure", "value"], _lines(summary))


def _lines(summary: SummaryBody) -> Iterator[tuple[str, str, Any]]:
    for section, value in msgspec.structs.asdict(summary).items():
        if isinstance(value, tuple):
            for number, item in enumerate(value, 1):
                yield from ((f"{section} {number}", figure, shown) for figure, shown in _flat(item))
        elif value is not UNSET:
            yield from ((section, figure, shown) for figure, shown in _flat(value))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure in `value`, with the names that lead to it."""
    within = msgspec.structs.asdict(value) if isinstance(value, msgspec.Struct) else value
    if not isinstance(within, Mapping):
        yield path, within
        return
    for name, part in within.items():
        yield from _flat(part, f"{path} {name}".strip())
