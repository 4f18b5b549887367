"""What every use case is given: who asks, when, and which request it is."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4, uuid5

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.errors import KeyReused
from casework.domain.user import User

NOBODY = UUID(int=0)
"""Stands in for whoever reported in confidence, wherever they would otherwise be named."""

SYSTEM = UUID(int=1)
"""Stands for the command line, acting before there is any user."""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One request to change something.

    `key` is the client's idempotency key, if it gave one; `digest` tells requests apart that reuse a key.
    The ids a request leads to are derived from whoever asks; under a `secret` nobody can find out who
    that was by trying every user.
    """

    user: User | None
    now: datetime
    key: str | None = None
    digest: str = ""
    request_id: str = msgspec.field(default_factory=lambda: uuid4().hex)
    secret: bytes = b""

    @property
    def by(self) -> UUID:
        return SYSTEM if self.user is None else self.user.id

    @property
    def request(self) -> str:
        """The id the events of this request carry: the same for a retry."""
        return self.request_id if self.key is None else self._derived(self.key).hex

    def new_id(self, sort: str) -> UUID:
        """The id of something this request makes: the same for a retry, so that nothing is made twice."""
        return self._derived(f"{sort}:{self.request}")

    def under(self, secret: bytes) -> Self:
        """The same command, from whose ids nobody can tell who asks."""
        return msgspec.structs.replace(self, secret=secret)

    def _derived(self, name: str) -> UUID:
        if not self.secret:
            return uuid5(self.by, name)
        return UUID(bytes=hmac.digest(self.secret, self.by.bytes + name.encode(), "sha256")[:16])

    def earlier(self, aggregate: Aggregate) -> int | None:
        """The number of the event this same request led to before; None where it is the first time.

        Raises KeyReused where the key belongs to a request that asked something else.
        """
        known = aggregate.requests.get(self.request)
        if known is None:
            return None
        if known.digest != self.digest:
            raise KeyReused
        return known.number

    def stamp(self, of: UUID, version: int, role: str, at: datetime | None = None) -> dict[str, Any]:
        """The fields every event carries, for event number `version` of aggregate `of`."""
        return {
            "originator_id": of,
            "originator_version": version,
            "by": self.by,
            "role": role,
            "request_id": self.request,
            "request_digest": self.digest,
            "happened_at": at or self.now,
            "recorded_at": self.now,
        }
