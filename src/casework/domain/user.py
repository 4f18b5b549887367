"""The User aggregate: a person who may sign in, and their tokens."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event
from casework.domain.fields import Name
from casework.domain.moments import Instant
from casework.domain.sealed import Sealed


class Scope(StrEnum):
    """What a token may be used for, among the things that its user may do."""

    READ = "read"
    WRITE = "write"
    CALENDAR = "calendar"


FULL_SCOPES: Final = (Scope.READ, Scope.WRITE)
"""The scopes of a token unless others are given."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is stored: with only a hash of its secret, in hex."""

    id: UUID
    secret_hash: str
    scopes: tuple[Scope, ...]
    expires_at: Instant


class UserRegistered(Event, frozen=True, kw_only=True):
    """A user was registered. `person` is their record as a person; an `administrator` runs the system."""

    TOPIC: ClassVar[str] = "user.registered"

    name: Name
    email: Name
    person: UUID | None = None
    administrator: bool = False


class TokenIssued(Event, frozen=True, kw_only=True):
    """A token was issued. Its secret was shown once."""

    TOPIC: ClassVar[str] = "user.token_issued"

    token: Token

    def apply(self, user: Any) -> None:
        user.tokens[self.token.id] = self.token


class TokenRevoked(Event, frozen=True, kw_only=True):
    """A token was revoked; it is no longer valid."""

    TOPIC: ClassVar[str] = "user.token_revoked"

    token: UUID

    def apply(self, user: Any) -> None:
        user.tokens.pop(self.token, None)


class User(Aggregate, begins_with=UserRegistered):
    """A user's name and email address, sealed with their own data key, and their valid tokens."""

    def __init__(self, first: UserRegistered) -> None:
        super().__init__(first)
        self.name: Sealed = first.name
        self.email: Sealed = first.email
        self.person = first.person
        self.administrator = first.administrator
        self.tokens: dict[UUID, Token] = {}
