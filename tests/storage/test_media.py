"""Which files may be stored: identified from their bytes, including the members of an archive."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
from contextlib import suppress
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.storage import archives, media
from casework.storage.media import ALLOWED, NotAllowed, identify
from tests.storage import samples

SECRET = "Priya Nobody-Real"
DOCX = samples.archive(
    {"[Content_Types].xml": b"<?xml version='1.0'?><Types/>", "word/document.xml": b"<w/>"}
)
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"


def refusal_of(content: bytes, name: str = "") -> str:
    """The reason why `content` is refused."""
    with pytest.raises(NotAllowed) as refusal:
        identify(io.BytesIO(content), name)
    assert refusal.value.reason in str(refusal.value)
    return refusal.value.reason


def special(name: str, content: bytes = b"text", **changes: int) -> bytes:
    """An archive with one member that has unusual attributes."""
    member = zipfile.ZipInfo(name)
    for attribute, value in changes.items():
        setattr(member, attribute, value)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(member, content)
    return packed.getvalue()


def marked(content: bytes, flag: int) -> bytes:
    """An archive of one member, with `flag` set in both of its headers."""
    packed = bytearray(samples.archive({"a.txt": content}))
    for place in (6, packed.index(b"PK\x01\x02") + 8):
        packed[place : place + 2] = struct.pack("<H", flag)
    return bytes(packed)


@pytest.mark.parametrize(("content", "media_type"), samples.ALLOWED.values(), ids=samples.ALLOWED)
def test_an_allowed_type_is_identified_by_its_bytes(content: bytes, media_type: str) -> None:
    assert (
        identify(io.BytesIO(content), "whatever.exe" if media_type != "text/plain" else "a.csv") == media_type
    )


def test_every_allowed_type_has_a_sample() -> None:
    assert {media_type for _, media_type in samples.ALLOWED.values()} == ALLOWED


@pytest.mark.parametrize("content", [content for content, _ in samples.ALLOWED.values()], ids=samples.ALLOWED)
def test_an_archive_may_contain_every_type_except_an_archive(content: bytes) -> None:
    packed = samples.archive({"folder/file.txt": content})
    if content == samples.ZIP:
        assert refusal_of(packed) == "an archive that contains an archive within an archive"
    else:
        assert identify(io.BytesIO(packed)) == "application/zip"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "an empty file"),
        (HTML, "a text that begins like markup (HTML, SVG, XML)"),
        (b"\xef\xbb\xbf \n" + HTML.lower(), "a text that begins like markup (HTML, SVG, XML)"),
        (SVG, "a text that begins like markup (HTML, SVG, XML)"),
        (b"<?xml version='1.0'?><svg/>", "a text that begins like markup (HTML, SVG, XML)"),
        (b" " * 2_000_000 + SVG, "a text that begins like markup (HTML, SVG, XML)"),
        (b"<a\nhref='x'>", "a text that begins like markup (HTML, SVG, XML)"),
        (b"<?php echo 1;", "a text that begins like markup (HTML, SVG, XML)"),
        (b"#!/bin/sh\nrm -rf /\n", "a text that begins like a script or a program"),
        (b"@echo off\r\ndel *.*\r\n", "a text that begins like a script or a program"),
        (b"javascript:alert(1)", "a text that begins like a script or a program"),
        (b"{\\rtf1 hello}", "a text that begins like a script or a program"),
        (b"MZ\x90\x00" + b"\x00" * 80, "application/vnd.microsoft.portable-executable"),
        (b"7z\xbc\xaf\x27\x1c" + b"\x00" * 40, "application/x-7z-compressed"),
        (b"Rar!\x1a\x07\x01\x00" + b"\x00" * 40, "application/vnd.rar"),
        (b"BM" + b"\x00" * 60, "image/x-ms-bmp"),
        (b"II*\x00" + b"\x00" * 60, "image/tiff"),
        (b"\x00\x01\x02\x03" * 4, "an unknown type of file"),
        ("häßlich".encode("latin-1"), "an unknown type of file"),
        ("utf-16".encode("utf-16"), "a text that is not plain UTF-8"),
        (b"text and \x00 then", "an unknown type of file"),
        (b"text and \x1b[31m then", "an unknown type of file"),
        (b"ends in half a character \xe2\x82", "an unknown type of file"),
        (samples.iso_media(b"avif", b"mif1", b"miaf", box=b"meta"), "image/avif, damaged or disguised"),
        (samples.iso_media(b"mif1", b"avif", box=b"meta"), "an unknown type of file, damaged or disguised"),
        (samples.iso_media(b"mp42", box=b"meta"), "video/mp4, damaged or disguised"),
        (samples.riff(b"WEBP", (b"EVIL", b"")), "image/webp, damaged or disguised"),
        (samples.riff(b"AVI ", (b"LIST", b"")), "video/avi"),
        (b"%PDF-1.7\nno end", "application/pdf, damaged or disguised"),
        (b" " + samples.PDF, "text/plain with a PDF document inside"),
        (b"\xff\xfb\x90\x00" + b"\x00" * 100, "audio/mpeg, damaged or disguised"),
        (b"ID3\x04\x00\x00\xff\xff\xff\xff", "audio/mpeg, damaged or disguised"),
    ],
)
def test_other_types_are_refused_with_what_was_found(content: bytes, reason: str) -> None:
    assert refusal_of(content) == reason


@pytest.mark.parametrize("kind", sorted(samples.ALLOWED))
def test_a_truncated_file_is_refused(kind: str) -> None:
    content, media_type = samples.ALLOWED[kind]
    if media_type == "text/plain":
        content = content.rstrip() + "é".encode()[:1]
    else:
        content = content[: max(len(content) // 4, 9)]
    with pytest.raises(NotAllowed):
        identify(io.BytesIO(content))


@pytest.mark.parametrize("kind", sorted(set(samples.ALLOWED) - {"zip", "text", "csv"}))
def test_a_file_followed_by_an_archive_is_refused(kind: str) -> None:
    reason = refusal_of(samples.ALLOWED[kind][0] + samples.ZIP)
    assert "followed by an archive" in reason or "damaged or disguised" in reason


def test_a_text_followed_by_an_archive_is_refused() -> None:
    assert refusal_of(samples.TEXT + samples.ZIP) == "an unknown type of file"


@pytest.mark.parametrize("kind", ["jpeg", "gif", "mp4", "text"])
def test_a_file_that_contains_a_pdf_is_refused(kind: str) -> None:
    content, media_type = samples.ALLOWED[kind]
    if kind == "jpeg":
        content = content[:2] + b"\xff\xfe\x00\x0b%PDF-1.7\n" + content[2:]
    elif kind == "gif":
        content = content.replace(b"!\xf9", b"!\xfe\x09%PDF-1.7\n\x00!\xf9", 1)
    elif kind == "mp4":
        content += struct.pack(">I", 17) + b"free%PDF-1.7\n"
    else:
        content += samples.PDF
    assert refusal_of(content) == f"{media_type} with a PDF document inside"


@pytest.mark.parametrize("name", ["a.html", "a.SVG", "a.js", "a.eml", "a.bat", "a.txt.exe", f"{SECRET}.ps1"])
def test_a_text_with_the_name_of_another_type_is_refused(name: str) -> None:
    assert refusal_of(samples.TEXT, name) == "a text whose name has the extension of another type"
    assert refusal_of(samples.archive({name: samples.TEXT})) == (
        "an archive that contains a text whose name has the extension of another type"
    )


@pytest.mark.parametrize("name", ["", "notes", "_chat.txt", "A.TXT", "folder.d/export.csv", "log.2026.log"])
def test_a_text_with_the_name_of_a_text_is_allowed(name: str) -> None:
    assert identify(io.BytesIO(samples.TEXT), name) == "text/plain"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (DOCX, "an Office document"),
        (samples.archive({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\n"}), "a Java archive"),
        (samples.archive({"mimetype": b"application/epub+zip"}), "an OpenDocument file or an e-book"),
        (
            samples.archive({"a.txt": b"text", "b.html": HTML}),
            "an archive that contains a text that begins like markup",
        ),
        (
            samples.archive({"a.png": b"MZ\x90\x00" + b"\x00" * 80}),
            "an archive that contains application/vnd.microsoft",
        ),
        (samples.archive({"a.txt": b""}), "an archive that contains an empty file"),
        (samples.archive({}), "an empty archive"),
        (samples.archive({"only/": b"", "folders/": b""}), "an empty archive"),
        (special("../out.txt"), "an archive with a path that leads out of it"),
        (special("a/../../out.txt"), "an archive with a path that leads out of it"),
        (special("/etc/out.txt"), "an archive with a path that leads out of it"),
        (special("C:out.txt"), "an archive with a path that leads out of it"),
        (special("a\\..\\out.txt"), "an archive with a path that leads out of it"),
        (special("a.txt", external_attr=(stat.S_IFLNK | 0o777) << 16), "an archive with a link or a device"),
        (special("a.txt", compress_type=zipfile.ZIP_BZIP2), "an archive packed in an unusual way"),
        (marked(b"text", 0x1), "an archive with an encrypted file"),
        (marked(b"text", 0x41), "an archive with an encrypted file"),
        (samples.ZIP + b"trailing", "a damaged archive"),
        (samples.ZIP[:-30], "a damaged archive"),
        (samples.ZIP[:40], "a damaged archive"),
        (samples.ZIP + samples.ZIP, "an archive that follows other data"),
    ],
    # The bytes of an archive contain the time it was made, but a test must have the same name in every run.
    ids=map(str, count()),
)
def test_an_archive_is_refused_for_its_content(content: bytes, reason: str) -> None:
    assert refusal_of(content).startswith(reason)


def test_a_member_with_a_wrong_checksum_is_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.txt", b"the text")
    assert refusal_of(packed.getvalue().replace(b"the text", b"the lies")) == "a damaged archive"


def test_two_members_with_the_same_name_are_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.txt", b"one")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a.txt", b"two")
    assert refusal_of(packed.getvalue()) == "an archive with two files of the same name"


def test_the_number_of_members_is_limited() -> None:
    most = {f"{number}.txt": b"text" for number in range(archives.MAX_MEMBERS)}
    assert identify(io.BytesIO(samples.archive(most))) == "application/zip"
    assert refusal_of(samples.archive({**most, "more.txt": b"text"})) == "an archive of more than 200 files"


def test_the_unpacked_size_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1000)
    halves = {"a.txt": b"a" * 500, "b.txt": b"b" * 500}
    assert identify(io.BytesIO(samples.archive(halves))) == "application/zip"
    assert refusal_of(samples.archive({**halves, "c.txt": b"c"})).startswith(
        "an archive of more than 1000 bytes"
    )


def test_a_member_larger_than_declared_is_not_unpacked() -> None:
    packed = bytearray(samples.archive({"a.txt": b"a" * 50_000_000}))
    for place in (22, packed.index(b"PK\x01\x02") + 24):
        packed[place : place + 4] = struct.pack("<I", 10)
    tracemalloc.start()
    assert refusal_of(bytes(packed)) == "a damaged archive"
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x89PNG\r\n\x1a\n" + samples.PNG[8:33] + b"\x00\x00\x00\x00tEXt\x00\x00\x00\x00" * 2_000_000,
        b"\xff\xd8" + b"\xff" * 25_000_000,
        samples.MP4 + b"\x00\x00\x00\x08free" * 3_000_000,
        samples.riff(b"WAVE") + b"junk\x00\x00\x00\x00" * 3_000_000,
        b"PK\x03\x04" + b"PK\x05\x06" * 6_000_000,
        samples.ZIP[:-22].ljust(20_000_000, b"\x00")
        + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 9, 9, 2**24, 0, 0),
        b"<a " + b" " * 1_000_000,
    ],
    ids=["png", "jpeg", "mp4", "wav", "zip-ends", "zip-directory", "markup"],
)
def test_a_hostile_file_is_refused(hostile: bytes) -> None:
    with pytest.raises(NotAllowed):
        identify(io.BytesIO(hostile))


def test_the_reason_of_a_refusal_names_no_file() -> None:
    for content in (HTML, samples.archive({f"{SECRET}.html": HTML}), special(f"../{SECRET}")):
        assert SECRET not in refusal_of(content, f"{SECRET}.html")


@given(content=st.binary(max_size=400), sample=st.sampled_from(sorted(samples.ALLOWED)), data=st.data())
def test_any_bytes_have_an_allowed_type_or_are_refused(
    content: bytes, sample: str, data: st.DataObject
) -> None:
    whole = samples.ALLOWED[sample][0]
    cut = data.draw(st.integers(0, len(whole)))
    for candidate in (content, whole[:cut] + content, whole[:cut] + content + whole[cut:]):
        with suppress(NotAllowed):
            assert identify(io.BytesIO(candidate)) in ALLOWED


def test_a_character_may_span_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "_PIECE_BYTES", 3)
    assert identify(io.BytesIO("ééééé €€€ 🙂🙂".encode())) == "text/plain"
