"""Sending what must be refused, and seeing that it repeats nothing and changes nothing."""

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
"""Stands in for what must not be repeated."""

GONE: Final = object()
"""Says that a field is left out."""

UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
"""The id of nothing."""

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
    """The problem with which `asked` is refused."""
    before = house.events()
    with logged() as log:
        answer = asked.by(house, who, **headers)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    problem = body_of(answer)
    assert problem["status"] == status
    assert house.events() == before
    for told in (answer.text, str(answer.headers), log.getvalue()):
        assert MARKER.lower() not in told.lower()
    return problem


def with_body(asked: Asked, **fields: Any) -> Asked:
    """`asked` with some fields of its JSON body changed or left out."""
    body = {**asked.options["json"], **fields}
    kept = {name: value for name, value in body.items() if value is not GONE}
    return msgspec.structs.replace(asked, options={**asked.options, "json": kept})
