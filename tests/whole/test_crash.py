"""The server is killed during writes: acknowledged steps are recorded once, and the views are right."""

from __future__ import annotations

import http.client
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import msgspec
import pytest

from casework.application import Casework
from casework.domain.incident import Incident
from casework.domain.incident.reporting import AddNote
from casework.settings import Settings
from casework_api.clock import utc_now
from casework_api.commands.opening import opened
from tests.api.client import House
from tests.conftest import CI_SETTING
from tests.engines import Engine, SQLiteEngine
from tests.settings import settings_for
from tests.whole.processes import Served, fork_server
from tests.whole.tables import updated_and_rebuilt

KILLS: Final = 50 if os.environ.get(CI_SETTING) else 3
KILLS_ON_POSTGRES: Final = 3 if os.environ.get(CI_SETTING) else 1
WRITERS: Final = 2
LONGEST_LIFE_SECONDS: Final = 0.15
LONGEST_WAIT_SECONDS: Final = 30


class Ledger:
    """The steps that one writer sent: acknowledged or in doubt. Each step is a note with its key as text."""

    def __init__(self, incident: str, token: str) -> None:
        self.incident = incident
        self.token = token
        self.acknowledged: list[str] = []
        self.in_doubt: str | None = None

    def write(self, server: Served) -> None:
        """Send one step after another until the server is gone; first the one in doubt, if any."""
        try:
            while True:
                self.in_doubt = self.in_doubt or uuid4().hex
                self._send(server, self.in_doubt)
                self.acknowledged.append(self.in_doubt)
                self.in_doubt = None
        except (OSError, http.client.HTTPException):
            return

    def settle(self, server: Served) -> None:
        """Retry the step in doubt."""
        if self.in_doubt is not None:
            self._send(server, self.in_doubt)
            self.acknowledged.append(self.in_doubt)
            self.in_doubt = None

    def _send(self, server: Served, key: str) -> None:
        path = f"/incidents/{self.incident}/steps"
        headers = {"If-Match": "*", "Idempotency-Key": key}
        answer = server.ask("POST", path, self.token, {"step": "add_note", "text": key}, headers)
        assert answer.status == 201, answer.body


def read(server: Served, token: str, school: str) -> None:
    """Make views catch up with the log until the server is gone, so that it is killed during that too."""
    try:
        while True:
            for path in ("/incidents?limit=1", f"/schools/{school}/governor-summary?term=2026-autumn"):
                assert server.ask("GET", path, token).status == 200
    except (OSError, http.client.HTTPException):
        return


@pytest.fixture
def settings(engine_url: str, tmp_path: Path) -> Settings:
    return msgspec.structs.replace(settings_for(engine_url, tmp_path), requests_per_minute=10**6)


def test_acknowledged_steps_are_recorded_once_and_views_are_right(settings: Settings, engine: Engine) -> None:
    ledgers, token, school = prepared(settings)
    rng = random.Random(9)  # noqa: S311
    readers = cycle([partial(read, token=token, school=school), None])
    for _ in range(KILLS if isinstance(engine, SQLiteEngine) else KILLS_ON_POSTGRES):
        life = rng.uniform(0, LONGEST_LIFE_SECONDS)
        live_and_die(fork_server(settings), ledgers, next(readers), life)
    server = fork_server(settings)
    for ledger in ledgers:
        ledger.settle(server)
    server.kill()
    with opened(settings) as app:
        for ledger in ledgers:
            assert Counter(notes_of(app, ledger.incident)) == Counter(ledger.acknowledged)
        updated, rebuilt = updated_and_rebuilt(app)
        assert updated == rebuilt


def prepared(settings: Settings) -> tuple[list[Ledger], str, str]:
    """A writer for each of a few incidents, a reader's token, and the school."""
    house = House(settings, now=f"{utc_now():%Y-%m-%d} 00:00")
    ledgers = [Ledger(house.report()["id"], house.tokens["dsl"]) for _ in range(WRITERS)]
    house.close()
    return ledgers, house.tokens["dsl"], house.school


def live_and_die(
    server: Served, ledgers: list[Ledger], reader: Callable[[Served], None] | None, seconds: float
) -> None:
    """Write and read for `seconds` after the first acknowledged step, and then kill the server."""
    before = sum(len(ledger.acknowledged) for ledger in ledgers)
    tasks = [ledger.write for ledger in ledgers] + ([] if reader is None else [reader])
    threads = [threading.Thread(target=task, args=(server,)) for task in tasks]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while sum(len(ledger.acknowledged) for ledger in ledgers) == before and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(seconds)
    server.kill()
    for thread in threads:
        thread.join(LONGEST_WAIT_SECONDS)
    assert sum(len(ledger.acknowledged) for ledger in ledgers) > before


def notes_of(app: Casework, incident: str) -> list[str]:
    found = app.record.load(Incident, UUID(incident))
    assert found is not None
    return [step.text.text for step in found.taken(AddNote)]
