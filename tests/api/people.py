"""Requests about people."""

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
