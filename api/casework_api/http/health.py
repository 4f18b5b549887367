"""`/health/live` and `/health/ready`: whether the process runs, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from flask import Flask, Response

from casework_api.http.logs import log, outline, request_id
from casework_api.http.problems import unavailable

Check = Callable[[], object]
"""Returns where all is well and raises where it is not."""


def register_health(app: Flask, checks: Mapping[str, Check]) -> None:
    """Serve the two health resources; `checks` by name, such as `database`, must all pass for `ready`."""

    def live() -> Response:
        return _answer({"status": "live"})

    def ready() -> Response:
        results = {name: "ok" if _passes(name, check) else "failed" for name, check in checks.items()}
        if "failed" in results.values():
            raise unavailable(checks=results)
        return _answer({"status": "ready", "checks": results})

    app.add_url_rule("/health/live", "health_live", live)
    app.add_url_rule("/health/ready", "health_ready", ready)


def _passes(name: str, check: Check) -> bool:
    try:
        check()
    except Exception as error:
        log.error("check failed", check=name, request_id=str(request_id()), exception=outline(error))
        return False
    return True


def _answer(body: Mapping[str, object]) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")
