"""Opening an evidence file. A use case does it, because the opening is recorded before a byte is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import msgspec

from casework.domain.incident.evidence import EvidenceFile
from casework.domain.vocabulary import Role
from casework_projections.reading.asking import Asker


class OpenedFile(msgspec.Struct, frozen=True):
    """The bytes of a file, checked against its hash, and the role in which it was opened."""

    file: EvidenceFile
    role: Role
    content: Iterator[bytes]


OpenFile = Callable[[Asker, UUID, UUID], OpenedFile]
"""Opens a file of an incident by both ids. Raises NotFound, Forbidden or Refused."""
