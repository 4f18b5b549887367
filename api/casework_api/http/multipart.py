"""Multipart bodies read as a stream: the bytes of a file go to a sink and nowhere else.

Werkzeug's own form parser keeps files in temporary files, in clear; nothing here does.
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
    """What takes the bytes of a file, in chunks, in order."""

    def write(self, chunk: bytes, /) -> object: ...


OnFile = Callable[[str | None, str], Sink]
"""Given the file's name and media type as the client tells them, makes the sink for its bytes."""


def boundary_of(content_type: str | None) -> bytes:
    """The boundary that a multipart `Content-Type` names.

    A problem where it is another type (415) or names no boundary that RFC 2046 allows (422).
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

    Answers the text of each field; the bytes of the file have gone to the sink made by `on_file`. A body
    of more than `max_total` bytes, or a field of more than `max_field`, is a problem (413); a part that is
    missing, unknown or given twice, and a body that is torn, are one too (422). After a problem the sink
    has had some of the bytes, and whoever made it throws them away.
    """
    return _Reading(boundary, on_file, file, fields, max_field).read(stream, max_total)


class _Reading:
    """One multipart body being read: which part its bytes belong to, and what came before."""

    def __init__(
        self, boundary: bytes, on_file: OnFile, file: str, fields: Collection[str], max_field: int
    ) -> None:
        # What waits to be decoded is a chunk, the headers of a part, or the start of a boundary.
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
            finished = self._take(chunk)
        self._check_complete()
        return {name: self._text(name) for name in self._fields}

    def _chunk(self, stream: Readable) -> bytes:
        try:
            return stream.read(_CHUNK)
        except ClientDisconnected:
            _torn()

    def _take(self, chunk: bytes) -> bool:
        """Handle what `chunk`, empty at the end of the body, completes; whether the end was reached."""
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
        """How much of `data` may be decoded: all but a last line that may turn out to be a delimiter.

        Given a delimiter less the end of its line, werkzeug takes the CR before it for content, so that
        a file has a byte too many when the network happens to cut the body there (pallets/werkzeug#3285).
        """
        last_break = max(data.rfind(b"\r"), data.rfind(b"\n"))
        line = data[last_break + 1 :]
        if last_break < 0 or not self._may_delimit(line):
            return len(data)
        if len(line) > _CHUNK:
            _torn()
        return last_break - (data[last_break - 1 : last_break + 1] == b"\r\n")

    def _may_delimit(self, line: bytes) -> bool:
        if not line.startswith(self._delimiter):
            return self._delimiter.startswith(line)
        return line.removeprefix(self._delimiter).strip(b" \t") in {b"", b"-", b"--"}

    def _next_event(self) -> Event:
        try:
            return self._decoder.next_event()
        except ValueError:
            _torn()

    def _handle(self, event: Event) -> None:
        if isinstance(event, (Field, File)):
            self._begin(event)
        elif isinstance(event, Data) and event.data:
            self._add(event.data)

    def _begin(self, part: Field | File) -> None:
        # A part without a name has None for one, whatever its type says.
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


def _torn() -> NoReturn:
    raise malformed({_BODY: ["is not whole: it breaks off or is not multipart"]}) from None
