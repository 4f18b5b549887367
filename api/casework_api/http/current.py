"""What a request stands in: the application, the views, whoever asks, and the command it makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, cast
from uuid import uuid4

import msgspec
from flask import current_app, g, request

from casework.application import Casework
from casework.domain.user import Token, User
from casework.settings import Settings
from casework.usecases.command import Command
from casework_api.http.etags import idempotency_key
from casework_api.http.limits import RateLimit
from casework_api.http.paging import Cursors
from casework_projections.views.catch_up import Views

EXTENSION: Final = "casework"


class Services:
    """What one process serves requests with.

    It opens connections, so make it after a fork. `clock` is the one place time is asked for.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.app = Casework(settings)
        self.views = Views(self.app)
        self.clock = clock
        self.cursors = Cursors(self.app.derived_key("cursors"))
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
    """Keep whoever asks, for the rest of the request."""
    g.user, g.token = user, token


def user() -> User:
    """Whoever asks."""
    return cast(User, g.user)


def token() -> Token:
    """The token the request came with."""
    return cast(Token, g.token)


def command(*, digest_body: bool = True) -> Command:
    """The command this request makes.

    With an `Idempotency-Key`, the digest of what is asked tells a retry from another request; a body
    that is read as a stream is left out of it here and added by whoever reads it.
    """
    # Each reading that is recorded is one of its own.
    key = None if request.method == "GET" else idempotency_key()
    body = request.get_data(cache=True) if digest_body else b""
    digest = casework().digest(request.method.encode(), request.path.encode(), body) if key else ""
    return Command(user=user(), now=now(), key=key, digest=digest, request_id=uuid4().hex)


def asking_also(command: Command, part: bytes) -> Command:
    """`command` with a `part` of its body, read as a stream, in the digest of what is asked."""
    return msgspec.structs.replace(command, digest=casework().digest(command.digest.encode(), part))


def reading() -> Command:
    """The standing of whoever only reads."""
    return Command(user=user(), now=now())
