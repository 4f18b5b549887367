"""Health, metrics, headers and logs of the whole application: its state, and nothing about any person."""

from __future__ import annotations

import io
import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from casework_api.http.logs import FIELDS, UNMATCHED
from casework_api.http.problems import PROBLEM_JSON
from tests.api.client import BASE, House, Json, body_of, logged, opened_house
from tests.api.scene import ROUTES, Scene
from tests.engines import SQLiteEngine

SECRET_WORDS: Final = (
    "Petra", "Pupil", "Teacher", "Target", "Alleged", "Usher", "Adminson", "school.example",
    "unkind", "A copy", "A talk", "family", "registration", "cw_", "Bearer",
)  # fmt: skip
"""A part of every name, address, narrative and token in a scene and its requests."""


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("service")) as house:
        yield Scene(house)


class TestHealth:
    def test_live_says_that_the_process_runs(self, scene: Scene) -> None:
        answer = scene.house.http.get("/health/live")
        assert (answer.status_code, body_of(answer)) == (200, {"status": "live"})

    def test_ready_says_that_it_can_do_its_work(self, scene: Scene) -> None:
        answer = scene.house.http.get("/health/ready")
        checks = {"database": "ok", "playbooks": "ok", "views": "ok"}
        assert (answer.status_code, body_of(answer)) == (200, {"status": "ready", "checks": checks})

    def test_not_ready_when_the_tables_are_gone(self, house: House) -> None:
        with house.casework.database.writer.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE stored_events RENAME TO elsewhere")
        with logged() as log:
            answer = house.http.get("/health/ready")
        assert (answer.status_code, answer.mimetype) == (503, PROBLEM_JSON)
        assert body_of(answer)["checks"] == {"database": "failed", "playbooks": "ok", "views": "ok"}
        assert '"check":"database"' in log.getvalue()
        assert house.http.get("/health/live").status_code == 200

    def test_routes_are_unavailable_without_the_database(
        self, sqlite_engine: SQLiteEngine, tmp_path: Path
    ) -> None:
        with opened_house(sqlite_engine, tmp_path) as house:
            with house.casework.database.writer.begin() as connection:
                connection.exec_driver_sql("ALTER TABLE stored_events RENAME TO elsewhere")
            with logged() as log:
                answer = house.ask("dsl", "GET", "/incidents")
        assert (answer.status_code, answer.mimetype) == (503, PROBLEM_JSON)
        assert "elsewhere" not in answer.text + log.getvalue()


SERIES: Final = re.compile(r"^casework_requests_total\{(.*)\} (\S+)$", re.MULTILINE)


def counted(house: House) -> list[dict[str, str]]:
    """The labels of every count of requests."""
    text = house.http.get("/metrics").text
    return [dict(re.findall(r'(\w+)="([^"]*)"', labels)) for labels, _ in SERIES.findall(text)]


class TestMetrics:
    def test_count_requests_by_route_template_only(self, scene: Scene) -> None:
        house = scene.house
        scene.request("people.find").by(house, "dsl")
        scene.request("incidents.read").by(house, "dsl")
        house.http.get("/no/such/Petra")
        rules = {rule.rule for rule in house.app.url_map.iter_rules()} | {UNMATCHED}
        series = counted(house)
        assert {frozenset(labels) for labels in series} == {frozenset({"method", "route", "status"})}
        assert {labels["route"] for labels in series} <= rules
        assert {"method": "GET", "route": UNMATCHED, "status": "404"} in series
        read = {"method": "GET", "route": f"{BASE}/incidents/<uuid:incident_id>", "status": "200"}
        assert read in series
        text = house.http.get("/metrics").text
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}", text)
        assert not [word for word in SECRET_WORDS if word in text]

    def test_count_an_unknown_method_as_other(self, scene: Scene) -> None:
        scene.house.http.open("/health/live", method="PETRA")
        assert not [labels for labels in counted(scene.house) if labels["method"] == "PETRA"]
        assert [labels for labels in counted(scene.house) if labels["method"] == "other"]


HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/health/live", "/metrics", "/openapi.json", "/docs", "/no/such", f"{BASE}/me"]
    )
    def test_are_sent_with_every_page(self, scene: Scene, path: str) -> None:
        answer = scene.house.http.get(path, buffered=True)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "Server" not in answer.headers

    @pytest.mark.parametrize("endpoint", ROUTES)
    def test_forbid_caching_of_every_api_answer(self, scene: Scene, endpoint: str) -> None:
        for who in ("dsl", "stranger"):
            answer = scene.request(endpoint).by(scene.house, who)
            assert answer.headers["Cache-Control"] == "no-store"
            assert {name: answer.headers[name] for name in HEADERS} == HEADERS
            assert "Set-Cookie" not in answer.headers

    def test_keep_a_valid_request_id_and_replace_any_other(self, scene: Scene) -> None:
        own = str(uuid4())
        sent: list[dict[str, str]] = [{}, {}, {"X-Request-ID": own}, {"X-Request-ID": "Petra Pupil"}]
        answers = [scene.house.ask("dsl", "GET", "/me", headers=headers) for headers in sent]
        ids = [UUID(answer.headers["X-Request-ID"]) for answer in answers]
        assert str(ids[2]) == own
        assert len(set(ids)) == 4

    def test_give_the_request_id_in_a_problem(self, scene: Scene) -> None:
        answer = scene.request("incidents.read").by(scene.house, "stranger")
        assert body_of(answer)["instance"] == f"urn:uuid:{answer.headers['X-Request-ID']}"


def lines_of(log: io.StringIO) -> list[Json]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


