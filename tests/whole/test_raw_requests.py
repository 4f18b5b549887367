"""Requests that no library would send: what headers cannot do, and the server's own answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from casework_api.http.problems import PROBLEM_JSON
from tests.api.client import BASE
from tests.engines import SQLiteEngine
from tests.whole.raw import RawAnswer, RawClient, request
from tests.whole.serving import Scene, served_on_sqlite

NAME: Final = "Quillfeather"
HIDDEN: Final = request("GET", "/metrics")
CHUNKED: Final = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with served_on_sqlite(sqlite_engine, tmp_path_factory.mktemp("served")) as scene:
        yield scene


@pytest.fixture
def client(scene: Scene) -> Iterator[RawClient]:
    with scene.client() as client:
        yield client


def answered(client: RawClient, data: bytes) -> RawAnswer:
    client.send(data)
    return client.answer()


class TestHeadersThatNameThePath:
    @pytest.mark.parametrize(
        "headers",
        [
            {"SCRIPT_NAME": "/open"},
            {"Script_Name": "/open"},
            {"SCRIPT-NAME": "/open"},
            {"PATH_INFO": "/metrics"},
            {"PATH-INFO": "/metrics"},
            {"X-Forwarded-Prefix": "/open"},
            {"X-Original-URL": "/metrics"},
            {"X-Rewrite-URL": "/metrics"},
        ],
        ids=lambda headers: next(iter(headers)),
    )
    def test_do_not_change_the_route(self, client: RawClient, headers: Mapping[str, str]) -> None:
        """A proxy's rule for `/metrics` does not match `/open/metrics`."""
        answer = answered(client, request("GET", "/open/metrics", headers=headers))
        assert (answer.status, answer.json["type"]) == (404, "/problems/not-found")

    def test_a_prefix_that_the_path_lacks_is_not_an_error(self, client: RawClient) -> None:
        assert (
            answered(client, request("GET", "/health/live", headers={"SCRIPT_NAME": "/open"})).status == 200
        )

    def test_a_location_has_no_prefix(self, scene: Scene, client: RawClient) -> None:
        content = scene.upload(b"Some text.").replace(b"\r\n", b"\r\nSCRIPT_NAME: /api\r\n", 1)
        answer = answered(client, content)
        assert answer.status == 201
        assert answer.headers["location"].startswith(f"{BASE}/incidents/")


class TestHeadersWithUnderscores:
    def test_are_not_read_as_headers_with_hyphens(self, scene: Scene, client: RawClient) -> None:
        given = "11111111-2222-4333-8444-555555555555"
        headers = {"X_Request_ID": given, "Content_Length": "5", "Transfer_Encoding": "chunked"}
        client.send(request("GET", "/health/live", headers=headers) * 2)
        for _ in range(2):
            answer = client.answer()
            assert (answer.status, answer.headers["x-request-id"] == given) == (200, False)


UNREADABLE: Final[Mapping[str, tuple[int, bytes]]] = {
    "two lengths": (400, request("POST", "/", headers={"Content-Length": "5", "content-length": "6"})),
    "the same length twice": (
        400,
        request("POST", "/", headers={"Content-Length": "5", "content-length": "5"}),
    ),
    "a list of lengths": (400, request("POST", "/", headers={"Content-Length": "5, 5"})),
    "a signed length": (400, request("POST", "/", headers={"Content-Length": "+5"})),
    "a length below zero": (400, request("POST", "/", headers={"Content-Length": "-5"})),
    "a length and chunks": (
        400,
        request("POST", "/", headers={"Content-Length": "5", "Transfer-Encoding": "chunked"}),
    ),
    "chunks twice": (400, request("POST", "/", headers={"Transfer-Encoding": "chunked, chunked"})),
    "chunks and then nothing": (
        400,
        request("POST", "/", headers={"Transfer-Encoding": "chunked, identity"}),
    ),
    "an unknown coding": (501, request("POST", "/", headers={"Transfer-Encoding": "xchunked"})),
    "a space before the colon": (400, request("POST", "/", headers={"Transfer-Encoding ": "chunked"})),
    "a folded line": (400, request("GET", "/", headers={"X-A": "b\r\n c"})),
    "a bare line feed": (400, request("GET", "/", headers={"X-A": "b\nTransfer-Encoding: chunked"})),
    "a NUL": (400, request("GET", "/", headers={"X-A": f"{NAME}\0"})),
    "two hosts": (400, request("GET", "/", headers={"host": NAME})),
    "no version": (400, b"GET /\r\n\r\n"),
    "another protocol": (400, f"GET /{NAME} SIP/2.0\r\n\r\n".encode()),
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    "a long path": (414, request("GET", f"/{NAME * 1000}")),
    "a long header": (431, request("GET", "/", headers={"X-A": NAME * 1000})),
    "many headers": (431, request("GET", "/", headers={f"X-{number}": NAME for number in range(150)})),
    "an expectation": (417, request("POST", "/", headers={"Expect": NAME})),
}


@pytest.mark.parametrize("kind", sorted(UNREADABLE))
def test_an_unreadable_request_is_a_problem_and_ends_the_connection(
    scene: Scene, client: RawClient, kind: str
) -> None:
    status, data = UNREADABLE[kind]
    # What follows would become a second request if the end of the first one were misread.
    answer = answered(client, data + CHUNKED + HIDDEN)
    assert (answer.status, answer.headers["content-type"]) == (status, PROBLEM_JSON)
    assert answer.json["status"] == status
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json["instance"].endswith(answer.headers["x-request-id"])
    assert NAME.encode() not in answer.body
    assert client.rest() == b""


def test_invalid_chunks_end_the_connection(scene: Scene, client: RawClient) -> None:
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    head = request("POST", f"{BASE}/incidents", scene.tokens["dsl"], headers=headers)
    answer = answered(client, head + b"5\r\n{}   garbage\r\n" + CHUNKED + HIDDEN)
    assert (answer.status, answer.headers["content-type"]) == (400, PROBLEM_JSON)
    assert client.rest() == b""


def test_a_body_in_chunks_is_read(scene: Scene, client: RawClient) -> None:
    headers = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    head = request("POST", f"{BASE}/incidents", scene.tokens["dsl"], headers=headers)
    client.send(head + b'2\r\n{"\r\n5\r\na": 1\r\n1\r\n}\r\n' + CHUNKED + request("GET", "/health/live"))
    assert [client.answer().status, client.answer().status] == [422, 200]
