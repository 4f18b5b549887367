"""Secrets as users see them: `<prefix>_<id>_<secret>`, where the id names the user and what it opens."""

from __future__ import annotations

import hashlib
import re
from typing import ClassVar, Final, Self
from uuid import UUID

import msgspec

_REST: Final = re.compile(r"([0-9a-f]{32})([0-9a-f]{32})_([0-9a-f]{64})")


class BearerString(msgspec.Struct, frozen=True):
    """A string that gives its bearer something of `user`; `secret` is 256 bits in hex."""

    PREFIX: ClassVar[str] = ""

    user: UUID
    of: UUID
    secret: str

    @classmethod
    def parse(cls, bearer: str) -> Self | None:
        """The parts of `bearer`; None if it does not have this format."""
        match = _REST.fullmatch(bearer.removeprefix(f"{cls.PREFIX}_"))
        if match is None or not bearer.startswith(cls.PREFIX):
            return None
        return cls(UUID(match[1]), UUID(match[2]), match[3])

    def __str__(self) -> str:
        return f"{self.PREFIX}_{self.user.hex}{self.of.hex}_{self.secret}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class TokenString(BearerString, frozen=True):
    """A token: `cw_…`."""

    PREFIX: ClassVar[str] = "cw"


class InvitationCode(BearerString, frozen=True):
    """The code of an invitation: `ci_…`."""

    PREFIX: ClassVar[str] = "ci"


def hashed(secret: str) -> str:
    """The stored hash of a secret. It has at least 80 random bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
