"""Invitations, and enrolment: how users get the first token of their own, which nobody else has held."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.account_change import Invite
from casework.domain.approval import Approval
from casework.domain.clocks import day_of
from casework.domain.errors import Invalid, NotFound, Refusal, Refused
from casework.domain.event import event_of
from casework.domain.moments import Instant
from casework.domain.user import Invitation, User, UserEnrolled, UserInvited
from casework.domain.vocabulary import Role
from casework.record import Record, retrying
from casework.record.second_person import reads_for_good, reads_where_led
from casework.record.user_directory import UserDirectory, schools_of
from casework.usecases.bearer_strings import InvitationCode, hashed
from casework.usecases.context import Context, as_it_was
from casework.usecases.schools import require_administrator
from casework.usecases.secrets import Secrets
from casework.usecases.tokens import USER_INACTIVE, IssuedToken, IssueToken, Tokens
from casework.usecases.two_people import Prepared, TakesTwo, TwoPeople

INVITATION_LIFE: Final = timedelta(days=7)

_CLAUSE: Final = "UK GDPR art. 32"
_SERVICE: Final = Refusal(
    "service-user", _CLAUSE, "The user is a service; an administrator issues its tokens."
)
_USED: Final = Refusal("code-used", _CLAUSE, "The code was used already; ask for another invitation.")
_EXPIRED: Final = Refusal("code-expired", _CLAUSE, "The code has expired; ask for another invitation.")
_ONE_PERSON: Final = Refusal(
    "code-of-one-person",
    _CLAUSE,
    "One person made this code before the user was appointed to a role that reads cases; ask for another "
    "invitation.",
)
_NO_CODE: Final = "is not the code of an invitation"


class Enrol(msgspec.Struct, frozen=True, kw_only=True):
    """The code of an invitation, and its second half if the invitation took two people."""

    code: str
    second: str | None = None


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation as it is shown once, to the user who made it."""

    code: str
    expires_at: Instant


