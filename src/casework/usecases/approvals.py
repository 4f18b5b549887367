"""Approvals: one user requests something that needs two people, another decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.access import Permission, Principal
from casework.domain.aggregate import Aggregate
from casework.domain.approval import (
    CLAUSE,
    INVOLVED,
    SAME_PERSON,
    About,
    Approval,
    ApprovalDecided,
    why_not_decide,
)
from casework.domain.case import ApprovalInCase, Case, approval_in
from casework.domain.deciding import decides_unread
from casework.domain.errors import Forbidden, Invalid, NotFound, Refusal, Refused, refuse_any
from casework.domain.event import event_of, unstamped
from casework.domain.fields import PastInstant, Reason, record_faults
from casework.domain.incident import Step
from casework.domain.incident.recusal import LetIn
from casework.domain.moments import Instant
from casework.domain.person import Person
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Matter, Role
from casework.record import Record, retrying
from casework.record.changes import who_changed
from casework.record.identity import one_person
from casework.usecases.account_approvals import AccountApprovals, DecideApproval, DecidedChange
from casework.usecases.cases import Cases
from casework.usecases.context import Context
from casework.usecases.steps.taking import TakeStep, TakingSteps

_FIELDS: Final[Mapping[Matter, frozenset[str]]] = {
    Matter.STEP: frozenset({"about.incident", "step"}),
    Matter.LET_IN: frozenset({"about.incident", "about.user"}),
}
"""The matters for which approval can be requested here, with the fields that each requires."""

_ASKED_ELSEWHERE: Final[Mapping[Matter, str]] = {
    Matter.APPOINTMENT: "is requested by making the appointment, or by ending it",
    Matter.INVITATION: "is requested by inviting the user",
    Matter.USER_CHANGE: "is requested by changing the user",
}


_OUTDATED: Final = Refusal(
    "approval-outdated", CLAUSE, "What was asked for can no longer be done. The user who asked can ask again."
)
_NOT_BY_YOU: Final = "Another person must approve this."
_HAD_PART: Final = (
    "You made a change that ended this user's recusal; another reader of the case must approve."
)


class AskApproval(msgspec.Struct, frozen=True, kw_only=True):
    """A request for approval. Which fields are given depends on `what`."""

    what: Matter
    about: About
    reason: Reason
    step: Step | None = None
    at: PastInstant | None = None
    until: Instant | None = None


class _Decider(msgspec.Struct, frozen=True):
    """In which role a user decides what `asker` asks; `own_records` are all records of the user's person."""

    asker: Principal
    own_records: frozenset[UUID]
    role: Role


