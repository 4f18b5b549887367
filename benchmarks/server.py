"""One gunicorn for the product and for the floors to compare with: `python -m benchmarks.server PORT`.

The settings come from the environment, as those of `casework serve` do.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import psycopg
from flask import Flask, request
from sqlalchemy.engine import make_url
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from casework.settings import Settings
from casework_api.server import Server, listen

WORKERS: Final = 2
FLOORS: Final = "/floor"
_TABLE: Final = "CREATE TABLE IF NOT EXISTS benchmark_floor (id {id}, body TEXT NOT NULL)"
_INSERT: Final = "INSERT INTO benchmark_floor (body) VALUES ({mark})"

Insert = Callable[[str], None]


class MeasuredServer(Server):
    """The product's own server, with the floors beside the product."""

    def load(self) -> Flask:
        product = super().load()
        floors = floor_app(self._settings.database_url)
        product.wsgi_app = DispatcherMiddleware(product.wsgi_app, {FLOORS: floors})  # type: ignore[method-assign]
        return product


def floor_app(database_url: str) -> Flask:
    """The least a Flask application can do: say hello, and store one row durably."""
    app = Flask(__name__, static_folder=None)
    insert = durable_insert(database_url)

    def hello() -> dict[str, str]:
        return {"hello": "world"}

    def store() -> tuple[dict[str, str], int]:
        insert(request.get_data(as_text=True))
        return {"kept": "yes"}, 201

    app.add_url_rule("/hello", "hello", hello)
    app.add_url_rule("/rows", "rows", store, methods=["POST"])
    return app


def make_floor_table(database_url: str) -> None:
    """Create the table of the second floor in the product's database."""
    url = make_url(database_url)
    if url.drivername == "sqlite":
        with _sqlite(str(url.database)) as connection:
            connection.execute(_TABLE.format(id="INTEGER PRIMARY KEY"))
    else:
        with psycopg.connect(_plain(database_url)) as server:
            server.execute(_TABLE.format(id="BIGSERIAL PRIMARY KEY").encode())


def durable_insert(database_url: str) -> Insert:
    """A function that stores one row so that it survives a power cut, with one connection for each thread."""
    url = make_url(database_url)
    local = threading.local()

    def connection() -> Any:
        if not hasattr(local, "connection"):
            is_file = url.drivername == "sqlite"
            local.connection = (
                _sqlite(str(url.database)) if is_file else psycopg.connect(_plain(database_url))
            )
        return local.connection

    statement = _INSERT.format(mark="?" if url.drivername == "sqlite" else "%s")

    def insert(body: str) -> None:
        # Not `with`, because psycopg would close the connection at its end.
        opened = connection()
        opened.execute(statement, (body,))
        opened.commit()

    return insert


def _sqlite(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _plain(database_url: str) -> str:
    return make_url(database_url).set(query={}).render_as_string(hide_password=False)


def main() -> None:
    """Serve until stopped."""
    listener = listen("127.0.0.1", int(sys.argv[1]))
    MeasuredServer(Settings.from_environment(), listener, WORKERS).run()


if __name__ == "__main__":
    main()
