"""Steps about contact between staff and pupils."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from casework.domain.fields import DeclarationId, Reason, ServerSet
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import Limb

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class ClassifyContact(Step, frozen=True, kw_only=True):
    """Whether the contact is within a family or a declared relationship, and whether it had no reply.

    Casework sets `declared_before` from the declaration: whether it covers these two people and was
    decided before the contact took place.
    """

    TOPIC: ClassVar[str] = "incident.classify_contact"

    immediate_family: bool
    no_reply_attested: bool
    declared_relationship: DeclarationId | None = None
    declared_before: Annotated[bool | None, ServerSet()] = None


class DecideThreshold(Step, frozen=True, kw_only=True):
    """Whether an adult's conduct meets the harm threshold, on which limbs, and why (KCSIE part 4)."""

    TOPIC: ClassVar[str] = "incident.decide_threshold"
    REFERS: ClassVar[bool] = True

    limbs: tuple[Limb, ...]
    met: bool
    rationale: Reason

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.met and not self.limbs:
            return {"$.limbs": "name at least one if the threshold is met"}
        return {}
