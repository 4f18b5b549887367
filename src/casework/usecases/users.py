"""Users and their tokens."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec

from casework.domain.errors import Invalid, NotFound
from casework.domain.fields import record_faults
from casework.domain.person import Person
from casework.domain.user import FULL_SCOPES, Scope, Token, TokenIssued, TokenRevoked, User, UserRegistered
from casework.domain.vocabulary import Role
from casework.usecases.command import Command
from casework.usecases.schools import require_administrator
from casework.usecases.tokens import TokenString

if TYPE_CHECKING:
    from casework.application import Casework

TOKEN_LIFE: Final = timedelta(days=365)


class IssuedToken(msgspec.Struct, frozen=True):
    """A token as it is shown, once."""

    id: UUID
    token: str
    expires_at: datetime
    scopes: tuple[Scope, ...]


class Users:
    """The use cases of users."""

    def __init__(self, app: Casework) -> None:
        self._app = app

    def register(self, command: Command, fields: dict[str, Any], *, administrator: bool = False) -> User:
        """A new user, by an administrator (or by the command line, before there is one)."""
        return self._app.rerun(lambda: self._register(command, fields, administrator))

    def read(self, command: Command, user_id: UUID) -> User:
        """A user, for an administrator or for themselves."""
        if command.by != user_id:
            require_administrator(command)
        user = self._app.load(User, user_id)
        if user is None:
            raise NotFound
        return user

    def issue_token(
        self,
        command: Command,
        user_id: UUID,
        scopes: tuple[Scope, ...] = FULL_SCOPES,
        expires_at: datetime | None = None,
    ) -> IssuedToken:
        """A token for `user_id`, by an administrator; one for a calendar also by the user.

        Its secret is shown now and never again.

        A retry with the same key shows the same token: the secret is derived, and only its hash is kept.
        """
        return self._app.rerun(lambda: self._issue(command, user_id, scopes, expires_at))

    def revoke_token(self, command: Command, user_id: UUID, token_id: UUID) -> None:
        """A token dies at once, by an administrator or by the user it belongs to."""
        self._app.rerun(lambda: self._revoke(command, user_id, token_id))

    def authenticate(self, bearer: str, now: datetime) -> tuple[User, Token] | None:
        """The user and the token behind a bearer string; None where it is unknown, dead or expired."""
        parsed = TokenString.parse(bearer)
        if parsed is None:
            return None
        user = self._app.peek(User, parsed.user)
        token = None if user is None else user.tokens.get(parsed.token)
        if user is None or token is None or now >= token.expires_at:
            return None
        return (user, token) if hmac.compare_digest(token.secret_hash, hashed(parsed.secret)) else None

    def _register(self, command: Command, fields: dict[str, Any], administrator: bool) -> User:
        if command.user is not None:
            require_administrator(command)
        user_id = command.new_id("user")
        existing = self._app.load(User, user_id)
        if existing is not None and command.earlier(existing) is not None:
            return existing
        stamp = command.stamp(user_id, 1, Role.ADMIN)
        registered = UserRegistered(**stamp, **fields, administrator=administrator)
        faults = record_faults(registered)
        if faults:
            raise Invalid({path: [message] for path, message in faults.items()})
        if registered.person is not None and self._app.load(Person, registered.person) is None:
            raise Invalid.at("$.person", "is not a person")
        user = User(registered)
        user.record(registered)
        self._app.commit(user)
        return user

    def _issue(
        self, command: Command, user_id: UUID, scopes: tuple[Scope, ...], expires_at: datetime | None
    ) -> IssuedToken:
        own_calendar = command.by == user_id and set(scopes) == {Scope.CALENDAR}
        if command.user is not None and not own_calendar:
            require_administrator(command)
        user = self._app.load(User, user_id)
        if user is None:
            raise NotFound
        token_id = command.new_id("token")
        secret = self._app.token_secret(token_id)
        shown = TokenString(user=user_id, token=token_id, secret=secret)
        if command.earlier(user) is not None:
            token = user.tokens.get(token_id)
            if token is None:
                raise NotFound
            return IssuedToken(token_id, str(shown), token.expires_at, token.scopes)
        until = min(expires_at or command.now + TOKEN_LIFE, command.now + TOKEN_LIFE)
        if until <= command.now:
            raise Invalid.at("$.expires_at", "is not in the future")
        token = Token(id=token_id, secret_hash=hashed(secret), scopes=scopes, expires_at=until)
        user.record(TokenIssued(**command.stamp(user.id, user.version + 1, Role.ADMIN), token=token))
        self._app.commit(user)
        return IssuedToken(token_id, str(shown), until, scopes)

    def _revoke(self, command: Command, user_id: UUID, token_id: UUID) -> None:
        if command.by != user_id:
            require_administrator(command)
        user = self._app.load(User, user_id)
        if user is None:
            raise NotFound
        if command.earlier(user) is not None:
            return
        if token_id not in user.tokens:
            raise NotFound
        stamp = command.stamp(user.id, user.version + 1, Role.ADMIN)
        user.record(TokenRevoked(**stamp, token=token_id))
        self._app.commit(user)


def hashed(secret: str) -> str:
    """The hash a token's secret is kept as. The secret has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
