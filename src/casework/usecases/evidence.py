"""Evidence files: saved only if the kind allows them, sealed on arrival; each opening is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.case import Case
from casework.domain.errors import Declined, Forbidden, NotFound, Refused
from casework.domain.event import event_of, unstamped
from casework.domain.fields import PastInstant
from casework.domain.incident import Incident
from casework.domain.incident.custody import Custody, EvidenceOpened
from casework.domain.incident.evidence import EvidenceFile, OpenEvidence, SaveEvidence, saved
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import EvidenceForm, Role
from casework.record import Record, retrying
from casework.record.files import Files, FileWriter, Keys, StoredFile
from casework.usecases.cases import Cases
from casework.usecases.context import Context
from casework.usecases.incidents import Incidents
from casework.usecases.secrets import Secrets
from casework.usecases.steps.taking import TakeStep

_NO_FILE: Final = EvidenceFile(id=UUID(int=0), sha256="", size=0, media_type="")


class SaveFile(msgspec.Struct, frozen=True, kw_only=True):
    """The step that saves a file: `step` is unstamped and has no file yet."""

    incident: UUID
    step: SaveEvidence
    at: PastInstant | None = None
    expected: int | None = None


class Evidence:
    """The use cases of evidence files."""

    def __init__(
        self, record: Record, cases: Cases, incidents: Incidents, files: Files, keys: Keys, secrets: Secrets
    ) -> None:
        self._record = record
        self._cases = cases
        self._incidents = incidents
        self._files = files
        self._keys = keys
        self._secrets = secrets

    def admit(self, context: Context, incident_id: UUID) -> FileWriter:
        """A writer for the bytes of a file for this incident.

        Checks the playbook before a byte is read: raises Refused if no file is allowed, NotFound and
        Forbidden as for any step. A retried upload is admitted, so that it gets the same response. The
        caller must `save` or `discard` the writer.
        """
        case = self._cases.admit(context, incident_id)
        if case.standing.handles_as is None:
            raise Forbidden
        if not _saved_before(context, case.incident):
            _require_allowed(case, _probe(context, case, case.standing.handles_as))
        return self._files.writer(incident_id, self._key(incident_id))

    def save(self, context: Context, command: SaveFile, writer: FileWriter) -> tuple[Case, EvidenceFile]:
        """Store the written file and record it; if the step is refused, remove the file."""
        stored = writer.finish()
        file = EvidenceFile(
            id=context.new_id("evidence"),
            sha256=stored.sha256,
            size=stored.size,
            media_type=stored.media_type,
        )
        digest = self._secrets.digest(context.digest.encode(), stored.sha256.encode())
        context = msgspec.structs.replace(context, digest=digest)
        step = TakeStep(
            incident=command.incident,
            step=msgspec.structs.replace(command.step, file=file),
            at=command.at,
            expected=command.expected,
        )
        try:
            return self._incidents.take(context, step).case, file
        except Declined:
            self._remove_unnamed(command.incident, stored)
            raise

    def open(
        self, context: Context, incident_id: UUID, evidence_id: UUID
    ) -> tuple[EvidenceFile, Role, Iterator[bytes]]:
        """A file, the role in which the user opens it, and its bytes, checked against its hash.

        The opening is recorded first. Raises NotFound, Forbidden or Refused.
        """
        key = self._key(incident_id)
        file, role = retrying(lambda: self._record_opening(context, incident_id, evidence_id))
        return file, role, self._files.stream(incident_id, file.sha256, key)

    def _record_opening(
        self, context: Context, incident_id: UUID, evidence_id: UUID
    ) -> tuple[EvidenceFile, Role]:
        case = self._cases.admit_reader(context, incident_id)
        file = saved(case.incident, evidence_id).file
        role = case.standing.reads_as
        if file is None or role is None:
            raise NotFound
        stamp = context.stamp(incident_id, case.incident.version + 1, role)
        _require_allowed(case, event_of(stamp, OpenEvidence, file=evidence_id))
        custody_id = Custody.id_of(incident_id)
        custody = self._record.load(Custody, custody_id)
        stamp = context.stamp(custody_id, 1 if custody is None else custody.version + 1, role)
        opened = event_of(stamp, EvidenceOpened, incident=incident_id, file=evidence_id)
        custody = custody or Custody(opened)
        custody.append(opened)
        self._record.commit(custody)
        return file, role

    def _remove_unnamed(self, incident_id: UUID, stored: StoredFile) -> None:
        """Remove the bytes of a file, but only if it is certain that no event names them.

        The step may have been stored although its first attempt failed: the database's response to a COMMIT
        can be lost. Any other error leaves the bytes, which are unreadable without the key.
        """
        incident = self._record.load(Incident, incident_id)
        if incident is not None and not _names(incident, stored.sha256):
            self._files.remove(incident_id, stored)

    def _key(self, incident_id: UUID) -> bytes:
        key = self._keys.get(incident_id)
        if key is None:
            raise NotFound
        return key


def _probe(context: Context, case: Case, role: Role) -> SaveEvidence:
    """A step that saves a file, to check whether the playbook allows one."""
    step = unstamped(
        SaveEvidence,
        form=EvidenceForm.SCREENSHOT,
        description=Sealed(""),
        captured_at=context.now,
        incident_at=context.now,
        file=_NO_FILE,
    )
    return step.stamped(context.stamp(case.incident.id, case.incident.version + 1, role))


def _require_allowed(case: Case, step: SaveEvidence | OpenEvidence) -> None:
    refusal = case.playbook.refusal(case.incident, step)
    if refusal is not None:
        raise Refused(refusal)


def _saved_before(context: Context, incident: Incident) -> bool:
    """Whether this is a retry of a request that saved a file which is still stored."""
    return any(
        isinstance(step, SaveEvidence) and step.request_id == context.request and step.file is not None
        for step in incident.timeline
    )


def _names(incident: Incident, sha256: str) -> bool:
    return any(step.file is not None and step.file.sha256 == sha256 for step in incident.taken(SaveEvidence))
