"""The User aggregate: who may sign in, with which tokens, and which people they are in incidents."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event
from casework.domain.fields import Name, Text
from casework.domain.moments import Instant
from casework.domain.sealed import Sealed


class Scope(StrEnum):
    """What a token may be used for, among the things that its user may do."""

    READ = "read"
    WRITE = "write"
    CALENDAR = "calendar"


FULL_SCOPES: Final = (Scope.READ, Scope.WRITE)
"""The scopes of a token unless others are given."""

Label = Annotated[Sealed, Text(max=100)]


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it is stored: with only a hash of its secret, in hex. `label` says what it is for."""

    id: UUID
    secret_hash: str
    scopes: tuple[Scope, ...]
    expires_at: Instant
    label: Label | None = None


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation as it is stored: with only hashes, in hex, of its code and of the second half of it.

    An invitation that takes two people has a second half, which the person who approved it was shown.
    `to_reader` says whether the user held a role that reads cases when they were invited.
    """

    id: UUID
    code_hash: str
    second_hash: str | None = None
    to_reader: bool = False
    expires_at: Instant


class UserRegistered(Event, frozen=True, kw_only=True):
    """A user was registered. `person` is their record as a person; an `administrator` runs the system.

    A `service` user is a program; it holds no role that reads cases.
    """

    TOPIC: ClassVar[str] = "user.registered"

    name: Name
    email: Name
    person: UUID | None = None
    administrator: bool = False
    service: bool = False


class UserChanged(Event, frozen=True, kw_only=True):
    """A user's name, address and whether they may sign in, as they are from now on.

    All three are given whatever changed, so that a view needs only the latest event of a user. The tokens and
    the invitation of a user who is deactivated have ended, also when they are activated again. `approved_by`
    is the second person, where the change took two.
    """

    TOPIC: ClassVar[str] = "user.changed"

    name: Name
    email: Name
    active: bool
    approved_by: UUID | None = None

    def apply(self, user: Any) -> None:
        if self.active and not user.active:
            user.invitation = None
        user.name, user.email, user.active = self.name, self.email, self.active
        user.names.append(self.name)
        if not self.active:
            user.tokens.clear()


class UserLinked(Event, frozen=True, kw_only=True):
    """From now on the user is `person` in incidents of `school`, instead of any person they were there.

    `approved_by` is the second person, where that took two.
    """

    TOPIC: ClassVar[str] = "user.linked"

    school: UUID
    person: UUID
    approved_by: UUID | None = None

    def apply(self, user: Any) -> None:
        user.links.append(self.person)


class TokenIssued(Event, frozen=True, kw_only=True):
    """A token was issued. Its secret was shown once."""

    TOPIC: ClassVar[str] = "user.token_issued"

    token: Token

    def apply(self, user: Any) -> None:
        user.tokens[self.token.id] = self.token
        # Users of the release before got their first token from an administrator.
        user.enrolled = user.ever_enrolled = True


class UserInvited(Event, frozen=True, kw_only=True):
    """The user may get a token of their own with a code. An earlier invitation has ended.

    `approved_by` is the second person, where that took two.
    """

    TOPIC: ClassVar[str] = "user.invited"

    invitation: Invitation
    approved_by: UUID | None = None

    def apply(self, user: Any) -> None:
        user.invitation = self.invitation


class UserEnrolled(Event, frozen=True, kw_only=True):
    """The user accepted an invitation and got a token. All their earlier tokens have ended."""

    TOPIC: ClassVar[str] = "user.enrolled"

    invitation: UUID
    token: Token

    def apply(self, user: Any) -> None:
        user.tokens = {self.token.id: self.token}
        user.accepted = self.invitation
        user.enrolled = user.ever_enrolled = True
        user.invited_by_one = user.invitation is None or user.invitation.second_hash is None


class TokenRevoked(Event, frozen=True, kw_only=True):
    """A token was revoked; it is no longer valid."""

    TOPIC: ClassVar[str] = "user.token_revoked"

    token: UUID

    def apply(self, user: Any) -> None:
        user.tokens.pop(self.token, None)


class TokensEnded(Event, frozen=True, kw_only=True):
    """All tokens of the user have ended, and the user must enrol again, with an invitation by two people.

    The one person who invited them might hold the token, and two people now let the user read cases.
    `approved_by` is the second of those two.
    """

    TOPIC: ClassVar[str] = "user.tokens_ended"

    approved_by: UUID

    def apply(self, user: Any) -> None:
        user.tokens.clear()
        user.enrolled = False


class User(Aggregate, begins_with=UserRegistered):
    """A user's name and email address, sealed with their own data key, and their valid tokens.

    One who has `ever_enrolled` has had a token; one who is `enrolled` need not enrol again.
    `invitation` is the latest, `accepted` the id of the one that was accepted last; `invited_by_one` says
    whether one person made that one. `links` are the people the user was ever linked to, at any school, and
    `names` all names they ever had, the latest last. A user who is not `active` cannot sign in; their tokens
    have ended and stay ended.
    """

    def __init__(self, first: UserRegistered) -> None:
        super().__init__(first)
        self.name: Sealed = first.name
        self.names: list[Sealed] = [first.name]
        self.email: Sealed = first.email
        self.links: list[UUID] = [] if first.person is None else [first.person]
        self.administrator = first.administrator
        self.service = first.service
        self.active = True
        self.enrolled = False
        self.ever_enrolled = False
        self.invited_by_one = False
        self.tokens: dict[UUID, Token] = {}
        self.invitation: Invitation | None = None
        self.accepted: UUID | None = None

    @property
    def open_invitation(self) -> Invitation | None:
        """The invitation that the user has not accepted yet, whether or not it has expired."""
        invited = self.invitation
        return None if invited is None or invited.id == self.accepted else invited

    @property
    def person(self) -> UUID | None:
        """The person the user was linked to last."""
        return self.links[-1] if self.links else None

    @property
    def persons(self) -> frozenset[UUID]:
        """Every person the user was ever linked to. A case about any of them is a case about the user."""
        return frozenset(self.links)