class Approvals:
    """The use cases of approvals."""

    def __init__(self, record: Record, cases: Cases, taking: TakingSteps, accounts: AccountApprovals) -> None:
        self._record = record
        self._cases = cases
        self._taking = taking
        self._accounts = accounts

    def ask(self, context: Context, command: AskApproval) -> Approval:
        """Request approval. Posting a step that needs two people does the same.

        Raises NotFound, Forbidden, KeyReused, Invalid or Refused; then nothing has changed.
        """
        faults = _faults(command)
        incident, (step, path) = command.about.incident, _step_of(command)
        if faults or incident is None or step is None:
            raise Invalid.of(faults)
        asked = TakeStep(incident=incident, step=step, at=command.at, reason=command.reason)
        try:
            taken = self._taking.take(context, asked, internal=command.what is Matter.LET_IN)
        except Invalid as error:
            raise Invalid({f"{path}{each[1:]}": found for each, found in error.errors.items()}) from None
        if taken.approval is None:
            raise Invalid.at("$.step", "needs no second person; post it as a step of the incident")
        return taken.approval

    def decide(
        self, context: Context, approval_id: UUID, command: DecideApproval
    ) -> ApprovalInCase | DecidedChange:
        """Approve or refuse the request. What is approved is checked again and recorded with the decision.

        Raises NotFound, Forbidden, KeyReused, Invalid or Refused; then nothing has changed.
        """
        return retrying(lambda: self._decide(context, approval_id, command))

    def _decide(
        self, context: Context, approval_id: UUID, command: DecideApproval
    ) -> ApprovalInCase | DecidedChange:
        approval = self._record.load(Approval, approval_id)
        if approval is None or approval.asked.about.incident is None:
            context.may_be_named()
        if approval is None:
            raise NotFound
        incident = approval.asked.about.incident
        if incident is None:
            return self._accounts.decide(context, approval, command)
        case = self._cases.found(context, incident)
        if case is not None and case.standing.reads_as is None:
            decided = self._decide_unread(context, case, approval_id, command)
            if decided is not None:
                return decided
        pending = approval_in(self._cases.admitted(context, case), approval_id)
        if _decided_before(context, pending):
            return pending
        asker, own_records = self._asker(context, pending.approval)
        role = _deciding_role(asker, own_records, pending, context)
        return self._settle(context, pending, command, _Decider(asker, own_records, role))

    def _decide_unread(
        self, context: Context, case: Case, approval_id: UUID, command: DecideApproval
    ) -> ApprovalInCase | None:
        """The decision of a user who may not read the case; None if it is not for them to decide."""
        approval = next((each for each in case.approvals if each.id == approval_id), None)
        if approval is None:
            return None
        decided_it = approval.decided is not None and approval.decided.by == context.by
        if decided_it and not case.is_closed_to_user and context.earlier(approval) is not None:
            context.may_be_named()
            return ApprovalInCase(approval, case)
        asker, own_records = self._asker(context, approval)
        role = decides_unread(case, approval, asker)
        if role is None:
            return None
        context.may_be_named()
        return self._settle(
            context, ApprovalInCase(approval, case), command, _Decider(asker, own_records, role)
        )

    def _settle(
        self, context: Context, pending: ApprovalInCase, command: DecideApproval, by: _Decider
    ) -> ApprovalInCase:
        approval, case = pending.approval, pending.case
        approval.require_pending(context.now)
        refuse_any(record_faults(command))
        others: list[Aggregate] = []
        if command.approve:
            self._require_no_part(context, by.own_records, pending)
            others = self._approved(context, pending, by.asker)
        decided = event_of(
            context.stamp(approval.id, approval.version + 1, by.role),
            ApprovalDecided,
            approved=command.approve,
            reason=Sealed(command.reason.text, case.incident.id),
            incident_version=case.incident.version,
        )
        approval.append(decided)
        self._record.commit(approval, case.incident, *others)
        return pending

    def _approved(self, context: Context, pending: ApprovalInCase, asker: Principal) -> list[Aggregate]:
        """Take the step. A user who may not read the case is not told why it cannot be taken."""
        try:
            return self._taking.take_approved(context, pending.case, pending.approval, asker)
        except Refused:
            if pending.case.standing.reads_as is None:
                raise Refused(_OUTDATED) from None
            raise

    def _require_no_part(
        self, context: Context, own_records: frozenset[UUID], pending: ApprovalInCase
    ) -> None:
        """Raise Forbidden for a user who made a change by which somebody would be let in."""
        asked = pending.approval.asked
        if asked.what is not Matter.LET_IN or asked.about.user is None:
            return
        changed = who_changed(self._record, pending.case.incident, [asked.about.user])
        others = self._record.load_many(changed)
        accounts = (each for each in others.values() if isinstance(each, User))
        if context.by in changed or any(not own_records.isdisjoint(each.persons) for each in accounts):
            # It would tell somebody who may not read the case whom it is about.
            raise Forbidden(_HAD_PART if pending.case.standing.reads_as is not None else _NOT_BY_YOU)

    def _asker(self, context: Context, approval: Approval) -> tuple[Principal, frozenset[UUID]]:
        """Who asked, and every record that is one person with the user, read together."""
        found = self._record.load_many([approval.asked.by, *context.principal.persons])
        user = found.get(approval.asked.by)
        if not isinstance(user, User):
            raise NotFound
        joined = {other for each in found.values() if isinstance(each, Person) for other in each.joined}
        others = one_person(self._record, joined) if joined else ()
        return Principal.of(user), context.principal.persons.union(others)


def _decided_before(context: Context, pending: ApprovalInCase) -> bool:
    """Whether this request is a retry. Raises KeyReused if its key belongs to a different request."""
    case = pending.case
    earlier = [context.earlier(each) for each in (case.incident, *case.approvals)]
    return any(number is not None for number in earlier)


def _deciding_role(
    asker: Principal, own_records: frozenset[UUID], pending: ApprovalInCase, context: Context
) -> Role:
    """The role in which the user decides. Raises Forbidden if they may not decide."""
    case = pending.case
    fault = why_not_decide(asker, case.at.actor, case.standing, case.incident)
    if not own_records.isdisjoint(asker.persons):
        fault = SAME_PERSON
    elif fault is None and any(map(case.incident.is_party, own_records)):
        fault = INVOLVED
    # A chair who handles a case decides in it too.
    actor = case.at.actor.in_case(case.incident.recorded_at)
    role = actor.role_for(Permission.AUTHORISE) or case.standing.handles_as
    if fault is not None or role is None:
        raise Forbidden(f"The user {fault}.")
    if pending.approval.asked.decider not in (None, context.by):
        raise Forbidden("Only the user who is named in the request may decide it.")
    return role


def _step_of(command: AskApproval) -> tuple[Step | None, str]:
    """The step that is asked for, and the path of the fields that it is made of."""
    user = command.about.user
    if command.what is Matter.LET_IN and user is not None:
        return unstamped(LetIn, user=user, reason=command.reason), "$.about"
    return command.step, "$.step"


def _faults(command: AskApproval) -> dict[str, str]:
    """What is wrong with a request for approval apart from its step: message by JSON path."""
    needed = _FIELDS.get(command.what)
    if needed is None:
        return {"$.what": _ASKED_ELSEWHERE.get(command.what, "cannot be requested in this release")}
    given = _given(command)
    faults = {f"$.{field}": "is required" for field in needed - given}
    faults |= {f"$.{field}": f"does not belong to a {command.what}" for field in given - needed}
    return faults | record_faults(msgspec.structs.replace(command, step=None))


def _given(command: AskApproval) -> frozenset[str]:
    fields: dict[str, Any] = {"step": command.step, "until": command.until}
    fields |= {f"about.{name}": value for name, value in msgspec.structs.asdict(command.about).items()}
    return frozenset(name for name, value in fields.items() if value is not None)
