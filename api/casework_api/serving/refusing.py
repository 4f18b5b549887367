"""The server's own answers to requests that it cannot read: problems like all others."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from uuid import uuid4

import msgspec
from gunicorn.http import errors  # type: ignore[import-untyped]

from casework_api.http.limits import SECURITY_HEADERS
from casework_api.http.logs import REQUEST_ID_HEADER, log, outline
from casework_api.http.problems import PROBLEM_JSON, Problem, type_of
from casework_api.serving.loop import TooSlow

_STATUSES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (TooSlow, 408),
    (errors.LimitRequestLine, 414),
    (errors.ExpectationFailed, 417),
    (errors.LimitRequestHeaders, 431),
    (errors.InvalidResponseHeader, 500),
    (errors.InvalidResponseHeaderName, 500),
    (errors.ConfigurationProblem, 500),
    (errors.UnsupportedTransferCoding, 501),
    (errors.ParseException, 400),
)


def answer_to(error: Exception) -> bytes:
    """The bytes of the answer, which contain nothing of the request. Close the connection after it."""
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
    request_id = uuid4()
    if status == 500:
        log.error("failure", request_id=str(request_id), status=status, exception=outline(error))
    else:
        log.info("unreadable request", request_id=str(request_id), status=status)
    content = msgspec.json.encode(Problem(type_of(status)).members(request_id.urn))
    headers = {
        **SECURITY_HEADERS,
        "Content-Type": PROBLEM_JSON,
        "Content-Length": str(len(content)),
        "Connection": "close",
        REQUEST_ID_HEADER: str(request_id),
    }
    head = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + content
