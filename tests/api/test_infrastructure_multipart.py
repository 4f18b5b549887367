"""A file in a multipart body goes to its sink and nowhere else."""

from __future__ import annotations

import io
import re
import tempfile
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import assume, given
from hypothesis import strategies as st
from werkzeug.exceptions import ClientDisconnected

from casework_api.http.limits import register_body_limit, takes_body
from casework_api.http.multipart import MAX_FIELD, boundary_of, read_parts
from casework_api.http.problems import Problem, register_problems

BOUNDARY = b"edge"


class Files:
    """Collects what the sinks receive."""

    def __init__(self) -> None:
        self.named: list[tuple[str | None, str]] = []
        self.chunks: list[bytes] = []

    def __call__(self, filename: str | None, media_type: str) -> Files:
        self.named.append((filename, media_type))
        return self

    def write(self, chunk: bytes) -> None:
        self.chunks.append(chunk)

    @property
    def content(self) -> bytes:
        return b"".join(self.chunks)


def part(name: str | None, content: bytes, *, filename: str | None = None, media_type: str = "") -> bytes:
    disposition = "Content-Disposition: form-data"
    disposition += f'; name="{name}"' if name is not None else ""
    disposition += f'; filename="{filename}"' if filename is not None else ""
    lines = [disposition, *([f"Content-Type: {media_type}"] if media_type else [])]
    return b"--" + BOUNDARY + b"\r\n" + "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


END = b"--" + BOUNDARY + b"--\r\n"
METADATA = part("metadata", b'{"form": "document"}', media_type="application/json")
FILE = part("file", b"\x89PNG\r\n\x1a\n" * 3, filename="Jamie.png", media_type="image/png; charset=binary")


def read(body: bytes, files: Files | None = None, **options: Any) -> dict[str, str]:
    on_file = Files() if files is None else files
    return read_parts(io.BytesIO(body), BOUNDARY, on_file, **{"max_total": 10_000_000, **options})


def refused(body: bytes, **options: Any) -> Problem:
    with pytest.raises(Problem) as problem:
        read(body, **options)
    return problem.value


class Trickle:
    """A body that arrives a few bytes at a time."""

    def __init__(self, body: bytes, size: int) -> None:
        self._body = io.BytesIO(body)
        self._size = size

    def read(self, size: int, /) -> bytes:
        return self._body.read(min(size, self._size))


@pytest.mark.parametrize("body", [METADATA + FILE + END, FILE + METADATA + END], ids=["before", "after"])
def test_the_field_and_the_file_may_come_in_any_order(body: bytes) -> None:
    files = Files()

    assert read(body, files) == {"metadata": '{"form": "document"}'}
    assert files.named == [("Jamie.png", "image/png")]
    assert files.content == b"\x89PNG\r\n\x1a\n" * 3


def test_a_file_may_have_no_name_and_no_type() -> None:
    files = Files()

    read(METADATA + part("file", b"x") + END, files)

    assert files.named == [(None, "application/octet-stream")]
    assert files.content == b"x"


def test_a_field_sent_as_a_file_is_still_a_field() -> None:
    files = Files()

    fields = read(part("metadata", b"{}", filename="metadata.json") + FILE + END, files)

    assert fields == {"metadata": "{}"}
    assert len(files.named) == 1


def test_an_empty_file_is_a_file() -> None:
    files = Files()

    read(METADATA + part("file", b"", filename="empty") + END, files)

    assert files.content == b""
    assert len(files.named) == 1


def test_a_large_file_arrives_in_small_chunks() -> None:
    files = Files()
    content = bytes(range(256)) * 20_000

    read(METADATA + part("file", content, filename="large") + END, files)

    assert files.content == content
    assert max(map(len, files.chunks)) <= 2 * 64 * 1024


@given(
    content=st.binary(max_size=300)
    | st.lists(
        st.sampled_from([b"\r\n", b"--edg", b"\r\n--edg", b"e", b"-", b"\r", b"\n", b" "]), max_size=20
    ).map(b"".join),
    size=st.integers(1, 80),
    padding=st.sampled_from([b"", b" ", b"\t  "]),
)
def test_every_byte_arrives_however_the_body_is_cut(content: bytes, size: int, padding: bytes) -> None:
    assume(not re.search(rb"(?:^|[\r\n])--edge", content))
    files = Files()
    body = METADATA + part("file", content, filename="f") + b"--edge--" + padding + b"\r\n"

    fields = read_parts(Trickle(body, size), BOUNDARY, files, max_total=10_000)

    assert fields == {"metadata": '{"form": "document"}'}
    assert files.content == content


@pytest.mark.parametrize("place", range(1, len(END) + 4))
def test_a_cut_within_the_last_delimiter_adds_nothing(place: int) -> None:
    files = Files()
    body = METADATA + part("file", b"content", filename="f") + END
    pieces = iter([body[: len(body) - place], body[len(body) - place :]])

    class Cut:
        def read(self, size: int, /) -> bytes:
            return next(pieces, b"")

    read_parts(Cut(), BOUNDARY, files, max_total=10_000)

    assert files.content == b"content"


def test_a_line_that_only_begins_as_a_delimiter_is_content() -> None:
    files = Files()
    content = b"x\r\n--edgy " + b"y" * 200_000 + b"\r\n--edg"

    read(METADATA + part("file", content, filename="f") + END, files)

    assert files.content == content


def test_a_delimiter_with_too_much_padding_is_refused() -> None:
    body = METADATA + FILE.removesuffix(b"\r\n") + b"\r\n--edge" + b" " * 500_000

    assert refused(body).status == 422


