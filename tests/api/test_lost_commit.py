"""The database's answer to a COMMIT is lost: what was stored stays complete."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
from eventsourcing.postgres import PostgresApplicationRecorder

from casework.domain.incident import Incident
from casework.domain.incident.evidence import SaveEvidence
from tests.api.client import House, furnished
from tests.engines import PostgresEngine
from tests.settings import settings_for
from tests.wire import Wire, wire_to

PACK, NOW = "st_thomas", "2026-09-01 09:00"
CONTENT = b"Words that were sent, kept as they were.\n"


@pytest.fixture
def wired(postgres_engine: PostgresEngine, tmp_path: Path) -> Iterator[tuple[House, Wire]]:
    """A school whose connection to the database can be cut."""
    name, furniture = furnished(postgres_engine, PACK, NOW)
    with postgres_engine.database(tmp_path, like=name) as url, wire_to(url) as wire:
        house = House(settings_for(wire.url, tmp_path, key=furniture.key), PACK, NOW, furniture)
        # Each of the library's ten attempts would otherwise wait two seconds for a connection.
        cast(PostgresApplicationRecorder, house.casework.log.recorder).datastore.pool.timeout = 0.05
        yield house, wire
        house.close()


def test_a_file_stays_if_its_step_was_stored(wired: tuple[House, Wire]) -> None:
    house, wire = wired
    incident = house.bullying("2026-09-14 10:20")["id"]
    wire.cut_after_commit(b"incident.save_evidence")
    answer = house.upload(incident, CONTENT, name="words.txt")
    assert wire.is_cut.is_set()
    assert answer.status_code == 503, answer.text
    wire.mend()
    stored = house.casework.record.load(Incident, UUID(incident))
    assert stored is not None
    (step,) = stored.taken(SaveEvidence)
    assert step.file is not None
    path = f"/incidents/{incident}/evidence/{step.file.id}/content"
    assert house.ask("dsl", "GET", path, buffered=True).data == CONTENT
