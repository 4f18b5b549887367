"""Requesting a step that needs two people: it is stored beside the incident until the decision."""

from __future__ import annotations

from typing import Final

from casework.domain.approval import CLAUSE, About, Approval, ApprovalAsked
from casework.domain.asked_step import AskedStep, sealed_step
from casework.domain.case import Case
from casework.domain.errors import Refusal, Refused
from casework.domain.event import event_of
from casework.domain.incident.recusal import LetIn
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Matter, Role
from casework.usecases.context import Context
from casework.usecases.steps.surroundings import Decider

_ASKED_ALREADY: Final = Refusal(
    "approval-asked", CLAUSE, "This was already requested and waits for a decision."
)


def asked_for(
    context: Context,
    case: Case,
    role: Role,
    step: AskedStep,
    decider: Decider,
    reason: Sealed | None,
) -> Approval:
    """The approval that the user requests in `role`; the caller commits it.

    Raises Refused if the same thing is pending.
    """
    if any(other.step is not None and other.step.same_but_for_texts(step) for other in case.pending):
        raise Refused(_ASKED_ALREADY)
    incident = case.incident
    let_in = step.step.user if isinstance(step.step, LetIn) else None
    asked = event_of(
        context.stamp(Approval.id_of(incident.id, len(case.approvals) + 1), 1, role),
        ApprovalAsked,
        school=incident.school,
        what=Matter.STEP if let_in is None else Matter.LET_IN,
        about=About(incident=incident.id, user=let_in),
        reason=None if reason is None else Sealed(reason.text, incident.id),
        step=sealed_step(step, incident.id),
        decider=decider.user,
        incident_version=incident.version,
    )
    approval = Approval(asked)
    approval.append(asked)
    return approval
