"""How much may be sent, how often, and the headers of every answer."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask, Response, request
from flask.views import MethodView
from gunicorn.http.errors import InvalidChunkSize  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from casework_api.http.blueprint import Blueprint
from casework_api.http.docs import make_api
from casework_api.http.fields import InputSchema
from casework_api.http.limits import (
    MAX_JSON_BODY,
    RateLimit,
    register_body_limit,
    register_security_headers,
    takes_body,
)
from casework_api.http.problems import PROBLEM_JSON, Problem, not_found, register_problems

LIMIT = 1000


class Unread(io.BytesIO):
    """A body that must not be read."""

    def read(self, _: int | None = -1) -> bytes:
        raise AssertionError("the body was read")


class Broken(io.BytesIO):
    """A body whose client disconnects or sends invalid chunks."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def read(self, _: int | None = -1) -> bytes:
        raise self._error


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    register_problems(app)
    register_body_limit(app, LIMIT)
    register_security_headers(app)
    api = make_api(app, title="t", version="1")
    routes = Blueprint("bodies", __name__)

    @routes.route("/length", methods=["POST"])
    @routes.returns(200, {"type": "object"})
    def length() -> Any:
        return {"length": len(request.get_data())}

    @routes.route("/json", methods=["POST"])
    @routes.arguments(InputSchema)
    @routes.returns(200, {"type": "object"})
    def as_json(_: dict[str, Any]) -> Any:
        return {}

    @routes.route("/ignored", methods=["POST"])
    @routes.returns(204)
    def ignored() -> None:
        return None

    @routes.route("/large", methods=["POST"])
    @routes.returns(200, {"type": "object"})
    @takes_body(10 * LIMIT)
    def large() -> Any:
        return {"length": sum(iter(lambda: len(request.stream.read(100)), 0))}

    @routes.route("/view")
    class Larger(MethodView):
        @takes_body(5 * LIMIT)
        def post(self) -> Response:
            return Response(str(len(request.get_data())))

        def put(self) -> Response:
            return Response(str(len(request.get_data())))

    @routes.route("/cached")
    @routes.returns(200, {"type": "object"})
    def cached() -> Any:
        return {}, {"Cache-Control": "public, max-age=60"}

    @routes.route("/missing")
    @routes.returns(200, {"type": "object"})
    def missing() -> Any:
        raise not_found()

    api.register_blueprint(routes)
    return app


def chunked(app: Flask, path: str, body: io.BytesIO, *, delimited: bool = True) -> Any:
    environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body}
    if delimited:
        environ["wsgi.input_terminated"] = True
    return app.test_client().post(path, content_type="application/json", environ_overrides=environ)


