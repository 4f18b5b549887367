"""Malformed requests: each is a problem that names the place, repeats nothing and changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec
import pytest

from casework.domain.incident import STEPS
from casework_api.incidents.schemas import StepInput
from casework_api.limits import MAX_JSON_BODY
from tests.api.client import NO_RISK, REASON, House, Json, body_of, logged, opened_house
from tests.api.scene import ANY, TEXT_FILE, Asked, Scene, target
from tests.engines import SQLiteEngine

MARKER: Final = "Quillfeather"
"""Stands in for what must not be repeated."""

GONE: Final = object()
"""Says that a field is left out."""

ELSEWHERE: Final = object()
"""Says that a person of another school is named."""


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened_house(sqlite_engine, tmp_path_factory.mktemp("bad-input")) as house:
        scene = Scene(house)
        house.person("Petra Pupil")
        house.created("dsl", "/incidents", scene.report())
        house.created("dsl", "/incidents", scene.report())
        house.created("dsl", "/declarations", scene.declaration())
        yield scene


@pytest.fixture(scope="module")
def stranger_at_school(scene: Scene) -> str:
    """A person of the school next door."""
    body = {"school": scene.elsewhere, "category": "pupil", "name": "Nell Nextdoor"}
    return str(scene.house.created("stranger", "/people", body)["id"])


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


WHO: Final = {
    "incidents.report": "reporter",
    "incidents.take_step": "dsl",
    "people.register": "dsl",
    "schools.open_school": "admin",
    "users.register": "admin",
    "users.issue_token": "admin",
    "schools.appoint": "admin",
    "declarations.declare": "dsl",
}
REQUIRED: Final = {
    "incidents.report": ("school", "kind", "occurred_at", "setting", "summary"),
    "incidents.take_step": ("step", "person", "what"),
    "people.register": ("school", "category", "name"),
    "schools.open_school": ("name", "pack", "jurisdiction", "pupils_on_roll", "calendar"),
    "users.register": ("name", "email"),
    "users.issue_token": (),
    "schools.appoint": ("user", "role", "from"),
    "declarations.declare": (
        "school", "staff", "other", "relation", "disclosed_on", "decision", "advice", "decided_by",
    ),
}  # fmt: skip
LONG: Final = MARKER * 1000
HIDDEN: Final = f"{MARKER}\x08"
BODIES: Final = [
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
        {"people": [{"person": str(uuid4()), "involvement": "target"}]},
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
    ("incidents.take_step", {"person": str(uuid4())}, "$.person"),
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
    ("schools.open_school", {"pack": MARKER}, "$.pack"),
    ("schools.open_school", {"jurisdiction": MARKER}, "$.jurisdiction"),
    ("schools.open_school", {"pupils_on_roll": -1}, "$.pupils_on_roll"),
    ("schools.open_school", {"pupils_on_roll": 2**31}, "$.pupils_on_roll"),
    ("schools.open_school", {"pupils_on_roll": "210"}, "$.pupils_on_roll"),
    ("schools.open_school", {"name": LONG}, "$.name"),
    ("schools.open_school", {"calendar": MARKER}, "$.calendar"),
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
    ("users.register", {"person": str(uuid4())}, "$.person"),
    ("users.register", {"administrator": True}, "$.administrator"),
    ("users.issue_token", {"scopes": [MARKER]}, "$.scopes[0]"),
    ("users.issue_token", {"expires_at": MARKER}, "$.expires_at"),
    ("users.issue_token", {"expires_at": "2026-09-01T09:00:00Z"}, "$.expires_at"),
    ("schools.appoint", {"user": str(uuid4())}, "$.user"),
    ("schools.appoint", {"role": MARKER}, "$.role"),
    ("schools.appoint", {"from": "2026-13-01"}, "$.from"),
    ("schools.appoint", {"until": "2026-08-31"}, "$.until"),
    ("declarations.declare", {"staff": ELSEWHERE}, "$.staff"),
    ("declarations.declare", {"other": str(uuid4())}, "$.other"),
    ("declarations.declare", {"relation": LONG}, "$.relation"),
    ("declarations.declare", {"advice": HIDDEN}, "$.advice"),
    ("declarations.declare", {"disclosed_on": "2026-09-15"}, "$.disclosed_on"),
    ("declarations.declare", {"decided_by": []}, "$.decided_by"),
    ("declarations.declare", {"decided_by": [MARKER]}, "$.decided_by[0]"),
]
"""An endpoint, what is wrong in the body, and the JSON path that is answered."""


def name_the_stranger(value: Any, stranger: str) -> Any:
    """`value` with the person of another school where one is meant."""
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
    def test_a_wrong_value_is_placed(
        self, scene: Scene, stranger_at_school: str, endpoint: str, fields: Mapping[str, Any], path: str
    ) -> None:
        asked = with_body(scene.request(endpoint), **name_the_stranger(fields, stranger_at_school))
        problem = refused(scene.house, asked, 422, WHO[endpoint])
        assert path in problem["errors"]

    @pytest.mark.parametrize("endpoint", WHO)
    @pytest.mark.parametrize(
        "body", [[MARKER], MARKER, None, 7, [[]]], ids=["list", "text", "null", "number", "nested"]
    )
    def test_a_body_that_is_no_object_is_refused(self, scene: Scene, endpoint: str, body: Any) -> None:
        asked = scene.request(endpoint)
        options = {"headers": asked.options["headers"], "data": json.dumps(body)}
        told = msgspec.structs.replace(asked, options={**options, "content_type": "application/json"})
        assert "$" in refused(scene.house, self.raw(told), 422, WHO[endpoint])["errors"]

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
        told = msgspec.structs.replace(
            asked,
            options={
                "headers": asked.options["headers"],
                "data": body,
                "content_type": "application/json",
            },
        )
        assert refused(scene.house, self.raw(told), 422, WHO[endpoint])["errors"] == {"$": ["is not JSON"]}

    @pytest.mark.parametrize("endpoint", WHO)
    @pytest.mark.parametrize(
        "content_type",
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", MARKER],
    )
    def test_another_type_of_body_is_refused(self, scene: Scene, endpoint: str, content_type: str) -> None:
        asked = scene.request(endpoint)
        told = msgspec.structs.replace(
            asked,
            options={
                "headers": asked.options["headers"],
                "data": json.dumps(asked.options["json"]).encode(),
                "content_type": content_type,
            },
        )
        refused(scene.house, self.raw(told), 415, WHO[endpoint])

    @pytest.mark.parametrize("endpoint", WHO)
    def test_a_body_without_end_is_refused(self, scene: Scene, endpoint: str) -> None:
        asked = with_body(scene.request(endpoint), note=MARKER * (MAX_JSON_BODY // len(MARKER) + 1))
        assert str(MAX_JSON_BODY) in refused(scene.house, asked, 413, WHO[endpoint])["detail"]

    @staticmethod
    def raw(asked: Asked) -> Asked:
        """`asked` with its body sent as it is."""
        options = {**asked.options}
        content = options.pop("data")
        content = content.encode() if isinstance(content, str) else content
        return msgspec.structs.replace(
            asked, options={**options, "input_stream": io.BytesIO(content), "content_length": len(content)}
        )


VARIANTS: Final = {name: type(variant) for name, variant in StepInput.VARIANTS.items()}


class TestEveryStep:
    def test_all_but_the_internal_ones_can_be_taken(self) -> None:
        assert set(VARIANTS) == {name for name, step in STEPS.items() if not step.INTERNAL}

    @pytest.mark.parametrize("step", VARIANTS)
    def test_each_of_its_fields_takes_its_own_type_only(self, scene: Scene, step: str) -> None:
        names = {field.data_key or name for name, field in VARIANTS[step]().fields.items()} - {"step"}
        body = {"step": step, **{name: {"text": MARKER} for name in names}}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        problem = refused(scene.house, asked, 422)
        assert {path.split(".")[1].split("[")[0] for path in problem["errors"]} == names

    @pytest.mark.parametrize("step", VARIANTS)
    def test_it_takes_no_field_of_another(self, scene: Scene, step: str) -> None:
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
            ("assign", {"user": str(uuid4())}, "$.user"),
            ("correct", {"corrects": 99, "correction": "It was not.", "reason": REASON}, "$.corrects"),
            ("reclassify", {"kind": MARKER, "reason": REASON}, "$.kind"),
            (
                "waive",
                {"waived": "triage", "reason": REASON, "authorised_by": str(uuid4())},
                "$.authorised_by",
            ),
            ("complete_action", {"action": str(uuid4()), "effect": "None."}, "$.action"),
        ],
    )
    def test_what_it_names_must_be_there(
        self, scene: Scene, step: str, fields: Mapping[str, Any], path: str
    ) -> None:
        body = {"step": step, **fields}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        assert path in refused(scene.house, asked, 422)["errors"]

    def test_a_user_of_another_school_cannot_be_given_the_case(self, scene: Scene) -> None:
        body = {"step": "assign", "user": scene.house.users["stranger"]}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body, "headers": ANY})
        assert list(refused(scene.house, asked, 422)["errors"]) == ["$.user"]

    def test_somebody_who_is_no_party_cannot_be_supported(self, scene: Scene) -> None:
        asked = with_body(scene.request("incidents.take_step"), person=scene.teacher)
        errors = refused(scene.house, asked, 422)["errors"]
        assert errors == {"$.person": ["is not involved in this incident"]}


class TestHeaders:
    @pytest.mark.parametrize("header", ['W/"2"', "2", '"two"', '"2", "3"', "", "**", '"-1"', f'"{MARKER}"'])
    def test_if_match_names_one_version_or_any(self, scene: Scene, header: str) -> None:
        problem = refused(scene.house, scene.request("incidents.take_step"), 422, If_Match=header)
        assert list(problem["errors"]) == ["If-Match"]

    def test_a_step_without_if_match_is_refused(self, scene: Scene) -> None:
        body = {"step": "offer_support", "person": target(scene), "what": MARKER}
        asked = Asked("POST", f"/incidents/{scene.incident}/steps", {"json": body})
        refused(scene.house, asked, 428)

    @pytest.mark.parametrize("version", ["0", "1", "99"])
    def test_another_version_than_the_present_one_is_stale(self, scene: Scene, version: str) -> None:
        refused(scene.house, scene.request("incidents.take_step"), 412, If_Match=f'"{version}"')
        refused(scene.house, scene.request("incidents.upload"), 412, If_Match=f'"{version}"')

    @pytest.mark.parametrize("endpoint", WHO)
    @pytest.mark.parametrize("key", ["", f"{MARKER} {MARKER}", MARKER + "é", "k" * 256])
    def test_an_idempotency_key_is_a_word(self, scene: Scene, endpoint: str, key: str) -> None:
        problem = refused(scene.house, scene.request(endpoint), 422, WHO[endpoint], Idempotency_Key=key)
        assert list(problem["errors"]) == ["Idempotency-Key"]


LISTS: Final = {
    "incidents": "/incidents?limit=1",
    "people": "/people?name=Petra+Pupil&limit=1",
    "chronology": "/people/{pupil}/chronology?limit=1",
    "timeline": "/incidents/{incident}/steps?limit=1",
    "declarations": "/declarations?person={pupil}&limit=1",
}


@pytest.fixture(scope="module")
def lists(scene: Scene) -> dict[str, tuple[str, str]]:
    """Each list's first page of one, and the cursor of the next."""
    paths = {name: path.format(pupil=scene.pupil, incident=scene.incident) for name, path in LISTS.items()}
    return {name: (path, scene.house.get("dsl", path)["next"]) for name, path in paths.items()}


