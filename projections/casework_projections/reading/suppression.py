"""Hides small numbers, and every number from which a hidden one could be worked out.

A count of 1 to 4 is shown as `<5`, which reveals that it lies between 1 and 4. A number hidden to
protect another is shown as null, which reveals nothing. A table is safe when, from all that is shown and
from its total, every hidden number could still be more than one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final, Literal

THRESHOLD: Final = 5
SMALL: Final = "<5"
UNBOUNDED: Final = 10**9

Count = int | Literal["<5"] | None
"""A number as it is shown: itself, `<5`, or null if it is hidden to protect another."""
Range = tuple[int, int]


def shown_count(count: int) -> int | Literal["<5"]:
    """A count that stands alone: `<5` for 1 to 4, else the count itself."""
    return SMALL if 0 < count < THRESHOLD else count


def shown_table(cells: Mapping[str, int], also_hidden: Sequence[str] = ()) -> dict[str, Count]:
    """A table of counts whose total is shown beside it (as `<5` if it is small).

    If the small cells could be worked out, the next smallest cell that is not zero becomes null; if no
    such cell is left, the whole table becomes null. Cells of `also_hidden` that are not zero are always
    hidden.
    """
    total = sum(cells.values())
    hidden = {name for name, count in cells.items() if count and (count < THRESHOLD or name in also_hidden)}
    spare = sorted(
        (name for name, count in cells.items() if count and name not in hidden), key=cells.__getitem__
    )
    while True:
        table = {name: _shown(count, name in hidden) for name, count in cells.items()}
        if is_safe(table, known(shown_count(total)), complement=(THRESHOLD, UNBOUNDED)):
            return table
        if not spare:
            return dict.fromkeys(cells)
        hidden.add(spare.pop(0))


def shown_halves(parts: Mapping[str, int], other: str, count: int) -> tuple[Count, dict[str, Count]]:
    """How many are in any of `parts`, and the table of all parts with `other` (`count`) among them.

    For a total of two halves of which one is also shown in parts: nothing hidden in the table can be
    worked out from the half, and the reverse. The total is shown beside both.
    """
    half = sum(parts.values())
    table = shown_table({**parts, other: count}, also_hidden=[other] if 0 < half < THRESHOLD else [])
    is_shown = isinstance(table[other], int) or half < THRESHOLD
    shown_half: Count = shown_count(half) if is_shown else None
    if _halves_are_safe(table, other, shown_half, known(shown_count(half + count))):
        return shown_half, table
    return None, dict.fromkeys(table)


def is_safe(table: Mapping[str, Count], total: Range, complement: Range = (0, UNBOUNDED)) -> bool:
    """Whether no hidden cell can be worked out, if `total` is known to lie in a range.

    `complement` is the range in which a reader expects a null to lie.
    """
    parts = possible([known(cell, complement) for cell in table.values()], total)
    return all(_is_open(cell, part) for cell, part in zip(table.values(), parts, strict=True))


def known(cell: Count, complement: Range = (0, UNBOUNDED)) -> Range:
    """The range in which a reader knows a number to lie, from how it is shown."""
    if cell is None:
        return complement
    return (cell, cell) if isinstance(cell, int) else (1, THRESHOLD - 1)


def possible(parts: Sequence[Range], total: Range) -> list[Range]:
    """The ranges of the parts, narrowed to what is possible if they add up to a `total` in a range."""
    lowest, highest = sum(low for low, _ in parts), sum(high for _, high in parts)
    return [
        (max(low, total[0] - (highest - high)), min(high, total[1] - (lowest - low))) for low, high in parts
    ]


def shown_median(values: Sequence[float]) -> float | None:
    """The median to one decimal place; None for fewer than five values."""
    return None if len(values) < THRESHOLD else round(median(values), 1)


def _halves_are_safe(table: Mapping[str, Count], other: str, half: Count, total: Range) -> bool:
    """Whether nothing hidden can be worked out by adding up the parts and then the two halves."""
    parts = {name: known(cell) for name, cell in table.items() if name != other}
    sums = sum(low for low, _ in parts.values()), sum(high for _, high in parts.values())
    limits = known(half)
    half_range, other_range = possible(
        [(max(sums[0], limits[0]), min(sums[1], limits[1])), known(table[other])], total
    )
    narrowed = zip(parts, possible([*parts.values()], half_range), strict=True)
    return (
        _is_open(half, half_range)
        and _is_open(table[other], other_range)
        and all(_is_open(table[name], part) for name, part in narrowed)
    )


def _is_open(cell: Count, within: Range) -> bool:
    return isinstance(cell, int) or within[0] < within[1]


def _shown(count: int, hidden: bool) -> Count:
    if not hidden:
        return count
    return SMALL if count < THRESHOLD else None
