"""Steps about evidence and about getting material taken down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final
from uuid import UUID

import msgspec

from casework.domain.errors import NotFound
from casework.domain.fields import Narrative, PastInstant, ServerSet, Short
from casework.domain.incident.steps import Correctable, Step
from casework.domain.vocabulary import Addressee, Content, EvidenceForm, RemovalOutcome, State

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


MAX_BYTES: Final = 25 * 1024 * 1024
"""The size of the largest file."""


class EvidenceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in the vault; `size` in bytes, `sha256` of the plain bytes in hex."""

    id: UUID
    sha256: str
    size: int
    media_type: str


class SaveEvidence(Step, frozen=True, kw_only=True):
    """Evidence was saved, with when it was captured and when the incident it shows took place."""

    TOPIC: ClassVar[str] = "incident.save_evidence"
    MILESTONE: ClassVar[State | None] = State.EVIDENCE_SAVED

    form: EvidenceForm
    description: Narrative
    captured_at: PastInstant
    incident_at: PastInstant
    source_url: Short | None = None
    held_at: Short | None = None
    content: tuple[Content, ...] = ()
    file: Annotated[EvidenceFile | None, ServerSet()] = None

    def apply(self, incident: Incident) -> None:
        incident.add_content(self.content, self.happened_at)


class OpenEvidence(Step, frozen=True, kw_only=True):
    """A file was opened, by whom and when."""

    TOPIC: ClassVar[str] = "incident.open_evidence"
    CORRECTABLE: ClassVar[Correctable] = Correctable(
        not_voided="is a reading of the file, and stays", replaceable=False
    )
    INTERNAL: ClassVar[bool] = True

    file: UUID


class RequestRemoval(Step, frozen=True, kw_only=True):
    """A person or a platform was asked to take the material down."""

    TOPIC: ClassVar[str] = "incident.request_removal"

    addressee: Addressee
    reference: Short | None = None

    def apply(self, incident: Incident) -> None:
        incident.removal = None


class RecordRemoval(Step, frozen=True, kw_only=True):
    """The outcome of the request to take the material down."""

    TOPIC: ClassVar[str] = "incident.record_removal"

    outcome: RemovalOutcome

    def apply(self, incident: Incident) -> None:
        incident.removal = self.outcome


def saved(incident: Incident, file_id: UUID) -> SaveEvidence:
    """The step that saved a file of `incident`, also one that is voided. Raises NotFound."""
    for step in incident.timeline:
        if isinstance(step, SaveEvidence) and step.file is not None and step.file.id == file_id:
            form = incident.form_of(step.number)
            return form if isinstance(form, SaveEvidence) else step
    raise NotFound
