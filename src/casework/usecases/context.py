"""What every use case takes besides its command: the user, the time and the identity of the request."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4, uuid5

import msgspec

from casework.domain.access import NOBODY, SYSTEM, Principal
from casework.domain.aggregate import Aggregate
from casework.domain.errors import KeyReused, NotFound
from casework.domain.event import Stamp
from casework.domain.moments import Instant
from casework.record import Record

A = TypeVar("A", bound=Aggregate)


def _ignore() -> None:
    pass


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """One request: its user and its time.

    `key` is the client's idempotency key, if it sent one; `digest` differs for different requests with the
    same key. The ids that a request creates are derived from the user and the key, and from `secret` if it is
    made in confidence: without it, trying every user in turn would reveal who made the request.
    `approved_by` is the second person, if the request was approved by one.
    `may_be_named` is called as soon as the log may name the user: unless they know the case only because they
    reported it in confidence.
    """

    principal: Principal
    now: Instant
    key: str | None = None
    digest: str = ""
    request_id: str = msgspec.field(default_factory=lambda: uuid4().hex)
    secret: bytes = b""
    approved_by: UUID | None = None
    may_be_named: Callable[[], None] = _ignore

    @property
    def by(self) -> UUID:
        return self.principal.id

    @property
    def alone(self) -> bool:
        """Whether one person makes the request over the API, without a second who approved it."""
        return self.approved_by is None and self.principal != SYSTEM

    @property
    def request(self) -> str:
        """The request id in the events of this request: the same for a retry."""
        return self.request_id if self.key is None else self._derived(self.key).hex

    def new_id(self, kind: str) -> UUID:
        """The id of something this request creates: the same for a retry, so nothing is created twice."""
        return self._derived(f"{kind}:{self.request}")

    def under(self, secret: bytes) -> Self:
        """The same request made in confidence: neither its ids nor its stamps reveal its user."""
        return msgspec.structs.replace(self, secret=secret)

    def earlier(self, aggregate: Aggregate) -> int | None:
        """The number of the event that this request has already recorded; None if it is not a retry.

        Raises KeyReused if the key belongs to a different request.
        """
        known = aggregate.requests.get(self.request)
        if known is None:
            return None
        if known.digest != self.digest:
            raise KeyReused
        return known.number

    def stamp(self, of: UUID, version: int, role: str, at: datetime | None = None) -> Stamp:
        """The stamp of event number `version` of `of`; `at` is when it happened (default: now)."""
        return Stamp(
            originator_id=of,
            originator_version=version,
            by=NOBODY if self.secret else self.by,
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


def as_it_was(record: Record, context: Context, aggregate: A) -> A:
    """`aggregate` right after this request was first made, for the answer to a retry. Raises NotFound."""
    then = record.load(type(aggregate), aggregate.id, upto=context.earlier(aggregate))
    if then is None:
        raise NotFound
    return then


def replaced(record: msgspec.Struct, **changes: Any) -> dict[str, Any]:
    """The fields of `record` as keyword arguments, updated with `changes`."""
    return {**msgspec.structs.asdict(record), **changes}
