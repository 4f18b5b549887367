"""A school with one of everything, and a well-formed request for each route of the API."""

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
        """The answer, read to its end, to a request with the token of `who`.

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

    The `colleague` is a reporter who reported nothing; the `stranger` is a lead at another school.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        house.add_user("colleague", "reporter", house.school)
        self.elsewhere = house.open_school("headcorn")
        house.add_user("stranger", "dsl", self.elsewhere)
        house.add_user("spare", "reporter", house.school)
        self.spare = house.users["spare"]
        self.spare_token = house.issued("spare", "read")["id"]
        body = {"name": "Sync Service", "email": f"{uuid4()}@school.example", "service": True}
        self.service = house.created("admin", "/users", body)["id"]
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
        """The body of a declaration."""
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
        """The body of a report."""
        return self.house.reported(people=[{"person": self.pupil, "involvement": "target"}])

    def new_pupil(self) -> Json:
        """The body of a new person, who is told from all others of that name."""
        school = self.house.school
        return {"school": school, "category": "pupil", "name": "Perry Pupil", "distinct": True}

    def promotion(self) -> Asked:
        """A request to move up the pupils of a new school: it can be done once a year."""
        house = self.house
        school = house.open_school("headcorn")
        for name, year_group in (("Petra Pupil", 5), ("Perry Other", 6)):
            body = {"school": school, "category": "pupil", "name": name, "year_group": year_group}
            house.created("admin", "/people", body)
        return _post(f"/schools/{school}/year-groups/promote", {"preview": False})

    def change(self) -> Json:
        """The body of a change of a person: another employer each time."""
        return {"employer": f"Employer {uuid4().hex}", "reason": REASON}

    def relation(self) -> Json:
        """The body of a relation, to a new person each time."""
        return {"relation": "relative_of", "person": self.house.person("Rae Relative", "staff")}

    def related(self) -> str:
        """The id of a new relation."""
        return str(self.house.created("dsl", f"/people/{self.teacher}/relations", self.relation())["id"])

    def newcomer(self) -> str:
        """The id of a new user, who has no token and no role."""
        body = {"name": "Una Usher", "email": f"{uuid4()}@school.example"}
        return str(self.house.created("admin", "/users", body)["id"])

    def appointed(self) -> str:
        """The id of a new appointment."""
        path = f"/schools/{self.house.school}/appointments"
        return str(self.house.created("admin", path, _appointment(self))["id"])

    def same_as(self) -> Json:
        """The body of a join, with a new record each time."""
        return {"person": self.house.person("Tara Teacher", "staff"), "reason": REASON}

    def joined(self) -> str:
        """The id of a new record that is joined to the teacher's."""
        body = self.same_as()
        self.house.created("dsl", f"/people/{self.teacher}/same-as", body)
        return str(body["person"])

    def waiver(self) -> Json:
        """A step that needs two people: the safeguarding lead asks, the head decides."""
        head = self.house.users["headteacher"]
        return {"step": "waive", "waived": "save_evidence", "reason": REASON, "authorised_by": head}

    def asked(self) -> str:
        """The id of a pending approval, in a new case: the same step cannot be asked for twice."""
        incident = self.house.report(people=[{"person": self.pupil, "involvement": "target"}])["id"]
        return self.house.ask_to_waive(incident, "save_evidence")

    @staticmethod
    def upload_of(house: House) -> Json:
        """The parts of an upload; no two files are the same."""
        metadata = json.dumps(house.described(form="document"))
        return {"metadata": metadata, "file": TEXT_FILE + uuid4().hex.encode()}

    def request(self, endpoint: str) -> Asked:
        """A well-formed request to `endpoint`, about what this scene holds."""
        return ROUTES[endpoint].request(self)


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


def _conflict(scene: Scene) -> Asked:
    """A conflict declared in a new case, because it shuts the user out."""
    incident = scene.house.report(people=[{"person": scene.pupil, "involvement": "target"}])["id"]
    return _post(f"/incidents/{incident}/conflicts", {"reason": REASON})


def _approval(scene: Scene) -> Asked:
    """A request for the approval of a waiver, in a new case."""
    incident = scene.house.report(people=[{"person": scene.pupil, "involvement": "target"}])["id"]
    body = {"what": "step", "about": {"incident": incident}, "reason": REASON, "step": scene.waiver()}
    return _post("/approvals", body)


def _appointment(scene: Scene) -> Json:
    """The body of an appointment of a new user: one user cannot hold a role twice."""
    return {"user": scene.newcomer(), "role": "reporter", "from": "2026-09-01"}


def _school() -> Json:
    return {
        "name": "Another School",
        "pack": "headcorn",
        "jurisdiction": "england",
        "pupils_on_roll": 90,
        "calendar": TEST_CALENDAR_JSON,
    }