class InvitationAsked(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation that waits for a second person, who gets the other half of the code."""

    approval: UUID
    code: str


class Enrolment:
    """The use cases of invitations."""

    def __init__(self, record: Record, secrets: Secrets, tokens: Tokens, directory: UserDirectory) -> None:
        self._record = record
        self._directory = directory
        self._two_people = TwoPeople(record)
        self._secrets = secrets
        self._tokens = tokens

    def invite(self, context: Context, user_id: UUID) -> Invited | InvitationAsked:
        """Invite a user, as an administrator; an earlier invitation ends.

        It takes two people to invite a user who has enrolled before, or whose role reads cases at a school
        that is led by a user who has enrolled. A retry with the same key shows the same code. Raises
        NotFound, Forbidden, KeyReused or Refused.
        """
        invitation = context.new_id("invitation")
        done = self._two_people.carry_out(
            context, lambda: self.prepare_invitation(context, user_id, invitation)
        )
        if isinstance(done, Approval):
            return InvitationAsked(approval=done.id, code=self.code(user_id, invitation))
        return done

    def invited(self, code: str) -> User:
        """The user whose latest invitation has this code, used or not. Raises Invalid."""
        parsed = InvitationCode.parse(code)
        user = None if parsed is None else self._record.load(User, parsed.user)
        invitation = None if user is None else user.invitation
        if parsed is None or user is None or invitation is None or invitation.id != parsed.of:
            raise Invalid.at("$.code", _NO_CODE)
        if not hmac.compare_digest(invitation.code_hash, hashed(parsed.secret)):
            raise Invalid.at("$.code", _NO_CODE)
        return user

    def enrol(self, context: Context, command: Enrol) -> IssuedToken:
        """Give the invited user, who makes this request, a token. All their earlier tokens end.

        A retry with the same key shows the same token. Raises KeyReused, Invalid or Refused; then the
        invitation stays as it was.
        """
        return retrying(lambda: self._enrol(context, command))

    def prepare_invitation(self, context: Context, user_id: UUID, invitation_id: UUID) -> Prepared[Invited]:
        """As `invite`, without storing it. With a second person who approved it, it has a second half."""
        require_administrator(context)
        user = self._record.load(User, user_id)
        if user is None:
            raise NotFound
        if context.earlier(user) is not None:
            then = as_it_was(self._record, context, user).invitation
            if then is None:
                raise NotFound
            return Prepared(result=self._shown(user_id, then))
        if user.service:
            raise Refused(_SERVICE)
        if not user.active:
            raise Refused(USER_INACTIVE)
        schools = [*schools_of(self._record, self._directory, user)]
        today = day_of(context.now)
        # One administrator invites whom they appointed provisionally, as they invite the first lead.
        takes_two = user.ever_enrolled or reads_where_led(
            self._record, schools, user.id, today, provisionally=False
        )
        stamp = context.stamp(user.id, user.version + 1, Role.ADMIN)
        invitation = Invitation(
            id=invitation_id,
            code_hash=hashed(self._secrets.of_invitation(invitation_id)),
            second_hash=None if context.approved_by is None else hashed(self.second_half(invitation_id)),
            to_reader=reads_for_good(schools, user.id, today),
            expires_at=context.now + INVITATION_LIFE,
        )
        user.append(event_of(stamp, UserInvited, invitation=invitation, approved_by=context.approved_by))
        change = Invite(user=user_id, invitation=invitation_id)
        return Prepared(
            result=self._shown(user_id, invitation),
            changed=(user,),
            takes_two=TakesTwo(change=change, user=user_id, school=None, role=Role.ADMIN)
            if takes_two
            else None,
        )

    def code(self, user_id: UUID, invitation_id: UUID) -> str:
        """The code of an invitation, for the user who makes it."""
        return str(InvitationCode(user_id, invitation_id, self._secrets.of_invitation(invitation_id)))

    def second_half(self, invitation_id: UUID) -> str:
        """The second half of the code, for the person who approved the invitation."""
        return self._secrets.second_half(invitation_id)

    def _shown(self, user_id: UUID, invitation: Invitation) -> Invited:
        return Invited(code=self.code(user_id, invitation.id), expires_at=invitation.expires_at)

    def _require_two(self, context: Context, user: User, invitation: Invitation) -> None:
        """Raise Refused if one person invited the user, who was appointed to read cases since."""
        if invitation.second_hash is not None or invitation.to_reader:
            return
        schools = schools_of(self._record, self._directory, user)
        today = day_of(context.now)
        if reads_where_led(self._record, schools, user.id, today, provisionally=False):
            raise Refused(_ONE_PERSON)

    def _enrol(self, context: Context, command: Enrol) -> IssuedToken:
        user = self.invited(command.code)
        if context.earlier(user) is not None:
            token = user.tokens.get(context.new_id("token"))
            if token is None:
                raise NotFound
            return self._tokens.made(user.id, token)
        invitation = user.open_invitation
        if invitation is None:
            raise Refused(_USED)
        if not user.active:
            raise Refused(USER_INACTIVE)
        if context.now >= invitation.expires_at:
            raise Refused(_EXPIRED)
        _require_second(invitation, command.second)
        self._require_two(context, user, invitation)
        token = self._tokens.new(context, IssueToken())
        stamp = context.stamp(user.id, user.version + 1, Role.ADMIN)
        user.append(event_of(stamp, UserEnrolled, invitation=invitation.id, token=token))
        self._record.commit(user)
        return self._tokens.made(user.id, token)


def _require_second(invitation: Invitation, second: str | None) -> None:
    """Raise Invalid unless `second` is the second half of this invitation, if it has one."""
    if invitation.second_hash is None and second is None:
        return
    if second is None:
        raise Invalid.at("$.second", "is required: the person who approved the invitation was shown it")
    given = hashed(second.strip().lower())
    if invitation.second_hash is None or not hmac.compare_digest(invitation.second_hash, given):
        raise Invalid.at("$.second", "does not belong to this code")
