"""How the server reads from clients and writes to them, over sockets of this process."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from casework_api.serving.connection import Connection
from casework_api.serving.loop import Loop, TooSlow
from casework_api.serving.pace import Pace, Progress
from casework_api.serving.worker import Worker

PATIENT = Pace(60)
HASTY = Pace(0.01)
LARGE = bytes(range(256)) * 40_000


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop(on_tick=lambda: None)
    yield loop
    loop.close()


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The server's end of a connection, and the client's."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(10)
    yield ours, theirs
    ours.close()
    theirs.close()


def begun(does: Callable[[], object]) -> list[object]:
    """Starts `does` in the loop; holds what it returned or raised, once it has ended."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(does())
        except OSError as error:
            outcome.append(type(error))

    greenlet(run).switch()
    return outcome


def turned_until(loop: Loop, outcome: list[object]) -> object:
    while not outcome:
        loop.turn()
    return outcome[0]


def test_gunicorn_times_each_request_separately(
    loop: Loop, ends: tuple[socket.socket, socket.socket]
) -> None:
    """Requests that each wait for a lock may run one after another for longer than its limit."""
    happened: list[str] = []

    class Recording(Worker):
        def __init__(self) -> None:
            self._running = set()

        def notify(self) -> None:
            happened.append("notified")

        def handle_request(self, *_: object) -> bool:
            happened.append("ran")
            return True

    worker, connection = Recording(), Connection(ends[0], loop, PATIENT)
    for request in ("first", "second"):
        worker._run(ends[0], connection, request, None)
    assert happened == ["notified", "ran"] * 2


