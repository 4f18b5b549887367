"""Errors as RFC 9457 problems. No problem repeats what was entered, which may be about a person.

Only `possible-duplicate` shows names: of records that the user may know. It is returned, never raised, so
that no error contains a name.
"""

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

# An unknown field is named only if it looks like the name of a field; other text could be personal.
_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


class ProblemType(msgspec.Struct, frozen=True):
    """A type of problem, which clients identify by its `uri`."""

    slug: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """A relative reference, as RFC 9457 §3.1.1 allows; nothing is served there."""
        return f"/problems/{self.slug}"


BAD_REQUEST = ProblemType("bad-request", 400, "The request could not be understood")
UNAUTHENTICATED = ProblemType("unauthenticated", 401, "A valid token is required")
FORBIDDEN = ProblemType("forbidden", 403, "Your role may not do this")
NOT_FOUND = ProblemType("not-found", 404, "There is no such thing, or you may not see it")
METHOD_NOT_ALLOWED = ProblemType("method-not-allowed", 405, "The resource does not support this method")
NOT_ACCEPTABLE = ProblemType("not-acceptable", 406, "The resource is not available in this format")
REFUSED = ProblemType("refused", 409, "Refused by a rule or by the state of the record")
KEY_REUSED = ProblemType("key-reused", 409, "The idempotency key belongs to another request")
ADDRESS_IN_USE = ProblemType("address-in-use", 409, "Another user has this e-mail address")
POSSIBLE_DUPLICATE = ProblemType("possible-duplicate", 409, "This person may have a record already")
TOO_SLOW = ProblemType("too-slow", 408, "The request took too long to arrive")
STALE = ProblemType("stale", 412, "The resource has changed since you read it")
TOO_LARGE = ProblemType("too-large", 413, "The body is too large")
UNSUPPORTED_MEDIA_TYPE = ProblemType("unsupported-media-type", 415, "This type of content is not accepted")
MALFORMED = ProblemType("malformed", 422, "The request is malformed")
PRECONDITION_REQUIRED = ProblemType("precondition-required", 428, "If-Match is required")
TAKES_TWO = ProblemType("takes-two", 422, "A step that takes two people is taken alone")
TOO_MANY_REQUESTS = ProblemType("too-many-requests", 429, "Too many requests")
INTERNAL = ProblemType("internal", 500, "Something went wrong on our side")
UNAVAILABLE = ProblemType("unavailable", 503, "Not available at the moment")

PROBLEM_TYPES: Final = (
    BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE,
    TOO_SLOW, REFUSED, KEY_REUSED, ADDRESS_IN_USE, POSSIBLE_DUPLICATE, STALE, TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE, MALFORMED, PRECONDITION_REQUIRED, TOO_MANY_REQUESTS, INTERNAL, UNAVAILABLE,
    TAKES_TWO,
)  # fmt: skip
TYPE_OF_STATUS: Final = {each.status: each for each in reversed(PROBLEM_TYPES)}
"""The most general type of each status."""