class TestLists:
    @pytest.mark.parametrize("name", LISTS)
    @pytest.mark.parametrize("limit", ["0", "101", "-1", "abc", "1.5", "", "1e1", MARKER, "9" * 400])
    def test_a_page_has_from_1_to_100_items(
        self, scene: Scene, lists: dict[str, tuple[str, str]], name: str, limit: str
    ) -> None:
        path = lists[name][0].replace("limit=1", f"limit={limit}")
        assert list(refused(scene.house, Asked("GET", path), 422)["errors"]) == ["limit"]

    @pytest.mark.parametrize("name", LISTS)
    @pytest.mark.parametrize("more", [f"no_such_filter={MARKER}", "limit=2", f"cursor={MARKER}", "cursor="])
    def test_a_parameter_that_is_unknown_or_given_twice_or_no_cursor_is_refused(
        self, scene: Scene, lists: dict[str, tuple[str, str]], name: str, more: str
    ) -> None:
        problem = refused(scene.house, Asked("GET", f"{lists[name][0]}&{more}"), 422)
        assert list(problem["errors"]) == [more.partition("=")[0]]

    @pytest.mark.parametrize("name", LISTS)
    def test_a_cursor_that_was_tampered_with_is_refused(
        self, scene: Scene, lists: dict[str, tuple[str, str]], name: str
    ) -> None:
        path, cursor = lists[name]
        assert cursor
        changed = "A" if cursor[0] != "A" else "B"
        for forged in (cursor[:-4], changed + cursor[1:], cursor + "A", cursor[::-1]):
            problem = refused(scene.house, Asked("GET", f"{path}&cursor={forged}"), 422)
            assert list(problem["errors"]) == ["cursor"]

    @pytest.mark.parametrize("name", LISTS)
    def test_a_cursor_of_another_list_is_refused(
        self, scene: Scene, lists: dict[str, tuple[str, str]], name: str
    ) -> None:
        path, own = lists[name]
        for other, (_, cursor) in lists.items():
            if other != name:
                refused(scene.house, Asked("GET", f"{path}&cursor={cursor}"), 422)
        assert scene.house.get("dsl", f"{path}&cursor={own}")["items"]

    @pytest.mark.parametrize("name", ["incidents", "people", "chronology"])
    def test_a_cursor_is_for_the_reader_it_was_made_for(
        self, scene: Scene, lists: dict[str, tuple[str, str]], name: str
    ) -> None:
        path, cursor = lists[name]
        refused(scene.house, Asked("GET", f"{path}&cursor={cursor}"), 422, "deputy_dsl")

    def test_a_cursor_is_for_the_filters_it_was_made_for(
        self, scene: Scene, lists: dict[str, tuple[str, str]]
    ) -> None:
        path, cursor = lists["incidents"]
        refused(scene.house, Asked("GET", f"{path}&kind=cyberbullying&cursor={cursor}"), 422)

    @pytest.mark.parametrize(
        ("query", "name"),
        [
            (f"school={MARKER}", "school"),
            (f"state={MARKER}", "state"),
            (f"person={MARKER}", "person"),
            (f"overdue={MARKER}", "overdue"),
            ("overdue=TRUE", "overdue"),
            (f"assigned_to={MARKER}", "assigned_to"),
            (f"reported_from={MARKER}", "reported_from"),
            ("reported_to=2026-09-14", "reported_to"),
            (f"kind={LONG}", "kind"),
            (f"term={LONG}", "term"),
        ],
    )
    def test_a_filter_takes_its_own_form_only(self, scene: Scene, query: str, name: str) -> None:
        assert list(refused(scene.house, Asked("GET", f"/incidents?{query}"), 422)["errors"]) == [name]

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/people", "name"),
            ("/people?name=", "name"),
            ("/declarations", "person"),
            (f"/declarations?person={MARKER}", "person"),
            ("/schools/{school}/governor-summary?term=2031-autumn", "term"),
            (f"/schools/{{school}}/governor-summary?term={MARKER}", "term"),
            (f"/schools/{{school}}/governor-summary?no_such={MARKER}", "no_such"),
        ],
    )
    def test_a_parameter_that_is_needed_is_named(self, scene: Scene, path: str, name: str) -> None:
        asked = Asked("GET", path.format(school=scene.house.school))
        assert list(refused(scene.house, asked, 422)["errors"]) == [name]


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            f"/{MARKER}",
            f"/incidents/{MARKER}",
            f"/people/{MARKER}/chronology",
            f"/playbooks/{MARKER}",
            f"/playbooks/{MARKER}%00",
            f"/schools/{uuid4()}",
            f"/incidents/{uuid4()}",
            f"/people/{uuid4()}",
            f"/declarations?person={uuid4()}",
        ],
    )
    def test_what_is_not_there_is_not_found(self, scene: Scene, path: str) -> None:
        refused(scene.house, Asked("GET", path), 404)

    def test_a_thing_of_another_sort_is_not_found(self, scene: Scene) -> None:
        for path in (f"/incidents/{scene.pupil}", f"/people/{scene.incident}", f"/schools/{scene.pupil}"):
            refused(scene.house, Asked("GET", path), 404)

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_what_happened_cannot_be_changed(self, scene: Scene, method: str) -> None:
        for path in (f"/incidents/{scene.incident}", f"/incidents/{scene.incident}/steps", "/people"):
            asked = Asked(method, path, {"json": {"summary": MARKER}, "headers": ANY})
            refused(scene.house, asked, 405)

    @pytest.mark.parametrize("accept", ["image/png", f"text/{MARKER}"])
    def test_a_form_there_is_not_is_refused(self, scene: Scene, accept: str) -> None:
        asked = Asked("GET", f"/incidents/{scene.incident}/audit-trail")
        refused(scene.house, asked, 406, Accept=accept)

    def test_a_school_the_stranger_has_no_part_in_takes_nothing_from_them(self, scene: Scene) -> None:
        for endpoint in ("incidents.report", "people.register", "declarations.declare"):
            refused(scene.house, scene.request(endpoint), 403, "stranger")
        refused(scene.house, scene.request("incidents.take_step"), 404, "stranger")


