"""Splits an OpenAPI document: tests driven by a document take longer the larger it is."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

Json = Any

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_BODY: Final = "application/json"


def parts(spec: Json, one_form_in: int = 1) -> Iterator[tuple[str, Json]]:
    """One document per operation and per variant of its body, with its name.

    Only one of every `one_form_in` variants of a body is returned.
    """
    for path, item in spec["paths"].items():
        common = {name: value for name, value in item.items() if name not in _METHODS}
        for method in _METHODS:
            if method in item:
                for label, operation in islice(_forms(spec, item[method]), 0, None, one_form_in):
                    paths = {path: {**common, method: operation}}
                    whole = {**spec, "paths": paths, "components": {}}
                    name = " ".join(filter(None, (method.upper(), path, label)))
                    yield name, {**whole, "components": _needed(spec, paths)}


def without_patterns(spec: Json) -> Json:
    """`spec` without the patterns of bounded texts: generating one from its pattern takes a second."""
    if isinstance(spec, dict):
        names = (name for name in spec if not (name == "pattern" and "maxLength" in spec))
        return {name: without_patterns(spec[name]) for name in names}
    return [without_patterns(part) for part in spec] if isinstance(spec, list) else spec


def _forms(spec: Json, operation: Json) -> Iterator[tuple[str, Json]]:
    """The operation, or one copy for each variant of its body."""
    media = operation.get("requestBody", {}).get("content", {}).get(_BODY)
    forms = [] if media is None else [*_variants(spec, media["schema"])]
    if len(forms) <= 1:
        yield "", operation
        return
    for form in forms:
        body = {**operation["requestBody"], "content": {_BODY: {"schema": form}}}
        yield form.get("$ref", "list").rpartition("/")[2], {**operation, "requestBody": body}


def _variants(spec: Json, schema: Json) -> Iterator[Json]:
    """The schemas that `schema` is one of; itself if it is no choice."""
    choices = (_found(spec, schema["$ref"]) if "$ref" in schema else schema).get("oneOf")
    if choices is None:
        yield schema
        return
    for choice in choices:
        yield from _variants(spec, choice)


def _needed(spec: Json, paths: Json) -> Json:
    """The components that `paths` refer to, and those that these refer to."""
    needed: Json = {"securitySchemes": spec["components"]["securitySchemes"]}
    waiting = list(_references(paths))
    while waiting:
        reference = waiting.pop()
        section, name = reference.split("/")[2:]
        if name not in needed.setdefault(section, {}):
            needed[section][name] = _found(spec, reference)
            waiting += _references(needed[section][name])
    return needed


def _found(spec: Json, reference: str) -> Json:
    found = spec
    for part in reference.split("/")[1:]:
        found = found[part]
    return found


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name == "$ref":
                yield part
            else:
                yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)
