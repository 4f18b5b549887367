"""An encoded file is detected in a text, and ordinary writing is not mistaken for a file."""

from __future__ import annotations

import base64
import struct
import textwrap
import zlib
from collections.abc import Callable
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.embedded import embeds_file

Encoder = Callable[[bytes], bytes]


def _png() -> bytes:
    """One white pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\xff\xff")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _zip() -> bytes:
    archive = BytesIO()
    with ZipFile(archive, "w") as opened:
        opened.writestr("picture.png", _png())
    return archive.getvalue()


def _box(brand: bytes) -> bytes:
    """The first box of an ISO media file."""
    body = b"ftyp" + brand + b"\x00\x00\x00\x00mif1" + brand
    return struct.pack(">I", len(body) + 4) + body


_REST = bytes(range(256))
FILES = {
    "png": _png(),
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + _REST,
    "jpeg with exif": b"\xff\xd8\xff\xe1\x00\x18Exif\x00\x00" + _REST,
    "gif 87": b"GIF87a\x01\x00\x01\x00" + _REST,
    "gif 89": b"GIF89a\x01\x00\x01\x00" + _REST,
    "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 " + _REST,
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + _REST,
    "pdf 2": b"%PDF-2.0\n" + _REST,
    "zip": _zip(),
    "tiff, little end first": b"II*\x00\x08\x00\x00\x00" + _REST,
    "tiff, big end first": b"MM\x00*\x00\x00\x00\x08" + _REST,
    "bmp": b"BM\x36\x00\x00\x00\x00\x00" + _REST,
    "heic": _box(b"heic") + _REST,
    "avif": _box(b"avif") + _REST,
    "mp4": _box(b"isom") + _REST,
}
MAGICS = [
    _png()[:16],
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"RIFF",
    b"%PDF-1.",
    b"PK\x03\x04",
    b"II*\x00",
    b"MM\x00*",
    b"BM",
    _box(b"heic")[:12],
]


@pytest.mark.parametrize("file", FILES.values(), ids=list(FILES))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_an_encoded_file_is_detected(file: bytes, encode: Encoder) -> None:
    text = encode(file).decode()
    assert embeds_file(text)
    assert embeds_file(f"He sent me this: {text}, and then went offline.")
    assert embeds_file("\n".join(textwrap.wrap(text, 76)))
    assert embeds_file(f"<img src='{text}'>")


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64,iVBORw0KGgo=",
        "DATA:image/png;BASE64,iVBORw0KGgo=",
        "Data:Image/Jpeg;Base64,AAAA",
        "data:;base64,AAAA",
        "data:,words",
        "data:text/plain;charset=utf-8,words",
        "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'/>",
        "data:application/octet-stream;name=picture;base64,AAAA",
        "it was at (data:image/gif;base64,R0lGODdh) all day",
        "url(data:image/gif;base64,R0lGODdh)",
        "two lines\ndata:image/gif;base64,R0lGODdh",
    ],
)
def test_a_data_url_is_detected(text: str) -> None:
    assert embeds_file(text)


@pytest.mark.parametrize("unit", ["A", "aB3+/", "x_-9"])
def test_a_run_of_400_characters_is_detected(unit: str) -> None:
    assert embeds_file("The text: " + (unit * 400)[:400])
    assert not embeds_file("The text: " + (unit * 400)[:399])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "She was sent a picture on the bus and told nobody until Monday.",
        "The data: a list of times, and who was there.",
        "Personal data: name, class and address were posted.",
        "We keep metadata: who, when, where.",
        "https://example.org/9j/4AAQSkZJRgABAQAAAQABAAD/watch?v=dQw4w9WgXcQ&list=PLx0sYbCqOb8TBPRdmBHs5Iftvv9TPboYG",
        "https://example.org/p/" + "a-rather-long-slug-of-words-" * 10,
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha512 " + "cf83e1357eefb8bd" * 8,
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301 " * 20,
        "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch",
        "A" + "a" * 300 + "rgh!",
        "ha" * 150,
        "Lesson one, lesson two. " * 500,
        "iVBORw0KGgo is how a picture begins",
        "the code UEsDB was on the screen",
        "-----BEGIN PGP-----",
    ],
)
def test_ordinary_writing_is_not_mistaken_for_a_file(text: str) -> None:
    assert not embeds_file(text)


@given(
    magic=st.sampled_from(MAGICS),
    rest=st.binary(min_size=60, max_size=300),
    encode=st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    before=st.sampled_from(["", "Here it is: ", "look (", 'src="', "zip,", "one\ntwo\n"]),
    after=st.sampled_from(["", ".", " was what he sent.", ")", '"', "\n"]),
    width=st.sampled_from([64, 76, 1000]),
)
def test_a_file_of_a_known_type_is_detected_within_a_sentence(
    magic: bytes, rest: bytes, encode: Encoder, before: str, after: str, width: int
) -> None:
    text = encode(magic + rest).decode()
    wrapped = "\n".join(text[start : start + width] for start in range(0, len(text), width))
    assert embeds_file(before + wrapped + after)
