"""The Approval aggregate: something that needs two people. One user asks for it, another decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID, uuid5

import msgspec

from casework.domain.access import Actor, Permission, Principal, Standing
from casework.domain.account_change import AccountChange, opened_change
from casework.domain.aggregate import Aggregate
from casework.domain.asked_step import AskedStep, opened_step
from casework.domain.errors import Refusal, Refused
from casework.domain.event import Event
from casework.domain.fields import IncidentId, PersonId, Reason, UserId
from casework.domain.incident import Incident
from casework.domain.sealed import ERASED, Sealed
from casework.domain.vocabulary import ApprovalState, Matter

DECIDED_WITHIN: Final = timedelta(days=7)
"""How long a request may wait for its decision, in elapsed time."""

CLAUSE: Final = "KCSIE part 2, record keeping"
"""Decisions are recorded with their reasons. Refusals about approvals cite this clause."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What an approval is about. Which fields are given depends on the matter."""

    incident: IncidentId | None = None
    person: PersonId | None = None
    user: UserId | None = None
    school: UUID | None = None


class ApprovalAsked(Event, frozen=True, kw_only=True):
    """A user asked for something that needs two people.

    `decider` is the only user who may decide; if None, any user whom `why_not_decide` allows. `step` is the
    result of `sealed_step`. `reason` is None if the step was posted directly: then it has its own reason.
    `incident_version` is the version of the incident at that time. `change` is the result of `sealed_change`,
    if it is about accounts; `school` is None if that is not about one school.
    """

    TOPIC: ClassVar[str] = "approval.asked"

    school: UUID | None = None
    what: Matter
    about: About
    reason: Reason | None = None
    step: Sealed | None = None
    change: Sealed | None = None
    decider: UUID | None = None
    incident_version: int = 0

    @property
    def expires_at(self) -> datetime:
        """From this moment on, it can no longer be decided."""
        # In UTC: a week in which the clocks change would otherwise be an hour longer or shorter.
        return self.recorded_at.astimezone(UTC) + DECIDED_WITHIN


class ApprovalDecided(Event, frozen=True, kw_only=True):
    """A second person approved or refused it.

    `incident_version` is the version of the incident after the decision; if a step was approved, it is the
    number of that step. `made` is the id of what an approved change to accounts made, if it made anything.
    """

    TOPIC: ClassVar[str] = "approval.decided"

    approved: bool
    reason: Reason
    incident_version: int = 0
    made: UUID | None = None

    def apply(self, approval: Any) -> None:
        approval.decided = self


class Approval(Aggregate, begins_with=ApprovalAsked):
    """What was asked for, and the decision. It has no clock: the caller passes the moment."""

    def __init__(self, first: ApprovalAsked) -> None:
        super().__init__(first)
        self.asked = first
        self.school = first.school
        self.decided: ApprovalDecided | None = None

    @staticmethod
    def id_of(incident: UUID, number: int) -> UUID:
        """The id of the approval with this number, counted from 1, among those about `incident`.

        With such ids the approvals about an incident are found without a view, and if two users ask at the
        same moment, the second one gets a conflict and is checked again.
        """
        return uuid5(incident, f"approval {number}")

    @property
    def step(self) -> AskedStep | None:
        """The step asked for; None if it is not a step or was erased."""
        sealed = self.asked.step
        return None if sealed is None or sealed.erased else opened_step(sealed)

    @property
    def change(self) -> AccountChange | None:
        """The change to accounts that was asked for; None if it is not such a change or was erased."""
        sealed = self.asked.change
        return None if sealed is None or sealed.erased else opened_change(sealed)

    @property
    def step_name(self) -> str:
        """The name of the step asked for, or `[erased]`."""
        asked = self.step
        return ERASED if asked is None else asked.step.name()

    def state_at(self, moment: datetime) -> ApprovalState:
        """The state at `moment`, given everything recorded so far."""
        if self.decided is not None:
            return ApprovalState.APPROVED if self.decided.approved else ApprovalState.REFUSED
        return ApprovalState.EXPIRED if moment >= self.asked.expires_at else ApprovalState.ASKED

    def pending_after(self, number: int, moment: datetime) -> bool:
        """Whether it was pending right after step `number` of its incident was recorded at `moment`."""
        if self.asked.incident_version >= number or moment >= self.asked.expires_at:
            return False
        if self.decided is None:
            return True
        before = number + 1 if self.decided.approved else number
        return self.decided.incident_version >= before

    def require_pending(self, moment: datetime) -> None:
        """Raise Refused if it is not pending at `moment`."""
        refusal = _CLOSED.get(self.state_at(moment))
        if refusal is not None:
            raise Refused(refusal)


_DECIDED: Final = Refusal("approval-decided", CLAUSE, "This is already decided. If necessary, ask again.")
_CLOSED: Final = {
    ApprovalState.APPROVED: _DECIDED,
    ApprovalState.REFUSED: _DECIDED,
    ApprovalState.EXPIRED: Refusal(
        "approval-expired",
        CLAUSE,
        f"Nobody decided within {DECIDED_WITHIN.days} days, so nothing changes. If necessary, ask again.",
    ),
}


INVOLVED: Final = "is involved in the incident"
SAME_PERSON: Final = "is the person who asks; another person must decide"


def why_not_decide(asker: Principal, decider: Actor, standing: Standing, incident: Incident) -> str | None:
    """Why `decider` may not decide what `asker` asks for about `incident`; None if they may.

    `standing` is the decider's standing to the incident. Two accounts are one
    person if both were ever linked to the same person.
    """
    if decider.user == asker.id or decider.persons & asker.persons:
        return SAME_PERSON
    actor = decider.in_case(incident.recorded_at)
    if actor.role_for(Permission.AUTHORISE) is None and standing.handles_as is None:
        return "holds no role that may authorise this"
    if any(map(incident.is_party, decider.persons)):
        return INVOLVED
    return "may not read this case" if standing.reads_as is None else None
