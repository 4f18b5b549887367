"""Steps about nudes and semi-nudes. None of them can hold or show an image, or describe it for copying."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final

from casework.domain.fields import AdultId, PartyId, Reason, Short
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import Answer

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident

RISK_QUESTIONS: Final = (
    "adult_involved",
    "coercion",
    "violent_or_unusual",
    "under_13_sexual",
    "immediate_risk",
)


class DeletionAdviser(StrEnum):
    """Whose advice it was to delete an image."""

    POLICE = "police"
    CHILDRENS_SOCIAL_CARE = "childrens_social_care"
    DSL = "dsl"


class AssessRisk(Step, frozen=True, kw_only=True):
    """The five questions of the UKCIS advice. The latest answers count, except that a yes stays a yes.

    A yes is referred to the police and social care, even if the school changes its mind afterwards. A yes
    that was a mistake is corrected by two people.
    """

    TOPIC: ClassVar[str] = "incident.assess_risk"

    adult_involved: Answer
    coercion: Answer
    violent_or_unusual: Answer
    under_13_sexual: Answer
    immediate_risk: Answer

    def apply(self, incident: Incident) -> None:
        for question in RISK_QUESTIONS:
            answer = getattr(self, question)
            if answer is Answer.YES:
                incident.raise_concern(f"risk:{question}", self.happened_at)
            incident.risk[question] = Answer.YES if self._was_yes(incident, question) else answer
        if all(answer is Answer.NO for answer in incident.risk.values()):
            incident.risk_since = None
        elif incident.risk_since is None:
            incident.risk_since = self.happened_at

    @staticmethod
    def _was_yes(incident: Incident, question: str) -> bool:
        return any(getattr(assessment, question) is Answer.YES for assessment in incident.taken(AssessRisk))


class AttestNoCopy(Step, frozen=True, kw_only=True):
    """A statement that nobody at the school holds or has forwarded the image."""

    TOPIC: ClassVar[str] = "incident.attest_no_copy"

    statement: Reason


class RecordViewing(Step, frozen=True, kw_only=True):
    """The exception: an image was viewed. Records by whom, who authorised it, the witness, where and why."""

    TOPIC: ClassVar[str] = "incident.record_viewing"

    viewer: AdultId
    authorised_by: AdultId
    witness: AdultId
    place: Short
    reason: Reason

    def faults(self, incident: Incident) -> dict[str, str]:
        faults = {}
        if self.witness == self.viewer:
            faults["$.witness"] = "must not be the viewer"
        if self.authorised_by == self.viewer:
            faults["$.authorised_by"] = "must not be the viewer; another person must authorise it"
        return faults


class RecordDeletion(Step, frozen=True, kw_only=True):
    """A person deleted the image from their own device, and on whose advice."""

    TOPIC: ClassVar[str] = "incident.record_deletion"

    person: PartyId
    advised_by: DeletionAdviser
    reference: Short | None = None


class EstablishInvolvement(Step, frozen=True, kw_only=True):
    """Whether a person held the image and whether they passed it on."""

    TOPIC: ClassVar[str] = "incident.establish_involvement"

    person: PartyId
    held: bool
    passed_on: bool


class MakeSafe(Step, frozen=True, kw_only=True):
    """What keeps the child safe now."""

    TOPIC: ClassVar[str] = "incident.make_safe"

    how: Reason
