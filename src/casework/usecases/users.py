"""Users and their tokens."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.errors import Invalid, NotFound
from casework.domain.event import event_of
from casework.domain.fields import Name, limit_fault, record_faults
from casework.domain.moments import Instant
from casework.domain.person import Person
from casework.domain.user import FULL_SCOPES, Scope, Token, TokenIssued, TokenRevoked, User, UserRegistered
from casework.domain.vocabulary import Role
from casework.record import Record, Unreadable, retrying
from casework.usecases.context import Context
from casework.usecases.schools import require_administrator
from casework.usecases.secrets import Secrets
from casework.usecases.tokens import TokenString

TOKEN_LIFE: Final = timedelta(days=365)


class RegisterUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user to register. `person` is who they are in incidents."""

    name: Name
    email: Name
    person: UUID | None = None


class IssueToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token's scopes and expiry. By default `read` and `write`, and a year, which is also the longest.

    The scope `calendar` stands alone: such a token is in the address of a feed.
    """

    scopes: tuple[Scope, ...] = FULL_SCOPES
    expires_at: Instant | None = None


class IssuedToken(msgspec.Struct, frozen=True):
    """A token as it is returned once, when it is issued."""

    id: UUID
    token: str
    expires_at: Instant
    scopes: tuple[Scope, ...]


class Users:
    """The use cases of users."""

    def __init__(self, record: Record, secrets: Secrets) -> None:
        self._record = record
        self._secrets = secrets

    def register(self, context: Context, command: RegisterUser, *, administrator: bool = False) -> User:
        """Register a user, as an administrator (or from the command line, before there is one)."""
        return retrying(lambda: self._register(context, command, administrator))

    def issue_token(self, context: Context, user_id: UUID, command: IssueToken | None = None) -> IssuedToken:
        """Issue a token for `user_id`, as an administrator; users may issue calendar tokens for themselves.

        Its secret is returned only here. A retry with the same key returns the same token: the secret is
        derived, and only its hash is stored.
        """
        return retrying(lambda: self._issue(context, user_id, command or IssueToken()))

    def revoke_token(self, context: Context, user_id: UUID, token_id: UUID) -> None:
        """Revoke a token at once, as an administrator or as the user it belongs to."""
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
        token = None if user is None else user.tokens.get(parsed.token)
        if user is None or token is None or now >= token.expires_at:
            return None
        return (user, token) if hmac.compare_digest(token.secret_hash, hashed(parsed.secret)) else None

    def _register(self, context: Context, command: RegisterUser, administrator: bool) -> User:
        require_administrator(context)
        user_id = context.new_id("user")
        existing = self._record.load(User, user_id)
        if existing is not None and context.earlier(existing) is not None:
            return existing
        registered = event_of(
            context.stamp(user_id, 1, Role.ADMIN),
            UserRegistered,
            **msgspec.structs.asdict(command),
            administrator=administrator,
        )
        faults = record_faults(registered)
        if faults:
            raise Invalid.of(faults)
        if registered.person is not None and self._record.load(Person, registered.person) is None:
            raise Invalid.at("$.person", "is not a person")
        user = User(registered)
        user.append(registered)
        self._record.commit(user)
        return user

    def _issue(self, context: Context, user_id: UUID, command: IssueToken) -> IssuedToken:
        own_calendar = context.by == user_id and set(command.scopes) == {Scope.CALENDAR}
        if not own_calendar:
            require_administrator(context)
        user = self._found(user_id)
        token_id = context.new_id("token")
        secret = self._secrets.of_token(token_id)
        shown = str(TokenString(user=user_id, token=token_id, secret=secret))
        if context.earlier(user) is not None:
            token = user.tokens.get(token_id)
            if token is None:
                raise NotFound
            return IssuedToken(token_id, shown, token.expires_at, token.scopes)
        if Scope.CALENDAR in command.scopes and set(command.scopes) != {Scope.CALENDAR}:
            raise Invalid.at("$.scopes", "must not combine calendar with another scope")
        longest = context.now + TOKEN_LIFE
        fault = limit_fault(command.expires_at)
        if fault is not None:
            raise Invalid.at("$.expires_at", fault)
        until = min(command.expires_at or longest, longest)
        if until <= context.now:
            raise Invalid.at("$.expires_at", "is not in the future")
        token = Token(id=token_id, secret_hash=hashed(secret), scopes=command.scopes, expires_at=until)
        user.append(event_of(context.stamp(user.id, user.version + 1, Role.ADMIN), TokenIssued, token=token))
        self._record.commit(user)
        return IssuedToken(token_id, shown, until, command.scopes)

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


def hashed(secret: str) -> str:
    """The stored hash of a token's secret. The secret has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
