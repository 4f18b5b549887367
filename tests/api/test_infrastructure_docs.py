"""The description and the page that shows it: complete, exact, and without external resources."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from casework.domain.incident import STEPS
from casework_api.http.blueprint import Blueprint
from casework_api.http.docs import ASSETS, make_api
from casework_api.http.problems import PROBLEM_JSON, PROBLEM_TYPES, Problem
from casework_api.http.schema_of import one_of, schema_of
from tests.api.test_infrastructure_blueprint import THERE, TOKEN, notes_app
from tests.api.test_infrastructure_logs import logging_to


@pytest.fixture(scope="module", autouse=True)
def quiet() -> Iterator[None]:
    with logging_to(io.StringIO()):
        yield


@pytest.fixture(scope="module")
def app() -> Flask:
    return notes_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def spec(client: FlaskClient) -> Any:
    return client.get("/openapi.json").json


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

    def test_an_example_names_its_variant(self, spec: Any) -> None:
        schemas = spec["components"]["schemas"]

        assert schemas["WipeStep"]["examples"] == [{"step": "wipe", "sure": True}]
        assert "examples" not in schemas["WriteStep"]

    def test_limits_and_formats_are_described(self, spec: Any) -> None:
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

    def test_every_pattern_is_valid_in_both_languages(self, spec: Any) -> None:
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

    def test_several_forms_of_one_answer_are_described(self, spec: Any) -> None:
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
    def test_the_problems_of_a_route_are_described(
        self, spec: Any, path: str, method: str, codes: set[str]
    ) -> None:
        always = {"401", "403", "413", "422", "429", "500", "503", "default"}

        assert set(spec["paths"][path][method]["responses"]) == codes | always

    def test_every_problem_is_described_as_problem_json(self, spec: Any) -> None:
        described = spec["components"]["responses"]

        for response in described.values():
            assert set(response["content"]) == {PROBLEM_JSON}
        assert list(described["UNAUTHORIZED"]["headers"]) == ["WWW-Authenticate"]
        assert list(described["TOO_MANY_REQUESTS"]["headers"]) == ["Retry-After"]

    @pytest.mark.parametrize("problem_type", PROBLEM_TYPES, ids=lambda each: each.slug)
    def test_every_problem_fits_its_schema(self, app: Flask, spec: Any, problem_type: Any) -> None:
        with app.test_request_context():
            body = json.loads(
                Problem(problem_type, "detail", errors={"$": ["x"]}, rule="r", clause="c").response().data
            )

        schema = spec["components"]["schemas"]["Problem"]
        assert jsonschema_rs.validator_for(schema).is_valid(body)

    def test_headers_are_described_as_parameters(self, spec: Any) -> None:
        parameters = spec["paths"]["/notes/{note}/steps"]["post"]["parameters"]

        assert {(each["name"], each["required"]) for each in parameters} == {
            ("If-Match", True),
            ("Idempotency-Key", False),
        }

    def test_descriptions_come_from_the_docstrings(self, spec: Any) -> None:
        operation = spec["paths"]["/notes/{note}/steps"]["post"]

        assert operation["summary"] == "Do something to a note."
        assert operation["description"] == "The field `step` says which step it is."

    def test_every_component_is_used(self, spec: Any) -> None:
        written = json.dumps(spec["paths"]) + json.dumps(spec["components"])

        for section in ("schemas", "responses"):
            for name in spec["components"][section]:
                assert f"#/components/{section}/{name}" in written

    def test_two_structs_with_the_same_name_are_refused(self) -> None:
        app = Flask(__name__)
        api = make_api(app, title="t", version="1")
        for number, fields in enumerate([[("a", int)], [("b", int)]]):
            others = Blueprint(f"others{number}", __name__, url_prefix=f"/{number}")
            struct = msgspec.defstruct("Same", fields)
            others.route("/")(others.returns(200, struct)(lambda: None))
            api.register_blueprint(others)
        with pytest.raises(TypeError, match="two different structs are called Same"):
            api.described()

    def test_every_step_can_be_described(self) -> None:
        app = Flask(__name__)
        api = make_api(app, title="t", version="1")
        taken = one_of("AnyStep", {name: schema_of(step) for name, step in STEPS.items()})
        others = Blueprint("steps", __name__)
        others.route("/", methods=["POST"])(others.arguments(taken)(lambda _: None))
        api.register_blueprint(others)

        schemas = api.described().to_dict()["components"]["schemas"]

        assert len(schemas["AnyStep"]["oneOf"]) == len(STEPS)
        for schema in schemas.values():
            jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


class TestDocsPage:
    def test_it_loads_nothing_external(self, client: FlaskClient) -> None:
        page = client.get("/docs")

        assert page.status_code == 200
        assert page.content_type == "text/html; charset=utf-8"
        assert "//" not in page.text.replace("<!DOCTYPE html>", "")
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page.text)

    def test_all_its_files_are_served(self, client: FlaskClient) -> None:
        page = client.get("/docs").text

        for source in re.findall(r'(?:src|href)="(docs/[^"]+)"', page):
            answer = client.get(f"/{source}")
            assert answer.status_code == 200
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "max-age=3600" in answer.headers["Cache-Control"]
            assert b"sourceMappingURL" not in answer.data
            answer.close()

    @pytest.mark.parametrize("name", ["LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"])
    def test_its_licence_is_included(self, name: str) -> None:
        assert (ASSETS / name).read_text().strip()

    @pytest.mark.parametrize("name", ["nothing.js", "../docs.py", "..%2fdocs.py", "%2e%2e/docs.py"])
    def test_nothing_else_is_served(self, client: FlaskClient, name: str) -> None:
        assert client.get(f"/docs/{name}").status_code == 404


CHECKS: Final = {
    # RFC 6585 defines 428 for a missing precondition, RFC 9110 defines 412 for one that is false.
    "missing_required_header": {"expected-statuses": [401, 403, 415, 422, 428]},
    "positive_data_acceptance": {"expected-statuses": ["2xx", 404, 412]},
}


def test_every_answer_is_as_described(subtests: pytest.Subtests) -> None:
    config = schemathesis.Config.from_dict({"checks": CHECKS})
    described = schemathesis.openapi.from_wsgi("/openapi.json", notes_app(), config=config)
    for result in described.exclude(path="/notes/echo").get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        with subtests.test(operation.label):
            ask(operation)


def ask(operation: APIOperation[Any, Any, Any, Any]) -> None:
    """Send requests that fit the description and some that do not."""

    @given(operation.as_strategy() | operation.as_strategy(GenerationMode.NEGATIVE))
    @settings(max_examples=10, deadline=None, suppress_health_check=[*HealthCheck], database=None)
    def answered(case: Case[Any]) -> None:
        # No schema can distinguish a cursor that we created from another.
        made_up = "cursor" in (case.query or {})
        case.call_and_validate(headers=TOKEN, excluded_checks=[positive_data_acceptance] if made_up else [])

    answered()
