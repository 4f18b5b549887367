"""A request retried with its key: the same answer, to the byte, and nothing is done twice."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier
from typing import Any, Final
from uuid import uuid4

import msgspec
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casework_api.app import create_app
from casework_api.http.current import EXTENSION
from tests.api.client import BASE, REASON, House, body_of, multipart, opened_house
from tests.api.scene import ANY, ROUTES, TEXT_FILE, Asked, Scene, endpoints
from tests.engines import SQLiteEngine

WHO: Final = {
    "incidents.report": "reporter",
    "incidents.take_step": "dsl",
    "incidents.upload": "dsl",
    "incidents.declare_conflict": "dsl",
    "people.register": "dsl",
    "people.change_person": "dsl",
    "people.relate": "dsl",
    "people.join": "dsl",
    "schools.open_school": "admin",
    "schools.change_school": "admin",
    "schools.appoint": "admin",
    "schools.promote": "admin",
    "schools.change_appointment": "admin",
    "users.register": "admin",
    "users.change_user": "admin",
    "users.issue_token": "admin",
    "users.invite": "admin",
    "declarations.declare": "dsl",
    "approvals.ask": "dsl",
    "approvals.decide": "headteacher",
}
OTHERWISE: Final[dict[str, dict[str, Any]]] = {
    "incidents.report": {"summary": "Something else was sent round."},
    "incidents.take_step": {"what": "A game."},
    "incidents.declare_conflict": {"reason": "Another reason than the first."},
    "people.register": {"name": "Polly Pupil"},
    "people.change_person": {"reason": "Another reason than the first."},
    "people.relate": {"relation": "close_friend_of"},
    "people.join": {"reason": "Another reason than the first."},
    "schools.open_school": {"name": "A Third School"},
    "schools.change_school": {"pupils_on_roll": 212},
    "schools.appoint": {"role": "governor"},
    "schools.promote": {"top_year": 4},
    "schools.change_appointment": {"absent_until": "2026-10-01"},
    "users.register": {"name": "Una Other"},
    "users.change_user": {"name": "Una Other"},
    "users.issue_token": {"scopes": ["read"]},
    "declarations.declare": {"advice": "Not at all."},
    "approvals.ask": {"reason": "Another reason than the first."},
    "approvals.decide": {"approve": False},
}
"""Fields of a different body, by endpoint."""
DELETIONS: Final = ("users.revoke_token", "schools.end_appointment", "people.end_relation")
EVENTS: Final = {"people.join": 2, "approvals.decide": 2, "users.register": 2, "schools.promote": 3}
"""How many events a request records, if not one: a decision and the step it approves; a user and that an
address was given; a school and its two pupils."""


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("idempotency")) as house:
        yield Scene(house)


def stable(answer: TestResponse) -> tuple[int, bytes, str | None, str | None]:
    """An answer without the id of the request and its duration."""
    return answer.status_code, answer.data, answer.headers.get("ETag"), answer.headers.get("Location")


def a_key() -> str:
    return uuid4().hex


class TestTheSameDeletionAgain:
    """A deletion is retried after its answer was lost: it succeeds, because it was the same request."""

    @pytest.mark.parametrize("endpoint", DELETIONS)
    def test_is_answered_as_before_and_records_nothing(self, scene: Scene, endpoint: str) -> None:
        asked, key = self.of_something_new(scene, endpoint), a_key()
        first = asked.by(scene.house, "admin", Idempotency_Key=key)
        assert (first.status_code, first.data) == (204, b"")
        events = scene.house.events()
        assert stable(asked.by(scene.house, "admin", Idempotency_Key=key)) == stable(first)
        assert scene.house.events() == events

    @pytest.mark.parametrize("endpoint", DELETIONS)
    def test_of_something_else_is_refused(self, scene: Scene, endpoint: str) -> None:
        asked, other, key = *(self.of_something_new(scene, endpoint) for _ in range(2)), a_key()
        asked.by(scene.house, "admin", Idempotency_Key=key)
        TestTheSameRequestAgain.refused_as_reused(scene, other, "admin", key)

    def test_of_a_token_with_another_key_finds_none(self, scene: Scene) -> None:
        asked = self.of_something_new(scene, "users.revoke_token")
        assert asked.by(scene.house, "admin", Idempotency_Key=a_key()).status_code == 204
        assert asked.by(scene.house, "admin", Idempotency_Key=a_key()).status_code == 404

    @staticmethod
    def of_something_new(scene: Scene, endpoint: str) -> Asked:
        """The deletion of a token or an appointment that is created for it."""
        house = scene.house
        if endpoint == "users.revoke_token":
            made = house.issued("spare", "read")
            return Asked("DELETE", f"/users/{scene.spare}/tokens/{made['id']}")
        if endpoint == "people.end_relation":
            return Asked("DELETE", f"/people/{scene.teacher}/relations/{scene.related()}")
        return Asked("DELETE", f"/schools/{house.school}/appointments/{scene.appointed()}")


class TestTheSameRequestAgain:
    def test_every_route_that_changes_data_without_deleting_is_here(self, scene: Scene) -> None:
        rules = scene.house.app.url_map.iter_rules()
        changing = {rule.endpoint for rule in rules if {"POST", "PATCH"} & (rule.methods or set())}
        assert changing & endpoints(scene.house) == set(WHO)

    @pytest.mark.parametrize("endpoint", WHO)
    def test_is_answered_as_before_and_records_nothing(self, scene: Scene, endpoint: str) -> None:
        asked, key = scene.request(endpoint), a_key()
        first = asked.by(scene.house, WHO[endpoint], Idempotency_Key=key)
        assert first.status_code in {200, 201}, first.text
        events = scene.house.events()
        assert stable(asked.by(scene.house, WHO[endpoint], Idempotency_Key=key)) == stable(first)
        assert scene.house.events() == events

    @pytest.mark.parametrize("endpoint", WHO)
    def test_is_answered_as_before_after_later_changes(self, scene: Scene, endpoint: str) -> None:
        house = scene.house
        asked, key = scene.request(endpoint), a_key()
        first = asked.by(house, WHO[endpoint], Idempotency_Key=key)
        self.move_on(scene, endpoint, first)
        events = house.events()
        assert stable(asked.by(house, WHO[endpoint], Idempotency_Key=key)) == stable(first)
        assert house.events() == events

    @staticmethod
    def move_on(scene: Scene, endpoint: str, answer: TestResponse) -> None:
        house, made = scene.house, body_of(answer)
        house.take(scene.incident, "triage", timing="in_school", critical=True, rationale=REASON)
        house.ask("admin", "PATCH", f"/schools/{house.school}", json={"pupils_on_roll": 300})
        if endpoint == "incidents.report":
            house.take(made["id"], "add_note", text="It has moved on.")
        elif endpoint == "schools.open_school":
            house.ask(
                "admin", "PATCH", f"/schools/{made['id']}", json={"pack": "st_thomas", "name": "Renamed"}
            )
        elif endpoint in {"schools.appoint", "schools.change_appointment"}:
            house.ask("admin", "DELETE", f"/schools/{house.school}/appointments/{made['id']}")
        elif endpoint == "people.relate":
            house.ask("dsl", "DELETE", f"/people/{made['recorded_for']}/relations/{made['id']}")
        elif endpoint.startswith("people."):
            change = {"name": "Renamed Later", "reason": REASON}
            house.ask("dsl", "PATCH", f"/people/{made['id']}", json=change, headers=ANY)

    @pytest.mark.parametrize("endpoint", OTHERWISE)
    def test_with_another_body_is_another_request_and_refused(self, scene: Scene, endpoint: str) -> None:
        asked, key = scene.request(endpoint), a_key()
        other = msgspec.structs.replace(
            asked, options={**asked.options, "json": {**asked.options["json"], **OTHERWISE[endpoint]}}
        )
        asked.by(scene.house, WHO[endpoint], Idempotency_Key=key)
        self.refused_as_reused(scene, other, WHO[endpoint], key)

    @pytest.mark.parametrize("part", ["file", "metadata"])
    def test_with_another_file_or_another_description_is_refused(self, scene: Scene, part: str) -> None:
        asked, key = scene.request("incidents.upload"), a_key()
        said = asked.options["data"]
        other_metadata = json.dumps({**json.loads(said["metadata"]), "description": "The original."})
        changed = {"file": TEXT_FILE * 2} if part == "file" else {"metadata": other_metadata}
        other = msgspec.structs.replace(asked, options={**asked.options, "data": {**said, **changed}})
        first = body_of(asked.by(scene.house, "dsl", Idempotency_Key=key))
        self.refused_as_reused(scene, other, "dsl", key)
        path = f"/incidents/{scene.incident}/evidence/{first['id']}/content"
        with scene.house.ask("dsl", "GET", path) as answer:
            assert answer.data == said["file"]

    @staticmethod
    def refused_as_reused(scene: Scene, other: Asked, who: str, key: str) -> None:
        events = scene.house.events()
        answer = other.by(scene.house, who, Idempotency_Key=key)
        assert (answer.status_code, body_of(answer)["type"]) == (409, "/problems/key-reused")
        assert scene.house.events() == events

    def test_by_another_user_is_another_request(self, scene: Scene) -> None:
        asked, key = scene.request("incidents.report"), a_key()
        answers = [asked.by(scene.house, who, Idempotency_Key=key) for who in ("reporter", "dsl")]
        assert len({body_of(answer)["id"] for answer in answers}) == 2

    def test_on_another_incident_is_another_request(self, scene: Scene) -> None:
        key = a_key()
        incidents = [body_of(scene.request("incidents.report").by(scene.house, "dsl"))["id"] for _ in "ab"]
        body = {"step": "add_note", "text": "It was before registration."}
        for incident in incidents:
            asked = Asked("POST", f"/incidents/{incident}/steps", {"json": body, "headers": ANY})
            answer = asked.by(scene.house, "dsl", Idempotency_Key=key)
            assert (answer.status_code, body_of(answer)["version"]) == (201, 2)

    def test_is_answered_as_before_with_the_version_of_the_first_request(self, scene: Scene) -> None:
        made = body_of(scene.request("incidents.report").by(scene.house, "dsl"))
        body = {"step": "add_note", "text": "It was before registration."}
        asked = Asked("POST", f"/incidents/{made['id']}/steps", {"json": body})
        key = a_key()
        first = asked.by(scene.house, "dsl", Idempotency_Key=key, If_Match='"1"')
        assert first.status_code == 201
        assert stable(asked.by(scene.house, "dsl", Idempotency_Key=key, If_Match='"1"')) == stable(first)

    def test_after_a_refusal_is_handled_again(self, scene: Scene) -> None:
        made = body_of(scene.request("incidents.report").by(scene.house, "dsl"))
        key = a_key()
        body = {"step": "close", "outcome": "Settled.", "rationale": REASON}
        asked = Asked("POST", f"/incidents/{made['id']}/steps", {"json": body, "headers": ANY})
        for _ in range(2):
            answer = asked.by(scene.house, "dsl", Idempotency_Key=key)
            assert (answer.status_code, body_of(answer)["type"]) == (409, "/problems/refused")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
class TestAStepAgain:
    def test_shows_what_was_overdue_when_it_was_taken(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        note = {"step": "add_note", "text": "Rang home."}
        asked = Asked("POST", f"/incidents/{incident}/steps", {"json": note, "headers": ANY})
        key = a_key()
        house.clock.set("2026-09-16 10:20")
        first = asked.by(house, "dsl", Idempotency_Key=key)
        was = {item["step"]: item["overdue"] for item in body_of(first)["next_steps"]}
        assert was["save_evidence"]
        assert not was["debrief"]
        house.clock.set("2026-12-16 10:20")
        assert stable(asked.by(house, "dsl", Idempotency_Key=key)) == stable(first)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
class TestAnUploadAgain:
    def test_is_answered_as_before_when_the_case_is_closed(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        key = {"Idempotency-Key": a_key()}
        moment = house.clock().isoformat()
        said = {"captured_at": moment, "incident_at": moment}
        first = house.upload(incident, TEXT_FILE, headers=key, **said)
        assert first.status_code == 201
        house.take(incident, "complete_investigation", findings="As it was reported.")
        house.answer_everything(incident)
        house.take(incident, "debrief", summary="Learnt.", lessons=[], actions=[])
        house.take(incident, "close", outcome="Settled.", rationale=REASON)
        assert house.upload(incident, TEXT_FILE).status_code == 409
        assert stable(house.upload(incident, TEXT_FILE, headers=key, **said)) == stable(first)

    def test_does_not_save_a_file_in_a_nudes_case_with_the_key_of_another_step(self, house: House) -> None:
        incident = house.bullying("2026-11-10 09:05", kind="sexting")["id"]
        key = {"Idempotency-Key": a_key()}
        noted = house.ask(
            "dsl",
            "POST",
            f"/incidents/{incident}/steps",
            json={"step": "add_note", "text": "The phone is in the safe."},
            headers={**ANY, **key},
        )
        assert noted.status_code == 201
        answer = house.upload(incident, TEXT_FILE, headers=key)
        assert (answer.status_code, body_of(answer)["rule"]) == (409, "sexting-no-imagery")
        assert not list(house.casework.vault._folder.rglob("*"))


@contextmanager
def processes(house: House, count: int) -> Iterator[list[FlaskClient]]:
    """Clients of several applications over the database of `house`, as separate processes open them."""
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            app = create_app(house.casework.settings, clock=house.clock)
            casework = app.extensions[EXTENSION].app
            stack.callback(casework.database.close)
            stack.callback(casework.close)
            clients.append(app.test_client())
        yield clients


def at_once(
    clients: list[FlaskClient], send: Callable[[FlaskClient, int], TestResponse]
) -> list[TestResponse]:
    """What `send` returns for each client, all started at the same moment."""
    gate = Barrier(len(clients))

    def sent(client: FlaskClient, number: int) -> TestResponse:
        gate.wait()
        return send(client, number)

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(sent, clients, range(len(clients))))


def bearer(house: House, who: str = "dsl", **headers: str) -> dict[str, str]:
    """The headers of a request by `who`."""
    return {"Authorization": f"Bearer {house.tokens[who]}", **headers}


class TestAtTheSameMoment:
    def test_one_key_creates_one_thing(self, house: House) -> None:
        scene = Scene(house)
        with processes(house, 2) as clients:
            for endpoint, who in WHO.items():
                if endpoint != "incidents.upload":
                    self.send_twice(scene, clients, endpoint, who)

    @staticmethod
    def send_twice(scene: Scene, clients: list[FlaskClient], endpoint: str, who: str) -> None:
        asked, house = scene.request(endpoint), scene.house
        headers = bearer(house, who, **asked.options.get("headers", {}), **{"Idempotency-Key": a_key()})
        events = house.events()
        answers = at_once(
            clients,
            lambda client, _: client.open(
                f"{BASE}{asked.path}", method=asked.method, json=asked.options.get("json"), headers=headers
            ),
        )
        assert stable(answers[0]) == stable(answers[1])
        assert answers[0].status_code in {200, 201}
        assert house.events() == events + EVENTS.get(endpoint, 1)

    def test_one_key_creates_one_report_open_or_in_confidence(self, house: House) -> None:
        body = Scene(house).report()
        with processes(house, 2) as clients:
            for _ in range(8):
                headers, events = bearer(house, "reporter", **{"Idempotency-Key": a_key()}), house.events()
                answers = at_once(
                    clients,
                    lambda client, number, headers=headers: client.post(  # type: ignore[misc]
                        f"{BASE}/incidents",
                        json={**body, "confidential_reporter": bool(number)},
                        headers=headers,
                    ),
                )
                assert sorted(answer.status_code for answer in answers) == [201, 409]
                assert house.events() == events + 1

    def test_one_key_stores_one_file(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        metadata = Scene.upload_of(house)["metadata"]
        headers = bearer(house, **{"Idempotency-Key": a_key()}, **ANY)
        with processes(house, 2) as clients:
            answers = at_once(
                clients,
                lambda client, _: client.post(
                    f"{BASE}/incidents/{incident}/evidence",
                    headers=headers,
                    **multipart({"metadata": metadata, "file": (io.BytesIO(TEXT_FILE), "a.txt")}),
                ),
            )
        assert [answer.status_code for answer in answers] == [201, 201]
        assert stable(answers[0]) == stable(answers[1])
        assert house.get("dsl", f"/incidents/{incident}")["version"] == 2
        path = f"/incidents/{incident}/evidence/{body_of(answers[0])['id']}/content"
        with house.ask("dsl", "GET", path) as answer:
            assert answer.data == TEXT_FILE

    def test_one_key_takes_one_step(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        headers = bearer(house, **{"Idempotency-Key": a_key()}, **ANY)
        body = {"step": "add_note", "text": "It was before registration."}
        with processes(house, 2) as clients:
            path = f"{BASE}/incidents/{incident}/steps"
            answers = at_once(clients, lambda client, _: client.post(path, json=body, headers=headers))
        assert stable(answers[0]) == stable(answers[1])
        assert [answer.status_code for answer in answers] == [201, 201]
        assert house.get("dsl", f"/incidents/{incident}")["version"] == 2

    def test_of_two_requests_with_one_version_one_succeeds(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        headers = bearer(house, **{"If-Match": '"1"'})
        with processes(house, 2) as clients:
            answers = at_once(
                clients,
                lambda client, number: client.post(
                    f"{BASE}/incidents/{incident}/steps",
                    json={"step": "add_note", "text": f"Note {number}."},
                    headers=headers,
                ),
            )
        assert sorted(answer.status_code for answer in answers) == [201, 412]
        assert house.get("dsl", f"/incidents/{incident}")["version"] == 2

    def test_eight_concurrent_writers_append_each_step_once_in_order(self, house: House) -> None:
        incident = house.bullying("2026-09-14 10:20")["id"]
        rounds, writers = 3, 8
        path = f"{BASE}/incidents/{incident}/steps"

        def append(client: FlaskClient, number: int) -> list[TestResponse]:
            bodies = [{"step": "add_note", "text": f"Note {number}.{turn}"} for turn in range(rounds)]
            return [client.post(path, json=body, headers=bearer(house, **ANY)) for body in bodies]

        gate = Barrier(writers)

        def sent(client: FlaskClient, number: int) -> list[TestResponse]:
            gate.wait()
            return append(client, number)

        with processes(house, writers) as clients, ThreadPoolExecutor(writers) as pool:
            answers = list(pool.map(sent, clients, range(writers)))
        assert {answer.status_code for several in answers for answer in several} == {201}
        entries = house.get("dsl", f"/incidents/{incident}/steps?limit=100")["items"]
        assert [entry["number"] for entry in entries] == list(range(1, rounds * writers + 2))
        at = {entry["fields"]["text"]: entry["number"] for entry in entries[1:]}
        assert len(at) == rounds * writers
        for number, several in enumerate(answers):
            told_at = [body_of(answer)["version"] for answer in several]
            assert told_at == [at[f"Note {number}.{turn}"] for turn in range(rounds)]
            assert told_at == sorted(told_at)

    def test_every_route_in_the_table_exists(self) -> None:
        assert set(WHO) <= set(ROUTES)
