"""A proxy to a PostgreSQL server that can cut the connection, so that the response to a COMMIT is lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy.engine import make_url

_CHUNK: Final = 65536


class Wire:
    """Forwards connections to a server; `url` connects through it.

    `cut_after_commit(marker)` cuts every connection once the server has confirmed the COMMIT of a transaction
    in which the client sent `marker`, and refuses new connections until `mend`.
    """

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._server = (parsed.host or "127.0.0.1", parsed.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self.url = parsed.set(host="127.0.0.1", port=self._port).render_as_string(hide_password=False)
        self._marker: bytes | None = None
        self.is_cut = threading.Event()
        self._sockets: list[socket.socket] = []
        self._accept(self._listener)

    def cut_after_commit(self, marker: bytes) -> None:
        self._marker = marker

    def mend(self) -> None:
        """Accept connections again."""
        self._marker = None
        self.is_cut.clear()
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._accept(self._listener)

    def close(self) -> None:
        """Cut all connections."""
        self.is_cut.set()
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._sockets.clear()

    def _accept(self, listener: socket.socket) -> None:
        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    self._connect(client)

        threading.Thread(target=accept, daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        server = socket.create_connection(self._server)
        self._sockets += [client, server]
        armed = threading.Event()
        threading.Thread(target=self._to_server, args=(client, server, armed), daemon=True).start()
        threading.Thread(target=self._to_client, args=(client, server, armed), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket, armed: threading.Event) -> None:
        marked = False
        with suppress(OSError):
            while data := client.recv(_CHUNK):
                marked = marked or (self._marker is not None and self._marker in data)
                if marked and b"COMMIT" in data:
                    armed.set()
                server.sendall(data)
        self._end(client, server)

    def _to_client(self, client: socket.socket, server: socket.socket, armed: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(_CHUNK):
                if armed.is_set() and b"COMMIT" in data:
                    self.close()
                    return
                client.sendall(data)
        self._end(client, server)

    @staticmethod
    def _end(*ends: socket.socket) -> None:
        for each in ends:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(url: str) -> Iterator[Wire]:
    """A proxy to the server at `url`, closed at the end of the block."""
    wire = Wire(url)
    try:
        yield wire
    finally:
        wire.close()
