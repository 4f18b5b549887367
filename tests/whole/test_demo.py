"""The demonstration, as `casework demo` runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
import pytest

from casework.application import Casework
from casework.domain.event import Event
from casework.domain.fields import leaves
from casework.domain.incident import Incident
from casework.domain.incident.reporting import Report
from casework.domain.playbook import Playbook
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Role
from casework_api.commands.demo import demo_settings
from casework_api.commands.opening import opened
from casework_api.demo.people import EVERY_NAME
from casework_api.demo.texts import EVERY_NARRATIVE
from tests.whole.processes import Served, casework_here, demonstrated, free_port

_TOKEN: Final = re.compile(r"^token (\w+) +(cw_\S+)$", re.MULTILINE)
_CURL: Final = re.compile(r"^ +(curl .+)$", re.MULTILINE)
_SHORTEST: Final = 20
"""In characters; a shorter text may be in a file by chance."""


class Demonstration(msgspec.Struct, frozen=True):
    """The folder and the server of a demonstration, and what was printed."""

    folder: Path
    server: Served
    printed: str

    @property
    def tokens(self) -> dict[str, str]:
        return dict(_TOKEN.findall(self.printed))


class Row(msgspec.Struct, frozen=True):
    """The parts of an event that are the same in every run on one day."""

    place: int
    number: int
    topic: str
    happened_at: datetime
    recorded_at: datetime


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    with demonstrated(demo_settings(folder), folder, free_port()) as (server, printed):
        yield Demonstration(folder, server, printed)


@pytest.fixture(scope="module")
def app(demonstration: Demonstration) -> Iterator[Casework]:
    with opened(demo_settings(demonstration.folder)) as app:
        yield app
        app.database.close()


@pytest.fixture(scope="module")
def incidents(app: Casework) -> list[Incident]:
    ids = [event.originator_id for event in log_of(app) if isinstance(event, Report)]
    return [found for found in app.record.load_many(ids).values() if isinstance(found, Incident)]


def log_of(app: Casework) -> list[Event]:
    stored = app.log.recorder.select_notifications(None, 10**6)
    return [app.log.event_mapper.to_domain_event(each) for each in stored]


def rows_of(app: Casework) -> list[Row]:
    places: dict[UUID, int] = {}
    return [
        # An incident's id is derived under a secret, which differs from run to run.
        Row(
            places.setdefault(e.originator_id, len(places)),
            e.originator_version,
            e.TOPIC,
            e.happened_at,
            e.recorded_at,
        )
        for e in log_of(app)
        # The tokens are issued last, at the moment of the run.
        if e.TOPIC != "user.token_issued"
    ]


def playbook_of(app: Casework, incident: Incident) -> Playbook:
    return app.library.playbook_of(incident)


def test_it_is_the_same_in_every_run_on_one_day(app: Casework, tmp_path: Path) -> None:
    again = demo_settings(tmp_path / "again")
    made = casework_here(again, "demo", "--fill-only", "--folder", str(tmp_path / "again"))
    assert made.returncode == 0, made.stderr
    with opened(again) as other:
        assert rows_of(other) == rows_of(app)
        other.database.close()


def test_it_is_not_deleted_while_it_runs(demonstration: Demonstration) -> None:
    folder = str(demonstration.folder)
    refused = casework_here(demo_settings(demonstration.folder), "demo", "--folder", folder, "--port", "0")
    assert refused.returncode == 2
    assert "holds a demonstration that is running" in refused.stderr
    assert demonstration.server.ask("GET", "/me", demonstration.tokens["dsl"]).status == 200


def test_it_is_a_year_at_school(app: Casework, incidents: list[Incident]) -> None:
    school = app.record.load(School, incidents[0].school)
    assert school is not None
    terms = {school.calendar.term_on(incident.reported_at.date()) for incident in incidents}
    assert len(incidents) >= 50
    assert len(terms - {None}) == 3
    assert {incident.kind for incident in incidents} == {
        *("cyberbullying", "unsolicited_contact", "sexting"),
        *("online_grooming", "adult_image", "other_concern"),
    }
    assert Counter(incident.closed for incident in incidents).keys() == {True, False}


def test_every_incident_is_a_legal_history(app: Casework, incidents: list[Incident]) -> None:
    for incident in incidents:
        report, *later = incident.timeline
        assert isinstance(report, Report)
        playbook = playbook_of(app, incident)
        again = Incident.report(report, playbook)
        for step in later:
            again.take(step, playbook)
        assert (again.state, again.version) == (incident.state, incident.version)


def test_nothing_personal_is_stored_unencrypted(app: Casework, demonstration: Demonstration) -> None:
    name = "Zebedee Quistgaard"
    body = {"school": school_of(demonstration), "category": "pupil", "name": name}
    assert demonstration.server.ask("POST", "/people", demonstration.tokens["dsl"], body).status == 201
    files = [demonstration.folder / "casework.db", demonstration.folder / "casework.db-wal"]
    files += [file for file in (demonstration.folder / "evidence").rglob("*") if file.is_file()]
    written = b"\n".join(file.read_bytes() for file in files).lower()
    secrets = {*EVERY_NAME, *EVERY_NARRATIVE, *name.split(), *sealed_texts(app)}
    found = [text for text in sorted(secrets) if any(form in written for form in forms(text))]
    assert found == []
    assert any(form in written for form in forms("Demonstration Primary School"))


def sealed_texts(app: Casework) -> set[str]:
    """Every sealed text in the log, except ids and texts so short that they may be in a file by chance."""
    texts = {leaf.value.text for e in log_of(app) for leaf in leaves(e) if isinstance(leaf.value, Sealed)}
    return {text for text in texts if len(text) >= _SHORTEST and " " in text}


def forms(text: str) -> list[bytes]:
    """The bytes that a text may have in a file, in lower case."""
    return [text.lower().encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]


def school_of(demonstration: Demonstration) -> str:
    found = re.search(r"^school +(\S+)$", demonstration.printed, re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_printed_request_works_when_pasted(demonstration: Demonstration) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    line = _CURL.search(demonstration.printed)
    assert line is not None
    pasted = subprocess.run(["bash", "-c", line[1]], capture_output=True, check=True, timeout=30)
    items = msgspec.json.decode(pasted.stdout)["items"]
    assert 0 < len(items) <= 5


def test_there_is_a_valid_token_for_each_role(demonstration: Demonstration) -> None:
    assert set(demonstration.tokens) == {*Role}
    for role in {*Role} - {Role.ADMIN}:
        me = demonstration.server.ask("GET", "/me", demonstration.tokens[role])
        assert [held["role"] for held in me.body["appointments"]] == [role]
    admin = demonstration.server.ask("GET", "/me", demonstration.tokens["admin"])
    assert admin.body["user"]["administrator"]
    assert demonstration.server.ask("GET", "/incidents", demonstration.tokens["admin"]).body["items"] == []
