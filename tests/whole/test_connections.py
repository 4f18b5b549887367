"""Connections to a real server: reused, ended, and not mixed up."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
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
    """A server for one test, which may end it."""
    with served_on_sqlite(sqlite_engine, tmp_path) as scene:
        yield scene


@pytest.fixture
def client(scene: Scene) -> Iterator[RawClient]:
    with scene.client() as client:
        yield client


def expecting(whole: bytes) -> tuple[bytes, bytes]:
    """The head of a request that expects 100 Continue, and its body, to be sent after that answer."""
    head, end, body = whole.partition(b"\r\n\r\n")
    return head + b"\r\nExpect: 100-continue" + end, body


def test_a_connection_serves_one_request_after_another(client: RawClient) -> None:
    for _ in range(3):
        client.send(LIVE)
        answer = client.answer()
        assert (answer.status, answer.headers["connection"]) == (200, "keep-alive")


@pytest.mark.skipif(sys.platform != "linux", reason="reads the open files of processes from /proc")
def test_kept_connections_are_spread_over_the_processes(own_scene: Scene) -> None:
    before = own_scene.server.open_sockets()
    with ExitStack() as clients:
        for _ in range(8 * len(before)):
            client = clients.enter_context(own_scene.client())
            client.send(LIVE)
            assert client.answer().status == 200
            # Until all processes wait again: one that is awake takes what arrives meanwhile.
            time.sleep(0.05)
        after = own_scene.server.open_sockets()
    assert len(before) > 1
    assert min(after[worker] - count for worker, count in before.items()) >= 4, (before, after)


def test_requests_sent_ahead_are_answered_in_order(client: RawClient) -> None:
    paths = ("/health/live", "/nowhere", "/health/ready", "/openapi.json")
    client.send(b"".join(request("GET", path) for path in paths))
    assert [client.answer().status for _ in paths] == [200, 404, 200, 200]


def test_a_connection_ends_if_the_client_asks_for_it(client: RawClient) -> None:
    client.send(request("GET", "/health/live", headers={"Connection": "close"}))
    answer = client.answer()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert client.rest() == b""


def test_an_unread_body_does_not_become_a_request(scene: Scene, client: RawClient) -> None:
    # Without a valid token no body is read.
    client.send(request("POST", f"{BASE}/incidents", "unknown", LIVE * 2000) + LIVE)
    assert [client.answer().status, client.answer().status] == [401, 200]
    assert not client.is_ready()


def test_a_client_that_expects_100_continue_receives_it(scene: Scene, client: RawClient) -> None:
    head, body = expecting(scene.upload(CONTENT))
    client.send(head)
    assert client.answer().status == 100
    client.send(body)
    assert client.answer().status == 201


def test_simultaneous_uploads_are_not_mixed_up(scene: Scene) -> None:
    contents = {"dsl": CONTENT + b"One.", "deputy_dsl": CONTENT + b"Two."}
    # More uploads than processes, so that some share one.
    uploads = [(scene.client(), scene.upload(contents[who], who), who) for who in contents for _ in range(3)]
    for client, whole, _ in uploads:
        client.send(whole[: len(whole) // 2])
    # A request between the halves runs while the uploads wait.
    assert scene.ask("GET", f"/incidents/{scene.incident}", "headteacher").status == 200
    for client, whole, who in reversed(uploads):
        client.send(whole[len(whole) // 2 :])
        answer = client.answer()
        assert answer.status == 201, answer.body
        record = scene.ask("GET", f"/incidents/{scene.incident}/evidence/{answer.json['id']}")
        assert (record.body["saved_by"], record.body["size"]) == (scene.users[who], len(contents[who]))
        client.close()


def test_the_others_go_on_if_a_worker_ends(own_scene: Scene) -> None:
    # Each in turn, so that finally only workers answer that replaced another one.
    for worker, sent in zip(own_scene.server.workers(), (signal.SIGTERM, signal.SIGKILL), strict=True):
        os.kill(worker, sent)
        while worker in own_scene.server.workers():
            time.sleep(0.05)
        own_scene.server.await_ready()
    assert own_scene.ask("GET", "/me").status == 200
    with own_scene.client() as client:
        client.send(request("GET", "/metrics"))
        assert b'route="/api/v1/me"' in client.answer().body


class TestStopping:
    def test_a_running_request_is_finished(self, own_scene: Scene) -> None:
        head, body = expecting(own_scene.upload(CONTENT))
        with own_scene.client() as client:
            client.send(head)
            assert client.answer().status == 100
            own_scene.server.stop()
            client.send(body)
            answer = client.answer()
            assert (answer.status, answer.headers["connection"]) == (201, "close")
        own_scene.server.await_end()

    def test_a_connection_without_a_request_does_not_delay_it(self, own_scene: Scene) -> None:
        with own_scene.client() as idle, own_scene.client() as slow, own_scene.client() as silent:
            idle.send(LIVE)
            assert idle.answer().status == 200
            slow.send(LIVE[:-2])
            own_scene.server.stop()
            own_scene.server.await_end(2 * PATIENCE_SECONDS)
            assert idle.has_ended()
            assert silent.has_ended()
