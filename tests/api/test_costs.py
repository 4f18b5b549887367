"""What a request costs the database: few statements for a page of any size, one commit per command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from casework.storage.observation import Tally, count_statements
from casework_api.http.current import EXTENSION, Services
from tests.api.client import House, body_of, opened_house
from tests.api.scene import ANY, ROUTES, WHO, Asked, Scene
from tests.engines import Engine

MOST: Final = 10
ONCE: Final = 7
"""What a new process reads once: the names at a school, its keys, and who of its users are close."""
MORE: Final = {
    "people.register": 5,
    "people.join": 2,
    "users.change_user": 8,
    "approvals.ask": 1,
    "me.notices": 16,
}
"""What a route may cost beyond MOST.

A person who is registered is compared with those on record, a join counts what the user may know, a request
for approval looks up who may decide, another name of a user is compared with those of all who read cases
(each has a key), and notices answer several questions at once.
"""
MANY: Final = 100
LARGE: Final = {
    "incidents.index": "/incidents?limit=100",
    "incidents.steps": "/incidents/{incident}/steps?limit=100",
    "people.find": "/people?name=Petra Pupil&limit=100",
    "people.pairs": "/people/pairs?school={school}&limit=100",
    "people.chronology": "/people/{pupil}/chronology?limit=100",
    "declarations.index": "/declarations?person={pupil}&limit=100",
    "approvals.index": "/approvals?limit=100",
    "users.index": "/users?limit=100",
    "schools.appointments": "/schools/{school}/appointments?limit=100",
}

REPEATABLE: Final = [
    each
    for each in ROUTES
    if each
    not in {"schools.end_appointment", "users.revoke_token", "people.end_relation", "people.part_records"}
]


@pytest.fixture(scope="module", params=["sqlite_engine", "postgres_engine"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A hundred of everything that a page or a history can hold."""
    engine: Engine = request.getfixturevalue(request.param)
    with opened_house(engine, tmp_path_factory.mktemp("costs")) as house:
        scene = Scene(house)
        for number in range(MANY):
            house.add_user(f"user {number}", "reporter", house.school)
            house.decide(scene.asked())
            house.created("dsl", "/declarations", scene.declaration())
            house.person("Petra Pupil")
            house.take(scene.incident, "add_note", text="Something worth keeping.")
        # Enough for a page of pairs.
        house.people_called("Paul Pair", 15)
        yield scene


def asker(endpoint: str) -> str:
    """A user who gets the full answer of the route."""
    return next(who for who in ("dsl", *WHO) if ROUTES[endpoint].status(who) < 300)


def most(endpoint: str) -> int:
    """How many statements the route may take."""
    return MOST + MORE.get(endpoint, 0)


def asked(scene: Scene, endpoint: str) -> Asked:
    if endpoint not in LARGE:
        return scene.request(endpoint)
    return Asked(
        "GET", LARGE[endpoint].format(incident=scene.incident, pupil=scene.pupil, school=scene.house.school)
    )


@contextmanager
def restarted(house: House) -> Iterator[None]:
    """`house` as a new process would serve it, with empty caches."""
    warm = house.app.extensions[EXTENSION]
    cold = house.app.extensions[EXTENSION] = Services(house.casework.settings, house.clock)
    try:
        yield
    finally:
        house.app.extensions[EXTENSION] = warm
        cold.app.close()


def let_views_catch_up(scene: Scene) -> None:
    """The views that commands read."""
    scene.house.get("admin", "/users?limit=1")
    scene.house.get("dsl", f"/incidents/{scene.incident}")
    scene.house.get("dsl", "/incidents?limit=1")
    scene.house.get("dsl", f"/people/pairs?school={scene.house.school}&limit=1")


def cost(scene: Scene, endpoint: str) -> Tally:
    """What the route costs, with the views that it reads already caught up with the log."""
    request, who = asked(scene, endpoint), asker(endpoint)
    if request.method == "GET":
        request.by(scene.house, who)
    let_views_catch_up(scene)
    with count_statements() as tally:
        answer = request.by(scene.house, who)
    assert answer.status_code < 300, answer.text
    if endpoint in LARGE:
        assert len(body_of(answer)["items"]) == MANY
    return tally


class TestEveryRoute:
    @pytest.mark.parametrize("endpoint", ROUTES)
    def test_costs_few_statements_and_one_commit_if_it_changes_data(
        self, scene: Scene, endpoint: str
    ) -> None:
        changes = asked(scene, endpoint).method != "GET" or endpoint == "incidents.evidence_content"
        tally = cost(scene, endpoint)
        assert len(tally.statements) <= most(endpoint), "\n".join(tally.statements)
        assert tally.commits == int(changes)

    @pytest.mark.parametrize("endpoint", REPEATABLE)
    def test_costs_little_more_in_a_new_process(self, scene: Scene, endpoint: str) -> None:
        cost(scene, endpoint)
        request = asked(scene, endpoint)
        let_views_catch_up(scene)
        with restarted(scene.house), count_statements() as tally:
            answer = request.by(scene.house, asker(endpoint))
        assert answer.status_code < 300, answer.text
        assert len(tally.statements) <= most(endpoint) + ONCE, "\n".join(tally.statements)


def test_a_refused_command_commits_nothing(scene: Scene) -> None:
    house = scene.house
    refused = [
        Asked("POST", f"/incidents/{scene.incident}/steps", {"json": {"step": "report"}, "headers": ANY}),
        Asked(
            "POST",
            f"/incidents/{scene.incident}/steps",
            {"json": {"step": "add_note", "text": "A note."}, "headers": {"If-Match": '"1"'}},
        ),
        Asked("POST", "/people", {"json": {"school": house.school, "category": "pupil"}}),
    ]
    for request in refused:
        with count_statements() as tally:
            assert request.by(house, "dsl").status_code in {412, 422}
        assert tally.commits == 0


def test_a_report_in_confidence_costs_no_more(scene: Scene) -> None:
    request = Asked("POST", "/incidents", {"json": {**scene.report(), "confidential_reporter": True}})
    with count_statements() as tally:
        assert request.by(scene.house, "reporter").status_code == 201
    assert tally.commits == 1
    assert len(tally.statements) <= MOST, "\n".join(tally.statements)


def test_a_list_costs_no_more_after_a_hundred_reports_than_after_one(scene: Scene) -> None:
    counts = []
    for news in (1, MANY):
        scene.house.get("dsl", "/incidents?limit=1")
        for _ in range(news):
            scene.house.created("reporter", "/incidents", scene.report())
        with count_statements() as tally:
            scene.house.get("dsl", "/incidents?limit=1")
        counts.append(len(tally.statements))
    assert counts[1] <= counts[0] + 2
