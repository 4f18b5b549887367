"""Steps about the record itself: waive, correct, reclassify."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

from casework.domain.fields import Code, Narrative, Reason, ServerSet, UserId
from casework.domain.incident.reporting import Policy
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import Direction, Stream

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class Waive(Step, frozen=True, kw_only=True):
    """A step that the school's policy requires is not taken, for a reason that a second person authorised."""

    TOPIC: ClassVar[str] = "incident.waive"

    waived: Code
    reason: Reason
    authorised_by: UserId

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.authorised_by == self.by:
            return {"$.authorised_by": "must not be the user who waives the step"}
        return {}

    def apply(self, incident: Incident) -> None:
        incident.waived |= {self.waived}


class Correct(Step, frozen=True, kw_only=True):
    """An earlier step was wrong. Both steps stay in the record."""

    TOPIC: ClassVar[str] = "incident.correct"

    corrects: int
    correction: Narrative
    reason: Reason

    def faults(self, incident: Incident) -> dict[str, str]:
        if not 1 <= self.corrects <= incident.version:
            return {"$.corrects": "is not the number of a step of this incident"}
        return {}

    def apply(self, incident: Incident) -> None:
        incident.corrected_by[self.corrects] = self.number


class Rebase(Step, frozen=True, kw_only=True):
    """From now on, another edition of the school's pack applies to the incident, for a reason.

    Casework sets `policy`: the editions that apply from now on.
    """

    TOPIC: ClassVar[str] = "incident.rebase"

    pack: Code
    reason: Reason
    policy: Annotated[Policy | None, ServerSet()] = None

    def apply(self, incident: Incident) -> None:
        if self.policy is not None:
            incident.policy = self.policy


class Reclassify(Step, frozen=True, kw_only=True):
    """The incident turns out to be of another kind. All earlier steps stay.

    `direction` is given if the kind requires one and the report had none. Casework sets `kind_stream`: the
    stream of the kind.
    """

    TOPIC: ClassVar[str] = "incident.reclassify"

    kind: Code
    reason: Reason
    direction: Direction | None = None
    kind_stream: Annotated[Stream, ServerSet()] = Stream.CHILD

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.kind": "is the kind of the incident already"} if self.kind == incident.kind else {}

    def apply(self, incident: Incident) -> None:
        incident.kind = self.kind
        incident.kinds_been |= {self.kind}
        incident.kind_stream = self.kind_stream
        incident.direction = self.direction or incident.direction
