"""Deciding on changes to accounts that another user has asked for."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import msgspec

from casework.domain.access import Principal
from casework.domain.account_change import (
    AmendAppointment,
    AmendUser,
    Appoint,
    EndAppointment,
    Invite,
)
from casework.domain.approval import CLAUSE, Approval, ApprovalDecided
from casework.domain.errors import Forbidden, Invalid, NotFound, Refusal, Refused, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import Reason, record_faults
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Role
from casework.record import Record
from casework.record.second_person import deciding_role, why_not_second
from casework.record.user_directory import UserDirectory
from casework.usecases.appointments import Appointments
from casework.usecases.context import Context
from casework.usecases.enrolment import Enrolment
from casework.usecases.two_people import Prepared
from casework.usecases.users import Users

_ERASED: Final = Refusal("erased", "UK GDPR art. 17", "It was erased; nothing more can be recorded.")
_ASKER: Final = Refusal(
    "approval-asker", CLAUSE, "The user who asked for this was deactivated, or may no longer do it."
)


class DecideApproval(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on another user's request."""

    approve: bool
    reason: Reason


class DecidedChange(msgspec.Struct, frozen=True):
    """A decided request for a change to accounts, and what the change made or changed, if it was approved.

    `second` is the second half of the code of an invitation, which only the user who approved it is shown.
    """

    approval: Approval
    result: object = None
    second: str | None = None


class AccountApprovals:
    """Decides on changes to accounts, and carries out those that are approved."""

    def __init__(
        self,
        record: Record,
        directory: UserDirectory,
        appointments: Appointments,
        users: Users,
        enrolment: Enrolment,
    ) -> None:
        self._record = record
        self._directory = directory
        self._appointments = appointments
        self._users = users
        self._enrolment = enrolment

    def decide(self, context: Context, approval: Approval, command: DecideApproval) -> DecidedChange:
        """Approve or refuse the request. What is approved is checked again and made with the decision.

        Raises NotFound, Forbidden, KeyReused, Invalid, Refused or AddressInUse; then nothing has changed.
        """
        asker = self._user(approval.asked.by)
        role = self._role(context, approval, asker)
        if context.earlier(approval) is not None:
            return self._as_decided(context, approval, asker)
        self._require_other(context, approval, asker)
        approval.require_pending(context.now)
        refuse_any(record_faults(command))
        prepared = self._prepared(context, approval, asker) if command.approve else Prepared(result=None)
        decided = event_of(
            context.stamp(approval.id, approval.version + 1, role),
            ApprovalDecided,
            approved=command.approve,
            reason=Sealed(command.reason.text, approval.asked.about.user),
            made=prepared.made,
        )
        approval.append(decided)
        self._record.commit(approval, *prepared.changed)
        return self._shown(approval, prepared)

    def _role(self, context: Context, approval: Approval, asker: User) -> Role:
        """The role in which the user may know of the request. Raises NotFound if in none."""
        subject = self._user(approval.asked.about.user)
        schools = self._directory.schools_of(subject.id)
        role = deciding_role(self._record, context.principal, approval, schools, context.now)
        if role is None and context.by == asker.id:
            raise Forbidden("The user is the person who asks; another person must decide.")
        if role is None:
            raise NotFound
        return role

    def _require_other(self, context: Context, approval: Approval, asker: User) -> None:
        """Raise Forbidden unless the user is another person than the one who asks and the one concerned."""
        subject = self._user(approval.asked.about.user)
        fault = why_not_second(self._record, context.principal, asker, subject)
        if fault is not None:
            raise Forbidden(f"The user {fault}.")

    def _prepared(self, context: Context, approval: Approval, asker: User) -> Prepared[Any]:
        """The change, checked as it is now. Raises Refused or AddressInUse."""
        if not asker.active:
            raise Refused(_ASKER)
        try:
            return self._change(self._as_approved(context, approval, asker), approval)
        except Invalid as error:
            raise Refused(_outdated(error)) from error
        except (Forbidden, NotFound) as error:
            raise Refused(_ASKER) from error

    @staticmethod
    def _as_approved(context: Context, approval: Approval, asker: User) -> Context:
        """The request of the user who asked, as the user of `context` approves it: the same for a retry."""
        return Context(
            principal=Principal.of(asker),
            now=context.now,
            request_id=approval.id.hex,
            approved_by=context.by,
        )

    def _change(self, context: Context, approval: Approval) -> Prepared[Any]:
        match approval.change:
            case Appoint(school=school, appointment=appointment, person=person):
                return self._appointments.prepare_appointment(context, school, appointment, person)
            case EndAppointment(school=school, appointment=appointment):
                return self._appointments.prepare_end(context, school, appointment)
            case AmendAppointment(school=school, appointment=appointment, fields=fields):
                return self._appointments.prepare_change(context, school, appointment, fields)
            case AmendUser(user=user, fields=fields):
                return self._users.prepare_change(context, user, fields)
            case Invite(user=user, invitation=invitation):
                return self._enrolment.prepare_invitation(context, user, invitation)
            case None:
                raise Refused(_ERASED)

    def _as_decided(self, context: Context, approval: Approval, asker: User) -> DecidedChange:
        """The answer to a decision that this request made before."""
        if approval.decided is None or not approval.decided.approved:
            return DecidedChange(approval)
        return self._shown(approval, self._change(self._as_approved(context, approval, asker), approval))

    def _shown(self, approval: Approval, prepared: Prepared[Any]) -> DecidedChange:
        decided, change = approval.decided, approval.change
        if not isinstance(change, Invite) or decided is None or not decided.approved:
            return DecidedChange(approval, prepared.result)
        return DecidedChange(approval, second=self._enrolment.second_half(change.invitation))

    def _user(self, user_id: UUID | None) -> User:
        user = None if user_id is None else self._record.load(User, user_id)
        if user is None:
            raise NotFound
        return user


def _outdated(error: Invalid) -> Refusal:
    faults = "; ".join(f"{path} {each}" for path, messages in error.errors.items() for each in messages)
    return Refusal("approval-outdated", CLAUSE, f"This can no longer be done: {faults}.")
