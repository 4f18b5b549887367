"""Steps about nudes and semi-nudes. None of them can hold, describe for copying, or show an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from casework.domain.fields import AdultId, PartyId, Reason, Short
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import Answer, DeletionAdviser

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident

RISK_QUESTIONS: Final = (
    "adult_involved",
    "coercion",
    "violent_or_unusual",
    "under_13_sexual",
    "immediate_risk",
)


class AssessRisk(Step, frozen=True, kw_only=True):
    """The five questions of the UKCIS advice. The latest answers count, but a yes stays a yes.

    What was found to be so goes to the police and social care, whatever is thought of it afterwards; where
    the yes itself was a mistake, the assessment is corrected first and then taken anew.
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
            incident.risk[question] = Answer.YES if self._found_before(incident, question) else answer
        if all(answer is Answer.NO for answer in incident.risk.values()):
            incident.risk_since = None
        elif incident.risk_since is None:
            incident.risk_since = self.happened_at

    @staticmethod
    def _found_before(incident: Incident, question: str) -> bool:
        return any(
            getattr(assessment, question) is Answer.YES
            for assessment in incident.taken(AssessRisk)
            if assessment.number not in incident.corrected_by
        )


class AttestNoCopy(Step, frozen=True, kw_only=True):
    """Nobody at the school holds or has forwarded the image."""

    TOPIC: ClassVar[str] = "incident.attest_no_copy"

    statement: Reason


class RecordViewing(Step, frozen=True, kw_only=True):
    """The exception: an image was viewed, by whom, who authorised it, in front of whom, where and why."""

    TOPIC: ClassVar[str] = "incident.record_viewing"

    viewer: AdultId
    authorised_by: AdultId
    witness: AdultId
    place: Short
    reason: Reason

    def faults(self, incident: Incident) -> dict[str, str]:
        faults = {}
        if self.witness == self.viewer:
            faults["$.witness"] = "is the viewer themselves"
        if self.authorised_by == self.viewer:
            faults["$.authorised_by"] = "is the viewer themselves; another must authorise it"
        return faults


class RecordDeletion(Step, frozen=True, kw_only=True):
    """Somebody deleted the image from their own device, on whose advice."""

    TOPIC: ClassVar[str] = "incident.record_deletion"

    person: PartyId
    advised_by: DeletionAdviser
    reference: Short | None = None


class EstablishInvolvement(Step, frozen=True, kw_only=True):
    """Whether somebody held the image and whether they passed it on."""

    TOPIC: ClassVar[str] = "incident.establish_involvement"

    person: PartyId
    held: bool
    passed_on: bool


class MakeSafe(Step, frozen=True, kw_only=True):
    """How the child is safe now."""

    TOPIC: ClassVar[str] = "incident.make_safe"

    how: Reason
