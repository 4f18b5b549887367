"""Evidence files: admitted only where the kind may hold any, sealed as they arrive, opened on the record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from casework.domain.errors import Forbidden, NotFound, Refused
from casework.domain.incident import Incident
from casework.domain.incident.evidence import EvidenceFile, OpenEvidence, SaveEvidence
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import EvidenceForm
from casework.storage.vault import EvidenceWriter
from casework.usecases.command import Command
from casework.usecases.incidents import Case

if TYPE_CHECKING:
    from casework.application import Casework

_NO_FILE = EvidenceFile(id=UUID(int=0), sha256="", size=0, media_type="")


class Evidence:
    """The use cases of evidence files."""

    def __init__(self, app: Casework) -> None:
        self._app = app

    def admit(self, command: Command, incident_id: UUID) -> EvidenceWriter:
        """Where to write the bytes of a file for this incident.

        Asks the playbook before a byte is read: raises Refused where no file may be held, NotFound and
        Forbidden as for any step. An upload that is sent again is let in to be answered as it was.
        Whoever gets a writer must `save` or `discard` it.
        """
        case = self._app.incidents.read(command, incident_id)
        if case.standing.handles_as is None:
            raise Forbidden
        probe = SaveEvidence(
            **command.stamp(incident_id, case.incident.version + 1, case.standing.handles_as),
            form=EvidenceForm.SCREENSHOT,
            description=Sealed(""),
            captured_at=command.now,
            incident_at=command.now,
            file=_NO_FILE,
        )
        refusal = case.playbook.refusal(case.incident, probe)
        if refusal is not None and not _kept_before(command, case.incident):
            raise Refused(refusal)
        return self._app.vault.writer(incident_id, self._key(incident_id))

    def save(
        self,
        command: Command,
        incident_id: UUID,
        fields: dict[str, Any],
        writer: EvidenceWriter,
        expected: int | None = None,
        at: datetime | None = None,
    ) -> tuple[Case, EvidenceFile]:
        """Keep the written file and record it; where the step is refused the file is removed again."""
        stored = writer.finish()
        file = EvidenceFile(
            id=command.new_id("evidence"),
            sha256=stored.sha256,
            size=stored.size,
            media_type=stored.media_type,
        )
        digest = self._app.digest(command.digest.encode(), stored.sha256.encode())
        command = msgspec.structs.replace(command, digest=digest)
        try:
            case = self._app.incidents.take(
                command, incident_id, SaveEvidence.name(), fields | {"file": file}, expected, at
            )
        except BaseException:
            self._app.vault.remove(incident_id, stored)
            raise
        return case, file

    def record(self, command: Command, incident_id: UUID, evidence_id: UUID) -> SaveEvidence:
        """The step that saved a file. Raises NotFound."""
        return _saved(self._app.incidents.read_whole(command, incident_id).incident, evidence_id)

    def open(
        self, command: Command, incident_id: UUID, evidence_id: UUID
    ) -> tuple[EvidenceFile, Iterator[bytes]]:
        """The bytes of a file, checked against its hash; that it was opened is recorded first."""
        self.record(command, incident_id, evidence_id)
        case = self._app.incidents.take(command, incident_id, OpenEvidence.name(), {"file": evidence_id})
        file = _saved(case.incident, evidence_id).file
        if file is None:
            raise NotFound
        return file, self._app.vault.stream(incident_id, file.sha256, self._key(incident_id))

    def _key(self, incident_id: UUID) -> bytes:
        key = self._app.keys.get(incident_id)
        if key is None:
            raise NotFound
        return key


def _kept_before(command: Command, incident: Incident) -> bool:
    """Whether this same request, sent again, has brought a file that is still held."""
    return any(
        step.request_id == command.request and step.file is not None for step in incident.taken(SaveEvidence)
    )


def _saved(incident: Incident, evidence_id: UUID) -> SaveEvidence:
    for step in incident.taken(SaveEvidence):
        if step.file is not None and step.file.id == evidence_id:
            return step
    raise NotFound
