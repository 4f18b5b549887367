"""The demonstration, as whoever types `casework demo` has it."""

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
from casework_api.commands.demo import demo_settings
from casework_api.commands.opening import opened
from casework_api.demo.people import EVERY_NAME
from casework_api.demo.texts import EVERY_NARRATIVE
from tests.whole.processes import Served, casework_here, demonstrated, free_port

_TOKEN: Final = re.compile(r"^token (\w+) +(cw_\S+)$", re.MULTILINE)
_CURL: Final = re.compile(r"^ +(curl .+)$", re.MULTILINE)
_SHORTEST: Final = 20
"""A text of fewer characters may stand in a file by chance."""


class Told(msgspec.Struct, frozen=True):
    """A demonstration that is served, where it lies, and what was printed."""

    folder: Path
    server: Served
    printed: str

    @property
    def tokens(self) -> dict[str, str]:
        return dict(_TOKEN.findall(self.printed))


class Row(msgspec.Struct, frozen=True):
    """What is the same of an event in every run on one day."""

    place: int
    number: int
    topic: str
    happened_at: datetime
    recorded_at: datetime


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("demo") / "data"
    with demonstrated(demo_settings(folder), folder, free_port()) as (server, printed):
        yield Told(folder, server, printed)


@pytest.fixture(scope="module")
def app(told: Told) -> Iterator[Casework]:
    with opened(demo_settings(told.folder)) as app:
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
    return app.library.playbook(incident.policy.floor, incident.policy.pack)


def test_it_is_the_same_every_time_on_one_day(app: Casework, tmp_path: Path) -> None:
    again = demo_settings(tmp_path / "again")
    made = casework_here(again, "demo", "--fill-only", "--folder", str(tmp_path / "again"))
    assert made.returncode == 0, made.stderr
    with opened(again) as other:
        assert rows_of(other) == rows_of(app)
        other.database.close()


def test_it_is_a_year_at_school(app: Casework, incidents: list[Incident]) -> None:
    school = app.record.load(School, incidents[0].school)
    assert school is not None
    terms = {school.calendar.term_on(incident.reported_at.date()) for incident in incidents}
    assert len(incidents) >= 50
    assert len(terms - {None}) == 3
    assert {incident.kind for incident in incidents} == {"cyberbullying", "unsolicited_contact", "sexting"}
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


def test_nothing_personal_lies_in_clear(app: Casework, told: Told) -> None:
    name = "Zebedee Quistgaard"
    body = {"school": school_of(told), "category": "pupil", "name": name}
    assert told.server.ask("POST", "/people", told.tokens["dsl"], body).status == 201
    files = [told.folder / "casework.db", told.folder / "casework.db-wal"]
    files += [file for file in (told.folder / "evidence").rglob("*") if file.is_file()]
    written = b"\n".join(file.read_bytes() for file in files).lower()
    secrets = {*EVERY_NAME, *EVERY_NARRATIVE, *name.split(), *sealed_texts(app)}
    found = [text for text in sorted(secrets) if any(form in written for form in forms(text))]
    assert found == []
    assert any(form in written for form in forms("Demonstration Primary School"))


def sealed_texts(app: Casework) -> set[str]:
    """Every sealed text in the log that is long enough to be told from chance, and is no id."""
    texts = {leaf.value.text for e in log_of(app) for leaf in leaves(e) if isinstance(leaf.value, Sealed)}
    return {text for text in texts if len(text) >= _SHORTEST and " " in text}


def forms(text: str) -> list[bytes]:
    """The bytes a text may lie in a file as, in lower case."""
    return [text.lower().encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")]


def school_of(told: Told) -> str:
    found = re.search(r"^school +(\S+)$", told.printed, re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_printed_request_works_when_pasted(told: Told) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl to paste into")
    line = _CURL.search(told.printed)
    assert line is not None
    pasted = subprocess.run(["bash", "-c", line[1]], capture_output=True, check=True, timeout=30)
    items = msgspec.json.decode(pasted.stdout)["items"]
    assert 0 < len(items) <= 5


def test_there_is_a_living_token_for_each_role(told: Told) -> None:
    roles = ("dsl", "deputy_dsl", "headteacher", "reporter", "governor")
    assert set(told.tokens) == {"admin", *roles}
    for role in roles:
        me = told.server.ask("GET", "/me", told.tokens[role])
        assert [held["role"] for held in me.body["appointments"]] == [role]
    admin = told.server.ask("GET", "/me", told.tokens["admin"])
    assert admin.body["user"]["administrator"]
    assert told.server.ask("GET", "/incidents", told.tokens["admin"]).body["items"] == []