BOUNDARY: Final = "b0undary"


def part(name: str, content: bytes, *more: str) -> bytes:
    """One part of a multipart body, its boundary before it."""
    head = "\r\n".join([f"--{BOUNDARY}", f'Content-Disposition: form-data; name="{name}"', *more, "", ""])
    return head.encode() + content + b"\r\n"


def file(content: bytes = TEXT_FILE) -> bytes:
    return part("file", content, "Content-Type: text/plain")


def metadata(**fields: Any) -> bytes:
    moment = "2026-09-14T10:05:00+01:00"
    told = {
        "form": "document",
        "description": "A copy.",
        "captured_at": moment,
        "incident_at": moment,
        **fields,
    }
    kept = {name: value for name, value in told.items() if value is not GONE}
    return part("metadata", json.dumps(kept).encode())


END: Final = f"--{BOUNDARY}--\r\n".encode()
UPLOADS: Final = {
    "no file": (metadata() + END, "file"),
    "no metadata": (file() + END, "metadata"),
    "nothing": (END, "file"),
    "empty": (b"", "body"),
    "torn in the file": (metadata() + file()[:-20], "body"),
    "torn after the file": (metadata() + file(), "body"),
    "torn in the metadata": (file() + metadata()[:-9], "body"),
    "two files": (metadata() + file() + file() + END, "file"),
    "metadata twice": (metadata() + metadata() + file() + END, "metadata"),
    "another part": (metadata() + file() + part(MARKER, MARKER.encode()) + END, "body"),
    "metadata is not JSON": (part("metadata", MARKER.encode()) + file() + END, "metadata"),
    "metadata is a list": (part("metadata", b"[]") + file() + END, "$"),
    "metadata is not UTF-8": (part("metadata", b"\xff") + file() + END, "metadata"),
    "unknown field": (metadata(no_such_field=MARKER) + file() + END, "$.no_such_field"),
    "a file in the metadata": (metadata(file={"sha256": MARKER}) + file() + END, "$.file"),
    "missing field": (metadata(incident_at=GONE) + file() + END, "$.incident_at"),
    "wrong form": (metadata(form=MARKER) + file() + END, "$.form"),
    "future capture": (metadata(captured_at="2026-09-15T10:05:00Z") + file() + END, "$.captured_at"),
    "future at": (metadata(at="2026-09-15T10:05:00Z") + file() + END, "$.at"),
    "long description": (metadata(description=LONG) + file() + END, "$.description"),
    "control character": (metadata(description=HIDDEN) + file() + END, "$.description"),
}


