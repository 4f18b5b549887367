"""CSV that a spreadsheet shows as text and does not evaluate."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

# A cell that starts with one of these is read as a formula (OWASP, CSV injection), also after white space.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_text(headings: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    """RFC 4180 text, every cell quoted. A text that looks like a formula is prefixed with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([[cell(value) for value in line] for line in lines])
    return out.getvalue()


def cell(value: Any) -> str:
    """A value as a cell: nothing for None, `yes` or `no`, ISO 8601 for times, numbers as they are."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    text = value.isoformat() if isinstance(value, date) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text
