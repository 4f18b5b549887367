"""Connections over a real server: kept, ended, and not mixed up."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.api.client import BASE
from tests.engines import SQLiteEngine
from tests.whole.raw import PATIENCE_SECONDS, RawClient, request
from tests.whole.serving import LINE, Scene, served_on_sqlite

LIVE: Final = request("GET", "/health/live")
CONTENT: Final = LINE * 20_000


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with served_on_sqlite(sqlite_engine, tmp_path_factory.mktemp("served")) as scene:
        yield scene


@pytest.fixture
def own_scene(sqlite_engine: SQLiteEngine, tmp_path: Path) -> Iterator[Scene]:
    """A server that may be ended."""
    with served_on_sqlite(sqlite_engine, tmp_path) as scene:
        yield scene


@pytest.fixture
def client(scene: Scene) -> Iterator[RawClient]:
    with scene.client() as client:
        yield client


def expecting(whole: bytes) -> tuple[bytes, bytes]:
    """The head of a request and its body, which is to be sent when the server has said so."""
    head, end, body = whole.partition(b"\r\n\r\n")
    return head + b"\r\nExpect: 100-continue" + end, body


def test_a_connection_serves_one_request_after_another(client: RawClient) -> None:
    for _ in range(3):
        client.send(LIVE)
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "keep-alive")


def test_requests_sent_ahead_are_answered_in_order(client: RawClient) -> None:
    paths = ("/health/live", "/nowhere", "/health/ready", "/openapi.json")
    client.send(b"".join(request("GET", path) for path in paths))
    assert [client.answer().status for _ in paths] == [200, 404, 200, 200]


def test_a_client_that_asks_for_it_is_let_go(client: RawClient) -> None:
    client.send(request("GET", "/health/live", headers={"Connection": "close"}))
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert client.rest() == b""


def test_a_body_nobody_reads_does_not_become_a_request(scene: Scene, client: RawClient) -> None:
    # Without a valid token no body is read.
    client.send(request("POST", f"{BASE}/incidents", "unknown", LIVE * 2000) + LIVE)
    assert [client.answer().status, client.answer().status] == [401, 200]
    assert not client.is_ready()


def test_who_asks_whether_to_go_on_is_told_to(scene: Scene, client: RawClient) -> None:
    head, body = expecting(scene.upload(CONTENT))
    client.send(head)
    assert client.answer().status == 100
    client.send(body)
    assert client.answer().status == 201


def test_two_uploads_at_once_are_each_their_own_users(scene: Scene) -> None:
    contents = {"dsl": CONTENT + b"One.", "deputy_dsl": CONTENT + b"Two."}
    # More of them than processes, so that some share one.
    uploads = [(scene.client(), scene.upload(contents[who], who), who) for who in contents for _ in range(3)]
    for client, whole, _ in uploads:
        client.send(whole[: len(whole) // 2])
    # A request between the halves takes the place of those that wait.
    assert scene.ask("GET", f"/incidents/{scene.incident}", "headteacher").status == 200
    for client, whole, who in reversed(uploads):
        client.send(whole[len(whole) // 2 :])
        answer = client.answer()
        assert answer.status == 201, answer.body
        record = scene.ask("GET", f"/incidents/{scene.incident}/evidence/{answer.json['id']}")
        assert (record.body["saved_by"], record.body["size"]) == (scene.users[who], len(contents[who]))
        client.close()


def test_a_worker_that_dies_takes_no_other_with_it(own_scene: Scene) -> None:
    with own_scene.client() as client:
        client.send(LIVE)
        assert client.answer().status == 200
        (victim, *_) = own_scene.server.workers()
        os.kill(victim, signal.SIGKILL)
        # The one that is left answers, or the one that takes the place of the dead.
        own_scene.server.await_ready()


class TestStopping:
    def test_what_is_running_is_finished(self, own_scene: Scene) -> None:
        head, body = expecting(own_scene.upload(CONTENT))
        with own_scene.client() as client:
            client.send(head)
            assert client.answer().status == 100
            own_scene.server.stop()
            client.send(body)
            answer = client.answer()
            assert (answer.status, answer.headers["connection"]) == (201, "close")
        own_scene.server.await_end()

    def test_nobody_is_waited_for_who_asks_nothing(self, own_scene: Scene) -> None:
        with own_scene.client() as idle, own_scene.client() as slow, own_scene.client() as silent:
            idle.send(LIVE)
            assert idle.answer().status == 200
            slow.send(LIVE[:-2])
            own_scene.server.stop()
            own_scene.server.await_end(PATIENCE_SECONDS)
            assert idle.has_ended()
            assert silent.has_ended()