class Route(msgspec.Struct, frozen=True):
    """A well-formed request to a route, the status of its answer for each of `WHO`, and what it reads.

    `asks` is the name of the question that it answers; None for a route that shows nothing of the record.
    """

    request: Callable[[Scene], Asked]
    answers: str
    asks: str | None = None

    def status(self, who: str) -> int:
        return int(self.answers.split()[WHO.index(who)])


WHO: Final = (
    "admin", "dsl", "deputy_dsl", "headteacher", "reporter", "colleague", "governor", "stranger",
)  # fmt: skip
"""The reporter made the report; the colleague made none; the stranger is a lead at another school."""

ROUTES: Final = {
    "incidents.report": Route(lambda s: _post("/incidents", s.report()), "403 201 201 201 201 201 201 403"),
    "incidents.index": Route(_get("/incidents"), "200 200 200 200 200 200 200 200", "cases"),
    "incidents.read": Route(_get("/incidents/{incident}"), "404 200 200 200 200 404 404 404", "case"),
    "incidents.next_steps": Route(
        _get("/incidents/{incident}/next-steps"), "404 200 200 200 403 404 404 404", "next steps"
    ),
    "incident_guidance.read_guidance": Route(
        _get("/incidents/{incident}/guidance"), "404 200 200 200 403 404 404 404", "guidance"
    ),
    "incidents.take_step": Route(
        lambda s: _post(
            f"/incidents/{s.incident}/steps",
            {"step": "offer_support", **EXAMPLES["offer_support"], "person": target(s)},
            **ANY,
        ),
        "404 201 201 201 403 404 404 404",
    ),
    "incidents.declare_conflict": Route(_conflict, "404 201 201 201 403 404 404 404"),
    "incidents.steps": Route(
        _get("/incidents/{incident}/steps"), "404 200 200 200 403 404 404 404", "timeline"
    ),
    "incidents.upload": Route(
        lambda s: Asked(
            "POST", f"/incidents/{s.incident}/evidence", {"data": s.upload_of(s.house), "headers": ANY}
        ),
        "404 201 201 201 403 404 404 404",
    ),
    "incidents.evidence_record": Route(
        _get("/incidents/{incident}/evidence/{evidence}"), "404 200 200 200 403 404 404 404", "evidence"
    ),
    "incidents.evidence_content": Route(
        _get("/incidents/{incident}/evidence/{evidence}/content"),
        "404 200 200 200 403 404 404 404",
        "evidence content",
    ),
    "incident_reports.read_audit_trail": Route(
        _get("/incidents/{incident}/audit-trail"), "404 200 200 200 403 404 404 404", "audit trail"
    ),
    "schools.open_school": Route(lambda _: _post("/schools", _school()), "201 403 403 403 403 403 403 403"),
    "schools.index": Route(_get("/schools"), "200 200 200 200 200 200 200 200", "schools"),
    "schools.read_school": Route(_get("/schools/{school}"), "200 200 200 200 200 200 200 404", "school"),
    "schools.compare_playbooks": Route(
        _get("/schools/{school}/playbook-comparison?pack=headcorn"),
        "404 200 200 200 403 403 403 404",
        "comparison",
    ),
    "schools.change_school": Route(
        lambda s: Asked("PATCH", f"/schools/{s.house.school}", {"json": {"pupils_on_roll": 211}}),
        "200 403 403 403 403 403 403 404",
    ),
    # Of a school at which only the administrator may act.
    "schools.promote": Route(lambda s: s.promotion(), "200 404 404 404 404 404 404 404"),
    "schools.appoint": Route(
        lambda s: _post(f"/schools/{s.house.school}/appointments", _appointment(s)),
        "201 403 403 403 403 403 403 404",
    ),
    "schools.appointments": Route(
        _get("/schools/{school}/appointments"), "200 200 200 200 403 403 403 404", "appointments"
    ),
    "schools.change_appointment": Route(
        lambda s: Asked(
            "PATCH",
            f"/schools/{s.house.school}/appointments/{s.appointed()}",
            {"json": {"absent_until": "2026-09-30"}},
        ),
        "200 403 403 403 403 403 403 404",
    ),
    "schools.end_appointment": Route(
        lambda s: Asked("DELETE", f"/schools/{s.house.school}/appointments/{s.spare_appointment}"),
        "204 403 403 403 403 403 403 404",
    ),
    "school_reports.read_lessons": Route(
        _get("/schools/{school}/lessons-learnt"), "404 200 200 200 403 403 403 404", "lessons"
    ),
    "school_reports.count_breaches": Route(
        _get("/schools/{school}/breaches"), "404 200 200 200 403 403 403 404", "breaches"
    ),
    "school_reports.read_summary": Route(
        _get("/schools/{school}/governor-summary"), "404 200 200 200 403 403 403 404", "governor summary"
    ),
    "users.register": Route(
        lambda _: _post("/users", {"name": "Una Usher", "email": f"{uuid4()}@school.example"}),
        "201 403 403 403 403 403 403 403",
    ),
    "users.index": Route(_get("/users"), "200 200 200 200 403 403 403 200", "users"),
    "users.read_user": Route(_get("/users/{user}"), "200 200 200 200 403 403 403 404", "user"),
    "users.change_user": Route(
        lambda s: Asked("PATCH", f"/users/{s.spare}", {"json": {"name": f"Una {uuid4()}"}, "headers": ANY}),
        "200 403 403 403 403 403 403 403",
    ),
    "users.issue_token": Route(
        lambda s: _post(f"/users/{s.service}/tokens", {}), "201 403 403 403 403 403 403 403"
    ),
    "users.invite": Route(
        lambda s: Asked("POST", f"/users/{s.newcomer()}/invitations"), "201 403 403 403 403 403 403 403"
    ),
    "users.revoke_token": Route(
        lambda s: Asked("DELETE", f"/users/{s.spare}/tokens/{s.spare_token}"),
        "204 403 403 403 403 403 403 403",
    ),
    "me.tokens": Route(_get("/me/tokens"), "200 200 200 200 200 200 200 200", "own tokens"),
    "me.notices": Route(_get("/me/notices"), "200 200 200 200 200 200 200 200", "notices"),
    "me.read_me": Route(_get("/me"), "200 200 200 200 200 200 200 200", "me"),
    "people.register": Route(
        lambda s: _post("/people", s.new_pupil()),
        "201 201 201 201 201 201 201 403",
    ),
    "people.find": Route(_get("/people?name=Petra Pupil"), "403 200 200 200 200 200 200 200", "people"),
    "people.pairs": Route(_get("/people/pairs?school={school}"), "404 200 200 200 403 403 403 404", "pairs"),
    "people.read_person": Route(_get("/people/{pupil}"), "404 200 200 200 403 403 403 404", "person"),
    "people.change_person": Route(
        lambda s: Asked("PATCH", f"/people/{s.pupil}", {"json": s.change(), "headers": ANY}),
        "200 200 200 200 403 403 403 404",
    ),
    "people.relate": Route(
        lambda s: _post(f"/people/{s.teacher}/relations", s.relation()),
        "201 201 201 201 403 403 403 404",
    ),
    "people.end_relation": Route(
        lambda s: Asked("DELETE", f"/people/{s.teacher}/relations/{s.related()}"),
        "204 204 204 204 403 403 403 404",
    ),
    "people.join": Route(
        lambda s: _post(f"/people/{s.teacher}/same-as", s.same_as()), "403 201 201 201 403 403 403 404"
    ),
    "people.part_records": Route(
        lambda s: Asked("DELETE", f"/people/{s.teacher}/same-as/{s.joined()}", {"json": {"reason": REASON}}),
        "403 204 204 204 403 403 403 404",
    ),
    "people.history": Route(
        _get("/people/{pupil}/history"), "404 200 200 200 403 403 403 404", "person history"
    ),
    "people.chronology": Route(
        _get("/people/{pupil}/chronology"), "404 200 200 200 403 403 403 404", "chronology"
    ),
    "declarations.declare": Route(
        lambda s: _post("/declarations", s.declaration()), "403 201 201 201 403 403 403 403"
    ),
    "declarations.index": Route(
        _get("/declarations?person={pupil}"), "404 200 200 200 403 403 403 404", "declarations"
    ),
    # The head is named as the one who decides, and cannot ask for it too.
    "approvals.ask": Route(_approval, "404 201 201 422 403 404 404 404"),
    "approvals.index": Route(_get("/approvals"), "200 200 200 200 200 200 200 200", "approvals"),
    "approvals.read": Route(
        lambda s: Asked("GET", f"/approvals/{s.asked()}"), "404 200 200 200 404 404 404 404", "approval"
    ),
    "approvals.decide": Route(
        lambda s: _post(f"/approvals/{s.asked()}/decision", {"approve": True, "reason": REASON}),
        "404 403 403 200 404 404 404 404",
    ),
    "playbooks.index": Route(_get("/playbooks"), "200 200 200 200 200 200 200 200"),
    "playbooks.read": Route(_get("/playbooks/headcorn"), "200 200 200 200 200 200 200 200"),
    "reference.read": Route(_get("/reference?on=2024-01-30"), "200 200 200 200 200 200 200 200"),
}
"""By endpoint. Every route needs a row here, so that tests can send a request to it."""


def target(scene: Scene) -> str:
    """The subject of the scene's case."""
    shown = scene.house.get("dsl", f"/incidents/{scene.incident}")
    return str(next(party["person"] for party in shown["people"] if party["involvement"] == "target"))


def endpoints(house: House) -> set[str]:
    """Every endpoint of the application except the public ones."""
    return {rule.endpoint for rule in house.app.url_map.iter_rules()} - PUBLIC


def is_id(text: str) -> bool:
    """Whether `text` is a UUID."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True
