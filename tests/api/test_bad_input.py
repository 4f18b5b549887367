"""Malformed bodies: each gets a problem that names the field, repeats no input and changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import pytest

from casework.domain.incident import STEPS
from casework_api.http.fields import SomeFields
from casework_api.http.limits import MAX_JSON_BODY
from casework_api.json.incidents.schemas import StepInput
from tests.api.client import NO_RISK, REASON
from tests.api.refusing import GONE, HIDDEN, LONG, MARKER, UNKNOWN, opened_scene, refused, with_body
from tests.api.scene import ANY, Asked, Scene
from tests.engines import SQLiteEngine

NO_USER: Final = "names no user of this school"
NO_PERSON: Final = "names no person of this school"
ELSEWHERE: Final = object()
"""Stands for a person of another school."""


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened_scene(sqlite_engine, tmp_path_factory.mktemp("bad-input")) as scene:
        yield scene


@pytest.fixture(scope="module")
def stranger_at_school(scene: Scene) -> str:
    """A person of the school next door."""
    body = {"school": scene.elsewhere, "category": "pupil", "name": "Nell Nextdoor"}
    return str(scene.house.created("stranger", "/people", body)["id"])


WHO: Final = {
    "incidents.report": "reporter",
    "incidents.take_step": "dsl",
    "people.register": "dsl",
    "people.change_person": "dsl",
    "people.relate": "dsl",
    "schools.open_school": "admin",
    "users.register": "admin",
    "users.change_user": "admin",
    "users.issue_token": "admin",
    "schools.appoint": "admin",
    "schools.promote": "admin",
    "declarations.declare": "dsl",
    "approvals.ask": "dsl",
    "approvals.decide": "headteacher",
}
REQUIRED: Final = {
    "incidents.report": ("school", "kind", "occurred_at", "setting", "summary"),
    "incidents.take_step": ("step", "person", "what"),
    "people.register": ("school", "category", "name"),
    "people.change_person": ("reason",),
    "people.relate": ("relation", "person"),
    "schools.open_school": ("name", "pack", "jurisdiction", "pupils_on_roll", "calendar"),
    "users.register": ("name", "email"),
    "users.change_user": (),
    "users.issue_token": (),
    "schools.appoint": ("user", "role", "from"),
    "schools.promote": ("preview",),
    "declarations.declare": (
        "school", "staff", "other", "relation", "disclosed_on", "decision", "advice", "decided_by",
    ),
    "approvals.ask": ("what", "about", "reason", "step"),
    "approvals.decide": ("approve", "reason"),
}  # fmt: skip
BODIES: Final = [
    ("approvals.ask", {"what": MARKER}, "$.what"),
    ("approvals.ask", {"what": "break_glass"}, "$.what"),
    ("approvals.ask", {"about": {"incident": MARKER}}, "$.about.incident"),
    ("approvals.ask", {"about": {"incident": None}}, "$.about.incident"),
    ("approvals.ask", {"reason": LONG}, "$.reason"),
    ("approvals.ask", {"step": {"step": MARKER}}, "$.step.step"),
    ("approvals.ask", {"step": {"step": "add_note", "text": MARKER}}, "$.step"),
    ("approvals.ask", {"until": "2026-10-01T09:00:00Z"}, "$.until"),
    ("approvals.ask", {"authorised_by": MARKER}, "$.authorised_by"),
    ("approvals.decide", {"approve": MARKER}, "$.approve"),
    ("approvals.decide", {"reason": HIDDEN}, "$.reason"),
    ("approvals.decide", {"reason": LONG}, "$.reason"),
    ("approvals.decide", {"by": MARKER}, "$.by"),
    ("incidents.report", {"kind": MARKER}, "$.kind"),
    ("incidents.report", {"kind": 7}, "$.kind"),
    ("incidents.report", {"kind": "staff_allegation_" * 8}, "$.kind"),
    ("incidents.report", {"school": MARKER}, "$.school"),
    ("incidents.report", {"setting": MARKER}, "$.setting"),
    ("incidents.report", {"occurred_at": MARKER}, "$.occurred_at"),
    ("incidents.report", {"occurred_at": "2026-09-14T10:05:00"}, "$.occurred_at"),
    ("incidents.report", {"occurred_at": "2026-02-30T10:05:00Z"}, "$.occurred_at"),
    ("incidents.report", {"occurred_at": 1789376700}, "$.occurred_at"),
    ("incidents.report", {"occurred_at": "2026-09-15T10:05:00Z"}, "$.occurred_at"),
    (
        "incidents.report",
        {"occurred_at": "2026-09-14T09:05:00+01:00", "reported_at": "2026-09-14T09:04:00+01:00"},
        "$.occurred_at",
    ),
    ("incidents.report", {"reported_at": "2026-09-15T10:05:00Z"}, "$.reported_at"),
    ("incidents.report", {"reported_at": MARKER}, "$.reported_at"),
    ("incidents.report", {"late_reason": "Late."}, "$.late_reason"),
    ("incidents.report", {"late_reason": [MARKER]}, "$.late_reason"),
    ("incidents.report", {"late_reason": HIDDEN}, "$.late_reason"),
    ("incidents.report", {"summary": ""}, "$.summary"),
    ("incidents.report", {"summary": " \t\n"}, "$.summary"),
    ("incidents.report", {"summary": None}, "$.summary"),
    ("incidents.report", {"summary": [MARKER]}, "$.summary"),
    ("incidents.report", {"summary": LONG}, "$.summary"),
    ("incidents.report", {"summary": HIDDEN}, "$.summary"),
    ("incidents.report", {"platform": LONG}, "$.platform"),
    ("incidents.report", {"platform": HIDDEN}, "$.platform"),
    ("incidents.report", {"child_voice": {"text": MARKER}}, "$.child_voice"),
    ("incidents.report", {"content": "threatening"}, "$.content"),
    ("incidents.report", {"content": ["threatening", MARKER]}, "$.content[1]"),
    ("incidents.report", {"confidential_reporter": "yes"}, "$.confidential_reporter"),
    ("incidents.report", {"direction": MARKER}, "$.direction"),
    ("incidents.report", {"direction": "pupil_to_staff"}, "$.direction"),
    ("incidents.report", {"kind": "unsolicited_contact"}, "$.direction"),
    ("incidents.report", {"people": {"person": MARKER}}, "$.people"),
    ("incidents.report", {"people": [MARKER]}, "$.people[0]"),
    ("incidents.report", {"people": [{"person": MARKER, "involvement": "target"}]}, "$.people[0].person"),
    ("incidents.report", {"people": [{"person": ELSEWHERE, "involvement": "target"}]}, "$.people[0].person"),
    (
        "incidents.report",
        {"people": [{"person": UNKNOWN, "involvement": "target"}]},
        "$.people[0].person",
    ),
    ("incidents.report", {"people": [{"involvement": "target"}]}, "$.people[0].person"),
    ("incidents.report", {"people": [{"person": ELSEWHERE}]}, "$.people[0].involvement"),
    (
        "incidents.report",
        {"people": [{"person": ELSEWHERE, "involvement": MARKER}]},
        "$.people[0].involvement",
    ),
    ("incidents.report", {"policy": {"floor": MARKER}}, "$.policy"),
    ("incidents.report", {"reporter": MARKER}, "$.reporter"),
    ("incidents.report", {"by": MARKER}, "$.by"),
    ("incidents.report", {"recorded_at": "2026-09-14T10:05:00Z"}, "$.recorded_at"),
    ("incidents.take_step", {"step": MARKER}, "$.step"),
    ("incidents.take_step", {"step": ["offer_support"]}, "$.step"),
    ("incidents.take_step", {"step": "report"}, "$.step"),
    ("incidents.take_step", {"step": "open_evidence"}, "$.step"),
    ("incidents.take_step", {"at": "2026-09-15T10:05:00Z"}, "$.at"),
    ("incidents.take_step", {"at": MARKER}, "$.at"),
    ("incidents.take_step", {"note": LONG}, "$.note"),
    ("incidents.take_step", {"note": HIDDEN}, "$.note"),
    ("incidents.take_step", {"what": LONG}, "$.what"),
    ("incidents.take_step", {"person": ELSEWHERE}, "$.person"),
    ("incidents.take_step", {"person": UNKNOWN}, "$.person"),
    ("incidents.take_step", {"by": MARKER}, "$.by"),
    ("incidents.take_step", {"originator_version": 1}, "$.originator_version"),
    ("people.register", {"category": MARKER}, "$.category"),
    ("people.register", {"name": LONG}, "$.name"),
    ("people.register", {"name": HIDDEN}, "$.name"),
    ("people.register", {"name": ""}, "$.name"),
    ("people.register", {"born_on": MARKER}, "$.born_on"),
    ("people.register", {"born_on": "2026-09-15"}, "$.born_on"),
    ("people.register", {"year_group": MARKER}, "$.year_group"),
    ("people.register", {"year_group": True}, "$.year_group"),
    ("people.register", {"year_group": 202627}, "$.year_group"),
    ("people.register", {"year_group": 15}, "$.year_group"),
    ("people.register", {"year_group": -3}, "$.year_group"),
    (
        "people.register",
        {"relations": [{"relation": "parent_of", "person": UNKNOWN}] * 1001},
        "$.relations",
    ),
    (
        "people.register",
        {"relations": [{"relation": MARKER, "person": ELSEWHERE}]},
        "$.relations[0].relation",
    ),
    (
        "people.register",
        {"relations": [{"relation": "parent_of", "person": ELSEWHERE}]},
        "$.relations[0].person",
    ),
    ("people.register", {"known_as": LONG}, "$.known_as"),
    ("people.register", {"on_roll": "yes"}, "$.on_roll"),
    ("people.register", {"distinct": "yes"}, "$.distinct"),
    ("people.register", {"distinct": None}, "$.distinct"),
    ("people.register", {"distinct_from": [MARKER]}, "$.distinct_from"),
    ("people.register", {"employer": HIDDEN}, "$.employer"),
    ("people.register", {"contact": MARKER}, "$.contact"),
    ("people.register", {"contact": {"phone": LONG}}, "$.contact.phone"),
    ("people.register", {"contact": {"fax": MARKER}}, "$.contact.fax"),
    ("people.register", {"identifiers": {"upn": "A801200005001"}}, "$.identifiers.upn"),
    ("people.register", {"identifiers": {"nhs_number": "9434765918"}}, "$.identifiers.nhs_number"),
    ("people.register", {"identifiers": {"passport": MARKER}}, "$.identifiers.passport"),
    ("people.change_person", {"identifiers": {"upn": MARKER}}, "$.identifiers.upn"),
    ("people.change_person", {"identifiers": {"nhs_number": LONG}}, "$.identifiers.nhs_number"),
    ("people.change_person", {"reason": "Too short"}, "$.reason"),
    ("people.change_person", {"name": None}, "$.name"),
    ("people.change_person", {"name": LONG}, "$.name"),
    ("people.change_person", {"category": None}, "$.category"),
    ("people.change_person", {"on_roll": None}, "$.on_roll"),
    ("people.change_person", {"year_group": 15}, "$.year_group"),
    ("people.change_person", {"born_on": "2026-09-15"}, "$.born_on"),
    ("people.change_person", {"died_on": "2026-09-15"}, "$.died_on"),
    ("people.change_person", {"born_on": "2016-01-02", "died_on": "2016-01-01"}, "$.died_on"),
    ("people.change_person", {"born_on": "2016-01-02", "left_on": "2016-01-01"}, "$.left_on"),
    ("people.change_person", {"contact": {"email": HIDDEN}}, "$.contact.email"),
    ("people.change_person", {"employer": "data:image/png;base64,"}, "$.employer"),
    ("people.change_person", {"school": MARKER}, "$.school"),
    ("people.relate", {"relation": MARKER}, "$.relation"),
    ("people.relate", {"relation": "child_of"}, "$.relation"),
    ("people.relate", {"person": ELSEWHERE}, "$.person"),
    ("people.relate", {"person": UNKNOWN}, "$.person"),
    ("people.relate", {"may_be_contacted": MARKER}, "$.may_be_contacted"),
    ("people.relate", {"parental_responsibility": "yes"}, "$.parental_responsibility"),
    ("people.relate", {"from": "2026-09-02", "until": "2026-09-01"}, "$.until"),
    ("people.relate", {"until": "2026-13-01"}, "$.until"),
    ("schools.promote", {"preview": MARKER}, "$.preview"),
    ("schools.promote", {"preview": None}, "$.preview"),
    ("schools.promote", {"top_year": 15}, "$.top_year"),
    ("schools.promote", {"top_year": "6"}, "$.top_year"),
    ("schools.promote", {"school_year": 2026}, "$.school_year"),
    ("schools.open_school", {"pack": MARKER}, "$.pack"),
    ("schools.open_school", {"jurisdiction": MARKER}, "$.jurisdiction"),
    ("schools.open_school", {"pupils_on_roll": -1}, "$.pupils_on_roll"),
    ("schools.open_school", {"pupils_on_roll": 2**31}, "$.pupils_on_roll"),
    ("schools.open_school", {"pupils_on_roll": "210"}, "$.pupils_on_roll"),
    ("schools.open_school", {"name": LONG}, "$.name"),
    ("schools.open_school", {"calendar": MARKER}, "$.calendar"),
    (
        "schools.open_school",
        {"calendar": {"terms": [], "closures": [], "inset": ["2026-11-27"] * 301}},
        "$.calendar.inset",
    ),
    (
        "schools.open_school",
        {"calendar": {"terms": [], "closures": [], "inset": [MARKER]}},
        "$.calendar.inset[0]",
    ),
    (
        "schools.open_school",
        {"calendar": {"terms": [{"name": MARKER, "starts_on": "2026-09-03"}], "closures": [], "inset": []}},
        "$.calendar.terms[0].ends_on",
    ),
    ("users.register", {"name": HIDDEN}, "$.name"),
    ("users.register", {"email": LONG}, "$.email"),
    ("users.register", {"person": UNKNOWN}, "$.person"),
    ("users.register", {"administrator": True}, "$.administrator"),
    ("users.change_user", {"name": HIDDEN}, "$.name"),
    ("users.change_user", {"email": LONG}, "$.email"),
    ("users.change_user", {"person": UNKNOWN}, "$.person"),
    ("users.change_user", {"active": MARKER}, "$.active"),
    ("users.change_user", {"administrator": True}, "$.administrator"),
    ("users.issue_token", {"scopes": [MARKER]}, "$.scopes[0]"),
    ("users.issue_token", {"scopes": []}, "$.scopes"),
    ("users.issue_token", {"label": LONG}, "$.label"),
    ("users.issue_token", {"expires_at": MARKER}, "$.expires_at"),
    ("users.issue_token", {"expires_at": "2026-09-01T09:00:00Z"}, "$.expires_at"),
    ("schools.appoint", {"user": UNKNOWN}, "$.user"),
    ("schools.appoint", {"role": MARKER}, "$.role"),
    ("schools.appoint", {"from": "2026-13-01"}, "$.from"),
    ("schools.appoint", {"until": "2026-08-31"}, "$.until"),
    ("declarations.declare", {"staff": ELSEWHERE}, "$.staff"),
    ("declarations.declare", {"other": UNKNOWN}, "$.other"),
    ("declarations.declare", {"relation": LONG}, "$.relation"),
    ("declarations.declare", {"advice": HIDDEN}, "$.advice"),
    ("declarations.declare", {"disclosed_on": "2026-09-15"}, "$.disclosed_on"),
    ("declarations.declare", {"decided_by": []}, "$.decided_by"),
    ("declarations.declare", {"decided_by": [MARKER]}, "$.decided_by[0]"),
]
"""An endpoint, the fault in the body, and the JSON path in the answer."""


def name_the_stranger(value: Any, stranger: str) -> Any:
    """`value` with the id of the person of another school in place of the marker."""
    if isinstance(value, dict):
        return {name: name_the_stranger(part, stranger) for name, part in value.items()}
    if isinstance(value, list):
        return [name_the_stranger(part, stranger) for part in value]
    return stranger if value is ELSEWHERE else value


class TestBodies:
    @pytest.mark.parametrize("endpoint", WHO)
    def test_an_unknown_field_is_refused(self, scene: Scene, endpoint: str) -> None:
        asked = with_body(scene.request(endpoint), no_such_field=MARKER)
        problem = refused(scene.house, asked, 422, WHO[endpoint])
        assert problem["errors"] == {"$.no_such_field": ["is not a known field"]}

    @pytest.mark.parametrize(
        ("endpoint", "field"), [(endpoint, field) for endpoint in REQUIRED for field in REQUIRED[endpoint]]
    )
    def test_a_missing_field_is_named(self, scene: Scene, endpoint: str, field: str) -> None:
        asked = with_body(scene.request(endpoint), **{field: GONE})
        problem = refused(scene.house, asked, 422, WHO[endpoint])
        assert problem["errors"] == {f"$.{field}": ["is required"]}

    @pytest.mark.parametrize(
        ("endpoint", "fields", "path"), BODIES, ids=[f"{e}-{p}-{n}" for n, (e, _, p) in enumerate(BODIES)]
    )
    def test_a_wrong_value_is_named_by_its_path(
        self, scene: Scene, stranger_at_school: str, endpoint: str, fields: Mapping[str, Any], path: str
    ) -> None:
        asked = with_body(scene.request(endpoint), **name_the_stranger(fields, stranger_at_school))
        problem = refused(scene.house, asked, 422, WHO[endpoint])
        assert path in problem["errors"]

    def test_a_token_that_has_expired_already_is_not_issued(self, scene: Scene) -> None:
        endpoint = "users.issue_token"
        asked = with_body(scene.request(endpoint), expires_at="2026-09-01T09:00:00Z")
        problem = refused(scene.house, asked, 422, WHO[endpoint])
        assert problem["errors"] == {"$.expires_at": ["is not in the future"]}

    def test_a_declaration_is_about_a_person_who_works_at_the_school(self, scene: Scene) -> None:
        endpoint = "declarations.declare"
        asked = with_body(scene.request(endpoint), staff=scene.pupil, other=scene.teacher)
        problem = refused(scene.house, asked, 422, WHO[endpoint])
        assert problem["errors"] == {"$.staff": ["does not work at the school"]}

    @pytest.mark.parametrize("endpoint", WHO)
    @pytest.mark.parametrize(
        "body", [[MARKER], MARKER, None, 7, [[]]], ids=["list", "text", "null", "number", "nested"]
    )
    def test_a_body_that_is_no_object_is_refused(self, scene: Scene, endpoint: str, body: Any) -> None:
        asked = scene.request(endpoint)
        options = {"headers": asked.options["headers"], "data": json.dumps(body)}
        sent = msgspec.structs.replace(asked, options={**options, "content_type": "application/json"})
        # A list of steps is a body too; then the item is no object.
        path = "$[0]" if isinstance(body, list) and endpoint == "incidents.take_step" else "$"
        assert path in refused(scene.house, self.raw(sent), 422, WHO[endpoint])["errors"]

    @pytest.mark.parametrize("endpoint", WHO)
    @pytest.mark.parametrize(
        "body",
        [
            f'{{"name": "{MARKER}"'.encode(),
            f'{{"name": {MARKER}}}'.encode(),
            b'{"name": NaN}',
            b'{"name": "\xff\xfe"}',
            b'{"name": "\\ud800"}',
            b"[" * 100_000,
        ],
        ids=["cut", "bare word", "NaN", "not UTF-8", "half a character", "nested without end"],
    )
    def test_what_is_not_json_is_refused(self, scene: Scene, endpoint: str, body: bytes) -> None:
        asked = scene.request(endpoint)
        sent = msgspec.structs.replace(
            asked,
            options={
                "headers": asked.options["headers"],
                "data": body,
                "content_type": "application/json",
            },
        )
        assert refused(scene.house, self.raw(sent), 422, WHO[endpoint])["errors"] == {"$": ["is not JSON"]}

    @pytest.mark.parametrize("endpoint", WHO)
    @pytest.mark.parametrize(
        "content_type",
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", MARKER],
    )
    def test_another_type_of_body_is_refused(self, scene: Scene, endpoint: str, content_type: str) -> None:
        asked = scene.request(endpoint)
        sent = msgspec.structs.replace(
            asked,
            options={
                "headers": asked.options["headers"],
                "data": json.dumps(asked.options["json"]).encode(),
                "content_type": content_type,
            },
        )
        refused(scene.house, self.raw(sent), 415, WHO[endpoint])

    @pytest.mark.parametrize("endpoint", WHO)
    def test_a_body_over_the_limit_is_refused(self, scene: Scene, endpoint: str) -> None:
        asked = with_body(scene.request(endpoint), note=MARKER * (MAX_JSON_BODY // len(MARKER) + 1))
        assert str(MAX_JSON_BODY) in refused(scene.house, asked, 413, WHO[endpoint])["detail"]

    @staticmethod
    def raw(asked: Asked) -> Asked:
        """`asked` with its body sent as raw bytes."""
        options = {**asked.options}
        content = options.pop("data")
        content = content.encode() if isinstance(content, str) else content
        return msgspec.structs.replace(
            asked, options={**options, "input_stream": io.BytesIO(content), "content_length": len(content)}
        )


VARIANTS: Final = {name: type(variant) for name, variant in StepInput.VARIANTS.items()}


class TestEveryStep:
    def test_all_except_the_internal_ones_can_be_taken(self) -> None:
        assert set(VARIANTS) == {name for name, step in STEPS.items() if not step.INTERNAL}

    @pytest.mark.parametrize("step", VARIANTS)
    def test_each_field_accepts_only_its_own_type(self, scene: Scene, step: str) -> None:
        names = {field.data_key or name for name, field in VARIANTS[step]().fields.items()} - {"step"}
        body = {"step": step, **{name: {"text": MARKER} for name in names}}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        problem = refused(scene.house, asked, 422)
        open_objects = {
            name for name, field in VARIANTS[step]().fields.items() if isinstance(field, SomeFields)
        }
        assert {path.split(".")[1].split("[")[0] for path in problem["errors"]} == names - open_objects

    @pytest.mark.parametrize("step", VARIANTS)
    def test_it_accepts_no_field_of_another_step(self, scene: Scene, step: str) -> None:
        body = {"step": step, "no_such_field": MARKER, "recorded_at": MARKER, "role": MARKER}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        errors = refused(scene.house, asked, 422)["errors"]
        assert {"$.no_such_field", "$.recorded_at", "$.role"} <= set(errors)

    @pytest.mark.parametrize(
        ("step", "fields", "path"),
        [
            ("triage", {"timing": "in_school", "critical": False, "rationale": "too short"}, "$.rationale"),
            ("escalate", {"agency": MARKER, "reason": REASON}, "$.agency"),
            ("assess_risk", {**NO_RISK, "coercion": MARKER}, "$.coercion"),
            ("assign", {"user": UNKNOWN}, "$.user"),
            ("correct", {"corrects": 99, "correction": "It was not.", "reason": REASON}, "$.corrects"),
            ("reclassify", {"kind": MARKER, "reason": REASON}, "$.kind"),
            (
                "waive",
                {"waived": "triage", "reason": REASON, "authorised_by": UNKNOWN},
                "$.authorised_by",
            ),
            ("complete_action", {"action": UNKNOWN, "effect": "None."}, "$.action"),
        ],
    )
    def test_the_ids_it_names_must_exist(
        self, scene: Scene, step: str, fields: Mapping[str, Any], path: str
    ) -> None:
        body = {"step": step, **fields}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        assert path in refused(scene.house, asked, 422)["errors"]

    @pytest.mark.parametrize(
        ("step", "fields", "path", "message"),
        [
            ("assign", {"user": "{teacher}"}, "$.user", NO_USER),
            ("appoint_case_manager", {"user": "{teacher}"}, "$.user", NO_USER),
            (
                "waive",
                {"waived": "save_evidence", "reason": REASON, "authorised_by": "{teacher}"},
                "$.authorised_by",
                NO_USER,
            ),
            (
                "record_meeting",
                {"parent": "{teacher}", "outcome": "attended", "with": ["{dsl}", "{teacher}"]},
                "$.with[1]",
                NO_USER,
            ),
            ("involve_person", {"person": "{dsl}", "involvement": "witness"}, "$.person", NO_PERSON),
            ("identify_person", {"person": "{pupil}", "as": "{dsl}"}, "$.as", NO_PERSON),
            ("offer_support", {"person": "{dsl}", "what": "A talk."}, "$.person", NO_PERSON),
            ("record_meeting", {"parent": "{dsl}", "outcome": "attended"}, "$.parent", NO_PERSON),
        ],
    )
    def test_a_person_and_a_user_are_not_interchangeable(
        self, scene: Scene, step: str, fields: Mapping[str, Any], path: str, message: str
    ) -> None:
        ids = {"dsl": scene.house.users["dsl"], "teacher": scene.teacher, "pupil": scene.pupil}
        given = {
            name: [each.format(**ids) for each in value] if isinstance(value, list) else value.format(**ids)
            for name, value in fields.items()
        }
        asked = Asked(
            "POST", f"/incidents/{scene.incident}/steps", {"json": {"step": step, **given}, "headers": ANY}
        )
        assert refused(scene.house, asked, 422)["errors"][path] == [message]

    def test_a_user_of_another_school_cannot_be_given_the_case(self, scene: Scene) -> None:
        body = {"step": "assign", "user": scene.house.users["stranger"]}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        assert list(refused(scene.house, asked, 422)["errors"]) == ["$.user"]

    @pytest.mark.parametrize(
        ("step", "fields"),
        [
            ("inform_parents", {"method": "telephone", "summary": "What happened.", "child": "{child}"}),
            (
                "invite_parent",
                {"method": "letter", "purpose": "To talk.", "meeting_at": "2026-09-21T16:00:00+01:00"},
            ),
            ("record_meeting", {"outcome": "attended"}),
        ],
    )
    @pytest.mark.parametrize("category", ["pupil", "former_pupil"])
    def test_a_pupil_cannot_be_a_parent(
        self, scene: Scene, step: str, fields: Mapping[str, Any], category: str
    ) -> None:
        classmate = scene.house.person("Clara Classmate", category)
        (child, *_) = scene.house.get("dsl", f"/incidents/{scene.incident}")["people"]
        given = {name: value.format(child=child["person"]) for name, value in fields.items()}
        body = {"step": step, "parent": classmate, **given}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        assert refused(scene.house, asked, 422)["errors"] == {"$.parent": ["is or was a pupil"]}

    @pytest.mark.parametrize("field", ["viewer", "authorised_by", "witness"])
    def test_no_pupil_is_present_when_an_image_is_viewed(self, scene: Scene, field: str) -> None:
        users = scene.house.users
        adults = {
            "viewer": users["dsl"],
            "authorised_by": users["headteacher"],
            "witness": users["deputy_dsl"],
        }
        given = {"place": "The office", "reason": REASON, **adults, field: scene.pupil}
        body = {"step": "record_viewing", **given}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        assert refused(scene.house, asked, 422)["errors"] == {f"$.{field}": ["is or was a pupil"]}

    def test_support_needs_a_person_involved_in_the_incident(self, scene: Scene) -> None:
        asked = with_body(scene.request("incidents.take_step"), person=scene.teacher)
        errors = refused(scene.house, asked, 422)["errors"]
        assert errors == {"$.person": ["is not involved in this incident"]}
