"""The structure of the allowed types of file.

A signature says only what the first bytes are. These checks read enough of the structure to distinguish a
whole file of the type from one that only begins like it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, Protocol

HEAD_BYTES: Final = 4096
_PDF_END_WITHIN: Final = 2048
_RIFF_WEBP: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X"})
_HEIC: Final = frozenset(b"heic heix heim heis hevc hevx".split())
_HEIC_GENERIC: Final = frozenset(b"mif1 msf1".split())
_M4A: Final = frozenset({b"M4A ", b"M4B "})
_MP4: Final = frozenset((b"M4V ", *b"isom iso2 iso3 iso4 iso5 iso6 mp41 mp42 avc1 MSNV dash".split()))
# No ordinary file of 25 MB has as many parts; a hostile one would keep the reader busy for minutes.
_MAX_PARTS: Final = 50_000
_ARCHIVE_END_BYTES: Final = 22
_OGG_AUDIO: Final = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
# kbit/s by index, layer III: MPEG 1, then MPEG 2 and 2.5.
_MP3_RATES: Final = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
# Hz by version bits (2.5, reserved, 2, 1) and index.
_MP3_FREQUENCIES: Final = ((11025, 12000, 8000), (), (22050, 24000, 16000), (44100, 48000, 32000))


class Seekable(Protocol):
    """What these checks need of a file."""

    def read(self, size: int = ..., /) -> bytes: ...

    def seek(self, offset: int, whence: int = ..., /) -> int: ...


class ArchiveEnd(NamedTuple):
    """What the last record of a ZIP archive says: how many members, and the bytes of their directory."""

    members: int
    directory_bytes: int


class Broken(Exception):
    """The bytes do not have the structure their beginning promises."""


def recognise(file: Seekable, size: int) -> str | None:
    """The media type of `file`, of `size` bytes, if it begins with the signature of an allowed type.

    None if it begins with no such signature. Raises Broken if the rest of the file does not fit it.
    """
    head = read_at(file, 0, HEAD_BYTES)
    for signature, check in _CHECKS:
        if signature.match(head):
            return check(file, size)
    return None


def read_at(file: Seekable, place: int, count: int) -> bytes:
    """`count` bytes from `place`, or as many as there are."""
    file.seek(place)
    return file.read(count)


def archive_end(file: Seekable, size: int) -> ArchiveEnd | None:
    """The last record of a ZIP archive, if the file ends with one; unpackers look there, not at the start."""
    start = max(size - _ARCHIVE_END_BYTES - 0xFFFF, 0)
    tail = read_at(file, start, size - start)
    for found in re.finditer(rb"PK\x05\x06(?=.{18})", tail, re.DOTALL):
        members, directory, _, comment = struct.unpack_from("<HIIH", tail, found.start() + 10)
        if found.start() + _ARCHIVE_END_BYTES + comment == len(tail):
            return ArchiveEnd(members, directory)
    return None


def hides_pdf(file: Seekable) -> bool:
    """Whether a PDF begins after the first byte: PDF readers accept a header anywhere in the first 1024."""
    return b"%PDF-" in read_at(file, 1, 1024)


def _require(condition: bool) -> None:
    if not condition:
        raise Broken


def _png(file: Seekable, size: int) -> str:
    place, wanted = 8, b"IHDR"
    for _ in range(_MAX_PARTS):
        header = read_at(file, place, 8)
        length, kind = int.from_bytes(header[:4], "big"), header[4:]
        place += length + 12
        _require(kind.isalpha() and kind.startswith(wanted) and place <= size)
        if kind == b"IEND":
            return "image/png"
        wanted = b""
    raise Broken


def _jpeg(file: Seekable, size: int) -> str:
    place = 2
    for _ in range(_MAX_PARTS):
        marker = read_at(file, place, 4)
        _require(len(marker) == 4 and marker[0] == 0xFF and place < size)
        kind = marker[1]
        if kind == 0xDA:
            return "image/jpeg"
        _require(kind >= 0xC0 and kind not in range(0xD0, 0xDA))
        place += 1 if kind == 0xFF else 2 + int.from_bytes(marker[2:], "big")
    raise Broken


def _gif(file: Seekable, size: int) -> str:
    screen = read_at(file, 6, 7)
    _require(len(screen) == 7 and any(screen[:2]) and any(screen[2:4]))
    colours = 3 * 2 ** ((screen[4] & 7) + 1) if screen[4] & 0x80 else 0
    _require(read_at(file, 13 + colours, 1) in (b"\x21", b"\x2c"))
    return "image/gif"


def _webp(file: Seekable, size: int) -> str:
    _require(int.from_bytes(read_at(file, 4, 4), "little") + 8 <= size)
    _require(read_at(file, 12, 4) in _RIFF_WEBP)
    return "image/webp"


def _wav(file: Seekable, size: int) -> str:
    place = 12
    for _ in range(_MAX_PARTS):
        header = read_at(file, place, 8)
        _require(len(header) == 8 and place < size)
        if header.startswith(b"fmt "):
            return "audio/wav"
        length = int.from_bytes(header[4:], "little")
        place += 8 + length + length % 2
    raise Broken


def _pdf(file: Seekable, size: int) -> str:
    _require(b"%%EOF" in read_at(file, max(size - _PDF_END_WITHIN, 0), _PDF_END_WITHIN))
    return "application/pdf"


def _iso_media(file: Seekable, size: int) -> str:
    boxes = dict(_boxes(file, size))
    brands = read_at(file, 8, min(boxes[b"ftyp"], HEAD_BYTES) - 8)
    major = brands[:4]
    names = {major, *(brands[place : place + 4] for place in range(8, len(brands), 4))}
    if major in _HEIC or (major in _HEIC_GENERIC and names & _HEIC):
        _require(b"meta" in boxes)
        return "image/heic"
    _require(b"moov" in boxes)
    if major in _M4A:
        return "audio/mp4"
    if major == b"qt  ":
        return "video/quicktime"
    _require(bool(names & _MP4))
    return "video/mp4"


def _boxes(file: Seekable, size: int) -> Iterator[tuple[bytes, int]]:
    """The type and the length of each box at the top level; together the boxes must fill the file."""
    place = parts = 0
    while place < size:
        parts += 1
        header = read_at(file, place, 16)
        length, kind = int.from_bytes(header[:4], "big"), header[4:8]
        if length == 0:
            length = size - place
        elif length == 1:
            length = int.from_bytes(header[8:], "big")
        _require(8 <= length <= size - place and parts <= _MAX_PARTS)
        yield kind, length
        place += length


def _ogg(file: Seekable, size: int) -> str:
    page = read_at(file, 0, 27 + 255)
    _require(len(page) > 27 and page[4] == 0 and bool(page[5] & 2))
    segments = page[26]
    body = 27 + segments
    _require(page[body:].startswith(_OGG_AUDIO))
    _require(read_at(file, body + sum(page[27:body]), 4) == b"OggS")
    return "audio/ogg"


def _mp3(file: Seekable, size: int) -> str:
    place = 0
    tag = read_at(file, place, 10)
    if tag.startswith(b"ID3"):
        _require(len(tag) == 10 and max(tag[6:]) < 0x80)
        footer = 10 if tag[5] & 0x10 else 0
        place = 10 + (tag[6] << 21 | tag[7] << 14 | tag[8] << 7 | tag[9]) + footer
    padding = read_at(file, place, HEAD_BYTES)
    place += len(padding) - len(padding.lstrip(b"\x00"))
    for _ in range(2):
        place += _mp3_frame(read_at(file, place, 4))
    _require(place <= size)
    return "audio/mpeg"


def _mp3_frame(header: bytes) -> int:
    """The length in bytes of the layer III frame that begins with `header`."""
    _require(len(header) == 4 and header[0] == 0xFF and header[1] & 0xE6 == 0xE2)
    version, rate, frequency = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    _require(version != 1 and 0 < rate < 15 and frequency < 3)
    newest = version == 3
    kilobits = _MP3_RATES[0 if newest else 1][rate]
    samples = 144 if newest else 72
    return samples * kilobits * 1000 // _MP3_FREQUENCIES[version][frequency] + (header[2] >> 1 & 1)


_CHECKS: Final[tuple[tuple[re.Pattern[bytes], Callable[[Seekable, int], str]], ...]] = tuple(
    (re.compile(signature, re.DOTALL), check)
    for signature, check in (
        (rb"\x89PNG\r\n\x1a\n", _png),
        (rb"\xff\xd8\xff", _jpeg),
        (rb"GIF8[79]a", _gif),
        (rb"RIFF.{4}WEBP", _webp),
        (rb"RIFF.{4}WAVE", _wav),
        (rb"%PDF-[12]\.\d", _pdf),
        (rb".{4}ftyp", _iso_media),
        (rb"OggS", _ogg),
        (rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", _mp3),
    )
)