@pytest.mark.parametrize(
    ("body", "place", "message"),
    [
        (FILE + END, "metadata", "is required"),
        (METADATA + END, "file", "is required"),
        (METADATA + METADATA + FILE + END, "metadata", "must be given once"),
        (METADATA + FILE + FILE + END, "file", "must be given once"),
        (METADATA + FILE + part("Jamie", b"x") + END, "body", "has a part other than file and metadata"),
        (METADATA + FILE + part(None, b"x") + END, "body", "has a part other than file and metadata"),
        (part("metadata", b"\xff") + FILE + END, "metadata", "must be UTF-8"),
        (METADATA + FILE, "body", "is incomplete or is not multipart"),
        (METADATA + FILE[:-5], "body", "is incomplete or is not multipart"),
        (METADATA[:30], "body", "is incomplete or is not multipart"),
        (b"", "body", "is incomplete or is not multipart"),
        (b"{}", "body", "is incomplete or is not multipart"),
        (b"--edge\r\nX: y\r\n\r\nz\r\n" + END, "body", "is incomplete or is not multipart"),
        (b"--edge\r\n\xff: y\r\n\r\nz\r\n" + END, "body", "is incomplete or is not multipart"),
    ],
)
def test_an_invalid_body_is_refused(body: bytes, place: str, message: str) -> None:
    problem = refused(body)

    assert problem.status == 422
    assert problem.extensions["errors"] == {place: [message]}


def test_every_missing_part_is_named() -> None:
    assert refused(END).extensions["errors"] == {"file": ["is required"], "metadata": ["is required"]}


def test_the_parts_may_have_other_names() -> None:
    body = part("picture", b"x", filename="p") + part("a", b"1") + part("b", b"2") + END

    assert read(body, file="picture", fields=("a", "b")) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (METADATA + part("file", b"x" * 200_000, filename="f") + END, {"max_total": 100_000}),
        (part("metadata", b"x" * (MAX_FIELD + 1)) + FILE + END, {}),
        (part("metadata", b"xxxx") + FILE + END, {"max_field": 3}),
        (METADATA + FILE + END + b"x" * 200_000, {}),
        (b"x" * 200_000, {}),
        (b"--edge\r\n" + b"X: " + b"x" * 200_000, {}),
    ],
    ids=["body", "field", "small field", "after the end", "before the start", "headers"],
)
def test_what_is_too_large_is_refused(body: bytes, options: dict[str, Any]) -> None:
    assert refused(body, **options).status == 413


@pytest.mark.parametrize("size", [0, 1, MAX_FIELD])
def test_a_field_within_its_limit_is_read(size: int) -> None:
    assert read(part("metadata", b"x" * size) + FILE + END) == {"metadata": "x" * size}


def test_no_byte_reaches_the_sink_once_the_body_is_too_large() -> None:
    files = Files()

    with pytest.raises(Problem):
        read(METADATA + part("file", b"x" * 500_000, filename="f") + END, files, max_total=200_000)

    assert len(files.content) <= 200_000


def test_an_exception_of_the_sink_is_passed_on() -> None:
    class Full(Files):
        def write(self, chunk: bytes) -> None:
            raise ValueError("the vault is full")

    with pytest.raises(ValueError, match="the vault is full"):
        read(METADATA + FILE + END, Full())


def test_a_body_is_incomplete_if_the_client_disconnects() -> None:
    class Gone:
        def read(self, size: int, /) -> bytes:
            raise ClientDisconnected

    with pytest.raises(Problem) as problem:
        read_parts(Gone(), BOUNDARY, Files(), max_total=100)

    assert problem.value.extensions["errors"] == {"body": ["is incomplete or is not multipart"]}


@given(body=st.binary(max_size=400), prefix=st.sampled_from([b"", METADATA, METADATA + FILE, b"--edge\r\n"]))
def test_any_body_is_read_or_refused(body: bytes, prefix: bytes) -> None:
    with suppress(Problem):
        read(prefix + body)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=edge", b"edge"),
        ('Multipart/Form-Data; charset=utf-8; boundary="a b"', b"a b"),
        ("multipart/form-data; boundary=" + "x" * 70, b"x" * 70),
    ],
)
def test_the_boundary_is_read_from_the_content_type(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        (None, 415),
        ("application/json", 415),
        ("multipart/mixed; boundary=edge", 415),
        ("multipart/form-data", 422),
        ("multipart/form-data; boundary=", 422),
        ("multipart/form-data; boundary=" + "x" * 71, 422),
        ('multipart/form-data; boundary="é"', 422),
        ('multipart/form-data; boundary="x "', 422),
    ],
)
def test_an_unusable_content_type_is_refused(content_type: str | None, status: int) -> None:
    with pytest.raises(Problem) as problem:
        boundary_of(content_type)

    assert problem.value.status == status


@pytest.fixture
def no_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("a temporary file was created")

    for maker in ("TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, maker, never)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", never)


@pytest.mark.usefixtures("no_temporary_files")
def test_reading_a_request_writes_nothing_to_disc() -> None:
    app = Flask(__name__)
    register_problems(app)
    register_body_limit(app)
    files = Files()

    @app.post("/evidence")
    @takes_body(5_000_000)
    def evidence() -> dict[str, str]:
        boundary = boundary_of(request.headers.get("Content-Type"))
        return read_parts(request.stream, boundary, files, max_total=5_000_000)

    content = b"\x00\x01\r\n--" * 200_000
    body = METADATA + part("file", content, filename="Jamie.bin") + END

    answer = app.test_client().post("/evidence", data=body, content_type="multipart/form-data; boundary=edge")

    assert answer.json == {"metadata": '{"form": "document"}'}
    assert files.content == content
