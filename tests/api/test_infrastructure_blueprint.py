"""What the API says of itself is what it does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import jsonschema_rs
import marshmallow as ma
import msgspec
import pytest
import schemathesis
from flask import Flask, Response, request
from flask.testing import FlaskClient
from freezegun import freeze_time
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from casework.domain.incident import STEPS
from casework.domain.sealed import Sealed
from casework.domain.text import ServerSet, Text
from casework_api.blueprint import IDEMPOTENCY_KEY_HEADER, IF_MATCH_HEADER, Blueprint, encode
from casework_api.docs import ASSETS, make_api, register_docs
from casework_api.etags import etag, idempotency_key, if_match
from casework_api.limits import register_body_limit, register_security_headers
from casework_api.logs import register_logs
from casework_api.paging import Cursors, PageQuery, QueryFlag, page_body
from casework_api.problems import (
    PROBLEM_JSON,
    PROBLEM_TYPES,
    Problem,
    not_found,
    register_problems,
    stale,
    unauthenticated,
)
from casework_api.schema_of import Identifier, Moment, one_of, schema_of

TOKEN = {"Authorization": "Bearer open"}
THERE = UUID("0b5f7a52-3f0e-4c1c-8f43-9b1b5f6d2a10")
NOTES = f"/notes/{THERE}/steps"
TestOfCase = Callable[[Case[Any]], None]
CURSORS = Cursors(b"a key of sixteen bytes or more")


class Mood(StrEnum):
    GOOD = "good"
    BAD = "bad"


class Tag(msgspec.Struct, frozen=True, kw_only=True):
    """A word about a note."""

    word: Annotated[Sealed, Text(max=20)]
    number: Annotated[int, ServerSet()] = 0


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note, as it is answered."""

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
    times: Annotated[int, msgspec.Meta(ge=1, le=3)] = 1


