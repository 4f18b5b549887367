"""What every use case is given beside its command: who asks, when, and which request it is."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4, uuid5

import msgspec

from casework.domain.access import Principal
from casework.domain.aggregate import Aggregate
from casework.domain.errors import KeyReused
from casework.domain.event import Stamp
from casework.domain.moments import Instant


def _ignore() -> None:
    pass


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """One request: who makes it and at which moment.

    `key` is the client's idempotency key, if it gave one; `digest` differs for requests that ask something
    else under the same key. The ids a request leads to are derived from the user and the key; under a
    `secret` nobody can find out the user by trying every one. `may_be_named` is called once it is known
    that the user does not know the case the request is about only as one they reported in confidence.
    """

    principal: Principal
    now: Instant
    key: str | None = None
    digest: str = ""
    request_id: str = msgspec.field(default_factory=lambda: uuid4().hex)
    secret: bytes = b""
    may_be_named: Callable[[], None] = _ignore

    @property
    def by(self) -> UUID:
        return self.principal.id

    @property
    def request(self) -> str:
        """The id that the events of this request carry: the same for a retry."""
        return self.request_id if self.key is None else self._derived(self.key).hex

    def new_id(self, kind: str) -> UUID:
        """The id of something this request makes: the same for a retry, so that nothing is made twice."""
        return self._derived(f"{kind}:{self.request}")

    def under(self, secret: bytes) -> Self:
        """The same request, whose ids do not show who makes it."""
        return msgspec.structs.replace(self, secret=secret)

    def earlier(self, aggregate: Aggregate) -> int | None:
        """The number of the event this same request led to before; None if it is the first time.

        Raises KeyReused if the key belongs to a request that asked something else.
        """
        known = aggregate.requests.get(self.request)
        if known is None:
            return None
        if known.digest != self.digest:
            raise KeyReused
        return known.number

    def stamp(self, of: UUID, version: int, role: str, at: datetime | None = None) -> Stamp:
        """The stamp of event number `version` of the aggregate `of`; `at` is when it was done, if not now."""
        return Stamp(
            originator_id=of,
            originator_version=version,
            by=self.by,
            role=role,
            request_id=self.request,
            request_digest=self.digest,
            happened_at=at or self.now,
            recorded_at=self.now,
        )

    def _derived(self, name: str) -> UUID:
        if not self.secret:
            return uuid5(self.by, name)
        return UUID(bytes=hmac.digest(self.secret, self.by.bytes + name.encode(), "sha256")[:16])


def replaced(record: msgspec.Struct, **changes: Any) -> dict[str, Any]:
    """The fields of `record` as keyword arguments, some of them changed."""
    return {**msgspec.structs.asdict(record), **changes}