def test_the_loop_needs_no_epoll(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(select, "epoll", raising=False)
    loop = Loop(on_tick=lambda: None)
    ours, theirs = ends
    outcome = begun(partial(Connection(ours, loop, PATIENT).recv, 1))
    loop.turn()
    assert not outcome
    theirs.sendall(b"x")
    assert turned_until(loop, outcome) == b"x"
    loop.close()


def test_the_loop_ticks_though_no_client_sends_anything() -> None:
    ticks: list[None] = []
    loop = Loop(on_tick=lambda: ticks.append(None))
    loop.turn()
    loop.turn()
    loop.close()
    assert len(ticks) == 2


class TestPace:
    def test_without_a_byte_the_time_is_not_extended(self) -> None:
        progress = Progress(Pace(20, 1000))
        progress.waited = 15
        assert progress.seconds_left() == 5
        progress.waited = 20
        with pytest.raises(TooSlow):
            progress.seconds_left()

    def test_bytes_extend_the_time(self) -> None:
        progress = Progress(Pace(20, 1000))
        progress.waited, progress.moved = 30, 15_000
        assert progress.seconds_left() == 5

    def test_a_silent_client_times_out_however_much_it_has_sent(self) -> None:
        progress = Progress(Pace(20, 1000))
        progress.moved = 25_000_000
        assert progress.seconds_left() == 20

    def test_without_a_rate_bytes_give_no_time(self) -> None:
        progress = Progress(Pace(20))
        progress.waited, progress.moved = 20, 1_000_000
        with pytest.raises(TooSlow):
            progress.seconds_left()

    @given(st.lists(st.tuples(st.floats(0, 19), st.integers(1000, 10_000)), max_size=50))
    def test_a_client_at_the_rate_never_times_out(self, moves: list[tuple[float, int]]) -> None:
        """The data may arrive in any pieces: never silent for long, and at the rate on average."""
        progress = Progress(Pace(20, 50))
        for waited, moved in moves:
            assert progress.seconds_left() >= waited
            progress.waited += waited
            progress.moved += moved


class TestConnection:
    def test_reads_what_is_there(self, loop: Loop, ends: tuple[socket.socket, socket.socket]) -> None:
        ours, theirs = ends
        connection = Connection(ours, loop, PATIENT)
        assert not connection.has_read
        theirs.sendall(b"abc")
        assert begun(lambda: connection.recv(10)) == [b"abc"]
        assert connection.has_read

    def test_lets_others_run_until_data_arrives(
        self, loop: Loop, ends: tuple[socket.socket, socket.socket]
    ) -> None:
        ours, theirs = ends
        connection = Connection(ours, loop, PATIENT)
        outcome = begun(lambda: connection.recv(10))
        assert not outcome
        theirs.sendall(b"abc")
        assert turned_until(loop, outcome) == b"abc"
        outcome = begun(lambda: connection.recv(10))
        theirs.shutdown(socket.SHUT_WR)
        assert turned_until(loop, outcome) == b""

    def test_gives_up_on_a_client_that_sends_nothing(
        self, loop: Loop, ends: tuple[socket.socket, socket.socket]
    ) -> None:
        connection = Connection(ends[0], loop, PATIENT)
        calls: list[str] = []
        connection.read_at(HASTY, lambda: calls.append("gave up"))
        outcome = begun(lambda: connection.recv(10))
        assert not calls
        assert turned_until(loop, outcome) is TooSlow
        assert calls == ["gave up"]

    def test_sends_all_of_it_in_order(self, loop: Loop, ends: tuple[socket.socket, socket.socket]) -> None:
        ours, theirs = ends
        connection = Connection(ours, loop, PATIENT)

        def send() -> None:
            connection.sendall(b"first")
            connection.sendall(LARGE)
            connection.sendall(b"last")
            connection.flush()
            connection.close()

        outcome = begun(send)
        received = bytearray()
        while not outcome:
            received += theirs.recv(1_000_000)
            loop.turn()
        while chunk := theirs.recv(1_000_000):
            received += chunk
        assert received == b"first" + LARGE + b"last"

    def test_sends_small_pieces_together(self, loop: Loop, ends: tuple[socket.socket, socket.socket]) -> None:
        ours, theirs = ends
        connection = Connection(ours, loop, PATIENT)
        connection.sendall(b"head, ")
        connection.sendall(b"body")
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(100)
        connection.flush()
        assert theirs.recv(100) == b"head, body"

    def test_gives_up_on_a_client_that_takes_nothing(
        self, loop: Loop, ends: tuple[socket.socket, socket.socket]
    ) -> None:
        connection = Connection(ends[0], loop, PATIENT)
        connection.write_at(HASTY)
        assert turned_until(loop, begun(lambda: connection.sendall(LARGE))) is TooSlow


class TestLoop:
    def test_data_that_arrived_while_others_ran_is_not_too_late(
        self, loop: Loop, ends: tuple[socket.socket, socket.socket]
    ) -> None:
        ours, theirs = ends
        waiters: list[greenlet] = []

        def wait() -> bytes:
            waiters.append(getcurrent())
            return Connection(ours, loop, PATIENT).recv(1)

        outcome = begun(wait)
        left, right = socket.socketpair()
        with left, right:

            def run_long() -> None:
                loop.unwatch(left)
                theirs.sendall(b"x")
                loop.hurry(waiters[0], 0)

            loop.watch(left, run_long)
            right.sendall(b"x")
            assert turned_until(loop, outcome) == b"x"

    def test_a_wait_can_be_cut_short(self, loop: Loop, ends: tuple[socket.socket, socket.socket]) -> None:
        connection = Connection(ends[0], loop, PATIENT)
        outcome: list[object] = []

        def wait() -> None:
            try:
                connection.recv(1)
            except TooSlow as error:
                outcome.append(type(error))

        waiter = greenlet(wait)
        waiter.switch()
        loop.hurry(waiter, 0)
        assert turned_until(loop, outcome) is TooSlow
        # The wait has ended, so this has no effect.
        loop.hurry(waiter, 0)

    def test_a_new_wait_can_follow_an_ended_one(
        self, loop: Loop, ends: tuple[socket.socket, socket.socket]
    ) -> None:
        ours, theirs = ends
        connection = Connection(ours, loop, PATIENT)
        waiters: list[greenlet] = []

        def wait_twice() -> bytes:
            waiters.append(getcurrent())
            with pytest.raises(TooSlow):
                connection.recv(1)
            return connection.recv(1)

        outcome = begun(wait_twice)
        left, right = socket.socketpair()
        with left, right:

            def end() -> None:
                loop.unwatch(left)
                assert ours.recv(1) == b"y"
                loop.end(waiters[0])

            # Both sockets are found ready in one turn; by then the second is no longer ready.
            loop.watch(left, end)
            right.sendall(b"x")
            theirs.sendall(b"y")
            loop.turn()
            assert not outcome
            theirs.sendall(b"z")
            assert turned_until(loop, outcome) == b"z"

    def test_all_waits_can_be_ended(self, loop: Loop, ends: tuple[socket.socket, socket.socket]) -> None:
        waits = [begun(partial(Connection(end, loop, PATIENT).recv, 1)) for end in ends]
        loop.end_waits()
        assert waits == [[TooSlow], [TooSlow]]

    def test_a_waiting_connection_blocks_no_other(
        self, loop: Loop, ends: tuple[socket.socket, socket.socket]
    ) -> None:
        ours, theirs = ends
        waits = begun(lambda: Connection(ours, loop, PATIENT).recv(1))
        left, right = socket.socketpair()
        with left, right:
            right.sendall(b"x")
            assert begun(lambda: Connection(left, loop, PATIENT).recv(1)) == [b"x"]
        theirs.sendall(b"y")
        assert turned_until(loop, waits) == b"y"