class TestBodies:
    @pytest.mark.parametrize(("size", "status"), [(262_144, 200), (262_145, 413)])
    def test_the_limit_is_256_kb_by_default(self, size: int, status: int) -> None:
        app = Flask(__name__)
        register_problems(app)
        register_body_limit(app)
        app.add_url_rule("/", "root", lambda: str(len(request.get_data())), methods=["POST"])

        assert app.test_client().post("/", data=b"x" * size).status_code == status
        assert MAX_JSON_BODY == 262_144

    @pytest.mark.parametrize("size", [0, 1, LIMIT])
    def test_a_body_within_the_limit_is_read(self, app: Flask, size: int) -> None:
        assert app.test_client().post("/length", data=b"x" * size).json == {"length": size}
        assert chunked(app, "/length", io.BytesIO(b"x" * size)).json == {"length": size}

    @pytest.mark.parametrize("path", ["/length", "/json", "/ignored", "/nowhere"])
    def test_a_declared_length_over_the_limit_is_not_read(self, app: Flask, path: str) -> None:
        body = Unread(b"x" * (LIMIT + 1))

        answer = app.test_client().post(path, input_stream=body)

        assert (answer.status_code, answer.content_type) == (413, PROBLEM_JSON)
        assert json.loads(answer.data)["detail"] == f"At most {LIMIT} bytes are accepted"

    @pytest.mark.parametrize("path", ["/length", "/json"])
    def test_an_undeclared_length_is_counted(self, app: Flask, path: str) -> None:
        answer = chunked(app, path, io.BytesIO(b" " * (LIMIT + 1)))

        assert (answer.status_code, answer.content_type) == (413, PROBLEM_JSON)

    def test_a_body_that_is_not_delimited_reads_as_empty(self, app: Flask) -> None:
        answer = chunked(app, "/length", io.BytesIO(b"x" * 5 * LIMIT), delimited=False)

        assert answer.json == {"length": 0}

    @pytest.mark.parametrize(
        "error", [ConnectionResetError(), ValueError(), InvalidChunkSize(b"zz")], ids=repr
    )
    def test_a_body_that_is_cut_off_is_answered_with_400(self, app: Flask, error: Exception) -> None:
        assert chunked(app, "/length", Broken(error)).status_code == 400

    def test_a_view_may_have_its_own_limit(self, app: Flask) -> None:
        client = app.test_client()

        assert client.post("/large", data=b"x" * 10 * LIMIT).json == {"length": 10 * LIMIT}
        assert client.post("/large", data=b"x" * (10 * LIMIT + 1)).status_code == 413
        assert chunked(app, "/large", io.BytesIO(b"x" * 10 * LIMIT)).json == {"length": 10 * LIMIT}
        assert chunked(app, "/large", io.BytesIO(b"x" * (10 * LIMIT + 1))).status_code == 413

    def test_a_method_of_a_view_class_may_have_its_own_limit(self, app: Flask) -> None:
        client = app.test_client()

        assert client.post("/view", data=b"x" * 5 * LIMIT).text == str(5 * LIMIT)
        assert client.put("/view", data=b"x" * 5 * LIMIT).status_code == 413


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class TestRateLimit:
    def test_a_burst_passes_and_then_one_request_at_a_time(self) -> None:
        clock = Clock()
        limit = RateLimit(per_second=2, burst=5, clock=clock)

        assert [limit.wait("a") for _ in range(5)] == [0] * 5
        assert limit.wait("a") == pytest.approx(0.5, abs=1e-3)
        clock.now += 0.5
        assert limit.wait("a") == 0
        assert limit.wait("a") > 0

    def test_a_refused_request_costs_nothing(self) -> None:
        clock = Clock()
        limit = RateLimit(per_second=1, burst=1, clock=clock)
        limit.wait("a")

        waits = [limit.wait("a") for _ in range(10)]

        assert len(set(waits)) == 1

    def test_each_key_has_its_own_tokens(self) -> None:
        limit = RateLimit(per_second=1, burst=1, clock=Clock())

        assert (limit.wait("a"), limit.wait("b")) == (0, 0)

    def test_a_refusal_says_when_to_retry(self) -> None:
        clock = Clock()
        limit = RateLimit(per_second=0.1, burst=1, clock=clock)
        limit.check("a")
        clock.now += 0.5

        with pytest.raises(Problem) as refused:
            limit.check("a")

        assert refused.value.status == 429
        assert refused.value.headers == {"Retry-After": "10"}
        clock.now += 10
        limit.check("a")

    @given(
        gaps=st.lists(st.floats(0, 3), max_size=200), per_second=st.floats(0.1, 50), burst=st.integers(1, 20)
    )
    def test_no_more_than_the_burst_and_the_rate_pass(
        self, gaps: list[float], per_second: float, burst: int
    ) -> None:
        clock = Clock()
        limit = RateLimit(per_second=per_second, burst=burst, clock=clock)
        passed = 0
        for gap in gaps:
            clock.now += gap
            passed += limit.wait("a") == 0

        assert passed <= burst + (clock.now - 1000) * per_second + 0.01

    @given(burst=st.integers(1, 500), per_second=st.floats(0.01, 1000))
    def test_a_whole_burst_always_passes(self, burst: int, per_second: float) -> None:
        limit = RateLimit(per_second=per_second, burst=burst, clock=Clock())

        assert not any(limit.wait("a") for _ in range(burst))

    def test_memory_is_bounded_and_the_idle_are_forgotten_first(self) -> None:
        limit = RateLimit(per_second=1, burst=1, capacity=3, clock=Clock())
        for key in ("busy", "idle", "busy", *(str(number) for number in range(2))):
            limit.wait(key)

        assert limit.wait("busy") > 0
        assert limit.wait("idle") == 0
        for number in range(1000):
            limit.wait(str(number))
        assert len(limit._full_at) == 3

    @pytest.mark.parametrize("options", [{"per_second": 0}, {"burst": 0}, {"capacity": 0}])
    def test_a_limit_that_lets_nothing_through_is_refused(self, options: dict[str, Any]) -> None:
        with pytest.raises(ValueError, match="let something through"):
            RateLimit(**options)


class TestHeaders:
    @pytest.mark.parametrize("path", ["/missing", "/nowhere", "/cached"])
    def test_every_answer_has_the_security_headers(self, app: Flask, path: str) -> None:
        headers = app.test_client().get(path).headers

        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"

    def test_nothing_is_cached_unless_the_view_says_so(self, app: Flask) -> None:
        client = app.test_client()

        assert client.get("/missing").headers["Cache-Control"] == "no-store"
        assert client.get("/cached").headers["Cache-Control"] == "public, max-age=60"
