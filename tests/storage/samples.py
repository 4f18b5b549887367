"""The smallest complete files of each allowed type, built here so that no real file is needed."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping


def _png_part(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _box(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _ogg_page(content: bytes, *, first: bool) -> bytes:
    return struct.pack("<4sBBqIIIBB", b"OggS", 0, 2 if first else 0, 0, 1, 0, 0, 1, len(content)) + content


def iso_media(major: bytes, *compatible: bytes, box: bytes = b"moov") -> bytes:
    """A file of boxes whose brands are `major` and `compatible`."""
    brands = _box(b"ftyp", major + b"\x00\x00\x02\x00" + b"".join(compatible))
    return brands + _box(box, b"\x00" * 20) + _box(b"mdat", b"\x01\x02\x03")


def riff(kind: bytes, *parts: tuple[bytes, bytes]) -> bytes:
    """A RIFF file of `kind`."""
    body = b"".join(name + struct.pack("<I", len(content)) + content for name, content in parts)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + kind + body


def archive(members: Mapping[str, bytes]) -> bytes:
    """A ZIP archive of `members`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return packed.getvalue()


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _png_part(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    + _png_part(b"IDAT", zlib.compress(b"\x00\x00"))
    + _png_part(b"IEND", b"")
)
JPEG = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    b"\xff\xdb\x00\x43\x00%b"
    b"\xff\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x7f\xff\xd9"
) % (b"\x01" * 64)
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    b"!\xf9\x04\x00\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
WEBP = riff(b"WEBP", (b"VP8L", b"\x2f\x00\x00\x00\x00\x00\x00\x00"))
WAV = riff(
    b"WAVE", (b"LIST", b"abc\x00"), (b"fmt ", b"\x01\x00\x01\x00" + b"\x00" * 12), (b"data", b"\x00" * 4)
)
HEIC = iso_media(b"heic", b"mif1", box=b"meta")
MP4 = iso_media(b"mp42", b"isom", b"mp41")
MOV = iso_media(b"qt  ", b"qt  ")
M4A = iso_media(b"M4A ", b"mp42", b"isom")
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
OGG = _ogg_page(b"OpusHead\x01\x01" + b"\x00" * 9, first=True) + _ogg_page(b"OpusTags", first=False)
# MPEG 1 layer III, 128 kbit/s at 44.1 kHz: 417 bytes per frame.
MP3 = (b"\xff\xfb\x90\x00" + b"\x00" * 413) * 3
MP3_TAGGED = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + b"\x00" * 10 + MP3
# MPEG 2 layer III, 64 kbit/s at 22.05 kHz, padded: 209 bytes per frame.
MP3_LOW = (b"\xff\xf3\x82\x00" + b"\x00" * 205) * 2
TEXT = "[14/09/2026, 10:05:00] A pupil: <3 “quoted” é\r\n\tand more\n".encode()
CSV = b"\xef\xbb\xbfwhen,what\n2026-09-14,a message\n"
ZIP = archive({"chat/": b"", "chat/_chat.txt": TEXT, "chat/photo.png": PNG, "voice.opus": OGG})

ALLOWED = {
    "png": (PNG, "image/png"),
    "jpeg": (JPEG, "image/jpeg"),
    "gif": (GIF, "image/gif"),
    "webp": (WEBP, "image/webp"),
    "heic": (HEIC, "image/heic"),
    "heic-generic": (iso_media(b"mif1", b"heic", box=b"meta"), "image/heic"),
    "mp4": (MP4, "video/mp4"),
    "mp4-3gp": (iso_media(b"3gp4", b"isom"), "video/mp4"),
    "mov": (MOV, "video/quicktime"),
    "m4a": (M4A, "audio/mp4"),
    "mp3": (MP3, "audio/mpeg"),
    "mp3-tagged": (MP3_TAGGED, "audio/mpeg"),
    "mp3-low": (MP3_LOW, "audio/mpeg"),
    "ogg": (OGG, "audio/ogg"),
    "wav": (WAV, "audio/wav"),
    "pdf": (PDF, "application/pdf"),
    "text": (TEXT, "text/plain"),
    "csv": (CSV, "text/plain"),
    "zip": (ZIP, "application/zip"),
}
