"""gunicorn, started from the command line: processes, each with an application of its own."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger as GunicornLogger  # type: ignore[import-untyped]

from casework.domain.errors import SetUpError
from casework.settings import Settings
from casework_api.app import create_app
from casework_api.http.logs import configure_logging, stdlib_logging
from casework_api.http.metrics import MULTIPROCESS_DIR, worker_gone
from casework_api.serving.pace import Pace, Paces
from casework_api.serving.worker import Worker

_MOST_WORKERS: Final = 8
_GRACE_SECONDS: Final = 30
_BACKLOG: Final = 2048


def default_workers() -> int:
    """One process for each core, and one more, so that a slow disk does not leave a core idle."""
    return min(multiprocessing.cpu_count() + 1, _MOST_WORKERS)


def listen(host: str, port: int) -> socket.socket:
    """A socket that accepts connections to `host` and `port`. Raises SetUpError if there can be none.

    gunicorn is given this socket: if it opened its own, the log would not say why it failed.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, TypeError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or "is not the name of a host"
        raise SetUpError(f"cannot listen on {host} port {port}: {why}") from None
    return listener


def paces_of(settings: Settings) -> Paces:
    """How slow a client may be. It reads answers at the same pace as it sends bodies."""
    body = Pace(settings.body_seconds, settings.body_bytes_per_second)
    return Paces(
        idle=Pace(settings.idle_seconds), header=Pace(settings.header_seconds), body=body, answer=body
    )


class _Logger(GunicornLogger):  # type: ignore[misc] # gunicorn is not typed
    def access(self, *_: object) -> None:
        """Write nothing, and spend no time formatting it: casework writes a line of its own."""


class Server(BaseApplication):  # type: ignore[misc] # gunicorn is not typed
    """casework on one address, in several processes. It closes `listener`."""

    def __init__(self, settings: Settings, listener: socket.socket, workers: int) -> None:
        self._settings = settings
        self.paces = paces_of(settings)
        self._options = {
            "bind": f"fd://{listener.detach()}",
            "workers": workers,
            "worker_class": Worker,
            "worker_connections": settings.connections,
            "preload_app": False,
            "graceful_timeout": _GRACE_SECONDS,
            "timeout": 2 * _GRACE_SECONDS,
            "logger_class": _Logger,
            "logconfig_dict": stdlib_logging(),
            "child_exit": lambda _, worker: worker_gone(worker.pid),
            "control_socket_disable": True,
            # No header, not even one of a proxy, may replace the path or the scheme that the server read.
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "header_map": "drop",
        }
        super().__init__()

    def load_config(self) -> None:
        """Set the options that this version of gunicorn knows."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one process; called after the fork."""
        configure_logging()
        app = create_app(self._settings)
        # What was created so far lives as long as the process: no collection needs to go through it again.
        gc.collect()
        gc.freeze()
        return app


def serve(settings: Settings, listener: socket.socket, workers: int | None = None) -> None:
    """Serve the connections that `listener` accepts, until stopped."""
    with _shared_metrics():
        Server(settings, listener, workers or default_workers()).run()


@contextmanager
def _shared_metrics() -> Iterator[None]:
    """A folder in which the processes share their counts, unless one was configured."""
    if MULTIPROCESS_DIR in os.environ:
        yield
        return
    folder = tempfile.mkdtemp(prefix="casework-metrics-")
    os.environ[MULTIPROCESS_DIR] = folder
    made_by = os.getpid()
    try:
        yield
    finally:
        # A worker that ends leaves this block too; the others still count in the folder.
        if os.getpid() == made_by:
            shutil.rmtree(folder, ignore_errors=True)
