"""The API does what its OpenAPI description says."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import marshmallow as ma
import msgspec
import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from freezegun import freeze_time

from casework.domain.fields import ServerSet, Text
from casework.domain.limits import Between
from casework.domain.sealed import Sealed
from casework_api.http.blueprint import IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, Blueprint
from casework_api.http.docs import make_api, register_docs
from casework_api.http.etags import etag, idempotency_key, if_match
from casework_api.http.fields import Identifier, Moment
from casework_api.http.limits import register_body_limit, register_security_headers
from casework_api.http.logs import register_logs
from casework_api.http.paging import PageQuery, QueryFlag, part
from casework_api.http.problems import (
    PROBLEM_JSON,
    not_found,
    register_problems,
    stale,
    unauthenticated,
)
from casework_api.http.refusals import register_refusals
from casework_api.http.schema_of import one_of, schema_of
from casework_projections.documents.canonical import encode
from casework_projections.reading.paging import Cursors, Page

TOKEN = {"Authorization": "Bearer open"}
THERE = UUID("0b5f7a52-3f0e-4c1c-8f43-9b1b5f6d2a10")
NOTES = f"/notes/{THERE}/steps"
CURSORS = Cursors(b"a key of sixteen bytes or more")


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A word about a note."""

    word: Annotated[Sealed, Text(max=20)]
    number: Annotated[int, ServerSet()] = 0


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note, as it is returned."""

    id: UUID
    version: int
    text: Sealed
    written_at: datetime
    mood: Mood | None = None
    tags: tuple[Tag, ...] = ()


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """Write into a note."""

    text: Annotated[Sealed, Text(min=10, max=200)]
    mood: Mood | None = None
    on: date | None = None
    tags: tuple[Tag, ...] = ()


class Wipe(msgspec.Struct, frozen=True, kw_only=True):
    """Wipe a note."""

    sure: bool
    times: Annotated[int, Between(1, 3)] = 1


WRITTEN = Note(
    id=THERE, version=3, text=Sealed("as it was told"), written_at=datetime(2026, 9, 14, tzinfo=UTC)
)
STEP = one_of(
    "NoteStep",
    {
        "write": schema_of(Write, extra={"at": Moment()}),
        "wipe": schema_of(Wipe, example=lambda: {"sure": True}),
    },
)


class NoteQuery(PageQuery):
    school = Identifier()
    overdue = QueryFlag()


routes = Blueprint("notes", __name__, url_prefix="/notes", description="Notes.")


def sign_in() -> None:
    if request.headers.get("Authorization") != TOKEN["Authorization"]:
        raise unauthenticated(token_given="Authorization" in request.headers)


routes.before_request(sign_in)


@routes.route("")
@routes.arguments(NoteQuery, location="query")
@routes.returns(200, Page[Note])
def listed(query: dict[str, Any]) -> Any:
    """The notes."""
    CURSORS.start(part(query), "notes")
    return Page((WRITTEN,), None)


@routes.route("/<uuid:note>")
@routes.returns(200, Note, headers=["ETag"], example=msgspec.json.decode(encode(WRITTEN)))
def shown(note: UUID) -> Any:
    """One note."""
    return _found(note), {"ETag": etag(3)}


@routes.route("/<uuid:note>/steps", methods=["POST"])
@routes.arguments(STEP)
@routes.takes(IF_MATCH_HEADER, IDEMPOTENCY_KEY_HEADER)
@routes.returns(201, Note, headers=["ETag", "Location"])
def taken(step: dict[str, Any], note: UUID) -> Any:
    """Do something to a note.

    The field `step` says which step it is.
    """
    idempotency_key()
    if if_match() not in (3, None):
        raise stale(3)
    return _found(note), {"ETag": etag(3), "Location": f"/notes/{note}"}


@routes.route("/<uuid:note>", methods=["DELETE"])
@routes.returns(204)
def gone(note: UUID) -> None:
    """Forget a note."""
    _found(note)


@routes.route("/<uuid:note>/text")
@routes.returns(200, {"type": "string"}, content_type="text/csv")
@routes.returns(200, Note)
def text(note: UUID) -> Any:
    """One note, as JSON or as a table."""
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        return Response("text\r\n", content_type="text/csv")
    return _found(note)


@routes.route("/echo", methods=["POST"])
@routes.arguments(schema_of(Write))
@routes.returns(200, {"type": "object"})
def echo(body: dict[str, Any]) -> Any:
    """What was sent."""
    return body, 202, {"X-Odd": "yes"}


def _found(note: UUID) -> Note:
    if note != THERE:
        raise not_found()
    return WRITTEN


def notes_app() -> Flask:
    """An application with the routes above, composed like casework."""
    app = Flask(__name__)
    register_logs(app)
    register_body_limit(app)
    register_problems(app)
    register_refusals(app)
    register_security_headers(app)
    api = make_api(app, title="Notes", version="1.2.3", description="Only for tests.")
    api.register_blueprint(routes)
    register_docs(app, api)
    return app


@pytest.fixture(scope="module")
def app() -> Flask:
    return notes_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def errors_of(answer: Any) -> Any:
    assert (answer.status_code, answer.content_type) == (422, PROBLEM_JSON), answer.text
    return json.loads(answer.data)["errors"]


class TestBodies:
    def post(self, client: FlaskClient, **options: Any) -> Any:
        return client.post("/notes/echo", headers=TOKEN, **options)

    def test_a_body_is_loaded_and_the_answer_encoded(self, client: FlaskClient) -> None:
        body = {"text": " as it was told ", "on": "2026-09-14", "mood": "bad", "tags": [{"word": "late"}]}

        answer = self.post(client, json=body)

        assert (answer.status_code, answer.content_type) == (202, "application/json")
        assert answer.headers["X-Odd"] == "yes"
        assert answer.json == {
            "text": "as it was told",
            "on": "2026-09-14",
            "mood": "bad",
            "tags": [{"word": "late", "number": 0}],
        }

    @pytest.mark.parametrize(
        "content_type",
        [
            None,
            "",
            "text/plain",
            "application/json; charset=latin-1",
            "application/x-www-form-urlencoded",
            "Jamie",
        ],
    )
    def test_a_body_that_is_not_sent_as_json_is_refused(
        self, client: FlaskClient, content_type: str | None
    ) -> None:
        answer = self.post(client, data=b'{"text": "as it was told"}', content_type=content_type)

        assert (answer.status_code, answer.content_type) == (415, PROBLEM_JSON)
        assert answer.headers["Accept"] == "application/json"

    @pytest.mark.parametrize("content_type", ["application/json", "Application/JSON;charset=UTF-8"])
    def test_json_may_be_declared_in_several_ways(self, client: FlaskClient, content_type: str) -> None:
        answer = self.post(client, data=b'{"text": "as it was told"}', content_type=content_type)

        assert answer.status_code == 202

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"Jamie",
            b'{"text": "Jamie',
            b'{"text": NaN}',
            b'{"text": 1e999}',
            b'{"text": "\xff"}',
            b'{"text": "\\ud800 is half a letter"}',
            b"[" * 100_000,
            b'{"a":' * 10_000,
            b'{"text": "as it was told"} {}',
        ],
        ids=range(11),
    )
    def test_a_body_that_is_not_json_is_refused(self, client: FlaskClient, body: bytes) -> None:
        answer = self.post(client, data=body, content_type="application/json")

        assert errors_of(answer) == {"$": ["is not JSON"]}
        assert "Jamie" not in answer.text

    @pytest.mark.parametrize("body", [[], "Jamie", 3, None, True])
    def test_a_body_that_is_not_an_object_is_refused(self, client: FlaskClient, body: Any) -> None:
        answer = self.post(client, data=json.dumps(body), content_type="application/json")

        assert errors_of(answer) == {"$": ["must be an object"]}

    def test_faults_are_listed_by_path_without_the_input(self, client: FlaskClient) -> None:
        body = {
            "text": "Jamie",
            "mood": "Jamie",
            "on": "Jamie",
            "tags": [{"word": "fine"}, {"word": 1, "Jamie Example": 1}],
            "extra": "Jamie",
        }

        answer = self.post(client, json=body)

        assert errors_of(answer) == {
            "$.text": ["must be at least 10 characters"],
            "$.mood": ["must be one of: good, bad"],
            "$.on": ["must be a date such as 2026-09-14, from 1900 to 2199"],
            "$.tags[1].word": ["must be text"],
            "$.tags[1]": ["is not a known field"],
            "$.extra": ["is not a known field"],
        }
        assert "Jamie" not in answer.text

    def test_an_unknown_step_is_a_fault_of_the_field_step(self, client: FlaskClient) -> None:
        answer = client.post(NOTES, headers=TOKEN | {"If-Match": "*"}, json={"step": "Jamie"})

        assert errors_of(answer) == {"$.step": ["is not a known value"]}

    def test_a_plain_marshmallow_schema_can_be_used_too(self) -> None:
        app = Flask(__name__)
        register_problems(app)
        others = Blueprint("plain", __name__)

        @others.route("/", methods=["POST"])
        @others.arguments(
            ma.Schema.from_dict({"numbers": ma.fields.List(ma.fields.Integer())}), location="query"
        )
        @others.returns(200, {"type": "object"})
        def numbers(query: dict[str, Any]) -> Any:
            return query

        make_api(app, title="t", version="1").register_blueprint(others)

        assert app.test_client().post("/?numbers=1&numbers=2").json == {"numbers": [1, 2]}
        assert list(errors_of(app.test_client().post("/?numbers=x"))) == ["numbers[0]"]
        assert list(errors_of(app.test_client().post("/?other=x"))) == ["other"]


class TestAnswers:
    @pytest.mark.parametrize(
        ("value", "encoded"),
        [
            ({"id": THERE}, f'{{"id":"{THERE}"}}'),
            ({"at": datetime(2026, 9, 14, 10, 5, tzinfo=UTC)}, '{"at":"2026-09-14T10:05:00Z"}'),
            ({"on": date(2026, 9, 14)}, '{"on":"2026-09-14"}'),
            ({"mood": Mood.BAD}, '{"mood":"bad"}'),
            ({"text": Sealed("caf\xe9")}, '{"text":"café"}'),
            ([None, True, 1, 2.5, "x"], '[null,true,1,2.5,"x"]'),
            (Tag(word=Sealed("late")), '{"word":"late","number":0}'),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_each_type_of_value_is_encoded(self, value: Any, encoded: str) -> None:
        assert encode(value).decode() == encoded

    def test_a_frozen_time_is_encoded(self) -> None:
        with freeze_time("2026-09-14T10:05:00Z"):
            frozen = {"at": datetime.now(UTC), "on": date.today()}  # noqa: DTZ011 - the type is what matters

            assert encode(frozen) == b'{"at":"2026-09-14T10:05:00Z","on":"2026-09-14"}'

    def test_a_value_without_a_json_form_is_an_error_that_names_its_type(self) -> None:
        with pytest.raises(NotImplementedError, match="object has no JSON form"):
            encode({"x": object()})

    def test_the_headers_of_a_view_are_sent(self, client: FlaskClient) -> None:
        answer = client.post(NOTES, headers=TOKEN | {"If-Match": '"3"'}, json={"step": "wipe", "sure": True})

        assert answer.status_code == 201
        assert (answer.headers["ETag"], answer.headers["Location"]) == ('"3"', f"/notes/{THERE}")

    def test_none_is_an_empty_answer(self, client: FlaskClient) -> None:
        answer = client.delete(f"/notes/{THERE}", headers=TOKEN)

        assert (answer.status_code, answer.data) == (204, b"")
        assert "Content-Type" not in answer.headers

    def test_a_response_is_passed_on(self, client: FlaskClient) -> None:
        answer = client.get(f"/notes/{THERE}/text", headers=TOKEN | {"Accept": "text/csv"})

        assert (answer.status_code, answer.text) == (200, "text\r\n")

    @pytest.mark.parametrize(
        ("headers", "status"),
        [({}, 428), ({"If-Match": '"2"'}, 412), ({"If-Match": "2"}, 422), ({"If-Match": "*"}, 201)],
    )
    def test_a_step_requires_the_current_version(
        self, client: FlaskClient, headers: dict[str, str], status: int
    ) -> None:
        answer = client.post(NOTES, headers=TOKEN | headers, json={"step": "wipe", "sure": True})

        assert answer.status_code == status