class Problem(Exception):
    """An error that is answered as a problem.

    `detail` describes this occurrence and contains nothing personal; `extensions` are further members of
    the body (`errors`, `rule`, `clause`, …).
    """

    def __init__(
        self,
        problem_type: ProblemType,
        detail: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(problem_type.slug)
        self.type = problem_type.uri
        self.title = problem_type.title
        self.status = problem_type.status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions

    @property
    def instance(self) -> str:
        """The id of the request being answered, which is also in its log line."""
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
    """401, with the challenge of RFC 6750 §3: `invalid_token` if a token was given."""
    challenge = 'Bearer realm="casework"' + (', error="invalid_token"' if token_given else "")
    return Problem(UNAUTHENTICATED, headers={"WWW-Authenticate": challenge})


def forbidden(detail: str | None = None) -> Problem:
    """403: the user's role does not allow it."""
    return Problem(FORBIDDEN, detail)


def not_found() -> Problem:
    """404, the same for what does not exist and for what the user may not see."""
    return Problem(NOT_FOUND)


def not_acceptable(offered: Sequence[str]) -> Problem:
    """406, with the media types that are available."""
    return Problem(NOT_ACCEPTABLE, "Available as " + ", ".join(offered))


def refused(rule: str, clause: str, detail: str | None = None, **extensions: Any) -> Problem:
    """409: `rule` forbids it, under `clause`."""
    return Problem(REFUSED, detail, rule=rule, clause=clause, **extensions)


def key_reused() -> Problem:
    """409: the idempotency key was used before with another body."""
    return Problem(KEY_REUSED)


def address_in_use() -> Problem:
    """409: one user per e-mail address."""
    return Problem(ADDRESS_IN_USE, "Find that user and change them, or use another address.")


def possible_duplicate(candidates: Sequence[Mapping[str, Any]]) -> Response:
    """409: a person to register could be one of `candidates`, which are shown with their names."""
    detail = "If one of the candidates is this person, use that record. If none is, send `distinct: true`."
    return Problem(POSSIBLE_DUPLICATE, detail, candidates=candidates).response()


def too_slow() -> Problem:
    """408: the body came too slowly, or stopped coming."""
    return Problem(TOO_SLOW)


def stale(version: int) -> Problem:
    """412: `If-Match` names another version than the present one, which is `version`."""
    return Problem(STALE, headers={"ETag": f'"{version}"'}, version=version)


def too_large(limit: int | None = None) -> Problem:
    """413; `limit` in bytes."""
    return Problem(TOO_LARGE, None if limit is None else f"At most {limit} bytes are accepted")


def unsupported_media_type(accepted: Sequence[str]) -> Problem:
    """415, with the media types that are accepted, as RFC 9110 §15.5.16 suggests."""
    types = ", ".join(accepted)
    return Problem(UNSUPPORTED_MEDIA_TYPE, f"Accepted: {types}", headers={"Accept": types})


def malformed(errors: Errors, **extensions: Any) -> Problem:
    """422, with messages by JSON path or parameter; they must not repeat a value."""
    found = {place: list(messages) for place, messages in errors.items()}
    return Problem(MALFORMED, errors=found, **extensions)


def takes_two() -> Problem:
    """422: a step of a list takes two people."""
    return Problem(TAKES_TWO, "Send this step by itself; a second person is then asked to approve it.")


def precondition_required() -> Problem:
    """428: others may be changing this, so the client must send the version it read, or `*`."""
    return Problem(PRECONDITION_REQUIRED)


def too_many_requests(retry_after: int) -> Problem:
    """429; `retry_after` in seconds."""
    return Problem(TOO_MANY_REQUESTS, headers={"Retry-After": str(retry_after)})


def internal() -> Problem:
    """500, without the cause."""
    return Problem(INTERNAL)


def unavailable(retry_after: int | None = None, **extensions: Any) -> Problem:
    """503: something casework depends on is unavailable. `retry_after` (seconds) if a retry may succeed."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Problem(UNAVAILABLE, headers=headers, **extensions)


def errors_by_path(messages: Any, at: str = "$") -> dict[str, list[str]]:
    """Marshmallow's nested `messages` by JSON path, which starts with `at`; `""` for parameter names."""
    errors: dict[str, list[str]] = {}
    for path, message in _walk(messages, at):
        found = errors.setdefault(path or "parameters", [])
        if message not in found:
            found.append(message)
    return errors


def errors_by_location(messages: Any) -> dict[str, list[str]]:
    """webargs' `messages` of all locations (`json`, `query`, …), by path as in `errors_by_path`."""
    found: dict[str, list[str]] = {}
    for location, inner in messages.items():
        found |= errors_by_path(inner, "$" if location == "json" else "")
    return found


def register_problems(app: Flask) -> None:
    """Answer every error of `app` as a problem, and log unexpected ones without their messages."""
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.addFilter(_without_exception)
    app.register_error_handler(Problem, Problem.response)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_failure)


def type_of(status: int) -> ProblemType:
    """The most general type of problem for `status`."""
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
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return Problem(type_of(error.code), headers=headers).response()


def _of_failure(error: Exception) -> Response:
    log.error("failure", request_id=str(request_id()), exception=outline(error))
    return internal().response()


def _without_exception(record: logging.LogRecord) -> bool:
    # Flask logs an exception with its message before it calls our handler, which logs it without.
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
