"""Every error is answered as a problem, and none repeats what was entered."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, Response, abort
from flask.testing import FlaskClient
from marshmallow import ValidationError
from webargs.flaskparser import abort as webargs_abort
from werkzeug.exceptions import HTTPException

from casework_api.http import problems
from casework_api.http.logs import register_logs, request_id
from casework_api.http.problems import PROBLEM_JSON, PROBLEM_TYPES, Problem, errors_by_path, register_problems
from tests.api.test_infrastructure_logs import logging_to

NAME = "Jamie Example"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    with logging_to(io.StringIO()) as stream:
        yield stream


@pytest.fixture
def app(lines: io.StringIO) -> Flask:
    app = Flask(__name__)
    app.testing = True
    register_logs(app)
    register_problems(app)
    return app


def answer_to(app: Flask, act: Callable[[], Any]) -> Any:
    app.add_url_rule("/thing", "thing", act)
    return app.test_client().get("/thing")


def raising(error: Exception) -> Callable[[], Any]:
    def act() -> Response:
        raise error

    return act


@pytest.mark.parametrize(
    ("problem", "status", "header"),
    [
        (problems.unauthenticated(), 401, ("WWW-Authenticate", 'Bearer realm="casework"')),
        (
            problems.unauthenticated(token_given=True),
            401,
            ("WWW-Authenticate", 'Bearer realm="casework", error="invalid_token"'),
        ),
        (problems.forbidden(), 403, None),
        (problems.not_found(), 404, None),
        (problems.not_acceptable(["text/csv"]), 406, None),
        (problems.refused("no_images", "UKCIS 2024"), 409, None),
        (problems.key_reused(), 409, None),
        (problems.stale(3), 412, ("ETag", '"3"')),
        (problems.too_large(10), 413, None),
        (problems.unsupported_media_type(["application/json"]), 415, ("Accept", "application/json")),
        (problems.malformed({"$.kind": ["is required"]}), 422, None),
        (problems.precondition_required(), 428, None),
        (problems.too_many_requests(3), 429, ("Retry-After", "3")),
        (problems.internal(), 500, None),
        (problems.unavailable(), 503, None),
    ],
)
def test_each_problem_is_answered_as_in_rfc_9457(
    app: Flask, problem: Problem, status: int, header: tuple[str, str] | None
) -> None:
    answer = answer_to(app, raising(problem))

    assert answer.status_code == status
    assert answer.content_type == PROBLEM_JSON
    body = json.loads(answer.data)
    assert body["status"] == status
    assert body["type"] == problem.type
    assert body["type"].startswith("/problems/")
    assert body["title"] == problem.title
    assert body["instance"] == UUID(answer.headers["X-Request-ID"]).urn
    if header:
        assert answer.headers[header[0]] == header[1]


def test_a_refusal_names_its_rule_and_clause(app: Flask) -> None:
    answer = answer_to(
        app, raising(problems.refused("no_images", "UKCIS 2024 §3", "Describe it", outstanding=["x"]))
    )

    body = json.loads(answer.data)
    assert (body["rule"], body["clause"], body["detail"], body["outstanding"]) == (
        "no_images",
        "UKCIS 2024 §3",
        "Describe it",
        ["x"],
    )


def test_an_extension_cannot_replace_a_standard_member(app: Flask) -> None:
    answer = answer_to(app, raising(Problem(problems.NOT_FOUND, status=200, instance="elsewhere")))

    assert json.loads(answer.data)["status"] == 404
    assert json.loads(answer.data)["instance"].startswith("urn:uuid:")


def test_each_type_has_its_own_uri() -> None:
    assert len({each.uri for each in PROBLEM_TYPES}) == len(PROBLEM_TYPES)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 418, 429, 500, 503])
def test_an_http_exception_is_a_problem_without_its_description(app: Flask, status: int) -> None:
    def act() -> None:
        abort(status, description=f"no {NAME} here")

    answer = answer_to(app, act)

    assert answer.status_code == status
    assert answer.content_type == PROBLEM_JSON
    assert json.loads(answer.data)["status"] == status
    assert NAME not in answer.text


def test_an_error_of_routing_is_a_problem(app: Flask) -> None:
    client = app.test_client()
    app.add_url_rule("/thing/<uuid:thing>", "thing", lambda thing: "")

    unknown = client.get("/thing/Jamie")
    wrong_method = client.post(f"/thing/{UUID(int=0)}")

    assert (unknown.status_code, unknown.content_type) == (404, PROBLEM_JSON)
    assert (wrong_method.status_code, wrong_method.content_type) == (405, PROBLEM_JSON)
    assert set(wrong_method.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_a_redirect_and_a_response_are_passed_on(app: Flask) -> None:
    def act() -> None:
        abort(Response("ready", 409))

    app.add_url_rule("/folder/", "folder", lambda: "")

    assert answer_to(app, act).text == "ready"
    assert app.test_client().get("/folder").status_code == 308


def test_the_errors_of_plain_webargs_are_listed_by_path(app: Flask) -> None:
    def act() -> None:
        messages = {"json": {"people": {0: {"person": ["must be a UUID"]}}}, "query": {"limit": ["too many"]}}
        webargs_abort(422, exc=ValidationError(NAME), messages=messages)

    answer = answer_to(app, act)

    assert json.loads(answer.data)["errors"] == {
        "$.people[0].person": ["must be a UUID"],
        "limit": ["too many"],
    }
    assert NAME not in answer.text


@pytest.mark.parametrize(
    ("messages", "at", "expected"),
    [
        ({"kind": ["a"]}, "$", {"$.kind": ["a"]}),
        ({"_schema": ["a"]}, "$", {"$": ["a"]}),
        ({"people": {0: {"_schema": ["a"]}}}, "$", {"$.people[0]": ["a"]}),
        ({"with": {1: ["a"]}}, "$", {"$.with[1]": ["a"]}),
        ({"a": ["x", "x", "y"]}, "$", {"$.a": ["x", "y"]}),
        ({"limit": ["a"]}, "", {"limit": ["a"]}),
        ({"_schema": ["a"]}, "", {"parameters": ["a"]}),
        ({NAME: ["is not known"]}, "$", {"$": ["is not known"]}),
        ({"a": {NAME: ["is not known"]}}, "$", {"$.a": ["is not known"]}),
        ("a", "$", {"$": ["a"]}),
    ],
)
def test_messages_are_listed_by_path(messages: Any, at: str, expected: dict[str, list[str]]) -> None:
    assert errors_by_path(messages, at) == expected


class TestFailures:
    def failing(self) -> None:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise ValueError(f"{NAME} is not here") from error

    def test_no_answer_and_no_log_has_the_message_of_a_failure(self, app: Flask, lines: io.StringIO) -> None:
        answer = answer_to(app, self.failing)

        assert answer.status_code == 500
        assert answer.content_type == PROBLEM_JSON
        assert NAME not in answer.text
        assert NAME not in lines.getvalue()
        assert "Traceback" not in answer.text + lines.getvalue()

    def test_the_log_says_which_failure_where_and_in_which_request(
        self, app: Flask, lines: io.StringIO
    ) -> None:
        answer = answer_to(app, self.failing)

        failure = json.loads(lines.getvalue().splitlines()[0])
        assert failure["event"] == "failure"
        assert [link["type"] for link in failure["exception"]] == ["builtins.ValueError", "builtins.KeyError"]
        assert failure["exception"][0]["frames"][-1].endswith("TestFailures.failing")
        assert UUID(failure["request_id"]).urn == json.loads(answer.data)["instance"]

    def test_a_failure_after_the_view_is_handled_too(
        self, app: Flask, lines: io.StringIO, capfd: pytest.CaptureFixture[str]
    ) -> None:
        app.testing = False

        def spoil(response: Response) -> Response:
            if response.status_code == 200:
                raise RuntimeError(NAME)
            return response

        app.after_request(spoil)
        answer = answer_to(app, lambda: "fine")

        assert answer.status_code == 500
        assert answer.content_type == PROBLEM_JSON
        assert "builtins.RuntimeError" in lines.getvalue()
        said = "".join(capfd.readouterr())
        assert NAME not in answer.text + lines.getvalue() + said

    @pytest.mark.parametrize("setting", ["testing", "debug"])
    def test_no_setting_lets_a_failure_through(self, app: Flask, setting: str, lines: io.StringIO) -> None:
        setattr(app, setting, True)

        assert answer_to(app, self.failing).status_code == 500
        assert NAME not in lines.getvalue()

    def test_a_failure_before_the_view_has_an_id_too(self, app: Flask) -> None:
        app.before_request(raising(LookupError(NAME)))
        client: FlaskClient = app.test_client()

        answer = client.get("/anywhere")

        assert answer.status_code == 500
        assert json.loads(answer.data)["instance"] == UUID(answer.headers["X-Request-ID"]).urn


def test_a_problem_as_text_is_only_its_type() -> None:
    assert str(Problem(problems.FORBIDDEN, NAME)) == "forbidden"


def test_an_exception_with_an_unknown_status_keeps_it(app: Flask) -> None:
    class Odd(HTTPException):
        code = 451

    body = json.loads(answer_to(app, raising(Odd(NAME))).data)

    assert (body["status"], body["type"]) == (451, "/problems/other")


def test_the_instance_is_the_request(app: Flask) -> None:
    with app.test_request_context():
        assert problems.not_found().instance == request_id().urn
