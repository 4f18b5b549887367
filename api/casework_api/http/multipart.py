"""Multipart bodies read as a stream: the bytes of a file go to a sink and nowhere else.

Werkzeug's form parser writes files unencrypted to temporary files; this module does not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, Final, NoReturn, Protocol

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from casework_api.http.problems import malformed, too_large, unsupported_media_type

MULTIPART: Final = "multipart/form-data"
MAX_FIELD: Final = 64 * 1024

_CHUNK: Final = 64 * 1024
# RFC 2046 §5.1.1
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_BODY: Final = "body"


class Readable(Protocol):
    """What the body is read from."""

    def read(self, size: int, /) -> bytes: ...


class Sink(Protocol):
    """Receives the bytes of a file, in chunks, in order."""

    def write(self, chunk: bytes, /) -> object: ...


OnFile = Callable[[str | None, str], Sink]
"""Creates the sink for a file, given its name and media type as the client sent them."""


def boundary_of(content_type: str | None) -> bytes:
    """The boundary that a multipart `Content-Type` names.

    Raises a problem if it is another type (415) or names no boundary that RFC 2046 allows (422).
    """
    media_type, options = parse_options_header(content_type)
    if media_type.lower() != MULTIPART:
        raise unsupported_media_type([MULTIPART])
    boundary = options.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise malformed({"Content-Type": ["must name the boundary between the parts"]})
    return boundary.encode("ascii")


def read_parts(
    stream: Readable,
    boundary: bytes,
    on_file: OnFile,
    *,
    max_total: int,
    file: str = "file",
    fields: Collection[str] = ("metadata",),
    max_field: int = MAX_FIELD,
) -> dict[str, str]:
    """Read a body that has one part named `file` and one for each of `fields`, in any order.

    Returns the text of each field; the bytes of the file go to the sink created by `on_file`. Raises a
    problem if the body has more than `max_total` bytes or a field more than `max_field` (413), if a part is
    missing, unknown or repeated, or if the body is incomplete (422). After a problem the sink may have
    received some of the bytes, and the caller must discard them.
    """
    return _Reading(boundary, on_file, file, fields, max_field).read(stream, max_total)


class _Reading:
    """The state of reading one multipart body: the current part, and the parts read before."""

    def __init__(
        self, boundary: bytes, on_file: OnFile, file: str, fields: Collection[str], max_field: int
    ) -> None:
        # The decoder buffers no more than a chunk, the headers of a part, or the start of a boundary.
        self._decoder = MultipartDecoder(boundary, max_form_memory_size=2 * _CHUNK)
        self._delimiter = b"--" + boundary
        self._held = b""
        self._on_file = on_file
        self._file = file
        self._wanted = {file, *fields}
        self._max_field = max_field
        self._sink: Sink | None = None
        self._part = ""
        self._fields: dict[str, bytearray] = {}

    def read(self, stream: Readable, max_total: int) -> dict[str, str]:
        total = 0
        finished = False
        while not finished:
            chunk = self._chunk(stream)
            total += len(chunk)
            if total > max_total:
                raise too_large(max_total)
            finished = self._decode(chunk)
        self._check_complete()
        return {name: self._text(name) for name in self._fields}

    def _chunk(self, stream: Readable) -> bytes:
        try:
            return stream.read(_CHUNK)
        except ClientDisconnected:
            _incomplete()

    def _decode(self, chunk: bytes) -> bool:
        """Decode `chunk`, which is empty at the end of the body. Returns whether the last part has ended."""
        self._feed(chunk)
        while not isinstance(event := self._next_event(), NeedData):
            if isinstance(event, Epilogue):
                return True
            self._handle(event)
        return False

    def _feed(self, chunk: bytes) -> None:
        data = self._held + chunk
        end = self._settled(data) if chunk else len(data)
        self._held = data[end:]
        try:
            self._decoder.receive_data(data[:end])
        except RequestEntityTooLarge:
            raise too_large() from None
        if not chunk:
            self._decoder.receive_data(None)

    def _settled(self, data: bytes) -> int:
        """The number of bytes of `data` to decode: all except a last line that may become a delimiter.

        If a delimiter arrives without the end of its line, werkzeug takes the CR before it for content, and
        the file gets one byte too many (pallets/werkzeug#3285).
        """
        last_break = max(data.rfind(b"\r"), data.rfind(b"\n"))
        line = data[last_break + 1 :]
        if last_break < 0 or not self._may_delimit(line):
            return len(data)
        if len(line) > _CHUNK:
            _incomplete()
        return last_break - (data[last_break - 1 : last_break + 1] == b"\r\n")

    def _may_delimit(self, line: bytes) -> bool:
        if not line.startswith(self._delimiter):
            return self._delimiter.startswith(line)
        return line.removeprefix(self._delimiter).strip(b" \t") in {b"", b"-", b"--"}

    def _next_event(self) -> Event:
        try:
            return self._decoder.next_event()
        except ValueError:
            _incomplete()

    def _handle(self, event: Event) -> None:
        if isinstance(event, (Field, File)):
            self._begin(event)
        elif isinstance(event, Data) and event.data:
            self._add(event.data)

    def _begin(self, part: Field | File) -> None:
        # If a part has no name, this is None, although it is declared as str.
        name: Any = part.name
        if name not in self._wanted:
            raise malformed({_BODY: [f"has a part other than {' and '.join(sorted(self._wanted))}"]})
        if name in self._fields or (name == self._file and self._sink is not None):
            raise malformed({name: ["must be given once"]})
        self._part = name
        if name == self._file:
            media_type, _ = parse_options_header(part.headers.get("Content-Type"))
            filename = part.filename if isinstance(part, File) else None
            self._sink = self._on_file(filename, media_type or "application/octet-stream")
        else:
            self._fields[name] = bytearray()

    def _add(self, data: bytes) -> None:
        if self._part == self._file and self._sink is not None:
            self._sink.write(data)
            return
        field = self._fields[self._part]
        field.extend(data)
        if len(field) > self._max_field:
            raise too_large(self._max_field)

    def _check_complete(self) -> None:
        given = set(self._fields) | ({self._file} if self._sink is not None else set())
        missing = sorted(self._wanted - given)
        if missing:
            raise malformed({name: ["is required"] for name in missing})

    def _text(self, name: str) -> str:
        try:
            return self._fields[name].decode("utf-8")
        except UnicodeDecodeError:
            raise malformed({name: ["must be UTF-8"]}) from None


def _incomplete() -> NoReturn:
    raise malformed({_BODY: ["is incomplete or is not multipart"]}) from None
