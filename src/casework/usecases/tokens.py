"""The format of a bearer token: `cw_<id>_<secret>`, where the id names the user and the token."""

from __future__ import annotations

import re
from typing import Final, Self
from uuid import UUID

import msgspec

_FORM: Final = re.compile(r"cw_([0-9a-f]{32})([0-9a-f]{32})_([0-9a-f]{64})")


class TokenString(msgspec.Struct, frozen=True):
    """A token as its user sees it; `secret` is 256 bits in hex."""

    user: UUID
    token: UUID
    secret: str

    @classmethod
    def parse(cls, bearer: str) -> Self | None:
        """The parts of `bearer`; None if it does not have the format of a token."""
        match = _FORM.fullmatch(bearer)
        return None if match is None else cls(UUID(match[1]), UUID(match[2]), match[3])

    def __str__(self) -> str:
        return f"cw_{self.user.hex}{self.token.hex}_{self.secret}"

    def __repr__(self) -> str:
        return "TokenString(…)"
