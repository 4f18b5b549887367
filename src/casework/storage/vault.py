"""The evidence vault: files sealed with their incident's key, named by their hash, never overwritten."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, cast
from uuid import UUID

from casework.domain.errors import SetUpError
from casework.domain.incident.evidence import MAX_BYTES
from casework.record.files import StoredFile
from casework.storage.media import identify
from casework.storage.sealed_file import CHUNK_BYTES, Corrupt, SealedReader, SealingWriter

SETTING: Final = "CASEWORK_EVIDENCE_URL"
# Marks a file that was uploaded more than once: no upload may remove it when its own event is refused.
_SHARED_MODE: Final = 0o400


class VaultUrlError(SetUpError):
    """The setting does not name a place where evidence can be stored."""


class TooLarge(Exception):
    """A file has more than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"a file may have at most {limit} bytes")
        self.limit = limit


class Missing(Corrupt):
    """A file that was stored is not there."""


class Vault:
    """A folder of sealed files, with one folder per incident. `key` is always the incident's data key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @classmethod
    def from_url(cls, url: str) -> Vault:
        """The vault at `file:relative/folder` or `file:/absolute/folder`. Raises VaultUrlError."""
        scheme, _, path = url.partition(":")
        if scheme != "file" or not path:
            raise VaultUrlError(f"{SETTING}: must be file: and the path of a folder")
        return cls(Path(path.removeprefix("//")))

    def writer(self, incident: UUID, key: bytes, *, limit: int = MAX_BYTES) -> EvidenceWriter:
        """A writer for one file of at most `limit` bytes."""
        folder = self._folder / incident.hex
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(self._folder)
        return EvidenceWriter(folder, incident, key, limit)

    def open(self, incident: UUID, sha256: str, key: bytes) -> SealedReader:
        """The plain bytes of a file, seekable. Each chunk is verified as it is read, the hash is not.

        Raises Missing or Corrupt.
        """
        return _open(self._path(incident, sha256), key, incident)

    def stream(self, incident: UUID, sha256: str, key: bytes) -> VerifiedStream:
        """The plain bytes of a file. Their hash is verified before the first bytes are returned.

        Raises Missing or Corrupt.
        """
        reader = self.open(incident, sha256, key)
        try:
            _check_hash(reader, sha256, incident)
        except BaseException:
            reader.close()
            raise
        return VerifiedStream(reader)

    def remove(self, incident: UUID, file: StoredFile) -> bool:
        """Remove a file whose event was refused. Returns whether it was removed.

        It stays if the incident held the same content before, or if another upload has stored it since.
        """
        path = self._path(incident, file.sha256)
        if not file.created:
            return False
        with _locked(path.parent):
            if not path.exists() or path.stat().st_mode & 0o777 == _SHARED_MODE:
                return False
            path.unlink()
            return True

    def _path(self, incident: UUID, sha256: str) -> Path:
        if len(bytes.fromhex(sha256)) != hashlib.sha256().digest_size:
            raise ValueError("not a SHA-256 in hex")
        return self._folder / incident.hex / sha256.lower()


class EvidenceWriter:
    """Writes a file as it arrives; only sealed bytes reach the disk. Leaving its block discards the file."""

    def __init__(self, folder: Path, incident: UUID, key: bytes, limit: int) -> None:
        self._incident = incident
        self._key = key
        self._limit = limit
        # Created with mode 0600.
        descriptor, name = tempfile.mkstemp(prefix="incoming-", dir=folder)
        self._temporary: Path | None = Path(name)
        self._file = cast(BinaryIO, os.fdopen(descriptor, "w+b"))
        self._sealing = SealingWriter(self._file, key, incident)

    def write(self, plain: bytes) -> None:
        """Write the next bytes. Discards the file before it raises TooLarge."""
        self._require_unfinished()
        if self._sealing.size + len(plain) > self._limit:
            self.discard()
            raise TooLarge(self._limit)
        self._sealing.write(plain)

    def finish(self, declared_name: str = "") -> StoredFile:
        """Store the file under the hash of its content.

        `declared_name` is the sender's name for the file; it is not stored. Discards the file and raises
        NotAllowed if its type is not on the list, or Corrupt if the same content is stored already but
        cannot be read.
        """
        temporary = self._require_unfinished()
        try:
            self._sealing.finish()
            os.fsync(self._file.fileno())
            with SealedReader(self._file, self._key, self._incident) as reader:
                media_type = identify(reader, declared_name)
            created = self._publish(temporary)
        finally:
            self.discard()
        return StoredFile(
            sha256=self._sealing.sha256, size=self._sealing.size, media_type=media_type, created=created
        )

    def discard(self) -> None:
        """Delete the file, unless it was finished."""
        self._file.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def _require_unfinished(self) -> Path:
        if self._temporary is None:
            raise ValueError("the file was finished or discarded")
        return self._temporary

    def _publish(self, temporary: Path) -> bool:
        """Give the file its final name. Returns False if a file of the same content has that name already."""
        final = temporary.with_name(self._sealing.sha256)
        with _locked(final.parent):
            if final.exists():
                with _open(final, self._key, self._incident) as stored:
                    _check_hash(stored, final.name, self._incident)
                final.chmod(_SHARED_MODE)
                return False
            temporary.rename(final)
            _sync(final.parent)
            return True


class VerifiedStream(Iterator[bytes]):
    """A file's bytes in chunks of 1 MiB, after their hash was verified. Must be closed; `size` in bytes."""

    def __init__(self, reader: SealedReader) -> None:
        self._reader = reader
        self.size = reader.size
        reader.seek(0)

    def __next__(self) -> bytes:
        chunk = self._reader.read(CHUNK_BYTES)
        if not chunk:
            self.close()
            raise StopIteration
        return chunk

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _open(path: Path, key: bytes, incident: UUID) -> SealedReader:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise Missing(f"a file of {incident} is not in the vault") from None
    try:
        return SealedReader(file, key, incident)
    except Corrupt:
        file.close()
        raise


def _check_hash(reader: SealedReader, sha256: str, incident: UUID) -> None:
    digest = hashlib.sha256()
    while chunk := reader.read(CHUNK_BYTES):
        digest.update(chunk)
    if digest.hexdigest() != sha256.lower():
        raise Corrupt(f"the content of a file of {incident} does not match its name")


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder, against other processes too."""
    with _opened(folder) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _sync(folder: Path) -> None:
    """Flush the names in the folder to the disk."""
    with _opened(folder) as descriptor:
        os.fsync(descriptor)
