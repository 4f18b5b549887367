"""Secrets and digests derived from the master key, each for one purpose."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from uuid import UUID


class Secrets:
    """Values that only holders of the master key can compute; `derive` returns 32 bytes for a purpose."""

    def __init__(self, derive: Callable[[str], bytes]) -> None:
        self._derive = derive

    def of_token(self, token: UUID) -> str:
        """The secret of a token, in hex."""
        return hmac.digest(self._derive("token-secrets"), token.bytes, "sha256").hex()

    def of_invitation(self, invitation: UUID) -> str:
        """The secret in the code of an invitation, in hex."""
        return hmac.digest(self._derive("invitation-codes"), invitation.bytes, "sha256").hex()

    def second_half(self, invitation: UUID) -> str:
        """What the user needs besides the code of an invitation that takes two people: 16 letters and digits.

        It is short enough to be read out. Nobody can guess it, and a thief of the database cannot find it
        from its hash: it has 80 random bits.
        """
        digest = hmac.digest(self._derive("second halves of invitations"), invitation.bytes, "sha256")
        return base64.b32encode(digest[:10]).decode().lower()

    @property
    def of_reports(self) -> bytes:
        """The key from which the ids of reports are derived, so that they do not reveal who reported."""
        return self._derive("ids of reports in confidence")

    @property
    def of_cursors(self) -> bytes:
        """The key that seals the cursors of lists."""
        return self._derive("cursors")

    def digest(self, *parts: bytes) -> str:
        """A keyed digest of a request, given in parts: 32 hex digits, different for different requests."""
        mac = hmac.new(self._derive("request-digests"), digestmod="sha256")
        for part in parts:
            mac.update(len(part).to_bytes(8) + part)
        return mac.hexdigest()[:32]
