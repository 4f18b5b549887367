"""A gunicorn worker that serves many clients in one thread: while it waits for one, it serves others."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any, Final

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]
from gunicorn import util  # type: ignore[import-untyped]
from gunicorn.http import get_parser  # type: ignore[import-untyped]
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.workers.base_async import AsyncWorker  # type: ignore[import-untyped]

from casework_api.serving.connection import Connection
from casework_api.serving.loop import Loop, TooSlow
from casework_api.serving.refusing import answer_to

_MOST_DISCARDED: Final = 32 * 1024 * 1024
_LINGER_SECONDS: Final = 0.5


class Worker(AsyncWorker):  # type: ignore[misc] # gunicorn is not typed
    """Runs one request at a time, like `sync`, but serves other clients while it waits for a slow one.

    A running request is interrupted only while it waits for its body or for the client to read the answer.
    gunicorn parses, calls the application and supervises the process; `app.paces` has the time limits.
    """

    def run(self) -> None:
        """Serve until stopped, then let running requests finish."""
        self._loop = Loop(on_tick=self.notify)
        self._clients = 0
        # The greenlets that wait for a request to arrive, the longest waiting first.
        self._awaiting: dict[greenlet, None] = {}
        self._running: set[Any] = set()
        self._loop.watch(self.PIPE[0], self._clear_signals)
        for listener in self.sockets:
            listener.setblocking(False)
            self._watch(listener)
        while self.alive and self.ppid == os.getppid():
            self._loop.turn()
        self._finish()

    def _finish(self) -> None:
        for listener in self.sockets:
            self._loop.unwatch(listener)
            listener.close()
        for waiter in self._awaiting:
            self._loop.hurry(waiter, _LINGER_SECONDS)
        for request in self._running:
            request.force_close()
        until = monotonic() + self.cfg.graceful_timeout
        while self._clients and monotonic() < until:
            self._loop.turn()
        # An upload that is cut off removes its file.
        self._loop.end_waits()

    def _watch(self, listener: Any) -> None:
        # Requests one after another go to one process, whose caches they find filled.
        self._loop.watch_shared(listener, partial(self._accept, listener))

    def _leave_next_to_others(self) -> None:
        """Let every other process that waits accept a connection before this one does."""
        for listener in self.sockets:
            self._loop.unwatch(listener)
            self._watch(listener)

    def _clear_signals(self) -> None:
        os.read(self.PIPE[0], 4096)

    def _accept(self, listener: Any) -> None:
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            # Another process was first, or the client has left.
            return
        if self._clients >= self.cfg.worker_connections and not self._make_room():
            client.close()
            return
        greenlet(self.handle).switch(listener, client, address)

    def _make_room(self) -> bool:
        """End the connection that has waited longest for a request. Returns whether there was one."""
        waiter = next(iter(self._awaiting), None)
        if waiter is None:
            return False
        self._loop.end(waiter)
        return True

    def handle(self, listener: Any, client: socket.socket, address: Any) -> None:
        """Serve one connection to its end."""
        self._clients += 1
        connection = Connection(client, self._loop, self.app.paces.header)
        parser = get_parser(self.cfg, connection, address)
        try:
            while self._exchange(listener, connection, parser, address):
                if parser.req_count == 1:
                    # Connections that are kept are spread over the processes.
                    self._leave_next_to_others()
        finally:
            connection.close()
            self._clients -= 1

    def _exchange(self, listener: Any, connection: Connection, parser: Any, address: Any) -> bool:
        """Read a request and answer it. Returns whether the connection may be used for another."""
        request = None
        try:
            request = self._next_request(connection, parser)
            return self._answer(listener, connection, parser, request, address)
        except TooSlow as error:
            if request is None and connection.has_read:
                self.handle_error(request, connection, address, error)
        except (StopIteration, OSError):
            # The client has left.
            pass
        except Exception as error:
            self.handle_error(request, connection, address, error)
        return False

    def _next_request(self, connection: Connection, parser: Any) -> Any:
        with self._expecting():
            if parser.req_count and not parser.unreader.buf.getvalue():
                connection.read_at(self.app.paces.idle)
                connection.await_data()
            connection.read_at(self.app.paces.header)
            return next(parser)

    def _answer(self, listener: Any, connection: Connection, parser: Any, request: Any, address: Any) -> bool:
        connection.read_at(self.app.paces.body, request.force_close)
        connection.write_at(self.app.paces.answer)
        keep = self._run(listener, connection, request, address)
        connection.flush()
        return self._discard_body(parser) and keep and self.alive

    def _run(self, listener: Any, connection: Connection, request: Any, address: Any) -> bool:
        self._running.add(request)
        # gunicorn's time limit is for this request, without those that ran before it in the same turn.
        self.notify()
        try:
            self.handle_request(listener.getsockname(), request, connection, address)
        except StopIteration:
            return False
        finally:
            self._running.remove(request)
        return True

    def _discard_body(self, parser: Any) -> bool:
        """Read what the application left of a body, so that the client gets to its answer.

        Returns whether all of it was read.
        """
        with self._expecting():
            try:
                return bool(parser.finish_body(max_bytes=_MOST_DISCARDED))
            except ParseException:
                return False

    @contextmanager
    def _expecting(self) -> Iterator[None]:
        """In this block, the connection may be closed to make room for another."""
        this = getcurrent()
        self._awaiting[this] = None
        try:
            yield
        finally:
            self._awaiting.pop(this, None)

    def handle_error(self, req: Any, client: Connection, addr: Any, exc: Exception) -> None:
        """Answer a request that could not be read, or that made the application fail."""
        try:
            client.send(answer_to(exc))
            util.close_graceful(client, _LINGER_SECONDS)
        except OSError:
            # The client has left.
            pass
