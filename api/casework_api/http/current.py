"""What one request works with: the use cases, the reading room, the user, and the context of its commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol, TypeVar, cast
from uuid import uuid4

import msgspec
from flask import current_app, g, request

from casework.domain.access import Principal
from casework.domain.errors import Invalid
from casework.domain.user import Token, User
from casework.library import Library
from casework.settings import Settings
from casework.usecases.appointments import Appointments
from casework.usecases.approvals import Approvals
from casework.usecases.conflicts import Conflicts
from casework.usecases.context import Context
from casework.usecases.declarations import Declarations
from casework.usecases.enrolment import Enrolment
from casework.usecases.evidence import Evidence
from casework.usecases.incidents import Incidents
from casework.usecases.joins import Joins
from casework.usecases.people import People
from casework.usecases.relations import Relations
from casework.usecases.schools import Schools
from casework.usecases.tokens import Tokens
from casework.usecases.users import Users
from casework.usecases.year_groups import YearGroups
from casework_api.composition import application, reading_room
from casework_api.http.etags import idempotency_key
from casework_api.http.limits import RateLimit
from casework_api.http.logs import set_user
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import Question

T = TypeVar("T")

EXTENSION: Final = "casework"

REQUESTS_PER_NAME_SEARCH: Final = 10
"""A token may make this many requests for each search by name that its user may make."""


class UseCases(Protocol):
    """The use cases through which a route may change the record."""

    approvals: Approvals
    schools: Schools
    appointments: Appointments
    users: Users
    tokens: Tokens
    enrolment: Enrolment
    people: People
    year_groups: YearGroups
    relations: Relations
    declarations: Declarations
    incidents: Incidents
    evidence: Evidence
    conflicts: Conflicts
    joins: Joins


class Services:
    """Everything one process needs to serve requests.

    It opens connections, so make it after a fork. `clock` is the only source of the time.
    """

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.app = application(settings)
        self.room = reading_room(self.app)
        self.clock = clock
        per_minute = settings.requests_per_minute
        self.requests = RateLimit(per_second=per_minute / 60, burst=per_minute)
        searches = max(1, per_minute // REQUESTS_PER_NAME_SEARCH)
        self.name_searches = RateLimit(per_second=searches / 60, burst=searches)


def services() -> Services:
    """The services of this process, for the modules that put the application together."""
    return cast(Services, current_app.extensions[EXTENSION])


def casework() -> UseCases:
    """The use cases of this process."""
    return services().app


def library() -> Library:
    """The rules and dated tables of this process."""
    return services().app.library


def asker() -> Asker:
    """The user who makes the request, and the moment of the request."""
    return Asker(principal=Principal.of(user()), now=now(), may_be_named=_name_user)


def answer(question: Question[T]) -> T:
    """Answer `question` for the user who makes the request."""
    return services().room.answer(question, asker())


def authenticate(secret: str) -> tuple[User, Token] | None:
    """The user and the token that `secret` belongs to; None if no token in use has it.

    Raises a problem (429) if the token makes too many requests. All secrets that belong to no token are
    counted together, so that guesses do not use up the requests of any user.
    """
    found = casework().tokens.authenticate(secret, now())
    if found is None:
        count_guess()
    else:
        services().requests.check(found[1].id.hex)
    return found


def invited(code: str) -> User:
    """The user who was invited with `code`. Raises Invalid, or a problem (429) for too many requests."""
    try:
        found = casework().enrolment.invited(code)
    except Invalid:
        count_guess()
        raise
    services().requests.check(found.id.hex)
    return found


def count_guess() -> None:
    """Raise a problem (429) if too many requests came with secrets that nobody has."""
    services().requests.check("unknown")


def check_name_searches() -> None:
    """Raise a problem (429) if the user has made too many searches by name."""
    services().name_searches.check(user().id.hex)


def now() -> datetime:
    """The moment of the request; the clock is read once per request."""
    if "now" not in g:
        g.now = services().clock()
    return cast(datetime, g.now)


def sign_in(user: User, token: Token) -> None:
    """Store the user who makes the request, and their token, for this request."""
    g.user, g.token = user, token


def user() -> User:
    """The user who makes the request."""
    return cast(User, g.user)


def token() -> Token:
    """The token the request came with."""
    return cast(Token, g.token)


def context(*, digest_body: bool = True, of: User | None = None) -> Context:
    """The context of the command this request makes; `of` is the user if the request has no token.

    With an `Idempotency-Key`, a digest of the request distinguishes a retry from another request. It does
    not contain a body that is read as a stream; the route that reads such a body adds it with `with_body`.
    """
    key = idempotency_key()
    body = request.get_data(cache=True) if digest_body else b""
    digest = _digest(request.method.encode(), request.path.encode(), body) if key else ""
    return Context(
        principal=Principal.of(of or user()),
        now=now(),
        key=key,
        digest=digest,
        request_id=uuid4().hex,
        may_be_named=_name_user if of is None else _ignore,
    )


def with_body(context: Context, part: bytes) -> Context:
    """`context` with a `part` of the streamed body added to its digest."""
    return msgspec.structs.replace(context, digest=_digest(context.digest.encode(), part))


def _digest(*parts: bytes) -> str:
    return services().app.secrets.digest(*parts)


def _ignore() -> None:
    pass


def _name_user() -> None:
    set_user(user().id)
