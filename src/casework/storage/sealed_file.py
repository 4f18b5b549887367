"""A file sealed in chunks, so that it can be written as it arrives and read from any position.

Format: a header (`CASEWORK` and a version byte), an 8-byte random nonce prefix, then the chunks. A chunk is
1 MiB of plain bytes (the last one from 0 to 1 MiB) encrypted with AES-256-GCM. Its nonce is the prefix and
the chunk's number (32 bits, big-endian); its AAD is the header, the subject's id and whether it is the last.
So no chunk can be changed, left out, moved or cut off unnoticed (the STREAM construction: Hoang,
Reyhanitabar, Rogaway and Vizár, CRYPTO 2015). The key is derived from the subject's data key and used for
nothing else.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from typing import BinaryIO, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from casework.storage.keys import derive_key

CHUNK_BYTES: Final = 1024 * 1024
_HEADER: Final = b"CASEWORK\x01"
_PREFIX_BYTES: Final = 8
_START: Final = len(_HEADER) + _PREFIX_BYTES
_TAG_BYTES: Final = 16
_SEALED_CHUNK: Final = CHUNK_BYTES + _TAG_BYTES


class Corrupt(Exception):
    """A sealed file does not hold what was written to it."""


class _Chunks:
    """Seals and opens the chunks of one file."""

    def __init__(self, key: bytes, subject: UUID, prefix: bytes) -> None:
        self._cipher = AESGCM(derive_key(key, "evidence file"))
        self._subject = subject
        self._prefix = prefix

    def seal(self, number: int, plain: bytes, *, last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(number), plain, self._bound(last))

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(number), sealed, self._bound(last))
        except (InvalidTag, ValueError) as error:
            raise Corrupt(f"chunk {number} of a file of {self._subject} cannot be decrypted") from error

    def _nonce(self, number: int) -> bytes:
        return self._prefix + number.to_bytes(4, "big")

    def _bound(self, last: bool) -> bytes:
        return _HEADER + self._subject.bytes + bytes([last])


class SealingWriter:
    """Seals the bytes written to it and writes them to `file`. Counts the plain bytes and hashes them."""

    def __init__(self, file: BinaryIO, key: bytes, subject: UUID) -> None:
        prefix = secrets.token_bytes(_PREFIX_BYTES)
        self._file = file
        self._chunks = _Chunks(key, subject, prefix)
        self._number = 0
        self._waiting = bytearray()
        self._hash = hashlib.sha256()
        self.size = 0
        file.write(_HEADER + prefix)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the plain bytes written so far, in hex."""
        return self._hash.hexdigest()

    def write(self, plain: bytes) -> None:
        self._hash.update(plain)
        self.size += len(plain)
        self._waiting += plain
        # A full chunk waits for the next byte, because the last chunk is sealed differently.
        while len(self._waiting) > CHUNK_BYTES:
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]

    def finish(self) -> None:
        """Seal the last chunk; nothing may be written after it."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()
        self._file.flush()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        self._file.write(self._chunks.seal(self._number, plain, last=last))
        self._number += 1


class SealedReader(io.BufferedIOBase):
    """The plain bytes of a sealed file, seekable. It decrypts one chunk at a time; closing it closes `file`.

    Raises Corrupt when created if `file` does not have the format of a sealed file, and when read if a
    chunk cannot be decrypted.
    """

    def __init__(self, file: BinaryIO, key: bytes, subject: UUID) -> None:
        super().__init__()
        self._file = file
        sealed_size = file.seek(0, os.SEEK_END) - _START
        file.seek(0)
        start = file.read(_START)
        self._count = -(-sealed_size // _SEALED_CHUNK)
        self.size = sealed_size - self._count * _TAG_BYTES
        if len(start) != _START or not start.startswith(_HEADER) or self.size < 0 or self._count < 1:
            raise Corrupt(f"a file of {subject} is not a sealed file")
        self._chunks = _Chunks(key, subject, start[len(_HEADER) :])
        self._place = 0
        self._open_number, self._open_chunk = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        if origin + offset < 0:
            raise ValueError("a position before the beginning of the file")
        self._place = origin + offset
        return self._place

    def read(self, size: int | None = -1, /) -> bytes:
        """`size` bytes, or all that are left if there are fewer or `size` is negative or None."""
        left = max(self.size - self._place, 0)
        wanted = left if size is None or size < 0 else min(size, left)
        # At the end of the file the last chunk is decrypted too: in an empty file it is the only check.
        parts = [] if left else [self._chunk(self._count - 1)[:0]]
        while wanted:
            number, start = divmod(self._place, CHUNK_BYTES)
            part = self._chunk(number)[start : start + wanted]
            parts.append(part)
            self._place += len(part)
            wanted -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if number != self._open_number:
            self._file.seek(_START + number * _SEALED_CHUNK)
            sealed = self._file.read(_SEALED_CHUNK)
            self._open_chunk = self._chunks.open(number, sealed, last=number == self._count - 1)
            self._open_number = number
        return self._open_chunk
