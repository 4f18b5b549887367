"""The load: requests over plain sockets, so that the client costs the server's processors little."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from benchmarks.operations import Operation

Progress = Callable[[int, int], None]
_PATIENCE_SECONDS = 30


class Timings(msgspec.Struct):
    """How long requests of one operation took, and the wall time they took together; in seconds."""

    latencies: list[float] = msgspec.field(default_factory=list)
    wall: float = 0.0

    @property
    def median(self) -> float:
        return statistics.median(self.latencies)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.latencies, n=20)[-1]

    @property
    def throughput(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.wall


def one_client(
    port: int, operations: Sequence[Operation], rounds: int, progress: Progress
) -> dict[str, Timings]:
    """Every operation once a round, so that other load on the machine affects all of them equally."""
    timings = {operation.name: Timings() for operation in operations}
    for done in range(rounds):
        for operation in operations:
            took = timed(port, operation)
            timings[operation.name].latencies.append(took)
            timings[operation.name].wall += took
        progress(done + 1, rounds)
    return timings


def many_clients(
    port: int, operations: Sequence[Operation], clients: int, rounds: int, each: int, progress: Progress
) -> dict[str, Timings]:
    """Like `one_client`, but with `clients` at once: in a round each sends `each` requests in a row."""
    timings = {operation.name: Timings() for operation in operations}
    with ThreadPoolExecutor(clients) as pool:
        for done in range(rounds):
            for operation in operations:
                began = time.perf_counter()
                slices = [pool.submit(_slice, port, operation, each) for _ in range(clients)]
                for part in slices:
                    timings[operation.name].latencies += part.result()
                timings[operation.name].wall += time.perf_counter() - began
            progress(done + 1, rounds)
    return timings


def _slice(port: int, operation: Operation, each: int) -> list[float]:
    return [timed(port, operation) for _ in range(each)]


def timed(port: int, operation: Operation) -> float:
    """Seconds from connecting to the last byte of one answer, which must have the expected status."""
    request = operation.request()
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_SECONDS) as connection:
        connection.sendall(request)
        answer = bytearray()
        while chunk := connection.recv(65536):
            answer += chunk
    took = time.perf_counter() - began
    status = int(answer[9:12])
    assert status == operation.status, f"{operation.name} answered {status}: {answer[-600:].decode()}"
    return took
