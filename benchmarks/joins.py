"""What a join of two records costs: the next read works out again who is shut out of the cases about them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from rich.table import Table

from benchmarks.load import Progress, Timings, timed
from benchmarks.operations import Operation, post
from benchmarks.prepare import Prepared

JOINS: Final = 20
AIM_MS: Final = 200
_PAGE: Final = "GET page, 25 of 10,000"
_AFTER: Final = "GET page after a join"


def after_joins(
    port: int, prepared: Prepared, measured: list[Operation], progress: Progress
) -> dict[str, Timings]:
    """The first page after each of JOINS joins of two pupils, and the page after that one."""
    page = next(each for each in measured if each.name == _PAGE)
    timings = {_AFTER: Timings(), _PAGE: Timings()}
    pairs = list(zip(prepared.pupils[::2], prepared.pupils[1::2], strict=True))[:JOINS]
    for done, pair in enumerate(pairs):
        timed(port, _join(prepared, *pair))
        for name in (_AFTER, _PAGE):
            timings[name].latencies.append(timed(port, page))
        progress(done + 1, len(pairs))
    return timings


def table(found: dict[str, Timings], cases: int) -> Table:
    """The results in milliseconds; about `cases` cases were about the two records of a pair."""
    shown = Table(title=f"After a join of two people in about {cases} cases; milliseconds")
    for heading in ("operation", "median", "p95", "aim", "met"):
        shown.add_column(heading, justify="left" if heading == "operation" else "right")
    for name, timings in found.items():
        aimed = name == _AFTER
        met = "yes" if timings.median * 1000 <= AIM_MS else "NO"
        shown.add_row(
            name,
            f"{timings.median * 1000:.2f}",
            f"{timings.p95 * 1000:.2f}",
            f"≤ {AIM_MS}" if aimed else "",
            met if aimed else "",
        )
    return shown


def _join(prepared: Prepared, one: UUID, other: UUID) -> Operation:
    body = {"person": str(other), "reason": "Both are the same child."}
    request = post(f"/api/v1/people/{one}/same-as", body, prepared.dsl_token)
    return Operation(name="POST join", request=lambda: request, status=201)
