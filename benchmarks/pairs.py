"""What more of the same costs: operations measured in turn with a simpler one, and the ratio of the two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from rich.table import Table

from benchmarks.load import Progress, Timings, one_client
from benchmarks.operations import Operation, corrections, get, notes
from benchmarks.prepare import CORRECTIONS, STEPS_OF_LONG_CASE, Prepared

STEPS_IN_LIST: Final = 36
_ROUNDS: Final = 40


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """`dear` may take at most `aim` times as long as `plain`."""

    plain: Operation
    dear: Operation
    aim: float


def pairs(prepared: Prepared, now: datetime) -> list[Pair]:
    """A long case corrected often beside one that never was, and a list of steps beside a single one."""

    def of_long_case(name: str, incident: object) -> Operation:
        request = get(f"/api/v1/incidents/{incident}", prepared.dsl_token)
        return Operation(
            name=f"GET incident of {STEPS_OF_LONG_CASE:,} steps, {name}", request=lambda: request
        )

    return [
        Pair(
            plain=of_long_case("no corrections", prepared.uncorrected),
            dear=of_long_case(f"{CORRECTIONS} corrections", prepared.corrected),
            aim=3,
        ),
        Pair(
            plain=notes(prepared, now, 1),
            dear=notes(prepared, now, STEPS_IN_LIST),
            aim=6,
        ),
        Pair(
            plain=corrections(prepared, now, 1),
            dear=corrections(prepared, now, STEPS_IN_LIST),
            aim=6,
        ),
    ]


def measured(port: int, measure: Iterable[Pair], progress: Progress) -> dict[str, Timings]:
    """All operations of the pairs, in turn, by name."""
    return one_client(port, [each for pair in measure for each in (pair.plain, pair.dear)], _ROUNDS, progress)


def table(compared: Iterable[Pair], timings: dict[str, Timings]) -> Table:
    """The results in milliseconds, and how many times as long the second of each pair takes."""
    shown = Table(title="More of the same; milliseconds")
    shown.add_column("operation")
    for heading in ("median", "p95", "ratio", "aim", "met"):
        shown.add_column(heading, justify="right")
    for pair in compared:
        plain, dear = timings[pair.plain.name], timings[pair.dear.name]
        ratio = dear.median / plain.median
        shown.add_row(pair.plain.name, *_milliseconds(plain), "", "", "")
        met = "yes" if ratio <= pair.aim else "NO"
        shown.add_row(pair.dear.name, *_milliseconds(dear), f"{ratio:.2f}", f"≤ {pair.aim:g}", met)
    return shown


def _milliseconds(timings: Timings) -> tuple[str, str]:
    return f"{timings.median * 1000:.2f}", f"{timings.p95 * 1000:.2f}"