class TestUploads:
    @staticmethod
    def asked(
        scene: Scene, body: bytes, content_type: str = f"multipart/form-data; boundary={BOUNDARY}"
    ) -> Asked:
        options = {
            "input_stream": io.BytesIO(body),
            "content_length": len(body),
            "content_type": content_type,
        }
        return Asked("POST", f"/incidents/{scene.incident}/evidence", {**options, "headers": ANY})

    @pytest.mark.parametrize("fault", UPLOADS)
    def test_a_body_that_is_not_whole_or_not_right_is_refused(self, scene: Scene, fault: str) -> None:
        body, place = UPLOADS[fault]
        folder = scene.house.casework.vault._folder
        before = sorted(folder.rglob("*"))
        assert place in refused(scene.house, self.asked(scene, body), 422)["errors"]
        assert sorted(folder.rglob("*")) == before

    @pytest.mark.parametrize(
        ("content_type", "status"),
        [
            ("multipart/form-data", 422),
            ("multipart/form-data; boundary=", 422),
            (f"multipart/form-data; boundary={'b' * 71}", 422),
            (f"multipart/mixed; boundary={BOUNDARY}", 415),
            ("application/json", 415),
            (f"text/{MARKER}", 415),
        ],
    )
    def test_another_type_of_body_is_refused(self, scene: Scene, content_type: str, status: int) -> None:
        refused(scene.house, self.asked(scene, metadata() + file() + END, content_type), status)

    def test_metadata_without_end_are_refused(self, scene: Scene) -> None:
        body = metadata(description=MARKER * 10_000) + file() + END
        refused(scene.house, self.asked(scene, body), 413)

    @pytest.mark.parametrize("header", ['W/"2"', "2", MARKER])
    def test_if_match_names_one_version_or_any(self, scene: Scene, header: str) -> None:
        refused(scene.house, self.asked(scene, metadata() + file() + END), 422, If_Match=header)
