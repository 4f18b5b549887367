"""Tokens: each user issues and revokes their own."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access import SYSTEM
from casework.domain.errors import Forbidden, Invalid, NotFound, Refusal, Refused, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import record_faults
from casework.domain.moments import Instant
from casework.domain.user import FULL_SCOPES, Label, Scope, Token, TokenIssued, TokenRevoked, User
from casework.domain.vocabulary import Role
from casework.record import Record, Unreadable, retrying
from casework.usecases.bearer_strings import TokenString, hashed
from casework.usecases.context import Context
from casework.usecases.schools import require_administrator
from casework.usecases.secrets import Secrets

TOKEN_LIFE: Final = timedelta(days=365)
MOST_CALENDARS: Final = 5
"""How many tokens for a calendar a user may have at one time."""

_CLAUSE: Final = "UK GDPR art. 32"
USER_INACTIVE: Final = Refusal("user-inactive", _CLAUSE, "The user is deactivated and cannot sign in.")
_TOO_MANY: Final = Refusal(
    "too-many", _CLAUSE, f"You have {MOST_CALENDARS} tokens for calendars; revoke one first."
)
_ONLY_OWN: Final = "Users issue their own tokens; an administrator invites them."
_NO_MORE: Final = "A token gives no more than the token that is used to issue it."


class IssueToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token's scopes and expiry. By default `read` and `write`, and a year, which is also the longest.

    The scope `calendar` stands alone: such a token is in the address of a feed. `label` says what the token
    is for.
    """

    scopes: tuple[Scope, ...] = FULL_SCOPES
    expires_at: Instant | None = None
    label: Label | None = None


class IssuedToken(msgspec.Struct, frozen=True):
    """A token as it is returned once, when it is issued."""

    id: UUID
    token: str
    expires_at: Instant
    scopes: tuple[Scope, ...]


class Tokens:
    """The use cases of tokens."""

    def __init__(self, record: Record, secrets: Secrets) -> None:
        self._record = record
        self._secrets = secrets

    def issue(
        self,
        context: Context,
        user_id: UUID,
        command: IssueToken | None = None,
        *,
        within: Collection[Scope] = tuple(Scope),
    ) -> IssuedToken:
        """Issue a token of one's own user, or as an administrator one of a service user.

        The command line issues tokens of every user. `within` are the scopes of the token with which the
        request was made. The secret is returned only here; a retry with the same key returns it again,
        because it is derived, and only its hash is stored. Raises NotFound, Forbidden, KeyReused, Invalid or
        Refused.
        """
        return retrying(lambda: self._issue(context, user_id, command or IssueToken(), within))

    def revoke(self, context: Context, user_id: UUID, token_id: UUID) -> None:
        """Revoke a token at once, as an administrator or as the user it belongs to.

        Raises NotFound, Forbidden or KeyReused.
        """
        retrying(lambda: self._revoke(context, user_id, token_id))

    def authenticate(self, bearer: str, now: datetime) -> tuple[User, Token] | None:
        """The user and the token behind a bearer string; None if it is unknown, revoked or expired."""
        parsed = TokenString.parse(bearer)
        if parsed is None:
            return None
        try:
            user = self._record.peek(User, parsed.user)
        except Unreadable:
            return None
        token = None if user is None else user.tokens.get(parsed.of)
        if user is None or token is None or now >= token.expires_at:
            return None
        return (user, token) if hmac.compare_digest(token.secret_hash, hashed(parsed.secret)) else None

    def made(self, user_id: UUID, token: Token) -> IssuedToken:
        """A token of this user as it is shown to them."""
        shown = TokenString(user_id, token.id, self._secrets.of_token(token.id))
        return IssuedToken(token.id, str(shown), token.expires_at, token.scopes)

    def new(self, context: Context, command: IssueToken) -> Token:
        """A token that is not stored yet. Raises Invalid."""
        token_id = context.new_id("token")
        return Token(
            id=token_id,
            secret_hash=hashed(self._secrets.of_token(token_id)),
            scopes=command.scopes,
            expires_at=_expiry(command, context.now),
            label=command.label,
        )

    def _issue(
        self, context: Context, user_id: UUID, command: IssueToken, within: Collection[Scope]
    ) -> IssuedToken:
        user = self._issued_for(context, user_id)
        if context.earlier(user) is not None:
            token = user.tokens.get(context.new_id("token"))
            if token is None:
                raise NotFound
            return self.made(user_id, token)
        if not user.active:
            raise Refused(USER_INACTIVE)
        refuse_any(record_faults(command))
        _require_scopes(command, within, user, context.now)
        token = self.new(context, command)
        user.append(event_of(context.stamp(user.id, user.version + 1, Role.ADMIN), TokenIssued, token=token))
        self._record.commit(user)
        return self.made(user_id, token)

    def _issued_for(self, context: Context, user_id: UUID) -> User:
        """The user whose token is issued. Raises NotFound, or Forbidden if only they may issue it."""
        alone = context.by == user_id or context.principal == SYSTEM
        if not (alone or context.principal.administers):
            raise Forbidden(_ONLY_OWN)
        user = self._found(user_id)
        if not (alone or user.service):
            raise Forbidden(_ONLY_OWN)
        return user

    def _revoke(self, context: Context, user_id: UUID, token_id: UUID) -> None:
        if context.by != user_id:
            require_administrator(context)
        user = self._found(user_id)
        if context.earlier(user) is not None:
            return
        if token_id not in user.tokens:
            raise NotFound
        stamp = context.stamp(user.id, user.version + 1, Role.ADMIN)
        user.append(event_of(stamp, TokenRevoked, token=token_id))
        self._record.commit(user)

    def _found(self, user_id: UUID) -> User:
        user = self._record.load(User, user_id)
        if user is None:
            raise NotFound
        return user


def _require_scopes(command: IssueToken, within: Collection[Scope], user: User, now: datetime) -> None:
    """Raise Invalid, Forbidden or Refused if the user cannot have a token of these scopes."""
    if not command.scopes:
        raise Invalid.at("$.scopes", "must not be empty")
    calendar = Scope.CALENDAR in command.scopes
    if calendar and set(command.scopes) != {Scope.CALENDAR}:
        raise Invalid.at("$.scopes", "must not combine calendar with another scope")
    needed = {Scope.READ} if calendar else {*command.scopes}
    if not needed <= {*within}:
        raise Forbidden(_NO_MORE)
    held = (each for each in user.tokens.values() if Scope.CALENDAR in each.scopes and each.expires_at > now)
    if calendar and sum(1 for _ in held) >= MOST_CALENDARS:
        raise Refused(_TOO_MANY)


def _expiry(command: IssueToken, now: datetime) -> datetime:
    longest = now + TOKEN_LIFE
    until = min(command.expires_at or longest, longest)
    if until <= now:
        raise Invalid.at("$.expires_at", "is not in the future")
    return until