WRITTEN = Note(
    id=THERE, version=3, text=Sealed("as it was told"), written_at=datetime(2026, 9, 14, tzinfo=UTC)
)
STEP = one_of("NoteStep", {"write": schema_of(Write, extra={"at": Moment()}), "wipe": schema_of(Wipe)})


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
@routes.returns(200, {"type": "object", "required": ["items", "next"]})
def listed(query: dict[str, Any]) -> Any:
    """The notes."""
    CURSORS.page(query, "notes")
    return page_body([WRITTEN], None)


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

    Which step it is stands in `step`.
    """
    idempotency_key()
    if if_match() not in (3, None):
        raise stale()
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


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask(__name__)
    register_logs(app)
    register_body_limit(app)
    register_problems(app)
    register_security_headers(app)
    api = make_api(app, title="Notes", version="1.2.3", description="Only for tests.")
    api.register_blueprint(routes)
    register_docs(app, api)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def spec(client: FlaskClient) -> Any:
    return client.get("/openapi.json").json


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
    def test_a_body_that_is_not_sent_as_json(self, client: FlaskClient, content_type: str | None) -> None:
        answer = self.post(client, data=b'{"text": "as it was told"}', content_type=content_type)

        assert (answer.status_code, answer.content_type) == (415, PROBLEM_JSON)
        assert answer.headers["Accept"] == "application/json"

    @pytest.mark.parametrize("content_type", ["application/json", "Application/JSON;charset=UTF-8"])
    def test_the_ways_to_send_json(self, client: FlaskClient, content_type: str) -> None:
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
    def test_a_body_that_is_not_json(self, client: FlaskClient, body: bytes) -> None:
        answer = self.post(client, data=body, content_type="application/json")

        assert errors_of(answer) == {"$": ["is not JSON"]}
        assert "Jamie" not in answer.text

    @pytest.mark.parametrize("body", [[], "Jamie", 3, None, True])
    def test_a_body_that_is_no_object(self, client: FlaskClient, body: Any) -> None:
        answer = self.post(client, data=json.dumps(body), content_type="application/json")

        assert errors_of(answer) == {"$": ["must be an object"]}

    def test_faults_are_told_by_path_and_never_repeated(self, client: FlaskClient) -> None:
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

    def test_an_unknown_step_is_told_at_step(self, client: FlaskClient) -> None:
        answer = client.post(NOTES, headers=TOKEN | {"If-Match": "*"}, json={"step": "Jamie"})

        assert errors_of(answer) == {"$.step": ["is not one of those there are"]}

    def test_a_plain_schema_can_be_taken_too(self) -> None:
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
    def test_each_sort_of_value(self, value: Any, encoded: str) -> None:
        assert encode(value).decode() == encoded

    def test_a_time_under_a_stopped_clock(self) -> None:
        with freeze_time("2026-09-14T10:05:00Z"):
            frozen = {"at": datetime.now(UTC), "on": date.today()}  # noqa: DTZ011 - the type is what matters

            assert encode(frozen) == b'{"at":"2026-09-14T10:05:00Z","on":"2026-09-14"}'

    def test_what_has_no_json_form_is_a_failure_that_says_only_its_type(self) -> None:
        with pytest.raises(NotImplementedError, match="object has no JSON form"):
            encode({"x": object()})

    def test_headers_go_along(self, client: FlaskClient) -> None:
        answer = client.post(NOTES, headers=TOKEN | {"If-Match": '"3"'}, json={"step": "wipe", "sure": True})

        assert answer.status_code == 201
        assert (answer.headers["ETag"], answer.headers["Location"]) == ('"3"', f"/notes/{THERE}")

    def test_nothing_is_an_empty_answer(self, client: FlaskClient) -> None:
        answer = client.delete(f"/notes/{THERE}", headers=TOKEN)

        assert (answer.status_code, answer.data) == (204, b"")
        assert "Content-Type" not in answer.headers

    def test_a_ready_answer_is_passed_on(self, client: FlaskClient) -> None:
        answer = client.get(f"/notes/{THERE}/text", headers=TOKEN | {"Accept": "text/csv"})

        assert (answer.status_code, answer.text) == (200, "text\r\n")

    @pytest.mark.parametrize(
        ("headers", "status"),
        [({}, 428), ({"If-Match": '"2"'}, 412), ({"If-Match": "2"}, 422), ({"If-Match": "*"}, 201)],
    )
    def test_a_guarded_step(self, client: FlaskClient, headers: dict[str, str], status: int) -> None:
        answer = client.post(NOTES, headers=TOKEN | headers, json={"step": "wipe", "sure": True})

        assert answer.status_code == status


class TestDescription:
    def test_it_is_openapi_3_1(self, client: FlaskClient, spec: Any) -> None:
        assert client.get("/openapi.json").content_type == "application/json"
        assert spec["openapi"] == "3.1.0"
        assert spec["info"] == {"title": "Notes", "version": "1.2.3", "description": "Only for tests."}
        assert spec["security"] == [{"token": []}]
        assert spec["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
        assert spec["tags"] == [{"name": "notes", "description": "Notes."}]

    def test_a_step_is_one_of_named_variants(self, spec: Any) -> None:
        schemas = spec["components"]["schemas"]

        assert schemas["NoteStep"] == {
            "oneOf": [{"$ref": "#/components/schemas/WriteStep"}, {"$ref": "#/components/schemas/WipeStep"}],
            "discriminator": {
                "propertyName": "step",
                "mapping": {
                    "write": "#/components/schemas/WriteStep",
                    "wipe": "#/components/schemas/WipeStep",
                },
            },
        }
        wipe = schemas["WipeStep"]
        assert wipe["properties"]["step"] == {"type": "string", "const": "wipe"}
        assert wipe["required"] == ["step", "sure"]
        assert wipe["additionalProperties"] is False
        assert wipe["description"] == "Wipe a note."

    def test_limits_and_forms_are_told(self, spec: Any) -> None:
        write = spec["components"]["schemas"]["WriteStep"]["properties"]
        wipe = spec["components"]["schemas"]["WipeStep"]["properties"]

        assert write["text"] == {
            "type": "string",
            "minLength": 10,
            "maxLength": 200,
            "pattern": write["text"]["pattern"],
            "examples": ["in plain words"],
        }
        assert write["mood"] == {"type": ["string", "null"], "enum": ["good", "bad", None]}
        assert (write["at"]["type"], write["at"]["format"]) == ("string", "date-time")
        assert (write["on"]["type"], write["on"]["format"]) == (["string", "null"], "date")
        assert write["tags"]["items"] == {"$ref": "#/components/schemas/TagInput"}
        assert wipe["times"] == {
            "type": "integer",
            "format": "int32",
            "minimum": 1,
            "maximum": 3,
            "default": 1,
        }
        assert list(spec["components"]["schemas"]["TagInput"]["properties"]) == ["word"]

    def test_every_pattern_is_one_that_both_languages_read(self, spec: Any) -> None:
        patterns = re.findall(r'"pattern":"((?:[^"\\]|\\.)*)"', msgspec.json.encode(spec).decode())

        assert patterns
        for pattern in patterns:
            read = json.loads(f'"{pattern}"')
            re.compile(read)
            jsonschema_rs.validator_for({"pattern": read})

    def test_an_answer_is_described_by_its_struct(self, client: FlaskClient, spec: Any) -> None:
        answer = client.get(f"/notes/{THERE}", headers=TOKEN)
        described = spec["paths"]["/notes/{note}"]["get"]["responses"]["200"]

        assert described["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Note"}
        assert described["content"]["application/json"]["example"] == answer.json
        assert list(described["headers"]) == ["ETag"]
        whole = {"$ref": "#/components/schemas/Note", "components": spec["components"]}
        assert jsonschema_rs.validator_for(whole).is_valid(answer.json)

    def test_several_forms_of_one_answer(self, spec: Any) -> None:
        described = spec["paths"]["/notes/{note}/text"]["get"]["responses"]["200"]

        assert set(described["content"]) == {"application/json", "text/csv"}

    @pytest.mark.parametrize(
        ("path", "method", "codes"),
        [
            ("/notes", "get", {"200", "422"}),
            ("/notes/{note}", "get", {"200", "404"}),
            ("/notes/{note}/steps", "post", {"201", "404", "409", "412", "415", "422", "428"}),
            ("/notes/echo", "post", {"200", "415", "422"}),
        ],
    )
    def test_the_problems_of_a_route(self, spec: Any, path: str, method: str, codes: set[str]) -> None:
        always = {"401", "403", "413", "429", "500", "503", "default"}

        assert set(spec["paths"][path][method]["responses"]) == codes | always

    def test_every_problem_is_told_as_problem_json(self, spec: Any) -> None:
        described = spec["components"]["responses"]

        for response in described.values():
            assert set(response["content"]) == {PROBLEM_JSON}
        assert list(described["UNAUTHORIZED"]["headers"]) == ["WWW-Authenticate"]
        assert list(described["TOO_MANY_REQUESTS"]["headers"]) == ["Retry-After"]

    @pytest.mark.parametrize("sort", PROBLEM_TYPES, ids=lambda sort: sort.slug)
    def test_every_problem_fits_its_schema(self, app: Flask, spec: Any, sort: Any) -> None:
        with app.test_request_context():
            body = json.loads(
                Problem(sort, "detail", errors={"$": ["x"]}, rule="r", clause="c").response().data
            )

        schema = spec["components"]["schemas"]["Problem"]
        assert jsonschema_rs.validator_for(schema).is_valid(body)

    def test_headers_are_parameters(self, spec: Any) -> None:
        parameters = spec["paths"]["/notes/{note}/steps"]["post"]["parameters"]

        assert {(each["name"], each["required"]) for each in parameters} == {
            ("If-Match", True),
            ("Idempotency-Key", False),
        }

    def test_words_come_from_the_code(self, spec: Any) -> None:
        operation = spec["paths"]["/notes/{note}/steps"]["post"]

        assert operation["summary"] == "Do something to a note."
        assert operation["description"] == "Which step it is stands in `step`."

    def test_nothing_is_described_that_nothing_uses(self, spec: Any) -> None:
        written = json.dumps(spec["paths"]) + json.dumps(spec["components"])

        for sort in ("schemas", "responses"):
            for name in spec["components"][sort]:
                assert f"#/components/{sort}/{name}" in written

    def test_two_structs_of_one_name_are_refused(self) -> None:
        app = Flask(__name__)
        api = make_api(app, title="t", version="1")
        for number, fields in enumerate([[("a", int)], [("b", int)]]):
            others = Blueprint(f"others{number}", __name__, url_prefix=f"/{number}")
            struct = msgspec.defstruct("Same", fields)
            others.route("/")(others.returns(200, struct)(lambda: None))
            if number:
                with pytest.raises(TypeError, match="two different structs are called Same"):
                    api.register_blueprint(others)
            else:
                api.register_blueprint(others)

    def test_every_step_there_is_can_be_described(self) -> None:
        app = Flask(__name__)
        api = make_api(app, title="t", version="1")
        taken = one_of("AnyStep", {name: schema_of(step) for name, step in STEPS.items()})
        others = Blueprint("steps", __name__)
        others.route("/", methods=["POST"])(others.arguments(taken)(lambda _: None))
        api.register_blueprint(others)

        schemas = api.spec.to_dict()["components"]["schemas"]

        assert len(schemas["AnyStep"]["oneOf"]) == len(STEPS)
        for schema in schemas.values():
            jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


class TestDocsPage:
    def test_it_asks_nothing_of_outside(self, client: FlaskClient) -> None:
        page = client.get("/docs")

        assert page.status_code == 200
        assert page.content_type == "text/html; charset=utf-8"
        assert "//" not in page.text.replace("<!DOCTYPE html>", "")
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page.text)

    def test_all_it_needs_is_here(self, client: FlaskClient) -> None:
        page = client.get("/docs").text

        for source in re.findall(r'(?:src|href)="(docs/[^"]+)"', page):
            answer = client.get(f"/{source}")
            assert answer.status_code == 200
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "max-age=3600" in answer.headers["Cache-Control"]
            assert b"sourceMappingURL" not in answer.data
            answer.close()

    @pytest.mark.parametrize("name", ["LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"])
    def test_its_licence_goes_along(self, name: str) -> None:
        assert (ASSETS / name).read_text().strip()

    @pytest.mark.parametrize("name", ["nothing.js", "../docs.py", "..%2fdocs.py", "%2e%2e/docs.py"])
    def test_nothing_else_is_served(self, client: FlaskClient, name: str) -> None:
        assert client.get(f"/docs/{name}").status_code == 404


def _each_operation() -> Callable[[TestOfCase], TestOfCase]:
    app = Flask(__name__)
    register_body_limit(app)
    register_problems(app)
    api = make_api(app, title="Notes", version="1")
    api.register_blueprint(routes)
    register_docs(app, api)
    config = {
        "generation": {"max-examples": 10},
        # RFC 6585 has 428 where a precondition is missing, RFC 9110 has 412 where it does not hold.
        "checks": {
            "missing_required_header": {"expected-statuses": [401, 403, 415, 422, 428]},
            "positive_data_acceptance": {"expected-statuses": ["2xx", 404, 412]},
        },
    }
    schema = schemathesis.openapi.from_wsgi(
        "/openapi.json", app, config=schemathesis.Config.from_dict(config)
    )
    decorator: Callable[[TestOfCase], TestOfCase] = schema.exclude(path="/notes/echo").parametrize()
    return decorator


@_each_operation()
def test_whatever_is_sent_the_answer_is_as_described(case: Case[Any]) -> None:
    # No schema can tell a cursor that we made from another.
    made_up = "cursor" in (case.query or {})
    case.call_and_validate(headers=TOKEN, excluded_checks=[positive_data_acceptance] if made_up else [])
