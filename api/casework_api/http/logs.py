"""Log lines that say what happened and name nobody: one JSON object a line, with known fields only."""

from __future__ import annotations

import logging
import logging.config
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from http import HTTPMethod
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, TextIO
from uuid import UUID, uuid4

import msgspec
import structlog
from flask import Flask, Response, g, request

from casework.domain.moments import standard

if TYPE_CHECKING:
    from casework_projections.views.set_aside import SetAside

FIELDS: Final = frozenset({
    "timestamp", "level", "logger", "event",
    "request_id", "method", "route", "status", "duration_ms", "user",
    "exception", "check", "view", "position", "topic", "count", "seconds", "pid", "version",
})  # fmt: skip
"""The fields that a log line may have; any others are left out."""

REQUEST_ID_HEADER: Final = "X-Request-ID"
UNMATCHED: Final = "unmatched"
"""Logged for a request that matches no route, because its path may contain anything."""

_EXCHANGES: Final = "casework-exchanges"
_LONGEST_CHAIN: Final = 8
_METHODS: Final = frozenset(HTTPMethod)

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer: `route` is the template, `seconds` the time until the answer began."""

    method: str
    route: str
    status: int
    seconds: float


def configure_logging(stream: TextIO | None = None) -> None:
    """Send casework's own lines and those of every library to `stream` (default: stderr)."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_known_fields,
            structlog.processors.JSONRenderer(serializer=_json_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(stdlib_logging(stream))


def stdlib_logging(stream: TextIO | None = None) -> dict[str, Any]:
    """The `dictConfig` of the standard library's logging; also for gunicorn's `logconfig_dict`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": LibraryLines}},
        "handlers": {
            "lines": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "stream": stream or "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["lines"]},
        "loggers": {
            "gunicorn.error": {"level": "INFO", "handlers": ["lines"], "propagate": False},
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }


class LibraryLines(logging.Formatter):
    """Formats log records of libraries, with the place in the code instead of the message.

    A library may put a value it was given into its message, so the message is left out, except for
    gunicorn's messages about its own state (listening, booting, stopping).
    """

    def format(self, record: logging.LogRecord) -> str:
        own_state = record.name == "gunicorn.error" and record.levelno == logging.INFO
        line: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if own_state else f"{record.module}:{record.lineno}",
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            line["exception"] = outline(error)
        return _json_line(line)


def outline(error: BaseException) -> list[dict[str, Any]]:
    """The types of `error` and of its causes, each with where it was raised, outermost call first.

    It contains no message and no local variable: both may hold what a person entered.
    """
    return [
        {"type": f"{type(link).__module__}.{type(link).__qualname__}", "frames": list(_frames(link))}
        for link in _chain(error)
    ]


def log_set_aside(row: SetAside, error: Exception) -> None:
    """Log an event that a view has just set aside: its position and type, none of its content."""
    position, topic = row.position, row.topic
    log.error("event set aside", view=row.view, position=position, topic=topic, exception=outline(error))


def request_id() -> UUID:
    """The id of the request being answered: the client's `X-Request-ID` if that is a UUID, else a new one."""
    if "request_id" not in g:
        g.request_id = _uuid(request.headers.get(REQUEST_ID_HEADER, "")) or uuid4()
    known: UUID = g.request_id
    return known


def set_user(user: UUID) -> None:
    """Set the user for the log line of the request being answered."""
    g.request_user = user


def each_exchange(app: Flask, listener: Callable[[Exchange], None]) -> None:
    """Call `listener` once for every request to `app`, when its answer is ready."""
    listeners = app.extensions.get(_EXCHANGES)
    if listeners is None:
        listeners = app.extensions[_EXCHANGES] = []
        _watch(app, listeners)
    listeners.append(listener)


def register_logs(app: Flask) -> None:
    """Log one line for every request to `app`, and add the id of the request to its answer."""

    def name_request(response: Response) -> Response:
        response.headers[REQUEST_ID_HEADER] = str(request_id())
        return response

    app.after_request(name_request)
    each_exchange(app, _write)


def _watch(app: Flask, listeners: list[Callable[[Exchange], None]]) -> None:
    def begin() -> None:
        g.exchange_began = perf_counter()

    def note_status(response: Response) -> Response:
        g.exchange_status = response.status_code
        return response

    def end(_: BaseException | None) -> None:
        now = perf_counter()
        exchange = Exchange(
            method=request.method if request.method in _METHODS else "other",
            route=request.url_rule.rule if request.url_rule else UNMATCHED,
            status=g.get("exchange_status", 500),
            seconds=now - g.get("exchange_began", now),
        )
        for listener in listeners:
            listener(exchange)

    app.before_request(begin)
    app.after_request(note_status)
    app.teardown_request(end)


def _write(exchange: Exchange) -> None:
    user = g.get("request_user")
    log.info(
        "request",
        request_id=str(request_id()),
        method=exchange.method,
        route=exchange.route,
        status=exchange.status,
        duration_ms=round(exchange.seconds * 1000, 2),
        **({"user": str(user)} if user else {}),
    )


def _only_known_fields(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in event.items() if name in FIELDS}


def _json_line(line: Mapping[str, Any], **_: Any) -> str:
    return msgspec.json.encode(line, enc_hook=standard).decode()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) in (32, 36) else None
    except ValueError:
        return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    for _ in range(_LONGEST_CHAIN):
        if link is None:
            return
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _frames(error: BaseException) -> Iterator[str]:
    place = error.__traceback__
    while place is not None:
        frame = place.tb_frame
        yield f"{frame.f_globals.get('__name__')}:{place.tb_lineno} {frame.f_code.co_qualname}"
        place = place.tb_next
