"""Refusals as RFC 9457 problems. No problem repeats what was entered: it may be about a person."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.wrappers import Response as WSGIResponse

from casework.domain.moments import standard
from casework_api.http.logs import log, outline, request_id

PROBLEM_JSON: Final = "application/problem+json"
Errors = Mapping[str, Sequence[str]]
"""Messages by where they apply: a JSON path in a body (`$.people[0].person`), or a parameter's name."""

# What is echoed of a field nobody knows: a name in the form of one, and nothing that could be prose.
_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


class ProblemType(msgspec.Struct, frozen=True):
    """A sort of problem that clients can tell from others by its `uri`."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """A relative reference, as RFC 9457 §3.1.1 allows; nothing is served there."""
        return f"/problems/{self.slug}"


BAD_REQUEST = ProblemType("bad-request", 400, "The request could not be understood")
UNAUTHENTICATED = ProblemType("unauthenticated", 401, "A living token is needed")
FORBIDDEN = ProblemType("forbidden", 403, "Your role may not do this")
NOT_FOUND = ProblemType("not-found", 404, "There is no such thing, or none you may know of")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "The resource does not take this method")
NOT_ACCEPTABLE = ProblemType("not-acceptable", 406, "The resource has no such form")
REFUSED = ProblemType("refused", 409, "Refused by a rule or by the state of the record")
KEY_REUSED = ProblemType("key-reused", 409, "The idempotency key belongs to another request")
TOO_SLOW = ProblemType("too-slow", 408, "The request took too long to arrive")
STALE = ProblemType("stale", 412, "The resource has changed since you read it")
TOO_LARGE = ProblemType("too-large", 413, "The body is too large")
UNSUPPORTED_MEDIA_TYPE = ProblemType("unsupported-media-type", 415, "This type of content is not taken here")
MALFORMED = ProblemType("malformed", 422, "The request is malformed")
PRECONDITION_REQUIRED = ProblemType("precondition-required", 428, "If-Match is needed here")
TOO_MANY_REQUESTS = ProblemType("too-many-requests", 429, "Too many requests")
INTERNAL = ProblemType("internal", 500, "Something went wrong on our side")
UNAVAILABLE = ProblemType("unavailable", 503, "Not available at the moment")

PROBLEM_TYPES: Final = (
    BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE,
    TOO_SLOW, REFUSED, KEY_REUSED, STALE, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, MALFORMED,
    PRECONDITION_REQUIRED, TOO_MANY_REQUESTS, INTERNAL, UNAVAILABLE,
)  # fmt: skip
TYPE_OF_STATUS: Final = {sort.status: sort for sort in reversed(PROBLEM_TYPES)}
"""The most general type of each status."""


class Problem(Exception):
    """An answer other than the one asked for.

    `detail` says what is the matter this time, in words that hold nothing personal; `extensions` are
    further members of the body (`errors`, `rule`, `clause`, …).
    """

    def __init__(
        self,
        sort: ProblemType,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(sort.slug)
        self.type = sort.uri
        self.title = sort.title
        self.status = sort.status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions

    @property
    def instance(self) -> str:
        """The id of the request being answered, by which its log line is found."""
        return request_id().urn

    def response(self) -> Response:
        """The problem as an HTTP answer."""
        content = msgspec.json.encode({**self.extensions, **self.members(self.instance)}, enc_hook=standard)
        return Response(content, self.status, self.headers, content_type=PROBLEM_JSON)

    def members(self, instance: str) -> dict[str, Any]:
        """The members of RFC 9457 §3.1."""
        return {
            "type": self.type,
            "title": self.title,
            "status": self.status,
            **({} if self.detail is None else {"detail": self.detail}),
            "instance": instance,
        }


def unauthenticated(*, token_given: bool = False) -> Problem:
    """401, with the challenge of RFC 6750 §3: `invalid_token` where a token was given."""
    challenge = 'Bearer realm="casework"' + (', error="invalid_token"' if token_given else "")
    return Problem(UNAUTHENTICATED, headers={"WWW-Authenticate": challenge})


def forbidden(detail: str | None = None) -> Problem:
    """403: a role that may not."""
    return Problem(FORBIDDEN, detail)


def not_found() -> Problem:
    """404, the same for what is not there and for what the actor may not know of."""
    return Problem(NOT_FOUND)


def not_acceptable(offered: Sequence[str]) -> Problem:
    """406, with the media types on offer."""
    return Problem(NOT_ACCEPTABLE, "It can be had as " + ", ".join(offered))


def refused(rule: str, clause: str, detail: str | None = None, **extensions: Any) -> Problem:
    """409: `rule` forbids it, under `clause`."""
    return Problem(REFUSED, detail, rule=rule, clause=clause, **extensions)


def key_reused() -> Problem:
    """409: the idempotency key came before with another body."""
    return Problem(KEY_REUSED)


def too_slow() -> Problem:
    """408: the body came too slowly, or stopped coming."""
    return Problem(TOO_SLOW)


def stale() -> Problem:
    """412: `If-Match` names a version that has passed."""
    return Problem(STALE)


def too_large(limit: int | None = None) -> Problem:
    """413; `limit` in bytes."""
    return Problem(TOO_LARGE, None if limit is None else f"At most {limit} bytes are taken")


def unsupported_media_type(accepted: Sequence[str]) -> Problem:
    """415, with the media types that are taken, as RFC 9110 §15.5.16 suggests."""
    taken = ", ".join(accepted)
    return Problem(UNSUPPORTED_MEDIA_TYPE, f"Taken here: {taken}", headers={"Accept": taken})


def malformed(errors: Errors) -> Problem:
    """422, with messages by JSON path or parameter; they must not repeat a value."""
    return Problem(MALFORMED, errors={place: list(messages) for place, messages in errors.items()})


def precondition_required() -> Problem:
    """428: others may be changing this; say which version you have in hand, or `*`."""
    return Problem(PRECONDITION_REQUIRED)


def too_many_requests(retry_after: int) -> Problem:
    """429; `retry_after` in seconds."""
    return Problem(TOO_MANY_REQUESTS, headers={"Retry-After": str(retry_after)})


def internal() -> Problem:
    """500, saying nothing of the cause."""
    return Problem(INTERNAL)


def unavailable(retry_after: int | None = None, **extensions: Any) -> Problem:
    """503: something casework depends on is not there. `retry_after` (seconds) if a retry may succeed."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Problem(UNAVAILABLE, headers=headers, **extensions)