class TestLogs:
    @pytest.mark.parametrize("endpoint", ROUTES)
    def test_name_the_route_and_nothing_from_the_request(self, scene: Scene, endpoint: str) -> None:
        house = scene.house
        request = scene.request(endpoint)
        for who in ("dsl", "admin", "stranger"):
            with logged() as log:
                answer = request.by(house, who)
            (line,) = lines_of(log)
            assert set(line) <= FIELDS
            assert line["status"] == answer.status_code
            assert line["method"] == request.method
            assert line["request_id"] == answer.headers["X-Request-ID"]
            # The report may be in confidence, so its user is not logged.
            assert line.get("user") == (None if endpoint == "incidents.report" else house.users[who])
            assert line["route"] in {rule.rule for rule in house.app.url_map.iter_rules(endpoint)}
            self.assert_says_nothing(scene, log.getvalue(), but=who)

    @staticmethod
    def assert_says_nothing(scene: Scene, log: str, but: str = "") -> None:
        """Assert that `log` has no id of a case, a person or another user and no text of theirs."""
        others = {user for name, user in scene.house.users.items() if name != but}
        ids = {scene.incident, scene.evidence, scene.pupil, scene.teacher, scene.house.school, *others}
        assert not [each for each in ids | {each.replace("-", "") for each in ids} if each in log]
        assert not [word for word in SECRET_WORDS if word in log]
        assert not [token for token in scene.house.tokens.values() if token in log]

    def test_omit_a_path_that_matched_no_route(self, scene: Scene) -> None:
        with logged() as log:
            scene.house.http.get(f"/people/Petra Pupil/{scene.incident}?name=Petra")
        (line,) = lines_of(log)
        assert (line["route"], line["status"]) == (UNMATCHED, 404)
        self.assert_says_nothing(scene, log.getvalue())

    def test_omit_a_refused_token(self, scene: Scene) -> None:
        refused = {"Authorization": f"Bearer {scene.house.tokens['dsl'][:-1]}x"}
        with logged() as log:
            answer = scene.house.http.get(f"{BASE}/me", headers=refused)
        (line,) = lines_of(log)
        assert (answer.status_code, line["status"]) == (401, 401)
        assert "user" not in line
        self.assert_says_nothing(scene, log.getvalue())

    def test_give_the_place_of_a_failure_and_no_values(
        self, sqlite_engine: SQLiteEngine, tmp_path: Path
    ) -> None:
        with opened_house(sqlite_engine, tmp_path) as house:
            scene = Scene(house)
            with house.casework.database.writer.begin() as connection:
                connection.exec_driver_sql(
                    'UPDATE stored_events SET state = replace(state, \'"c":"\', \'"c":"Petra\') '
                    "WHERE topic LIKE 'incident%'"
                )
            with logged() as log:
                answer = scene.request("incidents.read").by(house, "dsl")
            assert answer.status_code == 500
            assert body_of(answer)["type"] == "/problems/internal"
            failure, request = lines_of(log)
            assert failure["exception"][0]["frames"]
            assert failure["request_id"] == request["request_id"]
            for output in (answer.text, log.getvalue()):
                self.assert_says_nothing(scene, output, but="dsl")


class TestTheRateLimits:
    ALLOWED: Final = 30

    @pytest.fixture
    def house(self, sqlite_engine: SQLiteEngine, tmp_path: Path) -> Iterator[House]:
        with opened_house(sqlite_engine, tmp_path, requests_per_minute=self.ALLOWED) as house:
            yield house

    def refused_after(self, allowed: int, ask: Callable[[], TestResponse]) -> set[int]:
        """The statuses of `allowed` requests, after asserting that one soon after them is refused."""
        statuses = {ask().status_code for _ in range(allowed)}
        refused = next(answer for answer in (ask() for _ in range(allowed)) if answer.status_code == 429)
        assert refused.mimetype == PROBLEM_JSON
        assert int(refused.headers["Retry-After"]) >= 1
        return statuses

    def test_each_token_has_its_own(self, house: House) -> None:
        assert self.refused_after(self.ALLOWED, lambda: house.ask("governor", "GET", "/me")) == {200}
        assert house.ask("dsl", "GET", "/me").status_code == 200

    def test_a_calendar_feed_has_one_too(self, house: House) -> None:
        feed = house.own_token("dsl", "calendar")["token"]
        assert self.refused_after(self.ALLOWED, lambda: house.http.get(f"{BASE}/calendar/{feed}")) == {200}
        assert house.ask("dsl", "GET", "/me").status_code == 200

    @pytest.mark.parametrize(
        ("path", "status"), [("/calendar/cw_guess-{}", 404), ("/me", 401)], ids=["a feed", "a request"]
    )
    def test_guesses_at_tokens_share_one(self, house: House, path: str, status: int) -> None:
        feed = house.own_token("dsl", "calendar")["token"]
        guesses = itertools.count()

        def guess() -> TestResponse:
            number = next(guesses)
            headers = {"Authorization": f"Bearer cw_guess-{number}"}
            return house.http.get(BASE + path.format(number), headers=headers)

        assert self.refused_after(self.ALLOWED, guess) == {status}
        assert house.http.get(f"{BASE}/calendar/{feed}").status_code == 200
        assert house.ask("dsl", "GET", "/me").status_code == 200

    def test_names_are_searched_for_less_often_whichever_token_is_used(self, house: House) -> None:
        house.tokens["dsl's other"] = house.issued("dsl", "read")["token"]
        holders = itertools.cycle(("dsl", "dsl's other"))

        def search() -> TestResponse:
            return house.ask(next(holders), "GET", "/people?name=Nobody")

        assert self.refused_after(self.ALLOWED // 10, search) == {200}
        assert house.ask("headteacher", "GET", "/people?name=Nobody").status_code == 200
        assert house.ask("dsl", "GET", "/me").status_code == 200
