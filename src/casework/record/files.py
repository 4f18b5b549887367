"""What use cases need of the store of evidence files."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

import msgspec


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file: SHA-256 (hex) and size (bytes) of its plain bytes, and their media type.

    `created` is false if the incident held the same content before.
    """

    sha256: str
    size: int
    media_type: str
    created: bool


class FileWriter(Protocol):
    """Writes a file as it arrives. Leaving its block discards the file unless it was finished."""

    def write(self, plain: bytes, /) -> None:
        """Write the next bytes."""

    def finish(self) -> StoredFile:
        """Store the file."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Files(Protocol):
    """Stores the files of incidents, sealed. `key` is always the data key of the incident."""

    def writer(self, incident: UUID, key: bytes, /) -> FileWriter:
        """A writer for one file."""

    def stream(self, incident: UUID, sha256: str, key: bytes, /) -> Iterator[bytes]:
        """The plain bytes of a file. Their hash is verified before the first bytes are returned."""

    def remove(self, incident: UUID, file: StoredFile, /) -> bool:
        """Remove a file whose event was refused. Returns whether it was removed."""


class Keys(Protocol):
    """Returns the data keys of incidents."""

    def get(self, subject: UUID, /) -> bytes | None:
        """The data key of `subject`; None if it was destroyed or never made."""
