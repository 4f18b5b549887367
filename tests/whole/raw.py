"""A client with a plain socket, which can send what no library would, at any speed."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Mapping
from typing import Any, Final, Self

import msgspec

from tests.api.client import BASE

PATIENCE_SECONDS: Final = 10
BOUNDARY: Final = "b0undary"
_END: Final = f"\r\n--{BOUNDARY}--\r\n".encode()


class RawAnswer(msgspec.Struct, frozen=True):
    """An answer, with header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RawClient:
    """One connection to a local port."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket()
        self._socket.settimeout(PATIENCE_SECONDS)
        # The system then buffers little that the client has not read.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        self._socket.connect(("127.0.0.1", port))
        self._reader = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self) -> RawAnswer:
        """The next answer. Raises EOFError if the connection ends before it is complete."""
        status = int(self._line().split()[1])
        lines = iter(self._line, b"")
        headers = {name.decode().lower(): value.decode().strip() for name, _, value in map(_parted, lines)}
        length = int(headers.get("content-length", 0))
        body = self._reader.read(length)
        if len(body) < length:
            raise EOFError
        return RawAnswer(status, headers, body)

    def is_ready(self) -> bool:
        """Whether there is something to read, or the connection has ended."""
        return bool(select.select([self._socket], [], [], 0)[0])

    def has_ended(self) -> bool:
        """Whether everything was read and the server has ended the connection."""
        self._socket.setblocking(False)
        try:
            return self._socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        finally:
            self._socket.settimeout(PATIENCE_SECONDS)

    def rest(self) -> bytes:
        """Everything the server sends until it ends the connection."""
        return self._reader.read()

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def _line(self) -> bytes:
        line = self._reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line.strip()


def request(
    method: str,
    path: str,
    token: str | None = None,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a request."""
    sent = {"Host": "127.0.0.1", **(headers or {})}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    if body:
        sent["Content-Length"] = str(len(body))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def posted(path: str, token: str, body: bytes) -> bytes:
    """The bytes of a request with a JSON body."""
    return request("POST", BASE + path, token, body, {"Content-Type": "application/json"})


def uploading(incident: str, token: str, content: bytes, at: str) -> bytes:
    """The bytes of a request that uploads evidence; only a boundary follows the content of the file."""
    metadata = {"form": "screenshot", "description": "What it shows.", "captured_at": at, "incident_at": at}
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{json.dumps(metadata)}\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        "Content-Type: text/plain\r\n\r\n"
    ).encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "If-Match": "*"}
    return request("POST", f"{BASE}/incidents/{incident}/evidence", token, body + content + _END, headers)


def _parted(line: bytes) -> tuple[bytes, bytes, bytes]:
    return line.partition(b":")
