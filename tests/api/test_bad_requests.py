"""Malformed headers, queries, paths and uploads: refused like malformed bodies, and nothing is stored."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest

from casework.domain.incident.examples import example
from casework.domain.incident.slots import Occasion, Slot
from tests.api.refusing import GONE, HIDDEN, LONG, MARKER, UNKNOWN, opened_scene, refused
from tests.api.scene import ANY, ROUTES, TEXT_FILE, WHO, Asked, Scene, target
from tests.domain.casefile import at
from tests.engines import SQLiteEngine

WRITERS: Final = {
    "incidents.report": "reporter",
    "incidents.take_step": "dsl",
    "incidents.upload": "dsl",
    "people.register": "dsl",
    "schools.open_school": "admin",
    "schools.appoint": "admin",
    "users.register": "admin",
    "users.issue_token": "admin",
    "declarations.declare": "dsl",
    "approvals.ask": "dsl",
    "approvals.decide": "headteacher",
}


@pytest.fixture(scope="module")
def scene(sqlite_engine: SQLiteEngine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with opened_scene(sqlite_engine, tmp_path_factory.mktemp("bad-requests")) as scene:
        yield scene


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
        present = scene.house.get("dsl", f"/incidents/{scene.incident}")["version"]
        for endpoint in ("incidents.take_step", "incidents.upload"):
            problem = refused(scene.house, scene.request(endpoint), 412, If_Match=f'"{version}"')
            assert problem["version"] == present

    @pytest.mark.parametrize("endpoint", WRITERS)
    @pytest.mark.parametrize("key", ["", f"{MARKER} {MARKER}", MARKER + "é", "k" * 256])
    def test_an_invalid_idempotency_key_is_refused(self, scene: Scene, endpoint: str, key: str) -> None:
        problem = refused(scene.house, scene.request(endpoint), 422, WRITERS[endpoint], Idempotency_Key=key)
        assert list(problem["errors"]) == ["Idempotency-Key"]


class TestUnknownParameters:
    @pytest.mark.parametrize("endpoint", ROUTES)
    def test_are_refused_by_every_route(self, scene: Scene, endpoint: str) -> None:
        who = next(who for who in WHO if ROUTES[endpoint].status(who) < 300)
        asked = scene.request(endpoint)
        path = f"{asked.path}{'&' if '?' in asked.path else '?'}unheard_of={MARKER}"
        problem = refused(scene.house, msgspec.structs.replace(asked, path=path), 422, who)
        assert problem["errors"] == {"unheard_of": ["is not a known field"]}

    def test_are_not_repeated_if_they_are_no_name(self, scene: Scene) -> None:
        problem = refused(scene.house, Asked("GET", f"/me?{MARKER}+wrote+this=1"), 422)
        assert problem["errors"] == {"parameters": ["is not a known field"]}

    def test_are_refused_by_the_calendar_feed(self, scene: Scene) -> None:
        token = scene.house.own_token("dsl", "calendar")["token"]
        refused(scene.house, Asked("GET", f"/calendar/{token}?unheard_of=1"), 422)


LISTS: Final = {
    "incidents": "/incidents?limit=1",
    "people": "/people?name=Petra+Pupil&limit=1",
    "pairs": "/people/pairs?school={school}&limit=1",
    "chronology": "/people/{pupil}/chronology?limit=1",
    "timeline": "/incidents/{incident}/steps?limit=1",
    "declarations": "/declarations?person={pupil}&limit=1",
}


@pytest.fixture(scope="module")
def lists(scene: Scene) -> dict[str, tuple[str, str]]:
    """For each list, the first page with one item and the cursor of the next."""
    scene.house.people_called("Paul Pair", 3)
    ids = {"pupil": scene.pupil, "incident": scene.incident, "school": scene.house.school}
    paths = {name: path.format(**ids) for name, path in LISTS.items()}
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
    def test_an_unknown_or_repeated_parameter_or_invalid_cursor_is_refused(
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

    @pytest.mark.parametrize("name", ["incidents", "people", "pairs", "chronology"])
    def test_a_cursor_of_another_reader_is_refused(
        self, scene: Scene, lists: dict[str, tuple[str, str]], name: str
    ) -> None:
        path, cursor = lists[name]
        refused(scene.house, Asked("GET", f"{path}&cursor={cursor}"), 422, "deputy_dsl")

    def test_a_cursor_of_other_filters_is_refused(
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
            (f"kind={MARKER}", "kind"),
            ("kind=cyber_bullying", "kind"),
            (f"term={LONG}", "term"),
            (f"term={MARKER}", "term"),
            ("term=autumn-2026", "term"),
        ],
    )
    def test_an_invalid_filter_value_is_refused(self, scene: Scene, query: str, name: str) -> None:
        assert list(refused(scene.house, Asked("GET", f"/incidents?{query}"), 422)["errors"]) == [name]

    @pytest.mark.parametrize(
        ("path", "name"),
        [
            ("/people", "name"),
            ("/people?name=", "name"),
            ("/people/pairs", "school"),
            (f"/people/pairs?school={MARKER}", "school"),
            ("/declarations", "person"),
            (f"/declarations?person={MARKER}", "person"),
            ("/schools/{school}/governor-summary?term=2031-autumn", "term"),
            (f"/schools/{{school}}/governor-summary?term={MARKER}", "term"),
            (f"/schools/{{school}}/governor-summary?no_such={MARKER}", "no_such"),
        ],
    )
    def test_a_missing_parameter_is_named(self, scene: Scene, path: str, name: str) -> None:
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
            f"/schools/{UNKNOWN}",
            f"/incidents/{UNKNOWN}",
            f"/people/{UNKNOWN}",
            f"/people/pairs?school={UNKNOWN}",
            f"/declarations?person={UNKNOWN}",
        ],
    )
    def test_an_unknown_id_or_path_is_not_found(self, scene: Scene, path: str) -> None:
        refused(scene.house, Asked("GET", path), 404)

    def test_an_id_of_another_type_is_not_found(self, scene: Scene) -> None:
        for path in (f"/incidents/{scene.pupil}", f"/people/{scene.incident}", f"/schools/{scene.pupil}"):
            refused(scene.house, Asked("GET", path), 404)

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_recorded_steps_cannot_be_changed(self, scene: Scene, method: str) -> None:
        for path in (f"/incidents/{scene.incident}", f"/incidents/{scene.incident}/steps", "/people"):
            asked = Asked(method, path, {"json": {"summary": MARKER}, "headers": ANY})
            refused(scene.house, asked, 405)

    @pytest.mark.parametrize("accept", ["image/png", f"text/{MARKER}"])
    def test_an_unsupported_media_type_is_refused(self, scene: Scene, accept: str) -> None:
        asked = Asked("GET", f"/incidents/{scene.incident}/audit-trail")
        refused(scene.house, asked, 406, Accept=accept)

    def test_a_user_without_a_role_at_the_school_cannot_change_anything(self, scene: Scene) -> None:
        for endpoint in ("incidents.report", "people.register", "declarations.declare"):
            refused(scene.house, scene.request(endpoint), 403, "stranger")
        refused(scene.house, scene.request("incidents.take_step"), 404, "stranger")


BOUNDARY: Final = "b0undary"


def part(name: str, content: bytes, *more: str) -> bytes:
    """One part of a multipart body, preceded by its boundary."""
    head = "\r\n".join([f"--{BOUNDARY}", f'Content-Disposition: form-data; name="{name}"', *more, "", ""])
    return head.encode() + content + b"\r\n"


def file(content: bytes = TEXT_FILE) -> bytes:
    return part("file", content, "Content-Type: text/plain")


def metadata(**fields: Any) -> bytes:
    moment = at("2026-09-14 10:05")
    occasion = Occasion(now=moment, slots={Slot.OCCURRED_AT: moment})
    example_fields = example("save_evidence", occasion, {"form": "document", **fields})
    given = {name: value for name, value in example_fields.items() if value is not GONE}
    return part("metadata", json.dumps(given).encode())


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
    def test_an_incomplete_or_invalid_body_is_refused(self, scene: Scene, fault: str) -> None:
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

    def test_metadata_over_the_limit_are_refused(self, scene: Scene) -> None:
        body = metadata(description=MARKER * 10_000) + file() + END
        refused(scene.house, self.asked(scene, body), 413)

    @pytest.mark.parametrize("header", ['W/"2"', "2", MARKER])
    def test_if_match_names_one_version_or_any(self, scene: Scene, header: str) -> None:
        refused(scene.house, self.asked(scene, metadata() + file() + END), 422, If_Match=header)
