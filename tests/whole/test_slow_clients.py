"""Twenty clients of each kind that are slow, idle or gone: other requests are answered meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from casework_api.http.problems import PROBLEM_JSON
from tests.api.client import BASE
from tests.engines import SQLiteEngine
from tests.settings import settings_for
from tests.whole.processes import WORKERS
from tests.whole.raw import PATIENCE_SECONDS, RawClient, posted, request
from tests.whole.serving import LINE, Scene, served, served_on_sqlite

EACH: Final = 20
LIVE: Final = request("GET", "/health/live")
CONTENT: Final = LINE * 20_000
SHORT_SECONDS: Final = 0.5


def says_nothing(scene: Scene, client: RawClient) -> None:
    pass


def sends_half_a_header(scene: Scene, client: RawClient) -> None:
    client.send(LIVE[:-2])


def sends_half_a_body(scene: Scene, client: RawClient) -> None:
    client.send(posted("/incidents", scene.tokens["dsl"], b'{"summary": "Something unkind"}')[:-10])


def sends_half_an_upload(scene: Scene, client: RawClient) -> None:
    client.send(scene.upload(CONTENT)[: -len(CONTENT) // 2])


def reads_no_answer(scene: Scene, client: RawClient) -> None:
    path = f"{BASE}/incidents/{scene.incident}/evidence/{scene.evidence}/content"
    client.send(request("GET", path, scene.tokens["dsl"]))


def is_idle(scene: Scene, client: RawClient) -> None:
    client.send(LIVE)
    assert client.answer().status == 200


SLOW: Final[Mapping[str, Callable[[Scene, RawClient], None]]] = {
    act.__name__: act
    for act in (
        says_nothing,
        sends_half_a_header,
        sends_half_a_body,
        sends_half_an_upload,
        reads_no_answer,
        is_idle,
    )
}
ANSWERED_408: Final = ("sends_half_a_header", "sends_half_a_body", "sends_half_an_upload")


@pytest.fixture
def scene(engine_url: str, tmp_path: Path) -> Iterator[Scene]:
    with served(settings_for(engine_url, tmp_path)) as scene:
        yield scene


def test_slow_clients_of_every_kind_do_not_block_others(scene: Scene) -> None:
    with ExitStack() as stack:
        slow = []
        for act in SLOW.values():
            for _ in range(EACH):
                client = stack.enter_context(scene.client())
                act(scene, client)
                slow.append(client)
        note = {"step": "add_note", "text": "Spoken with the form teacher."}
        steps = f"/incidents/{scene.incident}/steps"
        taken = scene.server.ask("POST", steps, scene.tokens["dsl"], note, {"If-Match": "*"})
        assert taken.status == 201, taken.body
        assert scene.ask("GET", steps).status == 200
        with scene.client() as quick:
            quick.send(scene.upload(CONTENT))
            assert quick.answer().status == 201
        assert not any(client.has_ended() for client in slow)


def test_beyond_the_limit_the_longest_waiting_are_ended(sqlite_engine: SQLiteEngine, tmp_path: Path) -> None:
    with served_on_sqlite(sqlite_engine, tmp_path, connections=EACH) as scene, ExitStack() as stack:
        most = EACH * WORKERS
        slow = [stack.enter_context(scene.client()) for _ in range(3 * most)]
        for client in slow:
            sends_half_a_header(scene, client)
        assert scene.ask("GET", "/me").status == 200
        deadline = time.monotonic() + PATIENCE_SECONDS
        while sum(not client.is_ready() for client in slow) > most:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        slow[-1].send(LIVE[-2:])
        assert slow[-1].answer().status == 200


class TestLimits:
    @pytest.fixture(scope="class")
    @staticmethod
    def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
        return tmp_path_factory.mktemp("hasty")

    @pytest.fixture(scope="class")
    @staticmethod
    def scene(sqlite_engine: SQLiteEngine, folder: Path) -> Iterator[Scene]:
        """A server with short time limits."""
        short = dict.fromkeys(("header_seconds", "body_seconds", "idle_seconds"), SHORT_SECONDS)
        with served_on_sqlite(sqlite_engine, folder, **short) as scene:
            yield scene

    @pytest.fixture(scope="class")
    @staticmethod
    def slow(scene: Scene) -> Iterator[dict[str, RawClient]]:
        """One client of each kind, all started at the same time."""
        with ExitStack() as stack:
            clients = {name: stack.enter_context(scene.client()) for name in SLOW}
            for name, client in clients.items():
                SLOW[name](scene, client)
            yield clients

    @pytest.mark.parametrize("kind", ANSWERED_408)
    def test_half_a_request_is_answered_with_408(self, slow: dict[str, RawClient], kind: str) -> None:
        answer = slow[kind].answer()
        assert (answer.status, answer.headers["content-type"]) == (408, PROBLEM_JSON)
        assert answer.json["type"] == "/problems/too-slow"
        assert answer.headers["connection"] == "close"
        assert slow[kind].rest() == b""

    @pytest.mark.parametrize("kind", ["says_nothing", "is_idle"])
    def test_a_connection_without_a_request_is_ended(self, slow: dict[str, RawClient], kind: str) -> None:
        assert slow[kind].rest() == b""

    def test_an_answer_that_is_not_read_is_cut_off(self, slow: dict[str, RawClient]) -> None:
        # Reading it now would let the server continue.
        time.sleep(2.5 * SHORT_SECONDS)
        with pytest.raises(EOFError):
            slow["reads_no_answer"].answer()

    @pytest.mark.parametrize("kind", ["header", "body"])
    def test_single_bytes_do_not_prolong_a_request(self, scene: Scene, kind: str) -> None:
        body = posted("/incidents", scene.tokens["dsl"], b" " * 1000)
        with scene.client() as client:
            client.send(LIVE[:-4] + b"\r\nX-Slow: " if kind == "header" else body[:-1000])
            for _ in range(100):
                if client.is_ready():
                    break
                client.send(b"a")
                time.sleep(SHORT_SECONDS / 10)
            assert client.answer().status == 408

    def test_an_upload_that_makes_progress_is_accepted(self, scene: Scene) -> None:
        whole = scene.upload(CONTENT)
        pieces = 5
        size = -(-len(whole) // pieces)
        with scene.client() as client:
            for start in range(0, len(whole), size):
                client.send(whole[start : start + size])
                time.sleep(SHORT_SECONDS / 2)
            assert client.answer().status == 201

    def test_an_upload_that_is_cut_off_leaves_nothing(self, slow: dict[str, RawClient], folder: Path) -> None:
        slow["sends_half_an_upload"].rest()
        stored = [path.name for path in (folder / "evidence").rglob("*") if path.is_file()]
        assert stored
        assert not [name for name in stored if name.startswith("incoming-")]
