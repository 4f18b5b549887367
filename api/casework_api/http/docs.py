"""`/openapi.json`, generated from the code, and `/docs`, a page that shows it and loads nothing external."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import flask_smorest  # type: ignore[import-untyped]
import marshmallow as ma
import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask, Response, send_from_directory

from casework_api.http.fields import AnyField, Constant, OneOf, OneOrMany
from casework_api.http.problems import PROBLEM_JSON, STALE, TYPE_OF_STATUS

ASSETS: Final = Path(__file__).parent / "static"
"""Swagger UI 5.35.0 (swagger-ui-dist) without its source maps, and the page that starts it."""

_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ASSET_AGE: Final = 3600

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A problem as defined by RFC 9457.",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "instance": {"type": "string", "format": "uri", "description": "The id of the request."},
        "errors": {
            "type": "object",
            "description": "Messages by JSON path in the body, or by the name of a parameter or header.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "rule": {"type": "string", "description": "The rule that forbids the request."},
        "clause": {"type": "string", "description": "The source of that rule."},
        "failed": {
            "type": "object",
            "description": "Which step of a list was declined, counted from 0. None was taken.",
            "required": ["index"],
            "properties": {"index": {"type": "integer", "minimum": 0}, "step": {"type": "string"}},
        },
        "version": {
            "type": "integer",
            "description": "With 412: the present version, which is also in `ETag`.",
        },
    },
}
_PROBLEM_REF: Final = {"$ref": "#/components/schemas/Problem"}
_WAIT: Final = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
_HEADERS: Final[dict[int, dict[str, Any]]] = {
    412: {"ETag": {"required": True, "description": "The present version.", "schema": {"type": "string"}}},
    401: {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}},
    429: {"Retry-After": {"required": True, **_WAIT}},
    503: {"Retry-After": {"required": False, **_WAIT}},
}


class SchemaPlugin(MarshmallowPlugin):
    """Writes our schemas into OpenAPI 3.1: `oneOf` with a discriminator, `const`, closed objects."""

    class Converter(OpenAPIConverter):
        """Adds what apispec does not support."""

        def schema2jsonschema(self, schema: ma.Schema) -> dict[str, Any]:
            """The JSON schema of `schema`."""
            if isinstance(schema, OneOrMany):
                each = self._ref(schema.EACH())
                many = {"type": "array", "items": each, "minItems": 1, "maxItems": schema.MOST}
                return {"oneOf": [each, many]}
            if not isinstance(schema, OneOf):
                written: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
                return {**written, **_examples(schema), "additionalProperties": schema.unknown != ma.RAISE}
            refs = {word: self._ref(variant) for word, variant in schema.VARIANTS.items()}
            mapping = {word: ref["$ref"] for word, ref in refs.items()}
            return {
                "oneOf": list(refs.values()),
                "discriminator": {"propertyName": schema.TAG, "mapping": mapping},
            }

        def field2property(self, field: AnyField) -> dict[str, Any]:
            """The JSON schema of one field."""
            written = super().field2property(field)
            if isinstance(field, Constant):
                return {"type": "string", "const": field.word}
            return written

        def _ref(self, schema: ma.Schema) -> dict[str, str]:
            ref: dict[str, str] = self.resolve_nested_schema(schema)  # type: ignore[no-untyped-call]
            return ref


class Api(flask_smorest.Api):  # type: ignore[misc] # flask-smorest is not typed
    """flask-smorest's `Api` that documents errors as problems and describes the routes on first request.

    Describing every route takes longer than starting the server, so it waits until the description is read.
    """

    def __init__(self, app: Flask, **options: Any) -> None:
        self._undescribed: list[tuple[flask_smorest.Blueprint, dict[str, Any]]] = []
        super().__init__(app, **options)

    def register_blueprint(self, blp: flask_smorest.Blueprint, **options: Any) -> None:
        """Serve the routes of `blp` with the `options` of Flask; `described` describes them later."""
        self._app.register_blueprint(blp, **options)
        self._undescribed.append((blp, options))

    def described(self) -> APISpec:
        """The description of every blueprint registered so far."""
        while self._undescribed:
            blueprint, options = self._undescribed.pop(0)
            name = options.get("name", blueprint.name)
            blueprint.register_views_in_doc(self, self._app, self.spec, name=name, parameters=None)
            self.spec.tag({"name": name, "description": blueprint.description})
        spec: APISpec = self.spec
        return spec

    def _register_responses(self) -> None:
        self.spec.components.schema("Problem", _PROBLEM)
        for status in HTTPStatus:
            if status >= HTTPStatus.BAD_REQUEST:
                self.spec.components.response(status.name, _problem_answer(status), lazy=True)
        default = {"description": "Any other problem.", "content": {PROBLEM_JSON: {"schema": _PROBLEM_REF}}}
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, default, lazy=True)

    def _register_error_handlers(self) -> None:
        """Do nothing: `register_problems` answers every error of the application."""

    def _register_etag_headers(self) -> None:
        """Do nothing: a route that reads or sends such a header documents it itself."""

    def _register_pagination_header(self) -> None:
        """Do nothing: pages are linked by cursors in the body."""


def make_api(app: Flask, *, title: str, version: str, description: str = "") -> Api:
    """The `Api` that blueprints are registered with: OpenAPI 3.1, a bearer token on every operation."""
    app.config |= {"API_TITLE": title, "API_VERSION": version, "OPENAPI_VERSION": "3.1.0"}
    api = Api(
        app,
        spec_kwargs={
            "marshmallow_plugin": SchemaPlugin(),
            "info": {"description": description},
            "security": [{"token": []}],
        },
    )
    scheme = {"type": "http", "scheme": "bearer", "description": "A token of the form `cw_<id>_<secret>`."}
    api.spec.components.security_scheme("token", scheme)
    return api


def register_docs(app: Flask, api: Api) -> None:
    """Serve `/openapi.json` and `/docs`."""

    @cache
    def written() -> bytes:
        return msgspec.json.encode(_plain(api.described().to_dict()))

    def openapi() -> Response:
        return Response(written(), content_type="application/json")

    def page() -> Response:
        policy = {"Content-Security-Policy": _PAGE_POLICY}
        return Response(
            (ASSETS / "docs.html").read_bytes(), headers=policy, content_type="text/html; charset=utf-8"
        )

    def asset(name: str) -> Response:
        return send_from_directory(ASSETS, name, max_age=_ASSET_AGE)

    app.add_url_rule("/openapi.json", "openapi", openapi)
    app.add_url_rule("/docs", "docs", page)
    app.add_url_rule("/docs/<path:name>", "docs_asset", asset)


def _examples(schema: ma.Schema) -> dict[str, Any]:
    """The example of `schema`, if it has one, with the word of each constant."""
    make = getattr(schema.Meta, "example", None)
    if make is None:
        return {}
    words = {name: field.word for name, field in schema.fields.items() if isinstance(field, Constant)}
    return {"examples": [{**words, **make()}]}


def _problem_answer(status: HTTPStatus) -> dict[str, Any]:
    problem_type = TYPE_OF_STATUS.get(status)
    content: dict[str, Any] = {"schema": _PROBLEM_REF}
    if problem_type is not None:
        content["example"] = {
            "type": problem_type.uri,
            "title": problem_type.title,
            "status": problem_type.status,
            "instance": "urn:uuid:3f0c2a9e-6f4b-4a58-9a57-6c2d6a1c1a11",
            **({"version": 3} if problem_type is STALE else {}),
        }
    answer: dict[str, Any] = {
        "description": problem_type.title if problem_type else status.phrase,
        "content": {PROBLEM_JSON: content},
    }
    if status in _HEADERS:
        answer["headers"] = _HEADERS[status]
    return answer


def _plain(spec: Any) -> Any:
    """`spec` with string keys only, as in JSON; apispec leaves a few statuses as numbers."""
    if isinstance(spec, dict):
        return {str(key): _plain(value) for key, value in spec.items()}
    return [_plain(item) for item in spec] if isinstance(spec, list) else spec
