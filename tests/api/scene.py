"""A school with one of everything, and for each route of the API a request that is well formed there."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from werkzeug.test import TestResponse

from casework.domain.incident.examples import EXAMPLES
from casework_api.sign_in.bearer import PUBLIC
from tests.api.client import REASON, House, Json
from tests.calendars import TEST_CALENDAR_JSON

ANY: Final = {"If-Match": "*"}
TEXT_FILE: Final = b"Words somebody sent, kept as they were.\n"


class Asked(msgspec.Struct, frozen=True):
    """One request: `path` under the base path, and what else the test client is given."""

    method: str
    path: str
    options: dict[str, Any] = {}

    def by(self, house: House, who: str, **headers: str) -> TestResponse:
        """The answer, read to its end, to whoever holds the token of `who`.

        `headers` are added, with `_` for `-`.
        """
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {**self.options.get("headers", {}), **given}
        options = {**self.options, "headers": merged, "buffered": True}
        return house.ask(who, self.method, self.path, **self._fresh(options))

    @staticmethod
    def _fresh(options: dict[str, Any]) -> dict[str, Any]:
        # A stream can be sent once.
        if "data" not in options:
            return options
        parts = {
            name: (io.BytesIO(p), name) if isinstance(p, bytes) else p for name, p in options["data"].items()
        }
        return {**options, "data": parts}


class Scene:
    """A case reported by `reporter`, with a file, a declaration, a spare token and a spare appointment.

    The `colleague` is a reporter who reported nothing; the `stranger` a safeguarding lead elsewhere.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        house.add_user("colleague", "reporter", house.school)
        self.elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", self.elsewhere)
        house.add_user("spare", "reporter", house.school)
        self.spare = house.users["spare"]
        self.spare_token = house.created("admin", f"/users/{self.spare}/tokens", {})["id"]
        appointment = {"user": self.spare, "role": "governor", "from": "2026-09-01"}
        self.spare_appointment = house.created("admin", f"/schools/{house.school}/appointments", appointment)[
            "id"
        ]
        self.pupil = house.person("Petra Pupil")
        self.teacher = house.person("Tara Teacher", "staff")
        self.incident = str(house.bullying("2026-09-14 10:20")["id"])
        self.evidence = str(house.uploaded(self.incident, TEXT_FILE)["id"])
        house.created("dsl", "/declarations", self.declaration())

    def declaration(self) -> Json:
        """A relationship as it is declared."""
        users = self.house.users
        return {
            "school": self.house.school,
            "staff": self.teacher,
            "other": self.pupil,
            "relation": "parent",
            "disclosed_on": "2026-09-11",
            "decision": "contact within the family may go on",
            "advice": "Not about school matters.",
            "decided_by": [users["dsl"], users["headteacher"]],
        }

    def report(self) -> Json:
        """An incident as it is reported."""
        return self.house.reported(people=[{"person": self.pupil, "involvement": "target"}])

    def waiver(self) -> Json:
        """A step that needs two people: the safeguarding lead asks, the head decides."""
        head = self.house.users["headteacher"]
        return {"step": "waive", "waived": "offer_support", "reason": REASON, "authorised_by": head}

    def asked(self) -> str:
        """The id of a pending approval, in a new case: the same step cannot be asked for twice."""
        incident = self.house.report(people=[{"person": self.pupil, "involvement": "target"}])["id"]
        return self.house.ask_to_waive(incident, "offer_support")

    @staticmethod
    def upload_of(house: House) -> Json:
        """The parts of an upload; no two files are the same."""
        metadata = json.dumps(house.described(form="document"))
        return {"metadata": metadata, "file": TEXT_FILE + uuid4().hex.encode()}

    def request(self, endpoint: str) -> Asked:
        """A well-formed request to `endpoint`, about what this scene holds."""
        return REQUESTS[endpoint](self)


def _post(path: str, body: Json, **headers: str) -> Asked:
    return Asked("POST", path, {"json": body, "headers": headers})


def _get(path: str) -> Callable[[Scene], Asked]:
    def asked(scene: Scene) -> Asked:
        return Asked(
            "GET",
            path.format(
                incident=scene.incident,
                evidence=scene.evidence,
                school=scene.house.school,
                pupil=scene.pupil,
                user=scene.spare,
            ),
        )

    return asked


