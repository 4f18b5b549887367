"""casework in a process in which time is frozen, and after time runs again."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Final

import msgspec
from flask import Flask
from freezegun.api import _freeze_time

from casework_api.app import create_app
from casework_api.commands.cli import MODULES
from casework_api.http.current import EXTENSION
from tests.api.client import Clock, FrozenClock, House
from tests.api.scene import ROUTES, Scene
from tests.settings import settings_for
from tests.whole.processes import casework_here

COMMANDS: Final = (("init",), ("due",), ("rebuild", "caseload"))
PAGES: Final = ("/health/ready", "/docs", "/metrics")
LATER: Final = "2026-10-01 09:00"
SENT_LATER: Final = (
    "incidents.report",
    "incidents.index",
    "incidents.take_step",
    "incidents.steps",
    "incidents.upload",
    "school_reports.read_summary",
    "people.chronology",
)


class Found(msgspec.Struct):
    """What was refused with one database, and a digest of the OpenAPI description."""

    refused: dict[str, str]
    described: str


def main(when: str, early: _freeze_time, folder: str, *urls: str) -> None:
    """Print a Found for each of `urls`. If `when` is "create_app", `early` freezes time here."""
    if when == "create_app":
        early.start()
    apps = [create_app(settings_for(url, Path(folder) / str(place))) for place, url in enumerate(urls)]
    scenes = [_in_frozen_time(app, tick=when == "requests") for app in apps]
    if when != "requests":
        early.stop()
    for scene, found in scenes:
        scene.house.app.extensions[EXTENSION].clock = scene.house.clock = Clock(LATER)
        found.refused |= {f"{endpoint}, later": why for endpoint, why in _refused(scene, SENT_LATER).items()}
        scene.house.close()
    sys.stdout.buffer.write(msgspec.json.encode([found for _, found in scenes]))


def _in_frozen_time(app: Flask, *, tick: bool) -> tuple[Scene, Found]:
    """A school in frozen time, to which every request was sent once and where every command ran once."""
    settings = app.extensions[EXTENSION].app.settings
    house = House(settings, clock=partial(FrozenClock, tick=tick), app=app)
    scene = Scene(house)
    refused = _refused(scene, ROUTES)
    for page in PAGES:
        answer = house.http.get(page)
        if answer.status_code != 200:
            refused[page] = answer.text
    for command in COMMANDS:
        run = casework_here(settings, *command)
        if run.returncode:
            refused[" ".join(command)] = run.stderr
    for module in MODULES.values():
        import_module(f"casework_api.commands.{module}")
    described = hashlib.sha256(house.http.get("/openapi.json").data).hexdigest()
    house.clock.release()
    return scene, Found(refused, described)


def _refused(scene: Scene, endpoints: Iterable[str]) -> dict[str, str]:
    """The `endpoints` that refuse a lead, the head and an administrator, and their answers."""
    refused = {}
    for endpoint in endpoints:
        for who in ("dsl", "headteacher", "admin"):
            answer = scene.request(endpoint).by(scene.house, who)
            if answer.status_code < 400:
                break
        else:
            refused[endpoint] = answer.text
    return refused
