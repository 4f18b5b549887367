"""Evidence files: the metadata of a file, and its bytes, whose opening is recorded."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.errors import NotFound
from casework.domain.incident.evidence import SaveEvidence, saved
from casework.domain.moments import Instant
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import EvidenceForm
from casework_projections.reading.asking import Asker
from casework_projections.reading.opening import OpenedFile
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown


class EvidenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """A stored file: SHA-256 of its bytes in hex, size in bytes."""

    id: UUID
    sha256: str
    size: int
    media_type: str


class EvidenceRecord(EvidenceBody, frozen=True, kw_only=True):
    """A stored file, and how it was described when it was saved."""

    number: int
    form: EvidenceForm
    description: Sealed
    captured_at: Instant
    incident_at: Instant
    source_url: Sealed | None
    held_at: Sealed | None
    saved_by: UUID
    recorded_at: Instant


class ReadEvidence(Question[EvidenceRecord], frozen=True):
    """The record of one evidence file, without its bytes."""

    NAME: ClassVar = "evidence"

    incident: UUID
    file: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[EvidenceRecord]:
        case = room.admission.case_to_read(asker, self.incident)
        return Answer(_record_of(saved(case.incident, self.file)), (Shown.of(case, "evidence"),))


class ReadContent(Question[OpenedFile], frozen=True):
    """The bytes of an evidence file. The opening is recorded before they are read."""

    NAME: ClassVar = "evidence content"

    incident: UUID
    file: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[OpenedFile]:
        opened = room.open_file(asker, self.incident, self.file)
        shown = Shown(about=self.incident, parts=(f"file {self.file}",), role=opened.role)
        return Answer(opened, (shown,))


def _record_of(step: SaveEvidence) -> EvidenceRecord:
    if step.file is None:
        raise NotFound
    return EvidenceRecord(
        **msgspec.structs.asdict(step.file),
        number=step.number,
        form=step.form,
        description=step.description,
        captured_at=step.captured_at,
        incident_at=step.incident_at,
        source_url=step.source_url,
        held_at=step.held_at,
        saved_by=step.by,
        recorded_at=step.recorded_at,
    )