def _approval(scene: Scene) -> Asked:
    """A request for the approval of a waiver, in a new case."""
    incident = scene.house.report(people=[{"person": scene.pupil, "involvement": "target"}])["id"]
    body = {"what": "step", "about": {"incident": incident}, "reason": REASON, "step": scene.waiver()}
    return _post("/approvals", body)


def _appointment(scene: Scene) -> Json:
    return {"user": scene.spare, "role": "reporter", "from": "2026-09-01"}


def _school() -> Json:
    return {
        "name": "Another School",
        "pack": "headcorn",
        "jurisdiction": "england",
        "pupils_on_roll": 90,
        "calendar": TEST_CALENDAR_JSON,
    }


REQUESTS: Final[dict[str, Callable[[Scene], Asked]]] = {
    "incidents.report": lambda s: _post("/incidents", s.report()),
    "incidents.index": _get("/incidents"),
    "incidents.read": _get("/incidents/{incident}"),
    "incidents.next_steps": _get("/incidents/{incident}/next-steps"),
    "incident_guidance.read_guidance": _get("/incidents/{incident}/guidance"),
    "incidents.take_step": lambda s: _post(
        f"/incidents/{s.incident}/steps",
        {"step": "offer_support", **EXAMPLES["offer_support"], "person": target(s)},
        **ANY,
    ),
    "incidents.steps": _get("/incidents/{incident}/steps"),
    "incidents.upload": lambda s: Asked(
        "POST", f"/incidents/{s.incident}/evidence", {"data": s.upload_of(s.house), "headers": ANY}
    ),
    "incidents.evidence_record": _get("/incidents/{incident}/evidence/{evidence}"),
    "incidents.evidence_content": _get("/incidents/{incident}/evidence/{evidence}/content"),
    "incident_reports.read_audit_trail": _get("/incidents/{incident}/audit-trail"),
    "schools.open_school": lambda _: _post("/schools", _school()),
    "schools.read_school": _get("/schools/{school}"),
    "schools.compare_playbooks": _get("/schools/{school}/playbook-comparison?pack=headcorn"),
    "schools.change_school": lambda s: Asked(
        "PATCH", f"/schools/{s.house.school}", {"json": {"pupils_on_roll": 211}}
    ),
    "schools.appoint": lambda s: _post(f"/schools/{s.house.school}/appointments", _appointment(s)),
    "schools.end_appointment": lambda s: Asked(
        "DELETE", f"/schools/{s.house.school}/appointments/{s.spare_appointment}"
    ),
    "school_reports.read_lessons": _get("/schools/{school}/lessons-learnt"),
    "school_reports.read_summary": _get("/schools/{school}/governor-summary"),
    "users.register": lambda _: _post("/users", {"name": "Una Usher", "email": "una@school.example"}),
    "users.read_user": _get("/users/{user}"),
    "users.issue_token": lambda s: _post(f"/users/{s.spare}/tokens", {}),
    "users.revoke_token": lambda s: Asked("DELETE", f"/users/{s.spare}/tokens/{s.spare_token}"),
    "me.read_me": _get("/me"),
    "people.register": lambda s: _post(
        "/people", {"school": s.house.school, "category": "pupil", "name": "Perry Pupil"}
    ),
    "people.find": _get("/people?name=Petra Pupil"),
    "people.read_person": _get("/people/{pupil}"),
    "people.chronology": _get("/people/{pupil}/chronology"),
    "declarations.declare": lambda s: _post("/declarations", s.declaration()),
    "declarations.index": _get("/declarations?person={pupil}"),
    "approvals.ask": _approval,
    "approvals.index": _get("/approvals"),
    "approvals.read": lambda s: Asked("GET", f"/approvals/{s.asked()}"),
    "approvals.decide": lambda s: _post(
        f"/approvals/{s.asked()}/decision", {"approve": True, "reason": REASON}
    ),
    "playbooks.index": _get("/playbooks"),
    "playbooks.read": _get("/playbooks/headcorn"),
    "reference.read": _get("/reference?on=2024-01-30"),
}
"""By endpoint. A route that has none here is one no test knows how to ask."""


def target(scene: Scene) -> str:
    """Whom the scene's case is about."""
    shown = scene.house.get("dsl", f"/incidents/{scene.incident}")
    return str(next(party["person"] for party in shown["people"] if party["involvement"] == "target"))


def endpoints(house: House) -> set[str]:
    """Every endpoint of the application but the public ones."""
    return {rule.endpoint for rule in house.app.url_map.iter_rules()} - PUBLIC


def is_id(text: str) -> bool:
    """Whether `text` is a UUID."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
