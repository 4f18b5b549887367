"""Log lines, metrics and health say how requests ended, but never whom they were about."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from flask import Flask, Response, g
from flask.testing import FlaskClient

from casework_api.http.health import register_health
from casework_api.http.logs import (
    FIELDS,
    configure_logging,
    log,
    outline,
    register_logs,
    set_user,
    stdlib_logging,
)
from casework_api.http.metrics import MULTIPROCESS_DIR, register_metrics, worker_gone
from casework_api.http.problems import PROBLEM_JSON, not_found, register_problems

NAME = "Jamie Example"
SECRET = "cw_0123_verysecret"
USER = UUID(int=7)


@contextmanager
def logging_to(stream: io.StringIO) -> Iterator[io.StringIO]:
    """Logging to `stream`, configured as in the server; afterwards the former configuration is restored."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    own = structlog.get_config() if structlog.is_configured() else None
    configure_logging(stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    if own is None:
        structlog.reset_defaults()
    else:
        structlog.configure(**own)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    with logging_to(io.StringIO()) as stream:
        yield stream


@pytest.fixture
def app(lines: io.StringIO) -> Flask:
    app = Flask(__name__)
    register_logs(app)
    register_metrics(app)
    register_problems(app)

    @app.route("/people/<name>", methods=["GET", "POST"])
    def person(name: str) -> str:
        set_user(USER)
        return f"{name} it is"

    @app.get("/missing")
    def missing() -> Response:
        raise not_found()

    @app.get("/broken")
    def broken() -> Response:
        raise RuntimeError(NAME)

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def written(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


class TestRequestLines:
    def test_a_line_holds_the_template_and_not_the_path(
        self, client: FlaskClient, lines: io.StringIO
    ) -> None:
        answer = client.get("/people/Jamie?name=Jamie")

        (line,) = written(lines)
        assert line.pop("duration_ms") >= 0
        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "event": "request",
            "level": "info",
            "request_id": answer.headers["X-Request-ID"],
            "method": "GET",
            "route": "/people/<name>",
            "status": 200,
            "user": str(USER),
        }

    def test_nothing_of_the_request_itself_is_logged(self, client: FlaskClient, lines: io.StringIO) -> None:
        headers = {"Authorization": f"Bearer {SECRET}", "User-Agent": NAME, "X-Request-ID": NAME}
        client.post("/people/Jamie%20Example?q=Jamie", json={"name": NAME}, headers=headers)
        client.get("/nowhere/Jamie")

        for personal in ("Jamie", SECRET):
            assert personal not in lines.getvalue()

    @pytest.mark.parametrize(
        ("method", "path", "expected"),
        [
            ("GET", "/missing", ("GET", "/missing", 404)),
            ("GET", "/broken", ("GET", "/broken", 500)),
            ("GET", "/nowhere", ("GET", "unmatched", 404)),
            ("DELETE", "/missing", ("DELETE", "unmatched", 405)),
            ("JAMIE", "/missing", ("other", "unmatched", 405)),
        ],
    )
    def test_each_request_has_one_line_however_it_ends(
        self, client: FlaskClient, lines: io.StringIO, method: str, path: str, expected: tuple[str, str, int]
    ) -> None:
        client.open(path, method=method)

        (line,) = [line for line in written(lines) if line["event"] == "request"]
        assert (line["method"], line["route"], line["status"]) == expected

    def test_no_user_is_logged_if_none_signed_in(self, client: FlaskClient, lines: io.StringIO) -> None:
        client.get("/missing")

        assert "user" not in written(lines)[0]


class TestRequestId:
    @pytest.mark.parametrize("form", ["{0}", "{0.hex}"])
    def test_a_uuid_of_the_client_is_used(self, client: FlaskClient, form: str) -> None:
        sent = uuid4()

        answer = client.get("/missing", headers={"X-Request-ID": form.format(sent)})

        assert answer.headers["X-Request-ID"] == str(sent)

    @pytest.mark.parametrize("sent", ["", "Jamie", "x" * 36, "0" * 31, f"{{{UUID(int=1)}}}", "1" * 10_000])
    def test_any_other_id_is_replaced(self, client: FlaskClient, sent: str) -> None:
        answer = client.get("/missing", headers={"X-Request-ID": sent})

        assert UUID(answer.headers["X-Request-ID"]).version == 4

    def test_each_request_has_its_own(self, client: FlaskClient) -> None:
        ids = {client.get("/missing").headers["X-Request-ID"] for _ in range(5)}

        assert len(ids) == 5


class TestOwnLines:
    def test_an_unknown_field_is_left_out(self, lines: io.StringIO) -> None:
        log.warning("odd", pupil=NAME, count=3)

        (line,) = written(lines)
        assert line["count"] == 3
        assert set(line) <= FIELDS
        assert NAME not in lines.getvalue()

    def test_an_outline_has_types_and_places(self) -> None:
        def fail() -> None:
            try:
                raise KeyError(NAME)
            except KeyError:
                raise LookupError(NAME)  # noqa: B904 - the context must show too

        with pytest.raises(LookupError) as failed:
            fail()
        links = outline(failed.value)

        assert [link["type"] for link in links] == ["builtins.LookupError", "builtins.KeyError"]
        assert all(link["frames"][-1].endswith("fail") for link in links)
        assert NAME not in repr(links)

    def test_an_outline_ends_even_if_the_causes_are_a_cycle(self) -> None:
        first, second = ValueError(), ValueError()
        first.__cause__, second.__cause__ = second, first

        assert len(outline(first)) < 10

    def test_a_suppressed_cause_is_left_out(self) -> None:
        def fail() -> None:
            try:
                raise KeyError(NAME)
            except KeyError:
                raise LookupError(NAME) from None

        with pytest.raises(LookupError) as failed:
            fail()

        assert len(outline(failed.value)) == 1


class TestLibraryLines:
    def test_a_library_line_has_its_place_and_not_its_message(self, lines: io.StringIO) -> None:
        try:
            raise ValueError(NAME)
        except ValueError:
            logging.getLogger("some.library").exception("lost %s", NAME)

        (line,) = written(lines)
        assert line["logger"] == "some.library"
        assert line["level"] == "error"
        assert line["event"].startswith("test_infrastructure_logs:")
        assert line["exception"][0]["type"] == "builtins.ValueError"
        assert NAME not in lines.getvalue()

    def test_the_server_may_log_its_own_state(self, lines: io.StringIO) -> None:
        logging.getLogger("gunicorn.error").info("Listening at: %s", "http://127.0.0.1:8000")
        logging.getLogger("gunicorn.error").error("Error handling request %s", f"/people?name={NAME}")
        logging.getLogger("gunicorn.access").info("GET /people?name=%s", NAME)

        own, failed = written(lines)
        assert own["event"] == "Listening at: http://127.0.0.1:8000"
        assert failed["level"] == "error"
        assert NAME not in lines.getvalue()

    def test_the_configuration_needs_no_stream(self) -> None:
        assert stdlib_logging()["handlers"]["lines"]["stream"] == "ext://sys.stderr"


class TestMetrics:
    def test_requests_are_counted_by_template(self, client: FlaskClient) -> None:
        for path in ("/people/Jamie", "/people/Robin", "/missing", "/nowhere/Jamie", "/broken"):
            client.get(path)

        answer = client.get("/metrics")

        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain")
        for labels, count in {
            'method="GET",route="/people/<name>",status="200"': 2,
            'method="GET",route="/missing",status="404"': 1,
            'method="GET",route="unmatched",status="404"': 1,
            'method="GET",route="/broken",status="500"': 1,
        }.items():
            assert f"casework_requests_total{{{labels}}} {count}.0" in answer.text
            assert f"casework_request_seconds_count{{{labels}}} {count}.0" in answer.text
        assert "Jamie" not in answer.text

    def test_two_applications_count_separately(self, lines: io.StringIO, client: FlaskClient) -> None:
        other = Flask("other")
        register_metrics(other)
        client.get("/missing")

        assert "/missing" not in other.test_client().get("/metrics").text

    def test_processes_share_their_counts(self, tmp_path: Path) -> None:
        script = """
import sys
from flask import Flask
from casework_api.http.metrics import register_metrics
app = Flask("shared")
register_metrics(app)
app.add_url_rule("/thing", "thing", lambda: "")
client = app.test_client()
print(client.get(sys.argv[1]).text)
"""
        environ = {**os.environ, MULTIPROCESS_DIR: str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}

        def run(path: str) -> str:
            command = [sys.executable, "-c", script, path]
            return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout

        run("/thing")
        run("/thing")

        assert 'casework_requests_total{method="GET",route="/thing",status="200"} 2.0' in run("/metrics")

    def test_the_files_of_a_worker_that_ended_are_removed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = tmp_path / "gauge_livesum_4242.db"
        left.touch()
        worker_gone(4242)
        assert left.exists()

        monkeypatch.setenv(MULTIPROCESS_DIR, str(tmp_path))
        worker_gone(4242)
        assert not left.exists()


class TestHealth:
    def test_live_does_not_depend_on_the_checks(self, app: Flask, client: FlaskClient) -> None:
        register_health(app, {"database": self.fails})

        answer = client.get("/health/live")

        assert (answer.status_code, answer.json) == (200, {"status": "live"})

    def test_ready_if_every_check_passes(self, app: Flask, client: FlaskClient) -> None:
        register_health(app, {"database": lambda: None, "evidence": lambda: None})

        answer = client.get("/health/ready")

        assert answer.status_code == 200
        assert answer.json == {"status": "ready", "checks": {"database": "ok", "evidence": "ok"}}

    def test_not_ready_if_one_check_fails(self, app: Flask, client: FlaskClient, lines: io.StringIO) -> None:
        register_health(app, {"database": self.fails, "evidence": lambda: None})

        answer = client.get("/health/ready")

        assert (answer.status_code, answer.content_type) == (503, PROBLEM_JSON)
        assert json.loads(answer.data)["checks"] == {"database": "failed", "evidence": "ok"}
        assert written(lines)[0]["check"] == "database"
        assert written(lines)[0]["exception"][0]["type"] == "builtins.ConnectionError"
        assert NAME not in answer.text + lines.getvalue()

    def fails(self) -> None:
        raise ConnectionError(f"password of {NAME} refused")


def test_the_status_is_500_if_there_was_no_answer(app: Flask, lines: io.StringIO) -> None:
    with app.test_request_context("/missing"):
        g.exchange_began = 0.0

    assert written(lines)[0]["status"] == 500