def errors_by_path(messages: Any, at: str = "$") -> dict[str, list[str]]:
    """Marshmallow's nested `messages` by JSON path from `at`; from `""`, by the name of the parameter."""
    errors: dict[str, list[str]] = {}
    for path, message in _walk(messages, at):
        found = errors.setdefault(path or "parameters", [])
        if message not in found:
            found.append(message)
    return errors


def errors_by_location(messages: Any) -> dict[str, list[str]]:
    """webargs' `messages` by location (`json`, `query`, …), as `errors_by_path` has them for each."""
    found: dict[str, list[str]] = {}
    for location, inner in messages.items():
        found |= errors_by_path(inner, "$" if location == "json" else "")
    return found


def register_problems(app: Flask) -> None:
    """Answer every refusal and failure of `app` as a problem, and log failures without their messages."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.addFilter(_without_exception)
    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_failure)


def type_of(status: int) -> ProblemType:
    """The type of a refusal of which only the status is known."""
    title = HTTP_STATUS_CODES.get(status, "Unknown Error")
    return TYPE_OF_STATUS.get(status) or ProblemType("other", status, title)


def _of_http(error: HTTPException) -> WSGIResponse:
    cause = getattr(error, "original_exception", None)
    if cause is not None:
        return _of_failure(cause)
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()
    data = getattr(error, "data", None) or {}
    if error.code == MALFORMED.status and "messages" in data:
        return malformed(errors_by_location(data["messages"])).response()
    kept = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return Problem(type_of(error.code), headers=kept).response()


def _of_failure(error: Exception) -> Response:
    log.error("failure", request_id=str(request_id()), exception=outline(error))
    return internal().response()


def _without_exception(record: logging.LogRecord) -> bool:
    # Flask logs an exception with its message before it asks for our answer, which logs it without.
    return not record.exc_info


def _walk(messages: Any, at: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _walk(inner, _step(at, key))
    elif isinstance(messages, str):
        yield at, messages
    else:
        for message in messages:
            yield from _walk(message, at)


def _step(at: str, key: object) -> str:
    if isinstance(key, int):
        return f"{at}[{key}]"
    if not isinstance(key, str) or key == "_schema" or not _FIELD_NAME.fullmatch(key):
        return at
    return f"{at}.{key}" if at else key
