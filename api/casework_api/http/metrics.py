"""`/metrics`: how many requests, how they ended and how long they took, by route template."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from flask import Flask, Response

from casework_api.http.logs import Exchange, each_exchange

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

# prometheus_client decides when it is imported whether processes count together, by the setting below,
# and the server sets that only when it starts: hence the imports within functions.

MULTIPROCESS_DIR: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where several processes share their counts; to be set, and the directory emptied, before they start."""

_LABELS: Final = ("method", "route", "status")
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def register_metrics(app: Flask) -> None:
    """Count every request to `app` and serve the counts at `/metrics`."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

    registry = CollectorRegistry()
    requests = Counter("casework_requests", "Requests answered.", _LABELS, registry=registry)
    durations = Histogram(
        "casework_request_seconds",
        "Seconds until the answer began.",
        _LABELS,
        buckets=_BUCKETS,
        registry=registry,
    )

    def count(exchange: Exchange) -> None:
        labels = (exchange.method, exchange.route, str(exchange.status))
        requests.labels(*labels).inc()
        durations.labels(*labels).observe(exchange.seconds)

    def metrics() -> Response:
        return Response(generate_latest(_shared() or registry), content_type=CONTENT_TYPE_LATEST)

    each_exchange(app, count)
    app.add_url_rule("/metrics", "metrics", metrics)


def worker_gone(pid: int) -> None:
    """Tidy up after a worker process that ended; for gunicorn's `child_exit`."""
    if MULTIPROCESS_DIR in os.environ:
        from prometheus_client.multiprocess import mark_process_dead

        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _shared() -> CollectorRegistry | None:
    if MULTIPROCESS_DIR not in os.environ:
        return None
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
