"""No cell of a CSV file is a formula in a spreadsheet, and every cell can be read back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework_projections.documents.spreadsheet import cell, csv_text

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (-3, "-3"),
        (1.5, "1.5"),
        (date(2026, 9, 14), "2026-09-14"),
        (datetime(2026, 9, 14, 9, 20, tzinfo=UTC), "2026-09-14T09:20:00+00:00"),
        ("plain", "plain"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  =1", "'  =1"),
        ("-2+3", "'-2+3"),
        ("", ""),
    ],
)
def test_cells_are_escaped(value: Any, written: str) -> None:
    assert cell(value) == written


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"])), min_size=1, max_size=5))
def test_no_text_starts_like_a_formula(texts: list[str]) -> None:
    written = csv_text([str(place) for place, _ in enumerate(texts)], [texts])
    _, line = csv.reader(io.StringIO(written, newline=""))
    assert [read.removeprefix("'") for read in line] == [text.removeprefix("'") for text in texts]
    assert not [read for read in line if read.lstrip().startswith(FORMULAS) or read.startswith(FORMULAS)]
