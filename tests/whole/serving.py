"""A server for raw clients: a school, a case with a large file, and two leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from casework.settings import Settings
from casework_api.clock import utc_now
from tests.api.client import House
from tests.engines import SQLiteEngine
from tests.settings import settings_for
from tests.whole.processes import Answer, Served, fork_server
from tests.whole.raw import RawClient, uploading

LINE: Final = b"Quillfeather wrote this. "
# More than the system buffers for a client that does not read.
LARGE: Final = LINE * 240_000


class Scene(msgspec.Struct, frozen=True):
    """A server, a case in it with a large file, and the tokens and ids of its users."""

    server: Served
    incident: str
    evidence: str
    now: str
    tokens: dict[str, str]
    users: dict[str, str]

    def client(self) -> RawClient:
        return RawClient(self.server.port)

    def ask(self, method: str, path: str, who: str = "dsl", body: Any = None) -> Answer:
        return self.server.ask(method, path, self.tokens[who], body)

    def upload(self, content: bytes, who: str = "dsl") -> bytes:
        """The bytes of a request that uploads a file."""
        return uploading(self.incident, self.tokens[who], content, self.now)


@contextmanager
def served(settings: Settings, **limits: Any) -> Iterator[Scene]:
    """A server with a new school; `limits` are settings."""
    house = House(settings, now=f"{utc_now():%Y-%m-%d} 00:00")
    incident = house.report()["id"]
    evidence = house.uploaded(incident, LARGE)["id"]
    house.close()
    server = fork_server(msgspec.structs.replace(settings, **limits))
    try:
        yield Scene(server, incident, evidence, house.clock().isoformat(), house.tokens, house.users)
    finally:
        if server.is_running():
            server.kill()


@contextmanager
def served_on_sqlite(engine: SQLiteEngine, folder: Path, **limits: Any) -> Iterator[Scene]:
    """Like `served`, on an SQLite file in `folder`."""
    with engine.database(folder) as url, served(settings_for(url, folder), **limits) as scene:
        yield scene
