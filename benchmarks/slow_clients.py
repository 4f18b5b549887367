"""The effect of slow clients: how long requests take with twenty of each kind, and without them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

import msgspec
from rich.table import Table

from benchmarks.load import Progress, Timings, timed
from benchmarks.operations import Operation
from benchmarks.prepare import Prepared

EACH: Final = 20
MOST_TIMES_QUIET: Final = 3
_SLICES: Final = 4
_DRIP_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 30
_BOUNDARY: Final = "benchmark"


class SlowKind(msgspec.Struct, frozen=True):
    """What a slow client sends first, and what it then sends repeatedly; nothing if `drip` is empty."""

    name: str
    opening: bytes
    drip: bytes = b""

    @property
    def is_whole(self) -> bool:
        return not self.drip


def slow_kinds(prepared: Prepared) -> list[SlowKind]:
    """Half a header block, half a body, a slow upload, and a connection that stays idle."""
    host = "Host: 127.0.0.1\r\n"
    authorised = f"{host}Authorization: Bearer {prepared.dsl_token}\r\n"
    evidence = f"/api/v1/incidents/{prepared.long_incident}/evidence"
    return [
        SlowKind("half a header", f"GET /health/live HTTP/1.1\r\n{host}X-Slow: ".encode(), b"a"),
        SlowKind(
            "half a body",
            f"POST /api/v1/incidents HTTP/1.1\r\n{authorised}"
            'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"summary": "'.encode(),
            b"a",
        ),
        SlowKind(
            "a slow upload",
            f"POST {evidence} HTTP/1.1\r\n{authorised}If-Match: *\r\n"
            f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nContent-Length: 20000000\r\n\r\n"
            f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode(),
            b"a line of text \n" * 1000,
        ),
        SlowKind("an idle connection", f"GET /health/live HTTP/1.1\r\n{host}\r\n".encode()),
    ]


def beside_slow_clients(
    port: int, prepared: Prepared, operations: Sequence[Operation], rounds: int, progress: Progress
) -> tuple[dict[str, Timings], dict[str, Timings]]:
    """The timings of one client alone, and of the same with the slow ones; measured alternately."""
    quiet = {operation.name: Timings() for operation in operations}
    crowded = {operation.name: Timings() for operation in operations}
    for done in range(_SLICES):
        _measure(port, operations, rounds // _SLICES, quiet)
        with crowd(port, slow_kinds(prepared)):
            _measure(port, operations, rounds // _SLICES, crowded)
        progress(done + 1, _SLICES)
    return quiet, crowded


def table(operations: Sequence[Operation], quiet: dict[str, Timings], crowded: dict[str, Timings]) -> Table:
    """The 95th percentiles in milliseconds, without and with slow clients, and their ratio."""
    shown = Table(title=f"Beside {EACH} slow clients of each kind; p95 in milliseconds")
    shown.add_column("operation")
    for heading in ("p95, quiet", "p95, beside them", "times", "aim"):
        shown.add_column(heading, justify="right")
    shown.add_column("met")
    for name in (operation.name for operation in operations):
        times = crowded[name].p95 / quiet[name].p95
        shown.add_row(
            name,
            f"{quiet[name].p95 * 1000:.2f}",
            f"{crowded[name].p95 * 1000:.2f}",
            f"{times:.2f}",
            f"≤ {MOST_TIMES_QUIET}",
            "yes" if times <= MOST_TIMES_QUIET else "NO",
        )
    return shown


@contextmanager
def crowd(port: int, kinds: Sequence[SlowKind]) -> Iterator[None]:
    """Connect slow clients of each kind during the block; one that the server ends connects again."""
    over = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(_SlowClient(port, kind)) for kind in kinds for _ in range(EACH)]
        # The server has accepted all of them before anything is measured.
        time.sleep(_DRIP_SECONDS)
        for client in clients:
            client.check()
        thread = threading.Thread(target=_keep_slow, args=(clients, over))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


class _SlowClient:
    def __init__(self, port: int, kind: SlowKind) -> None:
        self._port = port
        self._kind = kind
        self._connection = self._opened()

    def __enter__(self) -> _SlowClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def check(self) -> None:
        """Raise unless the server has answered if, and only if, the request is complete."""
        answer = b""
        with suppress(BlockingIOError):
            answer = self._connection.recv(65536)
        assert self._kind.is_whole == (answer[9:12] == b"200"), f"{self._kind.name}: {answer[-600:]!r}"

    def go_on(self) -> None:
        """Send a little more, or connect again if the server has ended the connection."""
        try:
            ended = self._has_ended()
            self._connection.send(self._kind.drip)
        except BlockingIOError:
            return
        except OSError:
            ended = True
        if ended:
            self._connection.close()
            self._connection = self._opened()

    def _has_ended(self) -> bool:
        with suppress(BlockingIOError):
            while self._connection.recv(65536):
                pass
            return True
        return False

    def _opened(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port), _PATIENCE_SECONDS)
        connection.sendall(self._kind.opening)
        connection.setblocking(False)
        return connection


def _keep_slow(clients: Sequence[_SlowClient], over: threading.Event) -> None:
    while not over.wait(_DRIP_SECONDS):
        for client in clients:
            client.go_on()


def _measure(port: int, operations: Sequence[Operation], rounds: int, timings: dict[str, Timings]) -> None:
    for _ in range(rounds):
        for operation in operations:
            timings[operation.name].latencies.append(timed(port, operation))
