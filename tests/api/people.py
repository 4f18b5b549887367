"""Requests about people: change them, relate them, read their relations and history."""

from __future__ import annotations

from werkzeug.test import TestResponse

from tests.api.client import REASON, House, Json, body_of


def patch(
    house: House, person: str, version: str | None = "*", who: str = "dsl", **fields: Json
) -> TestResponse:
    """A change by `who`, with `version` as `If-Match` (None for no header)."""
    headers = {} if version is None else {"If-Match": version}
    body = {"reason": REASON, **fields}
    return house.ask(who, "PATCH", f"/people/{person}", json=body, headers=headers)


def changed(house: House, person: str, **fields: Json) -> Json:
    answer = patch(house, person, **fields)
    assert answer.status_code == 200, answer.text
    return body_of(answer)


def related(house: House, person: str, relation: str, to: str, **fields: Json) -> Json:
    body = {"relation": relation, "person": to, **fields}
    return house.created("dsl", f"/people/{person}/relations", body)


def relations(house: House, person: str) -> list[Json]:
    return list(house.get("dsl", f"/people/{person}")["relations"])


def history(house: House, person: str, query: str = "") -> Json:
    return house.get("dsl", f"/people/{person}/history{query}")
