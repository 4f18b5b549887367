"""What one request works with: the application, the views, the user, and the context of its commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, cast
from uuid import uuid4

import msgspec
from flask import current_app, g, request

from casework.application import Casework
from casework.domain.access import Principal
from casework.domain.user import Token, User
from casework.settings import Settings
from casework.usecases.context import Context
from casework_api.http.etags import idempotency_key
from casework_api.http.limits import RateLimit
from casework_api.http.logs import log_set_aside, set_user
from casework_api.http.paging import Cursors
from casework_projections.views.catch_up import Views

EXTENSION: Final = "casework"


class Services:
    """What one process serves requests with.

    It opens connections, so make it after a fork. `clock` is the one place time is asked for.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.app = Casework(settings)
        self.views = Views(self.app, notice=log_set_aside)
        self.clock = clock
        self.cursors = Cursors(self.app.secrets.of_cursors)
        per_minute = settings.requests_per_minute
        self.limit = RateLimit(per_second=per_minute / 60, burst=per_minute)


def services() -> Services:
    return cast(Services, current_app.extensions[EXTENSION])


def casework() -> Casework:
    """The application this process opened."""
    return services().app


def views() -> Views:
    """The views this process reads."""
    return services().views


def cursors() -> Cursors:
    """What makes and reads the cursors of lists."""
    return services().cursors


def now() -> datetime:
    """The moment of the request, asked once."""
    if "now" not in g:
        g.now = services().clock()
    return cast(datetime, g.now)


def sign_in(user: User, token: Token) -> None:
    """Keep the user who makes the request, and their token."""
    g.user, g.token = user, token


def user() -> User:
    """The user who makes the request."""
    return cast(User, g.user)


def token() -> Token:
    """The token the request came with."""
    return cast(Token, g.token)


def context(*, digest_body: bool = True) -> Context:
    """The context of the command this request makes.

    With an `Idempotency-Key`, a digest of the request tells a retry from another request. A body that is
    read as a stream is left out of it here and added by the route that reads it.
    """
    key = idempotency_key()
    body = request.get_data(cache=True) if digest_body else b""
    digest = casework().secrets.digest(request.method.encode(), request.path.encode(), body) if key else ""
    return _context(key=key, digest=digest)


def with_body(context: Context, part: bytes) -> Context:
    """`context` with a `part` of the body, read as a stream, added to its digest."""
    return msgspec.structs.replace(context, digest=casework().secrets.digest(context.digest.encode(), part))


def reading() -> Context:
    """The context of a request that only reads. Every reading that is recorded is recorded on its own."""
    return _context(key=None, digest="")


def _context(key: str | None, digest: str) -> Context:
    return Context(
        principal=Principal.of(user()),
        now=now(),
        key=key,
        digest=digest,
        request_id=uuid4().hex,
        may_be_named=lambda: set_user(user().id),
    )
