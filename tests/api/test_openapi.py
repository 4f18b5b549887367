"""The description of the API: valid, complete, true to the routes, and shown without external resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from jsonschema_rs import Draft202012Validator, meta

from casework.domain.incident import STEPS
from casework_api.http.docs import ASSETS
from casework_api.sign_in.bearer import PUBLIC
from tests.api.client import REASON, House, Json, body_of, opened_house
from tests.api.scene import ANY, ROUTES, WHO, Asked, Scene
from tests.engines import SQLiteEngine

OPEN: Final = {"calendar.feed", "enrolment.enrol"}
"""Described like the others, but authenticated by what is in the address or the body."""
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
METHODS: Final = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("openapi")) as house:
        yield Scene(house)


@pytest.fixture(scope="module")
def spec(scene: Scene) -> Json:
    answer = scene.house.http.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    return body_of(answer)


def operations(spec: Json) -> Iterator[tuple[str, str, Json]]:
    """Every operation with its path and method."""
    for path, item in spec["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def validator(spec: Json, schema: Json) -> Draft202012Validator:
    """A validator for `schema`, whose references point into `spec`."""
    return Draft202012Validator({**schema, "components": spec["components"]}, validate_formats=True)


def resolved(spec: Json, part: Json) -> Json:
    """`part`, or the component that it refers to."""
    while "$ref" in part:
        _, *names = part["$ref"].split("/")
        part = spec
        for name in names:
            part = part[name]
    return part


def operation(scene: Scene, spec: Json, endpoint: str) -> Json:
    """The documentation of an endpoint's only method."""
    (rule,) = scene.house.app.url_map.iter_rules(endpoint)
    path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
    (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return spec["paths"][path][method.lower()]


class TestTheDescription:
    def test_is_valid_openapi(self, scene: Scene, spec: Json) -> None:
        assert spec["openapi"].startswith("3.1")
        schema = schemathesis.openapi.from_wsgi("/openapi.json", scene.house.app)
        schema.validate()

    def test_holds_only_valid_schemas(self, spec: Json) -> None:
        for name, schema in spec["components"]["schemas"].items():
            meta.validate({**schema, "$schema": DIALECT})
            assert re.fullmatch(r"[A-Za-z]+", name)

    def test_has_no_dangling_references(self, spec: Json) -> None:
        for reference in references(spec):
            assert resolved(spec, {"$ref": reference})

    def test_names_every_route_and_no_other(self, scene: Scene, spec: Json) -> None:
        known = {
            (re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule), method.lower())
            for rule in scene.house.app.url_map.iter_rules()
            if rule.endpoint not in PUBLIC - OPEN
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        assert {(path, method) for path, method, _ in operations(spec)} == known

    def test_says_what_each_route_is_for(self, spec: Json) -> None:
        for path, method, described_as in operations(spec):
            assert described_as["summary"], (path, method)
            assert described_as["tags"], (path, method)

    def test_says_that_a_token_is_needed(self, spec: Json) -> None:
        assert spec["security"] == [{"token": []}]
        assert spec["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
        open_to_all = [path for path, _, described_as in operations(spec) if "security" in described_as]
        assert sorted(open_to_all) == ["/api/v1/calendar/{token}", "/api/v1/enrolment"]

    def test_lists_the_possible_problems(self, spec: Json) -> None:
        for path, _, described_as in operations(spec):
            answers = described_as["responses"]
            assert {"401", "403", "429", "500", "503"} <= set(answers)
            assert ("404" in answers) or "{" not in path
            for status, answer in answers.items():
                if status >= "400":
                    content = resolved(spec, answer)["content"]
                    assert list(content) == ["application/problem+json"]

    def test_names_the_key_of_every_route_that_changes_data(self, spec: Json) -> None:
        for path, method, described_as in operations(spec):
            named = {each["name"] for each in described_as.get("parameters", ()) if "name" in each}
            changes = method != "get"
            assert ("Idempotency-Key" in named) is changes, (path, method)
            assert not changes or {"409", "422"} <= set(described_as["responses"]), (path, method)

    def test_lists_428_only_where_if_match_is_required(self, spec: Json) -> None:
        for path, method, described_as in operations(spec):
            required = {e["name"] for e in described_as.get("parameters", ()) if e.get("required")}
            assert ("428" in described_as["responses"]) is ("If-Match" in required), (path, method)

    def test_has_a_component_for_every_step(self, spec: Json) -> None:
        step = spec["components"]["schemas"]["Step"]
        taken = {name for name, each in STEPS.items() if not each.INTERNAL}
        assert set(step["discriminator"]["mapping"]) == taken
        assert len(step["oneOf"]) == len(taken)
        for name, reference in step["discriminator"]["mapping"].items():
            component = resolved(spec, {"$ref": reference})
            assert component["properties"]["step"]["const"] == name
            assert component["additionalProperties"] is False
            assert component["description"]

    def test_allows_no_unknown_fields_in_json_bodies(self, spec: Json) -> None:
        for path, method, described_as in operations(spec):
            content = described_as.get("requestBody", {}).get("content", {}).get("application/json")
            if content is not None:
                schema = resolved(spec, content["schema"])
                assert "oneOf" in schema or schema["additionalProperties"] is False, (path, method)

    def test_gives_examples_that_its_own_schemas_accept(self, spec: Json) -> None:
        found = list(examples(spec))
        assert found
        for schema, example in found:
            validator(spec, schema).validate(example)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def examples(part: Any) -> Iterator[tuple[Json, Any]]:
    """Every example in a description, with its schema."""
    if isinstance(part, list):
        for inner in part:
            yield from examples(inner)
    if not isinstance(part, dict):
        return
    schema = part.get("schema", part)
    if "example" in part:
        yield schema, part["example"]
    described_as = part.get("examples", ())
    for example in (
        described_as
        if isinstance(described_as, list)
        else [each["value"] for each in dict(described_as).values()]
    ):
        yield schema, example
    for inner in part.values():
        yield from examples(inner)


class TestWhatIsAnswered:
    @pytest.mark.parametrize("endpoint", ROUTES)
    def test_is_documented_and_fits_its_schema(self, scene: Scene, spec: Json, endpoint: str) -> None:
        documented = operation(scene, spec, endpoint)
        for who in WHO:
            if ROUTES[endpoint].status(who) == 404 and who == "stranger":
                continue
            answer = scene.request(endpoint).by(scene.house, who)
            described_as = resolved(spec, documented["responses"][str(answer.status_code)])
            if answer.status_code == 204:
                assert "content" not in described_as
                continue
            content = described_as["content"][answer.mimetype]
            if answer.is_json:
                validator(spec, content["schema"]).validate(body_of(answer))
            for header in ("ETag", "Location"):
                if answer.status_code < 300:
                    assert (header in answer.headers) == (header in described_as.get("headers", {}))

    @pytest.mark.parametrize("endpoint", [name for name in ROUTES if name != "incidents.upload"])
    def test_has_a_request_body_that_fits_its_schema(self, scene: Scene, spec: Json, endpoint: str) -> None:
        documented, request = operation(scene, spec, endpoint), scene.request(endpoint)
        if "json" in request.options:
            content = documented["requestBody"]["content"]["application/json"]
            validator(spec, content["schema"]).validate(request.options["json"])
            assert list(validator(spec, content["schema"]).iter_errors({"no_such_field": 1}))
        else:
            assert "application/json" not in documented.get("requestBody", {}).get("content", {})

    def test_is_documented_where_a_step_waits_for_a_second_person(self, scene: Scene, spec: Json) -> None:
        described_as = operation(scene, spec, "incidents.take_step")["responses"]["202"]
        path = f"/incidents/{scene.incident}/steps"
        answer = scene.house.ask("dsl", "POST", path, json=scene.waiver(), headers=ANY)
        assert answer.status_code == 202
        validator(spec, described_as["content"][answer.mimetype]["schema"]).validate(body_of(answer))
        assert ("Location" in answer.headers, "ETag" in answer.headers) == (True, False)
        assert set(described_as["headers"]) == {"Location"}

    def test_is_documented_for_every_type_of_problem(self, scene: Scene, spec: Json) -> None:
        house, take = scene.house, operation(scene, spec, "incidents.take_step")
        path = f"/incidents/{scene.incident}/steps"
        closing = {"step": "close", "outcome": "Settled.", "rationale": REASON}
        problems = {
            409: Asked("POST", path, {"json": closing, "headers": ANY}),
            412: Asked("POST", path, {"json": closing, "headers": {"If-Match": '"1"'}}),
            413: Asked("POST", path, {"json": {"note": "x" * 300_000}, "headers": ANY}),
            415: Asked("POST", path, {"data": "{}", "headers": ANY}),
            422: Asked("POST", path, {"json": {}, "headers": ANY}),
            428: Asked("POST", path, {"json": closing}),
        }
        for status, asked in problems.items():
            answer = house.ask("dsl", asked.method, asked.path, **asked.options)
            assert answer.status_code == status
            described_as = resolved(spec, take["responses"][str(status)])
            validator(spec, described_as["content"][answer.mimetype]["schema"]).validate(body_of(answer))

    def test_names_every_parameter_a_list_takes(self, scene: Scene, spec: Json) -> None:
        for endpoint in ROUTES:
            described_as = operation(scene, spec, endpoint)
            named = {each["name"] for each in described_as.get("parameters", ()) if each["in"] == "query"}
            asked = "&".join(f"{name}=" for name in sorted(named))
            if named:
                answer = scene.house.ask(
                    "dsl", "GET", f"{scene.request(endpoint).path.split('?')[0]}?{asked}"
                )
                messages = body_of(answer).get("errors", {}).values()
                assert "is not a known field" not in str(messages)


OUTSIDE: Final = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}""", re.IGNORECASE)


class TestThePage:
    def page(self, house: House) -> str:
        answer = house.http.get("/docs", buffered=True)
        assert (answer.status_code, answer.mimetype) == (200, "text/html")
        return answer.text

    def test_loads_nothing_external(self, scene: Scene) -> None:
        html = self.page(scene.house)
        assert not OUTSIDE.search(html)
        assert not OUTSIDE.search((ASSETS / "docs.js").read_text())
        assert "@import" not in (ASSETS / "swagger-ui.css").read_text()
        css = re.findall(r"url\(([^)]*)\)", (ASSETS / "swagger-ui.css").read_text())
        assert all(address.strip("\"'").startswith("data:") for address in css)

    def test_may_load_nothing_external(self, scene: Scene) -> None:
        with scene.house.http.get("/docs") as answer:
            policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert not OUTSIDE.search(policy)
        assert "unsafe" not in policy
        assert "connect-src 'self'" in policy

    def test_is_served_completely(self, scene: Scene) -> None:
        wanted = re.findall(r'(?:src|href)="([^"]+)"', self.page(scene.house))
        served = [address for address in wanted if not address.startswith("data:")]
        assert len(served) >= 3
        for address in served:
            with scene.house.http.get(address if address.startswith("/") else f"/{address}") as answer:
                assert answer.status_code == 200, address
                assert answer.data

    def test_contains_no_inline_script(self, scene: Scene) -> None:
        assert not re.search(r"<script(?![^>]*\bsrc=)", self.page(scene.house))
        assert not re.search(r"\son[a-z]+=", self.page(scene.house))

    @pytest.mark.parametrize("path", ["../app.py", "%2e%2e/app.py", "no-such.js", "..%2fdocs.py"])
    def test_serves_nothing_else(self, scene: Scene, path: str) -> None:
        assert scene.house.http.get(f"/docs/{path}").status_code == 404
