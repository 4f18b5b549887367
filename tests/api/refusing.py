"""Sends requests that must be refused; asserts that the problem repeats no input and nothing changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.api.client import House, Json, body_of, logged, opened_house
from tests.api.scene import Asked, Scene
from tests.engines import Engine

MARKER: Final = "Quillfeather"
"""A marker for input that must not be repeated."""

GONE: Final = object()
"""Marks a field to leave out."""

UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
"""An id that nothing has."""

LONG: Final = MARKER * 1000
HIDDEN: Final = f"{MARKER}\x08"


@contextmanager
def opened_scene(engine: Engine, folder: Path) -> Iterator[Scene]:
    """A scene with at least two of everything that is listed."""
    with opened_house(engine, folder) as house:
        scene = Scene(house)
        house.person("Petra Pupil")
        house.created("dsl", "/incidents", scene.report())
        house.created("dsl", "/incidents", scene.report())
        house.created("dsl", "/declarations", scene.declaration())
        yield scene


def refused(house: House, asked: Asked, status: int, who: str = "dsl", **headers: str) -> Json:
    """Send `asked`, which must be refused with `status`; returns the problem."""
    before = house.events()
    with logged() as log:
        answer = asked.by(house, who, **headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    problem = body_of(answer)
    assert problem["status"] == status
    assert house.events() == before
    for output in (answer.text, str(answer.headers), log.getvalue()):
        assert MARKER.lower() not in output.lower()
    return problem


def with_body(asked: Asked, **fields: Any) -> Asked:
    """`asked` with some fields of its JSON body changed or left out."""
    body = {**asked.options["json"], **fields}
    given = {name: value for name, value in body.items() if value is not GONE}
    return msgspec.structs.replace(asked, options={**asked.options, "json": given})
