"""Every read of the record passes one door, once: what, by whom, when, and what was shown about whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

import casework_api
from casework_api.composition import reading_room
from casework_api.http.current import EXTENSION
from casework_api.sign_in.bearer import PUBLIC
from casework_projections.reading.room import Passage, Question
from tests.api.client import House, opened_house
from tests.api.scene import ROUTES, WHO, Asked, Scene
from tests.engines import SQLiteEngine

FEED: Final = "calendar.feed"
SHOWS_NOBODY: Final = {
    "openapi": "the description of the API",
    "docs": "the description of the API",
    "docs_asset": "the description of the API",
    "health_live": "about the process",
    "health_ready": "about the process",
    "metrics": "about the process",
    "playbooks.index": "the rules, the same for everybody",
    "playbooks.read": "the rules, the same for everybody",
    "reference.read": "the dated tables, the same for everybody",
}
"""The routes whose GET reads something other than the record, and what they read."""
QUESTIONS: Final = {endpoint: route.asks for endpoint, route in ROUTES.items() if route.asks} | {
    FEED: "deadlines"
}
"""The name of the question that each other route asks."""
AS_CSV: Final = (
    "incident_reports.read_audit_trail",
    "school_reports.read_lessons",
    "school_reports.read_summary",
)
BEHIND: Final = re.compile(r"\bservices\(|\bcurrent_app\b|\.(record|log|keys|sealer|vault|database)\b(?!\()")
ABOUT_THE_CASE: Final = {name for name in QUESTIONS if name.startswith(("incidents.", "incident_"))} | {
    "people.chronology",
    "schools.compare_playbooks",
    FEED,
}


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("door")) as house:
        scene = Scene(house)
        people = [{"person": scene.pupil, "involvement": "witness"}]
        house.take(scene.incident, "involve_person", **people[0])
        house.tokens["calendar"] = house.own_token("dsl", "calendar")["token"]
        yield scene


@pytest.fixture
def passages(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> list[Passage]:
    """The passages through the door of the scene's application from now on."""
    seen: list[Passage] = []
    services = scene.house.app.extensions[EXTENSION]
    monkeypatch.setattr(services, "room", reading_room(services.app, watch=seen.append))
    return seen


def reading_endpoints(house: House) -> set[str]:
    return {rule.endpoint for rule in house.app.url_map.iter_rules() if "GET" in (rule.methods or ())}


def asked(scene: Scene, endpoint: str) -> tuple[Asked, str]:
    """A request to `endpoint`, and a user who gets the full answer."""
    if endpoint == FEED:
        return Asked("GET", f"/calendar/{scene.house.tokens['calendar']}"), "dsl"
    return scene.request(endpoint), "dsl" if ROUTES[endpoint].status("dsl") == 200 else "admin"


def subjects(passage: Passage) -> set[str]:
    return {str(shown.about) for shown in passage.shown}


def test_every_route_that_reads_has_a_row_here(scene: Scene) -> None:
    assert reading_endpoints(scene.house) == {*SHOWS_NOBODY, *QUESTIONS}
    assert PUBLIC - {FEED, "enrolment.enrol"} == {name for name in SHOWS_NOBODY if "." not in name}


def test_no_route_bypasses_the_use_cases_and_the_reading_room() -> None:
    rooms = (Path(casework_api.__file__).parent / name for name in ("json", "sign_in"))
    modules = [module for room in rooms for module in room.rglob("*.py")]
    assert [str(module) for module in modules if BEHIND.search(module.read_text())] == []


def test_every_question_has_its_own_name() -> None:
    found: list[type[Question[Any]]] = [Question]
    for kind in found:
        found += kind.__subclasses__()
    names = [kind.NAME for kind in found if "NAME" in vars(kind)]
    assert len(names) == len(set(names))
    assert set(QUESTIONS.values()) <= set(names)


@pytest.mark.parametrize("endpoint", QUESTIONS)
def test_each_passes_the_door_once(scene: Scene, passages: list[Passage], endpoint: str) -> None:
    request, who = asked(scene, endpoint)
    answer = request.by(scene.house, who)
    assert answer.status_code == 200, answer.text
    (passage,) = passages
    assert passage.question == QUESTIONS[endpoint]
    assert passage.asker.principal.id == UUID(scene.house.users[who])
    assert passage.asker.now == scene.house.clock()
    assert (scene.incident in subjects(passage)) is (endpoint in ABOUT_THE_CASE)
    named = {each for each in (scene.incident, scene.pupil) if each in answer.text}
    assert endpoint in ABOUT_THE_CASE or named <= subjects(passage)


@pytest.mark.parametrize("endpoint", AS_CSV)
def test_a_document_passes_it_once_too(scene: Scene, passages: list[Passage], endpoint: str) -> None:
    request, who = asked(scene, endpoint)
    answer = request.by(scene.house, who, Accept="text/csv")
    assert answer.mimetype == "text/csv"
    assert [passage.question for passage in passages] == [QUESTIONS[endpoint]]


@pytest.mark.parametrize("endpoint", [name for name in SHOWS_NOBODY if name in ROUTES])
def test_what_is_the_same_for_all_users_does_not_pass(
    scene: Scene, passages: list[Passage], endpoint: str
) -> None:
    assert scene.request(endpoint).by(scene.house, "dsl").status_code == 200
    assert passages == []


@pytest.mark.parametrize("endpoint", [name for name in QUESTIONS if name != FEED])
def test_a_refused_request_does_not_pass(scene: Scene, passages: list[Passage], endpoint: str) -> None:
    for who in WHO:
        if ROUTES[endpoint].status(who) >= 400:
            assert scene.request(endpoint).by(scene.house, who).status_code >= 400
    assert passages == []


def test_a_reporter_reading_their_report_passes_as_only_that(scene: Scene, passages: list[Passage]) -> None:
    for path in (f"/incidents/{scene.incident}", "/incidents"):
        scene.house.get("reporter", path)
        (passage,) = passages
        assert scene.incident in {str(shown.about) for shown in passage.shown}
        assert {(shown.parts, shown.role) for shown in passage.shown} == {(("own report",), None)}
        passages.clear()


def test_a_read_that_cannot_be_recorded_shows_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Passage) -> None:
        raise OSError("the disk is full")

    services = scene.house.app.extensions[EXTENSION]
    monkeypatch.setattr(services, "room", reading_room(services.app, watch=full))
    answer = scene.house.ask("dsl", "GET", f"/incidents/{scene.incident}")
    assert answer.status_code == 500
    assert scene.incident not in answer.text
