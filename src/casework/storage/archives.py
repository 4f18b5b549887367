"""Reading the members of a ZIP archive, with a limit on everything a hostile archive could make large."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final, cast

from casework.storage.structure import Broken, Seekable, archive_end, read_at

MAX_MEMBERS: Final = 200
MAX_UNPACKED_BYTES: Final = 100 * 1024 * 1024
_MAX_DIRECTORY_BYTES: Final = MAX_MEMBERS * 2048
# Encrypted, strongly encrypted, with an encrypted directory.
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_PACKINGS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_UNSAFE_NAME: Final = re.compile(r"^[/\\]|^[A-Za-z]:|\\|(?:^|/)\.\.(?:/|$)|[\x00-\x1f\x7f]")
# Members that show that an archive is really a document or a program.
_DISGUISES: Final = {
    "[Content_Types].xml": "an Office document",
    "META-INF/MANIFEST.MF": "a Java archive",
    "META-INF/container.xml": "an e-book",
    "AndroidManifest.xml": "an Android program",
    "mimetype": "an OpenDocument file or an e-book",
}


class Unacceptable(Exception):
    """An archive that may not be stored, and why; the reason names no member."""


def is_archive(file: Seekable) -> bool:
    """Whether `file` begins like a ZIP archive, which may be empty."""
    return read_at(file, 0, 4) in (b"PK\x03\x04", b"PK\x05\x06")


def members(file: Seekable, size: int) -> Iterator[tuple[str, Seekable]]:
    """The name and the content, in memory, of each member of `file`, of `size` bytes, except folders.

    Raises Unacceptable if the archive exceeds a limit or could do harm when unpacked, and Broken if it is
    damaged.
    """
    # Checked first, because zipfile would read a directory of any length into memory.
    end = archive_end(file, size)
    if end is None:
        raise Broken
    if end.members > MAX_MEMBERS or end.directory_bytes > _MAX_DIRECTORY_BYTES:
        raise Unacceptable(f"an archive of more than {MAX_MEMBERS} files")
    try:
        with zipfile.ZipFile(cast(IO[bytes], file)) as archive:
            listed = archive.infolist()
            _check(archive, listed)
            for member in listed:
                if not member.is_dir():
                    yield member.filename, io.BytesIO(_unpack(archive, member))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise Broken from error


def _check(archive: zipfile.ZipFile, listed: list[zipfile.ZipInfo]) -> None:
    if len(listed) > MAX_MEMBERS:
        raise Unacceptable(f"an archive of more than {MAX_MEMBERS} files")
    if sum(member.file_size for member in listed) > MAX_UNPACKED_BYTES:
        raise Unacceptable(f"an archive of more than {MAX_UNPACKED_BYTES} bytes when unpacked")
    names = [member.filename for member in listed]
    if len(set(names)) < len(names):
        raise Unacceptable("an archive with two files of the same name")
    disguise = next((_DISGUISES[name] for name in names if name in _DISGUISES), None)
    if disguise is not None:
        raise Unacceptable(disguise)
    for member in listed:
        fault = _fault(member)
        if fault is not None:
            raise Unacceptable(fault)
    if all(member.is_dir() for member in listed):
        raise Unacceptable("an empty archive")
    if min(member.header_offset for member in listed) > 0:
        raise Unacceptable("an archive that follows other data")


def _fault(member: zipfile.ZipInfo) -> str | None:
    if member.flag_bits & _ENCRYPTED:
        return "an archive with an encrypted file"
    if member.compress_type not in _PACKINGS:
        return "an archive packed in an unusual way"
    # zipfile rewrites unsafe names, so the name that is in the archive is checked.
    if _UNSAFE_NAME.search(member.orig_filename):
        return "an archive with a path that leads out of it"
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "an archive with a link or a device"
    return None


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as packed:
        content = packed.read(member.file_size + 1)
    if len(content) != member.file_size:
        raise Broken
    return content
