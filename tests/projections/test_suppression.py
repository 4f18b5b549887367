"""No hidden number can be worked out: checked by trying every number consistent with what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework_projections.reading.suppression import (
    SMALL,
    THRESHOLD,
    Count,
    shown_count,
    shown_halves,
    shown_median,
    shown_table,
)

COUNTS = st.one_of(st.integers(0, 6), st.integers(0, 40))
TABLES = st.dictionaries(st.sampled_from("abcdefgh"), COUNTS, max_size=8)
STATES = ("reported", "evidence_saved", "parent_invited", "escalated", "debriefed")


def numbers(shown: Count, most: int) -> set[int]:
    """The numbers that a shown cell may stand for."""
    if shown is None:
        return set(range(most + 1))
    return {shown} if isinstance(shown, int) else set(range(1, THRESHOLD))


def sums(sets: Sequence[set[int]]) -> set[int]:
    """The sums of one number from each set."""
    found = {0}
    for each in sets:
        found = {total + number for total in found for number in each}
    return found


def candidates(cells: Mapping[str, set[int]], totals: set[int]) -> dict[str, set[int]]:
    """For each cell, the numbers that add up to one of `totals` with some numbers of the others."""
    return {
        name: {
            number
            for number in own
            if sums([cells[other] for other in cells if other != name]) & {total - number for total in totals}
        }
        for name, own in cells.items()
    }


@given(TABLES)
def test_no_hidden_cell_of_a_table_can_be_worked_out(cells: dict[str, int]) -> None:
    total = sum(cells.values())
    table = shown_table(cells)

    assert table.keys() == cells.keys()
    for name, shown in table.items():
        if isinstance(shown, int):
            assert shown == cells[name]
            assert not 0 < shown < THRESHOLD
        elif shown == SMALL:
            assert 0 < cells[name] < THRESHOLD
    behind = {name: numbers(shown, total) for name, shown in table.items()}
    found = candidates(behind, numbers(shown_count(total), total))
    assert all(len(found[name]) > 1 for name, shown in table.items() if not isinstance(shown, int))


@given(TABLES)
def test_no_more_cells_are_hidden_than_needed(cells: dict[str, int]) -> None:
    table = shown_table(cells)
    if not any(0 < count < THRESHOLD for count in cells.values()):
        assert table == cells


@given(st.lists(COUNTS, min_size=5, max_size=5), COUNTS)
def test_neither_half_reveals_the_other_or_a_part(counts: list[int], closed: int) -> None:
    parts = dict(zip(STATES, counts, strict=True))
    total = sum(counts) + closed
    half, table = shown_halves(parts, "closed", closed)

    behind = {name: numbers(shown, total) for name, shown in table.items()}
    halves = numbers(half, total) & sums([behind[name] for name in STATES])
    top = candidates({"open": halves, "closed": behind["closed"]}, numbers(shown_count(total), total))
    below = candidates({name: behind[name] for name in STATES}, top["open"])
    found = {**below, **top}
    shown: dict[str, Count] = {**table, "open": half}
    truth = {**parts, "closed": closed, "open": sum(counts)}
    for name, value in shown.items():
        if isinstance(value, int):
            assert value == truth[name]
            assert not 0 < value < THRESHOLD
        else:
            assert len(found[name]) > 1, name


LARGE = st.one_of(st.just(0), st.integers(THRESHOLD, 40))


@given(st.lists(LARGE, min_size=5, max_size=5), LARGE)
def test_halves_without_small_cells_are_shown_in_full(counts: list[int], closed: int) -> None:
    parts = dict(zip(STATES, counts, strict=True))
    assert shown_halves(parts, "closed", closed) == (sum(counts), {**parts, "closed": closed})


@pytest.mark.parametrize(
    ("cells", "table"),
    [
        ({"a": 0, "b": 7}, {"a": 0, "b": 7}),
        ({"a": 3, "b": 9, "c": 0}, {"a": SMALL, "b": None, "c": 0}),
        ({"a": 3, "b": 9, "c": 6}, {"a": SMALL, "b": 9, "c": None}),
        ({"a": 3, "b": 2, "c": 7}, {"a": SMALL, "b": SMALL, "c": 7}),
        ({"a": 1, "b": 1, "c": 10}, {"a": SMALL, "b": SMALL, "c": None}),
        ({"a": 4, "b": 4, "c": 0}, {"a": None, "b": None, "c": None}),
        ({"a": 1, "b": 1, "c": 1, "d": 1}, {"a": None, "b": None, "c": None, "d": None}),
        ({"a": 1, "b": 5}, {"a": None, "b": None}),
        ({"a": 1, "b": 5, "c": 10}, {"a": SMALL, "b": None, "c": None}),
        ({"a": 3}, {"a": SMALL}),
        ({}, {}),
    ],
)
def test_a_table_hides_small_cells_and_cells_that_reveal_them(
    cells: dict[str, int], table: dict[str, Count]
) -> None:
    assert shown_table(cells) == table


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, SMALL), (4, SMALL), (5, 5), (12, 12)])
def test_a_count_from_one_to_four_is_shown_as_a_small_number(count: int, shown: int | str) -> None:
    assert shown_count(count) == shown


@given(st.lists(st.floats(0, 10_000), max_size=12))
def test_a_median_is_shown_only_for_five_or_more_values(values: list[float]) -> None:
    if len(values) < THRESHOLD:
        assert shown_median(values) is None
    else:
        assert shown_median(values) == round(median(values), 1)
