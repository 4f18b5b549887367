"""Routes: strict input, JSON answers, and an OpenAPI description made from the same declarations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, NoReturn, TypeVar, get_origin

import flask_smorest  # type: ignore[import-untyped]
import marshmallow as ma
import msgspec
from flask import Request, Response, current_app, request
from flask_smorest.utils import (  # type: ignore[import-untyped]
    set_status_and_headers_in_response,
    unpack_tuple_response,
)
from webargs.flaskparser import FlaskParser
from werkzeug.wrappers import Response as WSGIResponse

from casework.domain.sealed import Sealed
from casework_api.http.etags import IDEMPOTENCY_KEY, IF_MATCH
from casework_api.http.fields import InputSchema, OneOrMany
from casework_api.http.problems import errors_by_location, errors_by_path, malformed, unsupported_media_type
from casework_projections.documents.canonical import encode

JSON: Final = "application/json"
SCHEMA_REF: Final = "#/components/schemas/{name}"

View = Callable[..., Any]
Decorated = TypeVar("Decorated", bound=View)
AnswerSchema = type[ma.Schema] | type[msgspec.Struct] | dict[str, Any]

_GENERIC: Final = re.compile(rb'\b([A-Za-z]+)_([A-Za-z]+)_(?=")')
_ALWAYS_POSSIBLE: Final = (401, 403, 413, 422, 429, 500, 503)
_READS_QUERY: Final = "reads_query"
_HEADER_DOCS: Final[dict[str, dict[str, Any]]] = {
    "ETag": {"description": "The version, in quotes.", "schema": {"type": "string"}},
    "Location": {
        "description": "The address of the new resource.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
}


class HeaderParameter(msgspec.Struct, frozen=True):
    """A request header that a route reads, and the statuses of the problems it can cause."""

    name: str
    description: str
    pattern: str
    example: str
    required: bool = False
    problems: tuple[int, ...] = ()

    def documented(self) -> dict[str, Any]:
        """The header as an OpenAPI parameter."""
        return {
            "in": "header",
            "name": self.name,
            "description": self.description,
            "required": self.required,
            "schema": {"type": "string", "pattern": self.pattern},
            "example": self.example,
        }


IF_MATCH_HEADER: Final = HeaderParameter(
    IF_MATCH,
    "The version you read, as in its `ETag`, or `*` for any version.",
    r'^(?:"(?:0|[1-9][0-9]{0,17})"|\*)$',
    '"3"',
    required=True,
    problems=(412, 422, 428),
)
IDEMPOTENCY_KEY_HEADER: Final = HeaderParameter(
    IDEMPOTENCY_KEY,
    "A key you choose for this request. A retry with the same key and body gets the same answer.",
    r"^[\x21-\x7e]{1,255}$",
    "3f0c2a9e-6f4b-4a58-9a57-6c2d6a1c1a11",
    problems=(409, 422),
)


def read_json(request: Request) -> Any:
    """The body of `request`. Raises a problem if it is not sent as JSON (415) or is not JSON (422).

    A request without a body and a media type reads as an empty object. Invalid Unicode, NaN, numbers out of
    range and nesting that is too deep are not JSON here.
    """
    body = request.get_data(cache=True)
    if not body and not request.mimetype:
        return {}
    if request.mimetype != JSON or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise unsupported_media_type([JSON])
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise malformed({"$": ["is not JSON"]}) from None


class StrictParser(FlaskParser):
    """Refuses unknown fields in body and query, repeated parameters, and bodies that are not JSON."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - webargs declares it so
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "json": ma.RAISE,
        "query": ma.RAISE,
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        return read_json(req)

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        lists = {field.data_key or name for name, field in schema.fields.items() if _is_list(field)}
        repeated = [name for name, values in req.args.lists() if len(values) > 1 and name not in lists]
        if repeated:
            raise malformed(errors_by_path({name: ["must be given once"] for name in repeated}, ""))
        return super().load_querystring(req, schema)

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,
        schema: ma.Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        which = schema.failed(error) if isinstance(schema, OneOrMany) else {}
        raise malformed(errors_by_location(error.messages), **which) from None


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc] # flask-smorest is not typed
    """A flask-smorest blueprint that encodes answers without a schema and documents possible problems."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._components: dict[str, dict[str, Any]] = {}
        self._prepare_doc_cbks.append(self._prepare_headers_doc)
        self._prepare_doc_cbks.append(self._prepare_problems_doc)
        self.before_request(_refuse_query)

    def route(self, rule: str, **options: Any) -> Callable[[Decorated], Decorated]:
        """Like flask-smorest's."""
        decorator: Callable[[Decorated], Decorated] = super().route(rule, **options)
        return decorator

    def arguments(
        self, schema: type[ma.Schema], *, location: str = "json", **options: Any
    ) -> Callable[[Decorated], Decorated]:
        """Like flask-smorest's: the view gets what `schema` loaded as its first argument."""
        # One instance for all requests: creating it takes longer than reading most bodies.
        made = schema()
        decorator: Callable[[Decorated], Decorated] = super().arguments(made, location=location, **options)
        if location != "query":
            return decorator

        def reading_query(view: Decorated) -> Decorated:
            decorated = decorator(view)
            vars(decorated)[_READS_QUERY] = True
            return decorated

        return reading_query

    def doc(self, **members: Any) -> Callable[[Decorated], Decorated]:
        """Like flask-smorest's: members of the operation as in OpenAPI."""
        decorator: Callable[[Decorated], Decorated] = super().doc(**members)
        return decorator

    def takes(self, *headers: HeaderParameter) -> Callable[[View], View]:
        """Document that a route reads `headers`, and the problems they can cause."""

        def decorator(view: View) -> View:
            document = self.alt_response_for(code for header in headers for code in header.problems)
            documented = document(_wrapped(view))
            vars(documented)["_apidoc"].setdefault("headers", []).extend(headers)
            return documented

        return decorator

    def returns(
        self,
        status: int,
        schema: AnswerSchema | None = None,
        *,
        description: str | None = None,
        content_type: str = JSON,
        headers: Iterable[str] = (),
        problems: Iterable[int] = (),
        example: Any = None,
        examples: Mapping[str, Any] | None = None,
    ) -> Callable[[View], View]:
        """Answer with `status` and the view's result, encoded as JSON, and document the answer.

        The view returns a body, or a tuple of body and headers, or body, status and headers, as in
        Flask; a `Response` is passed on unchanged, and None is an empty body. `schema` only documents the
        body: a marshmallow schema, a struct, or a JSON schema. `headers` may name `ETag` and `Location`;
        `problems` are the statuses of this route's problems besides those that every route may have.
        Several `returns` document several forms of an answer; the outermost sets the status.
        """
        document_success = self.alt_response(
            status,
            schema=self._described(schema),
            content_type=content_type,
            description=description,
            example=example,
            examples=examples,
            headers={name: _HEADER_DOCS[name] for name in headers} or None,
            success=True,
        )
        document_problems = self.alt_response_for(problems)

        def decorator(view: View) -> View:
            @wraps(view)
            def answering(*args: Any, **kwargs: Any) -> WSGIResponse:
                return _answer(view(*args, **kwargs), status)

            documented: View = document_problems(document_success(answering))
            return documented

        return decorator

    def alt_response_for(self, problems: Iterable[int]) -> Callable[[View], View]:
        """Document that a route may answer with the problems of these statuses."""
        codes = sorted(set(problems))

        def decorator(view: View) -> View:
            for code in codes:
                view = self.alt_response(code, response=HTTPStatus(code).name)(view)
            return view

        return decorator

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: View | None = None,
        *args: Any,
        **options: Any,
    ) -> None:
        """Like flask-smorest's; also marks routes with an id in their path, which may not exist (404)."""
        super().add_url_rule(rule, endpoint, view_func, *args, **options)
        if "<" in f"{self.url_prefix or ''}{rule}":
            for doc in self._docs[self._endpoints[-1]].values():
                if isinstance(doc, dict):
                    doc["has_id_in_path"] = True

    def register_views_in_doc(self, api: Any, app: Any, spec: Any, **options: Any) -> None:
        """Like flask-smorest's; also adds the structs that describe answers."""
        for name, component in self._components.items():
            known = spec.components.schemas.get(name)
            if known is None:
                spec.components.schema(name, component)
            elif known != component:
                raise TypeError(f"two different structs are called {name}")
        super().register_views_in_doc(api, app, spec, **options)

    def _described(self, schema: AnswerSchema | None) -> Any:
        struct = get_origin(schema) or schema
        if not (isinstance(struct, type) and issubclass(struct, msgspec.Struct)):
            return schema
        described, components = _named_plainly(
            msgspec.json.schema_components([schema], schema_hook=_schema_hook, ref_template=SCHEMA_REF)
        )
        self._components |= components
        return described[0]

    @staticmethod
    def _prepare_headers_doc(doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
        for header in doc_info.get("headers", ()):
            doc.setdefault("parameters", []).append(header.documented())
        return doc

    @staticmethod
    def _prepare_problems_doc(doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
        possible = [*_ALWAYS_POSSIBLE]
        if doc_info.get("has_id_in_path"):
            possible.append(404)
        if JSON in doc.get("requestBody", {}).get("content", {}):
            possible.append(415)
        answers = doc.setdefault("responses", {})
        for code in possible:
            answers.setdefault(code, HTTPStatus(code).name)
        return doc


def _refuse_query() -> None:
    """Raise a problem (422) for a query string that no `arguments` of the view reads."""
    view = current_app.view_functions[request.endpoint or ""]
    if request.args and not hasattr(view, _READS_QUERY):
        unknown = InputSchema.error_messages["unknown"]
        raise malformed(errors_by_path({name: [unknown] for name in request.args}, ""))


def _wrapped(view: View) -> View:
    @wraps(view)
    def same(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return same


def _answer(result: Any, status: int) -> WSGIResponse:
    body, own_status, headers = unpack_tuple_response(result)
    response = body if isinstance(body, WSGIResponse) else _response(body, status)
    set_status_and_headers_in_response(response, own_status, headers)
    return response


def _response(body: Any, status: int) -> WSGIResponse:
    if body is not None:
        return Response(encode(body), status, content_type=JSON)
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def _named_plainly(schemas: tuple[tuple[dict[str, Any], ...], dict[str, Any]]) -> Any:
    """`schemas` with `ThingPage` for what msgspec calls `Page_Thing_`, the struct `Page[Thing]`."""
    return msgspec.json.decode(_GENERIC.sub(rb"\2\1", msgspec.json.encode(schemas)))


def _schema_hook(custom: type) -> dict[str, Any]:
    for known, schema in _SCHEMAS.items():
        if issubclass(custom, known):
            return dict(schema)
    raise NotImplementedError(f"{custom.__qualname__} has no JSON schema")


def _is_list(field: ma.fields.Field[Any]) -> bool:
    return isinstance(field, ma.fields.List)


# In frozen time msgspec compares with freezegun's types, so those of the standard library count as custom.
_SCHEMAS: Final[dict[type, dict[str, Any]]] = {
    Sealed: {"type": "string"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
}
"""The JSON schemas of types msgspec may not know; a subclass stands before its base."""
