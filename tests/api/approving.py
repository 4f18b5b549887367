"""Helpers for tests of approvals over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from werkzeug.test import TestResponse

from tests.api.client import REASON, House, Json, body_of
from tests.api.scene import ANY

REPORTED: Final = "2026-09-14 10:20"
WEEK: Final = timedelta(days=7)
WHY: Final = "The head should see it."
UNKNOWN: Final = str(UUID(int=7))


def case(house: House) -> str:
    """A case of bullying in which support for both pupils is due."""
    return str(house.bullying(REPORTED)["id"])


def shown(house: House, incident: str, who: str = "dsl") -> Json:
    """The incident as `who` reads it."""
    return house.get(who, f"/incidents/{incident}")


def waiver(house: House, by: str = "headteacher", **more: Json) -> Json:
    """A step that needs two people."""
    body = {"step": "waive", "waived": "save_evidence", "reason": REASON}
    return body | {"authorised_by": house.users[by], **more}


def post(house: House, incident: str, step: Json, who: str = "dsl", **headers: str) -> TestResponse:
    """Post `step` to the incident at any version; `headers` are added, with `_` for `-`."""
    sent = ANY | {name.replace("_", "-"): value for name, value in headers.items()}
    return house.ask(who, "POST", f"/incidents/{incident}/steps", json=step, headers=sent)


def ask(house: House, incident: str, step: Json, who: str = "dsl", **more: Json) -> TestResponse:
    """Ask for approval of `step`; `more` replaces fields of the body."""
    body = {"what": "step", "about": {"incident": incident}, "reason": WHY, "step": step}
    return house.ask(who, "POST", "/approvals", json=body | more)


def refused(answer: TestResponse) -> str:
    """The rule that refused the request (409)."""
    assert answer.status_code == 409, answer.text
    assert answer.json is not None
    assert answer.json["clause"]
    return str(answer.json["rule"])


def faults(answer: TestResponse) -> dict[str, list[str]]:
    """What is wrong with the request (422): messages by JSON path."""
    assert answer.status_code == 422, answer.text
    return dict(body_of(answer)["errors"])


class Unchanged:
    """Asserts that nothing is recorded in its block."""

    def __init__(self, house: House) -> None:
        self.house = house

    def __enter__(self) -> None:
        self.before = self.house.events()

    def __exit__(self, *_: object) -> None:
        assert self.house.events() == self.before
