"""Prepare, serve, measure, print: `python -m benchmarks`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.joins import after_joins
from benchmarks.joins import table as table_of_joins
from benchmarks.load import Timings, many_clients, one_client, timed
from benchmarks.operations import HELLO, INSERT, Operation, operations
from benchmarks.pairs import measured as measured_pairs
from benchmarks.pairs import pairs
from benchmarks.pairs import table as table_of_pairs
from benchmarks.prepare import PUPILS, prepare
from benchmarks.server import make_floor_table
from benchmarks.slow_clients import beside_slow_clients
from benchmarks.slow_clients import table as table_of_slow_clients
from casework.settings import Settings
from casework_api.commands.preparing import prepare as make_tables

CLIENTS: Final = 8
FOLDER: Final = Path("var/benchmark")
MARK: Final = ".casework-benchmark"
"""A file in every folder that a benchmark has filled: no other folder may be emptied."""

_WARM_UP: Final = 10
_START_SECONDS: Final = 30
_NO_LIMIT: Final = 10_000_000


@click.command()
@click.option("--url", help="An empty PostgreSQL database, which stays filled; SQLite by default.")
@click.option("--folder", default=FOLDER, show_default=True, type=click.Path(path_type=Path))
@click.option("--incidents", default=10_000, show_default=True, type=click.IntRange(100))
@click.option("--rounds", default=100, show_default=True, type=click.IntRange(10), help="At one client.")
@click.option("--slices", default=4, show_default=True, type=click.IntRange(2), help="At eight clients.")
def main(url: str | None, folder: Path, incidents: int, rounds: int, slices: int) -> None:
    """Compare every operation with its floor. Replaces what an earlier run left in the folder."""
    make_empty(folder)
    settings = Settings(
        database_url=url or f"sqlite:///{folder.absolute()}/casework.db",
        evidence_url=f"file:{folder.absolute()}/evidence",
        master_key_file=folder.absolute() / "master.key",
        requests_per_minute=_NO_LIMIT,
    )
    now = datetime.now(UTC)
    with Bars() as bars:
        make_tables(settings)
        make_floor_table(settings.database_url)
        prepared = prepare(settings, incidents, now, bars)
        measured = operations(prepared, now)
        aimed = [operation for operation in measured if operation.aim is not None]
        with serving(settings, folder) as port:
            for operation in measured:
                for _ in range(_WARM_UP):
                    timed(port, operation)
            alone = one_client(port, measured, rounds, bars.of("1 client"))
            together = many_clients(port, measured, CLIENTS, slices, 5, bars.of(f"{CLIENTS} clients"))
            joined = after_joins(port, prepared, measured, bars.of("joins"))
            compared = pairs(prepared, now)
            of_pairs = measured_pairs(port, compared, bars.of("pairs"))
            quiet, crowded = beside_slow_clients(port, prepared, aimed, rounds, bars.of("slow clients"))
    console = Console(width=130)
    console.print(table(measured, alone, together, incidents))
    console.print(table_of_joins(joined, 4 * incidents // PUPILS))
    console.print(table_of_pairs(compared, of_pairs))
    console.print(table_of_slow_clients(aimed, quiet, crowded))


def make_empty(folder: Path) -> None:
    """Create `folder`, or delete what a benchmark left in it.

    Raises BadParameter if it holds anything else or cannot be written.
    """
    replaceable = folder == FOLDER or (folder / MARK).exists()
    try:
        if folder.exists() and any(folder.iterdir()) and not replaceable:
            raise click.BadParameter("is not empty and holds no benchmark", param_hint="--folder")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        (folder / MARK).touch()
    except OSError as error:
        raise click.BadParameter(f"cannot be used: {error.strerror}", param_hint="--folder") from None


def table(
    measured: list[Operation], alone: dict[str, Timings], together: dict[str, Timings], incidents: int
) -> Table:
    """The results; times in milliseconds, throughput in requests a second."""
    shown = Table(title=f"{incidents:,} incidents; milliseconds, and requests a second")
    shown.add_column("operation")
    for heading in (
        "median",
        "p95",
        "req/s, 1 client",
        f"req/s, {CLIENTS}",
        f"median, {CLIENTS}",
        "of floor",
    ):
        shown.add_column(heading, justify="right")
    shown.add_column("aim", justify="right")
    shown.add_column("met")
    letters = {HELLO: "(a)", INSERT: "(b)"}
    for operation in measured:
        one, many = alone[operation.name], together[operation.name]
        ratio = one.median / alone[operation.floor].median
        is_floor = operation.name in letters
        met = "" if operation.aim is None else "yes" if ratio <= operation.aim else "NO"
        shown.add_row(
            operation.name,
            f"{one.median * 1000:.2f}",
            f"{one.p95 * 1000:.2f}",
            f"{one.throughput:.0f}",
            f"{many.throughput:.0f}",
            f"{many.median * 1000:.2f}",
            "" if is_floor else f"{ratio:.1f} {letters[operation.floor]}",
            "" if operation.aim is None else f"≤ {operation.aim:g}",
            met,
        )
    return shown


@contextmanager
def serving(settings: Settings, folder: Path) -> Iterator[int]:
    """Run the measured server in processes of its own; gives its port. It logs to `folder`."""
    port = free_port()
    metrics = folder / "metrics"
    metrics.mkdir(parents=True)
    named = {f"CASEWORK_{name.upper()}": str(getattr(settings, name)) for name in settings.__struct_fields__}
    del named["CASEWORK_PLAYBOOK_FOLDER"]
    environment = {**os.environ, **named, "PROMETHEUS_MULTIPROC_DIR": str(metrics.absolute())}
    with (folder / "server.log").open("wb") as log:
        command = [sys.executable, "-m", "benchmarks.server", str(port)]
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)  # noqa: S603 - our own
    try:
        await_answer(port, server)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(_START_SECONDS)


def await_answer(port: int, server: subprocess.Popen[bytes]) -> None:
    """Return when the server accepts connections; raise if it ends or takes too long."""
    deadline = time.monotonic() + _START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise click.ClickException("the server did not start; see server.log in the folder")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class Bars(Progress):
    """A progress bar for each long task."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=Console(stderr=True))
        self._begun: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._begun:
            self._begun[what] = self.add_task(what)
        self.update(self._begun[what], completed=done, total=total)

    def of(self, what: str) -> _Bar:
        """One of the bars."""
        return _Bar(self, what)


class _Bar:
    def __init__(self, bars: Bars, what: str) -> None:
        self._bars = bars
        self._what = what

    def __call__(self, done: int, total: int) -> None:
        self._bars(self._what, done, total)


if __name__ == "__main__":
    main()
