"""A client's connection, which raises an error if the client is too slow."""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import monotonic
from typing import Final

from casework_api.serving.loop import READABLE, WRITABLE, Loop, TooSlow
from casework_api.serving.pace import Pace, Progress

_BUFFER: Final = 64 * 1024


class Connection:
    """A socket for gunicorn, which raises TooSlow if the client is slower than a given pace.

    Data to send is buffered, so that the head of an answer and a short body are sent together.
    """

    def __init__(self, client: socket.socket, loop: Loop, pace: Pace) -> None:
        client.setblocking(False)
        self._client = client
        self._loop = loop
        self._unsent = bytearray()
        self.read_at(pace)
        self.write_at(pace)

    @property
    def has_read(self) -> bool:
        """Whether anything was read since the pace of reading was set."""
        return self._reading.moved > 0

    def read_at(self, pace: Pace, give_up: Callable[[], object] | None = None) -> None:
        """Set the pace for what is read from now on; `give_up` is called if the client is too slow."""
        self._reading = Progress(pace)
        self._give_up = give_up

    def write_at(self, pace: Pace) -> None:
        """Set the pace for what is written from now on."""
        self._writing = Progress(pace)

    def await_data(self) -> None:
        """Return when there is something to read, or the client has closed the connection. Raises TooSlow."""
        self._wait(READABLE, self._reading)

    def recv(self, size: int) -> bytes:
        """The next bytes; empty at the end. Raises TooSlow and OSError."""
        while True:
            try:
                received = self._client.recv(size)
            except BlockingIOError:
                self._wait_to_read()
            else:
                self._reading.moved += len(received)
                return received

    def send(self, data: bytes) -> None:
        """Send `data` at once. Raises TooSlow and OSError."""
        self.sendall(data)
        self.flush()

    def sendall(self, data: bytes) -> None:
        """Send `data` later, at `flush` at the latest. Raises TooSlow and OSError."""
        self._unsent += data
        if len(self._unsent) >= _BUFFER:
            self.flush()

    def flush(self) -> None:
        """Return when the system has accepted everything to be sent. Raises TooSlow and OSError."""
        unsent, self._unsent = memoryview(self._unsent), bytearray()
        while unsent:
            try:
                sent = self._client.send(unsent)
            except BlockingIOError:
                self._wait(WRITABLE, self._writing)
            else:
                self._writing.moved += sent
                unsent = unsent[sent:]

    def settimeout(self, seconds: float) -> None:
        """Give the client `seconds` for what is read from now on."""
        self.read_at(Pace(seconds))

    def shutdown(self, how: int) -> None:
        self._client.shutdown(how)

    def close(self) -> None:
        # This breaks a cycle: it refers to a request, which refers to this connection.
        self._give_up = None
        self._client.close()

    def _wait_to_read(self) -> None:
        try:
            self._wait(READABLE, self._reading)
        except TooSlow:
            if self._give_up is not None:
                self._give_up()
            raise

    def _wait(self, event: int, progress: Progress) -> None:
        began = monotonic()
        self._loop.wait(self._client, event, progress.seconds_left())
        progress.waited += monotonic() - began
