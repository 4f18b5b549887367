"""Pages, cursors and the headers that protect a change."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from casework.domain.errors import Invalid
from casework_api.http import etags
from casework_api.http.blueprint import Blueprint
from casework_api.http.docs import make_api
from casework_api.http.etags import parse_if_match
from casework_api.http.fields import Identifier
from casework_api.http.paging import DEFAULT_LIMIT, MAX_LIMIT, PageQuery, QueryFlag, part
from casework_api.http.problems import Problem, register_problems
from casework_api.http.refusals import register_refusals
from casework_projections.documents.canonical import encode
from casework_projections.reading.paging import Cursors, Page, Part, Position

KEY = b"a key of sixteen bytes or more"
SCOPE = {"list": "incidents", "kind": "sexting", "school": UUID(int=1)}

positions = st.lists(
    st.one_of(st.text(max_size=30), st.integers(-(2**53), 2**53), st.none()), min_size=1, max_size=4
)


class Filters(PageQuery):
    school = Identifier()
    overdue = QueryFlag()


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    register_problems(app)
    register_refusals(app)
    api = make_api(app, title="t", version="1")
    routes = Blueprint("things", __name__)
    cursors = Cursors(KEY)

    @routes.route("/things")
    @routes.arguments(Filters, location="query")
    @routes.returns(200, {"type": "object"})
    def things(query: dict[str, Any]) -> Any:
        wanted, scope = part(query), {"list": "things", "overdue": query.get("overdue")}
        items = [wanted.limit, cursors.start(wanted, scope)]
        following = cursors.make([wanted.limit], scope)
        return {"items": items, "next": following, "overdue": query.get("overdue")}

    @routes.route("/things", methods=["POST"])
    @routes.returns(200, {"type": "object"})
    def change() -> Any:
        return {"version": etags.if_match(), "key": etags.idempotency_key()}

    api.register_blueprint(routes)
    return app


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422, answer.text
    errors: dict[str, list[str]] = json.loads(answer.data)["errors"]
    return errors


class TestCursors:
    @given(position=positions)
    def test_a_cursor_leads_back_to_its_position(self, position: Position) -> None:
        cursors = Cursors(KEY)

        assert cursors.read(cursors.make(position, SCOPE), SCOPE) == position

    @given(position=positions, place=st.integers(0, 10_000), other=st.sampled_from("AZaz09-_"))
    def test_no_character_of_a_cursor_can_be_changed(
        self, position: Position, place: int, other: str
    ) -> None:
        cursors = Cursors(KEY)
        cursor = cursors.make(position, SCOPE)
        place %= len(cursor)
        forged = cursor[:place] + other + cursor[place + 1 :]

        if forged != cursor:
            with pytest.raises(Invalid) as refused:
                cursors.read(forged, SCOPE)
            assert refused.value.errors == {"cursor": ["is not a cursor of this list"]}

    @given(made_up=st.text(max_size=60))
    def test_nothing_made_up_is_one(self, made_up: str) -> None:
        with pytest.raises(Invalid):
            Cursors(KEY).read(made_up, SCOPE)

    @pytest.mark.parametrize(
        "scope", [{**SCOPE, "kind": "grooming"}, {**SCOPE, "school": UUID(int=2)}, {}, None, "incidents"]
    )
    def test_a_cursor_is_valid_for_one_list_and_its_filters(self, scope: Any) -> None:
        cursors = Cursors(KEY)

        with pytest.raises(Invalid):
            cursors.read(cursors.make(["x"], SCOPE), scope)

    def test_the_order_of_the_filters_does_not_matter(self) -> None:
        cursors = Cursors(KEY)

        assert cursors.read(cursors.make(["x"], {"a": 1, "b": 2}), {"b": 2, "a": 1}) == ["x"]

    def test_another_key_does_not_read_it(self) -> None:
        with pytest.raises(Invalid):
            Cursors(b"another key of sixteen bytes").read(Cursors(KEY).make(["x"], SCOPE), SCOPE)

    def test_another_process_with_the_key_reads_it(self) -> None:
        assert Cursors(KEY).read(Cursors(KEY).make([3, None], SCOPE), SCOPE) == [3, None]

    def test_the_filters_are_not_in_the_cursor(self) -> None:
        scope = {"name": "Jamie Example"}

        assert len(Cursors(KEY).make(["x"], scope)) == len(Cursors(KEY).make(["x"], {}))

    def test_a_short_key_is_refused(self) -> None:
        with pytest.raises(ValueError, match="16 bytes"):
            Cursors(b"short")

    def test_a_position_that_is_too_long_is_refused(self) -> None:
        with pytest.raises(ValueError, match="too long"):
            Cursors(KEY).make(["x" * 2000], SCOPE)


class TestPages:
    def test_the_first_page_needs_no_parameters(self, app: Flask) -> None:
        body = app.test_client().get("/things").json

        assert body is not None
        assert body["items"] == [DEFAULT_LIMIT, None]

    def test_the_cursor_gives_the_next_page(self, app: Flask) -> None:
        client = app.test_client()
        first = client.get("/things?limit=7").json
        assert first is not None

        second = client.get("/things", query_string={"limit": "7", "cursor": first["next"]}).json

        assert second is not None
        assert second["items"] == [7, [7]]

    def test_a_cursor_of_other_filters_is_refused(self, app: Flask) -> None:
        client = app.test_client()
        first = client.get("/things?overdue=true").json
        assert first is not None

        answer = client.get("/things", query_string={"cursor": first["next"]})

        assert list(errors_of(answer)) == ["cursor"]

    @pytest.mark.parametrize(
        ("query", "place"),
        [
            ("limit=0", "limit"),
            (f"limit={MAX_LIMIT + 1}", "limit"),
            ("limit=-1", "limit"),
            ("limit=ten", "limit"),
            ("limit=1_0", "limit"),
            ("limit=%2B5", "limit"),
            ("limit=%D9%A5", "limit"),
            ("limit=1.0", "limit"),
            ("limit=", "limit"),
            ("limit=99999999999999999999", "limit"),
            ("limit=1&limit=2", "limit"),
            ("cursor=x", "cursor"),
            ("cursor=", "cursor"),
            ("cursor=" + "A" * 2000, "cursor"),
            ("cursor=Jamie%20Example", "cursor"),
            ("school=Jamie", "school"),
            ("overdue=1", "overdue"),
            ("overdue=True", "overdue"),
            ("unknown=1", "unknown"),
            ("Jamie%20Example=1", "parameters"),
        ],
    )
    def test_an_invalid_parameter_is_named(self, app: Flask, query: str, place: str) -> None:
        answer = app.test_client().get(f"/things?{query}")

        assert list(errors_of(answer)) == [place]
        assert "Jamie" not in answer.text

    @pytest.mark.parametrize(("limit", "expected"), [("1", 1), ("100", 100), ("025", 25)])
    def test_the_limit_includes_its_bounds(self, app: Flask, limit: str, expected: int) -> None:
        body = app.test_client().get(f"/things?limit={limit}").json

        assert body is not None
        assert body["items"][0] == expected

    @pytest.mark.parametrize(("flag", "expected"), [("true", True), ("false", False)])
    def test_a_flag_is_true_or_false(self, app: Flask, flag: str, expected: bool) -> None:
        body = app.test_client().get(f"/things?overdue={flag}").json

        assert body is not None
        assert body["overdue"] is expected

    def test_a_page_has_the_requested_items(self) -> None:
        cursors = Cursors(KEY)
        cursor = cursors.make(["a", 1], SCOPE)
        schema: Schema = PageQuery()

        first, second = part(schema.load({})), part(schema.load({"limit": "3", "cursor": cursor}))

        assert (first, cursors.start(first, SCOPE)) == (Part(DEFAULT_LIMIT), None)
        assert (second, cursors.start(second, SCOPE)) == (Part(3, cursor), ["a", 1])

    @pytest.mark.parametrize("following", ["abc", None])
    def test_the_body_has_the_items_and_the_next_cursor(self, following: str | None) -> None:
        body = encode(Page((1, 2), following))
        assert json.loads(body) == {"items": [1, 2], "next": following}

    @given(count=st.integers(0, 30), limit=st.integers(1, 10))
    def test_the_parts_of_a_list_are_the_whole(self, count: int, limit: int) -> None:
        cursors, found, wanted = Cursors(KEY), [], Part(limit)
        for _ in range(max(1, -(-count // limit))):
            place, following = cursors.cut(wanted, SCOPE, count)
            found.append(range(count)[place])
            wanted = Part(limit, following)
        assert following is None
        assert [number for part in found for number in part] == [*range(count)]
        assert all(len(part) == limit for part in found[:-1])

    def test_a_part_without_a_limit_is_all_that_is_left(self) -> None:
        cursors = Cursors(KEY)
        _, following = cursors.cut(Part(2), SCOPE, 7)

        assert cursors.cut(Part(), SCOPE, 7) == (slice(0, 7), None)
        assert cursors.cut(Part(None, following), SCOPE, 7) == (slice(2, 7), None)


class TestIfMatch:
    @pytest.mark.parametrize(
        ("header", "version"), [('"3"', 3), ('"0"', 0), (' "12" ', 12), ("*", None), (" * ", None)]
    )
    def test_the_header_is_a_version_or_any(self, header: str, version: int | None) -> None:
        assert parse_if_match(header) == version

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "3",
            '"3',
            'W/"3"',
            '"3", "4"',
            '"a"',
            '"-1"',
            '"03"',
            '""',
            "**",
            '"*"',
            '"' + "9" * 30 + '"',
            '"٣"',
        ],
    )
    def test_any_other_header_is_refused_by_name(self, header: str) -> None:
        with pytest.raises(Problem) as refused:
            parse_if_match(header)

        assert refused.value.status == 422
        assert list(refused.value.extensions["errors"]) == ["If-Match"]

    def test_a_missing_header_is_answered_with_428(self) -> None:
        with pytest.raises(Problem) as refused:
            parse_if_match(None)

        assert refused.value.status == 428

    @given(version=st.integers(0, 10**18 - 1))
    def test_a_tag_reads_back(self, version: int) -> None:
        assert parse_if_match(etags.etag(version)) == version

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({"If-Match": '"4"', "Idempotency-Key": "a-key"}, {"version": 4, "key": "a-key"}),
            ({"If-Match": "*"}, {"version": None, "key": None}),
        ],
    )
    def test_the_headers_are_read_from_the_request(
        self, app: Flask, headers: dict[str, str], expected: dict[str, Any]
    ) -> None:
        assert app.test_client().post("/things", headers=headers).json == expected

    @pytest.mark.parametrize("key", ["", "has space", "k" * 256, "caf\xe9"])
    def test_an_invalid_key_is_refused(self, app: Flask, key: str) -> None:
        answer = app.test_client().post("/things", headers={"If-Match": "*", "Idempotency-Key": key})

        assert list(errors_of(answer)) == ["Idempotency-Key"]
