"""`/health/live` and `/health/ready`: whether the process runs, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from flask import Flask, Response

from casework_api.http.logs import log, outline, request_id
from casework_api.http.problems import unavailable

Check = Callable[[], object]
"""Returns if nothing is wrong. Raises Degraded if requests can still be answered, else any other error."""


class Degraded(Exception):
    """What was checked works in part, and requests can still be answered. `details` are added to the body."""

    def __init__(self, **details: object) -> None:
        super().__init__("degraded")
        self.details = details


def register_health(app: Flask, checks: Mapping[str, Check]) -> None:
    """Serve the two health resources. `ready` runs `checks`, by name such as `database`; none may fail."""

    def live() -> Response:
        return _answer({"status": "live"})

    def ready() -> Response:
        details: dict[str, object] = {}
        results = {name: _result(name, check, details) for name, check in checks.items()}
        if "failed" in results.values():
            raise unavailable(checks=results)
        return _answer({"status": "ready", "checks": results, **details})

    app.add_url_rule("/health/live", "health_live", live)
    app.add_url_rule("/health/ready", "health_ready", ready)


def _result(name: str, check: Check, details: dict[str, object]) -> str:
    """The result of `check`; what it raises in Degraded is added to `details`."""
    try:
        check()
    except Degraded as degraded:
        details |= degraded.details
        if degraded.__cause__ is not None:
            _log_failure(name, degraded.__cause__)
        return "degraded"
    except Exception as error:
        _log_failure(name, error)
        return "failed"
    return "ok"


def _log_failure(name: str, error: BaseException) -> None:
    log.error("check failed", check=name, request_id=str(request_id()), exception=outline(error))


def _answer(body: Mapping[str, object]) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")
