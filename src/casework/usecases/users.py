"""Users and their tokens."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.addresses import ADDRESSES, AddressAssigned, Addresses
from casework.domain.errors import (
    AddressInUse,
    Forbidden,
    Invalid,
    NotFound,
    Refusal,
    Refused,
    Stale,
    refuse_any,
)
from casework.domain.event import event_of
from casework.domain.fields import Name, limit_fault, record_faults
from casework.domain.moments import Instant
from casework.domain.naming import normalised
from casework.domain.school import School, UserIdentified
from casework.domain.sealed import Sealed
from casework.domain.user import (
    FULL_SCOPES,
    Scope,
    Token,
    TokenIssued,
    TokenRevoked,
    User,
    UserChanged,
    UserLinked,
    UserRegistered,
)
from casework.domain.vocabulary import Role
from casework.record import Record, Unreadable, retrying
from casework.record.links import persons_at
from casework.record.user_directory import UserDirectory
from casework.usecases.context import Context, as_it_was
from casework.usecases.linking import adult, colleague
from casework.usecases.schools import require_administrator
from casework.usecases.secrets import Secrets
from casework.usecases.tokens import TokenString

TOKEN_LIFE: Final = timedelta(days=365)

_INACTIVE: Final = Refusal(
    "user-inactive", "UK GDPR art. 32", "The user is deactivated; activate them before you issue a token."
)


class RegisterUser(msgspec.Struct, frozen=True, kw_only=True):
    """A user to register. `person` is who they are in incidents."""

    name: Name
    email: Name
    person: UUID | None = None


class ChangeUser(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a user; fields that are None stay as they are.

    `person` is who they are in incidents of that person's school. A user who is not `active` cannot sign in.
    """

    name: Name | None = None
    email: Name | None = None
    person: UUID | None = None
    active: bool | None = None


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

    def __init__(self, record: Record, secrets: Secrets, directory: UserDirectory) -> None:
        self._record = record
        self._secrets = secrets
        self._directory = directory

    def register(self, context: Context, command: RegisterUser, *, administrator: bool = False) -> User:
        """Register a user, as an administrator (or from the command line, before there is one).

        Raises Forbidden, KeyReused, Invalid or AddressInUse; then nothing has changed.
        """
        return retrying(lambda: self._register(context, command, administrator))

    def change(
        self, context: Context, user_id: UUID, command: ChangeUser, *, expected: int | None = None
    ) -> User:
        """Change the fields that `command` gives, as an administrator.

        `expected` is the version that the administrator has read, None for any. Raises NotFound, Forbidden,
        KeyReused, Stale, Invalid or AddressInUse; then nothing has changed.
        """
        return retrying(lambda: self._change(context, user_id, command, expected))

    def administrator_at(self, email: Sealed) -> User | None:
        """The administrator with this address who is not deactivated; None if there is none."""
        found = self._directory.at_address(email.text) & self._directory.administrators()
        return self._record.load(User, min(found)) if found else None

    def persons_of(self, user: User) -> dict[UUID, UUID]:
        """The id of the person that `user` is now, by the id of the school."""
        return persons_at(self._record, user)

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
            return as_it_was(self._record, context, existing)
        registered = event_of(
            context.stamp(user_id, 1, Role.ADMIN),
            UserRegistered,
            **msgspec.structs.asdict(command),
            administrator=administrator,
        )
        refuse_any(record_faults(registered))
        if registered.person is not None:
            adult(self._record, registered.person)
        user = User(registered)
        user.append(registered)
        self._record.commit(user, self._addressed(context, user))
        return user

    def _change(self, context: Context, user_id: UUID, command: ChangeUser, expected: int | None) -> User:
        require_administrator(context)
        user = self._found(user_id)
        if context.earlier(user) is not None:
            return as_it_was(self._record, context, user)
        if expected is not None and expected != user.version:
            raise Stale(user.version)
        refuse_any(record_faults(command))
        if context.by == user_id:
            self._require_another(user_id, command)
        before, address = user.version, user.email.text
        changed = self._link(context, user, command)
        self._apply(context, user, command)
        if normalised(user.email.text) != normalised(address):
            self._record.commit(user, self._addressed(context, user), *changed)
        elif user.version > before:
            self._record.commit(user, *changed)
        return user

    def _addressed(self, context: Context, user: User) -> Addresses:
        """What must be committed with a `user` who gets an e-mail address. Raises AddressInUse."""
        # Loaded before the directory is read: if an address is given meanwhile, the commit conflicts.
        found = self._record.load(Addresses, ADDRESSES)
        if self._directory.at_address(user.email.text) - {user.id}:
            raise AddressInUse
        stamp = context.stamp(ADDRESSES, 1 if found is None else found.version + 1, Role.ADMIN)
        assigned = event_of(stamp, AddressAssigned, user=user.id)
        addresses = found or Addresses(assigned)
        addresses.append(assigned)
        return addresses

    def _require_another(self, user_id: UUID, command: ChangeUser) -> None:
        """Raise Forbidden for what administrators may not change about their own user."""
        if command.active is False:
            raise Forbidden("Nobody deactivates their own user; another administrator must.")
        if command.person is not None and self._directory.administrators() != {user_id}:
            raise Forbidden("Nobody links their own user to a person; another administrator must.")

    def _link(self, context: Context, user: User, command: ChangeUser) -> list[School]:
        """Link the user. Returns the school, if that wakes their roles there."""
        if command.person is None:
            return []
        person = colleague(self._record, user, command.person)
        if self.persons_of(user).get(person.school) == person.id:
            return []
        stamp = context.stamp(user.id, user.version + 1, Role.ADMIN)
        user.append(event_of(stamp, UserLinked, school=person.school, person=person.id))
        school = self._record.load(School, person.school)
        if school is None or user.id not in school.unlinked:
            return []
        stamp = context.stamp(school.id, school.version + 1, Role.ADMIN)
        school.append(event_of(stamp, UserIdentified, user=user.id))
        return [school]

    @staticmethod
    def _apply(context: Context, user: User, command: ChangeUser) -> None:
        changed = event_of(
            context.stamp(user.id, user.version + 1, Role.ADMIN),
            UserChanged,
            name=command.name or user.name,
            email=command.email or user.email,
            active=user.active if command.active is None else command.active,
        )
        if (changed.name, changed.email, changed.active) != (user.name, user.email, user.active):
            user.append(changed)

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
        if not user.active:
            raise Refused(_INACTIVE)
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
