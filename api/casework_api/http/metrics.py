"""`/metrics`: how many requests there were, how they ended and how long they took; and gauges."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec
from flask import Flask, Response

from casework_api.http.logs import Exchange, each_exchange

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

# On import, prometheus_client decides by the setting below whether processes share their counts. The server
# sets it only when it starts, so the imports are within functions.

MULTIPROCESS_DIR: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The directory where processes share their counts. Set it, and empty the directory, before they start."""

_LABELS: Final = ("method", "route", "status")
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Gauge(msgspec.Struct, frozen=True):
    """A number that can go up and down: its present values, each with its labels."""

    name: str
    help: str
    values: Sequence[tuple[Mapping[str, str], float]]


def register_metrics(app: Flask, gauges: Callable[[], Sequence[Gauge]] = tuple) -> None:
    """Count every request to `app` and serve the counts at `/metrics`, with the present `gauges`."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

    registry, state = CollectorRegistry(), CollectorRegistry()
    state.register(_State(gauges))
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
        text = generate_latest(_shared() or registry) + generate_latest(state)
        return Response(text, content_type=CONTENT_TYPE_LATEST)

    each_exchange(app, count)
    app.add_url_rule("/metrics", "metrics", metrics)


class _State:
    """Collects gauges on each request. Every process reads the same values, so they are not shared."""

    def __init__(self, gauges: Callable[[], Sequence[Gauge]]) -> None:
        self._gauges = gauges

    def describe(self) -> list[Any]:
        """Return nothing, because there is nothing to collect before there is an application."""
        return []

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        for gauge in self._gauges():
            labels = sorted({name for found, _ in gauge.values for name in found})
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=labels)
            for found, value in gauge.values:
                family.add_metric([found[name] for name in labels], value)
            yield family


def worker_gone(pid: int) -> None:
    """Clean up after a worker process that ended; for gunicorn's `child_exit`."""
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
