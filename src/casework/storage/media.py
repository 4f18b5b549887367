"""Which files may be stored as evidence, decided by their bytes and never by their name alone.

`structure` decides for the types that have a signature, `archives` for ZIP. The library puremagic only names
a type that is refused: it knows a thousand types and is maintained, but its signatures for ISO media, MP3
and ZIP are too loose to accept a file by.
"""

from __future__ import annotations

import codecs
import os
import re
from pathlib import PurePosixPath
from typing import Final

import puremagic

from casework.storage import archives
from casework.storage.structure import (
    HEAD_BYTES,
    Broken,
    Seekable,
    archive_end,
    hides_pdf,
    read_at,
    recognise,
)

ZIP: Final = "application/zip"
TEXT: Final = "text/plain"
ALLOWED: Final = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/heic",
        "application/pdf",
        "video/mp4",
        "video/quicktime",
        "audio/mpeg",
        "audio/mp4",
        "audio/ogg",
        "audio/wav",
        TEXT,
        ZIP,
    }
)
# A text has no signature, so its name must not make another program run it or show it as another type.
_TEXT_ENDINGS: Final = ("", ".txt", ".text", ".csv", ".tsv", ".log", ".md", ".json", ".srt", ".vtt")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_MARKUP: Final = re.compile(r"\s*(?:<[!?%]|</?[a-z][^<>]*[>\s])", re.IGNORECASE)
_SCRIPT: Final = re.compile(r"\s*(?:#!|@echo\b|javascript:|vbscript:|%!PS|\{\\rtf)", re.IGNORECASE)
_PIECE_BYTES: Final = 1024 * 1024


class NotAllowed(Exception):
    """A file that may not be stored. `reason` says what it looks like, never its name or its content."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not an allowed type of file: {reason}")
        self.reason = reason


def identify(file: Seekable, declared_name: str = "") -> str:
    """The media type of a seekable `file`, one of `ALLOWED`. Raises NotAllowed.

    `declared_name` is the sender's name for the file; only its extension is checked, and only for text.
    """
    return _identify(file, declared_name, within_archive=False)


def _identify(file: Seekable, name: str, *, within_archive: bool) -> str:
    size = file.seek(0, os.SEEK_END)
    if not size:
        raise NotAllowed("an empty file")
    if archives.is_archive(file):
        if within_archive:
            raise NotAllowed("an archive within an archive")
        _check_members(file, size)
        return ZIP
    try:
        media_type = recognise(file, size)
    except Broken:
        raise NotAllowed(f"{_found(file)}, damaged or disguised") from None
    if media_type is None:
        _check_text(file, name)
        media_type = TEXT
    if archive_end(file, size) is not None:
        raise NotAllowed(f"{media_type} followed by an archive")
    if hides_pdf(file):
        raise NotAllowed(f"{media_type} with a PDF document inside")
    return media_type


def _check_members(file: Seekable, size: int) -> None:
    try:
        for name, member in archives.members(file, size):
            _identify(member, name, within_archive=True)
    except archives.Unacceptable as unacceptable:
        raise NotAllowed(str(unacceptable)) from None
    except Broken:
        raise NotAllowed("a damaged archive") from None
    except NotAllowed as refused:
        raise NotAllowed(f"an archive that contains {refused.reason}") from None


def _check_text(file: Seekable, name: str) -> None:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    file.seek(0)
    beginning = more = True
    while more:
        piece = file.read(_PIECE_BYTES)
        more = bool(piece)
        try:
            text = decoder.decode(piece, final=not more)
        except UnicodeDecodeError:
            raise NotAllowed(_found(file)) from None
        if _CONTROL.search(text):
            raise NotAllowed(_found(file))
        if beginning and text.strip():
            _check_beginning(text)
            beginning = False
    if PurePosixPath(name).suffix.lower() not in _TEXT_ENDINGS:
        raise NotAllowed("a text whose name has the extension of another type")


def _check_beginning(text: str) -> None:
    if _MARKUP.match(text):
        raise NotAllowed("a text that begins like markup (HTML, SVG, XML)")
    if _SCRIPT.match(text):
        raise NotAllowed("a text that begins like a script or a program")


def _found(file: Seekable) -> str:
    """What type of file the first bytes look like."""
    try:
        matches = puremagic.magic_string(read_at(file, 0, HEAD_BYTES))
    except puremagic.PureError:
        matches = []
    named = next((match.mime_type for match in matches if match.mime_type), "an unknown type of file")
    return "a text that is not plain UTF-8" if named == TEXT else named
