"""What corrections cost: a long case that was corrected often, beside one that never was."""

from __future__ import annotations

from typing import Final

from rich.table import Table

from benchmarks.load import Progress, Timings, timed
from benchmarks.operations import Operation, get
from benchmarks.prepare import CORRECTIONS, STEPS_OF_LONG_CASE, Prepared

AIM: Final = 3.0
_ROUNDS: Final = 40


def of_long_cases(port: int, prepared: Prepared, progress: Progress) -> tuple[Timings, Timings]:
    """Reads of the case without corrections and of the corrected one, in turn."""
    plain, corrected = Timings(), Timings()
    cases = [(prepared.uncorrected, plain), (prepared.corrected, corrected)]
    for done in range(_ROUNDS):
        for incident, timings in cases:
            request = get(f"/api/v1/incidents/{incident}", prepared.dsl_token)
            operation = Operation(name="GET long incident", request=lambda request=request: request)  # type: ignore[misc]
            timings.latencies.append(timed(port, operation))
        progress(done + 1, _ROUNDS)
    return plain, corrected


def table(plain: Timings, corrected: Timings) -> Table:
    """The results in milliseconds, and how many times the one the other takes."""
    shown = Table(title=f"GET incident of {STEPS_OF_LONG_CASE:,} steps; milliseconds")
    for heading in ("of them corrections", "median", "p95", "ratio", "aim", "met"):
        shown.add_column(heading, justify="right")
    ratio = corrected.median / plain.median
    shown.add_row("0", f"{plain.median * 1000:.2f}", f"{plain.p95 * 1000:.2f}", "", "", "")
    shown.add_row(
        str(CORRECTIONS),
        f"{corrected.median * 1000:.2f}",
        f"{corrected.p95 * 1000:.2f}",
        f"{ratio:.2f}",
        f"≤ {AIM:.0f}",
        "yes" if ratio <= AIM else "NO",
    )
    return shown
