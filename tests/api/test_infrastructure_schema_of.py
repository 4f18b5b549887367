"""Schemas accept exactly what the types of the domain allow."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from casework.domain.event import Event
from casework.domain.fields import ApiName, PersonId, ServerSet, Text
from casework.domain.incident import STEPS
from casework.domain.limits import Between
from casework.domain.sealed import Sealed
from casework_api.http.fields import InputSchema, Moment, text_pattern
from casework_api.http.problems import errors_by_path
from casework_api.http.schema_of import EVENT_FIELDS, one_of, schema_of

ID = "0b5f7a52-3f0e-4c1c-8f43-9b1b5f6d2a10"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a thing."""

    text: Annotated[Sealed, Text(max=20)]
    number: Annotated[int, ServerSet()] = 0


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A thing with a field of every type."""

    flag: bool
    count: int
    mark: Annotated[int, Between(1, 5)] = 1
    code: str = "none"
    name: Annotated[Sealed | None, Text(max=10)] = None
    reason: Annotated[Sealed, Text(min=10)] | None = None
    id: UUID | None = None
    who: PersonId | None = None
    at: datetime | None = None
    on: date | None = None
    colour: Colour = Colour.RED
    colours: frozenset[Colour] = frozenset()
    size: Literal["small", "large"] | None = None
    parts: tuple[Part, ...] = ()
    part: Part | None = None
    with_: tuple[UUID, ...] = msgspec.field(name="with", default=())
    decided_by: Annotated[Sealed | None, ApiName("by"), Text(max=10)] = None
    secret: Annotated[str, ServerSet()] = "ours"
    passed_over: str = ""


SCHEMA = schema_of(Thing, exclude={"passed_over"})()
NEEDED = {"flag": True, "count": 1}


def load(**fields: Any) -> Any:
    return SCHEMA.load({**NEEDED, **fields})


def faults(schema: InputSchema, data: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        schema.load(data)
    return errors_by_path(refused.value.messages)


class TestLoading:
    def test_a_field_that_was_not_sent_is_absent(self) -> None:
        assert load() == NEEDED

    @pytest.mark.parametrize(
        ("field", "sent", "name", "value"),
        [
            ("flag", False, "flag", False),
            ("count", -3, "count", -3),
            ("count", 3.0, "count", 3),
            ("mark", 5, "mark", 5),
            ("code", "  abc \n", "code", "abc"),
            ("name", " Jamie ", "name", Sealed("Jamie")),
            ("name", "x" * 10 + " ", "name", Sealed("x" * 10)),
            ("name", None, "name", None),
            ("reason", "ten letters", "reason", Sealed("ten letters")),
            ("id", ID, "id", UUID(ID)),
            ("id", ID.upper(), "id", UUID(ID)),
            ("who", ID, "who", UUID(ID)),
            ("at", "2026-09-14T10:05:00Z", "at", datetime(2026, 9, 14, 10, 5, tzinfo=UTC)),
            ("at", "2026-09-14T10:05:00.25+01:00", "at", datetime(2026, 9, 14, 9, 5, 0, 250_000, UTC)),
            ("at", "2026-09-14T10:05:00.123456789Z", "at", datetime(2026, 9, 14, 10, 5, 0, 123_456, UTC)),
            ("at", "2026-09-14T10:05:00-23:59", "at", datetime(2026, 9, 15, 10, 4, tzinfo=UTC)),
            ("on", "2024-02-29", "on", date(2024, 2, 29)),
            ("colour", "blue", "colour", Colour.BLUE),
            pytest.param("colours", ["blue", "red"], "colours", frozenset(Colour), id="colours"),
            ("colours", [], "colours", frozenset()),
            ("size", "small", "size", "small"),
            ("size", None, "size", None),
            (
                "parts",
                [{"text": " a "}, {"text": "b"}],
                "parts",
                (Part(text=Sealed("a")), Part(text=Sealed("b"))),
            ),
            ("part", {"text": "a"}, "part", Part(text=Sealed("a"))),
            ("part", None, "part", None),
            ("with", [ID], "with_", (UUID(ID),)),
            ("by", "them", "decided_by", Sealed("them")),
        ],
        ids=str,
    )
    def test_each_type_is_loaded(self, field: str, sent: Any, name: str, value: Any) -> None:
        loaded = load(**{field: sent})

        assert loaded == {**NEEDED, name: value}
        assert type(loaded[name]) is type(value)

    def test_the_result_makes_the_struct(self) -> None:
        thing = Thing(**load(name="Jamie", parts=[{"text": "a"}]))

        assert thing.name == Sealed("Jamie")
        assert thing.parts[0].number == 0

    def test_a_time_keeps_its_offset(self) -> None:
        assert load(at="2026-09-14T10:05:00+01:00")["at"].utcoffset() == timedelta(hours=1)


class TestRefusing:
    @pytest.mark.parametrize(
        ("field", "sent", "message"),
        [
            ("flag", 1, "must be true or false"),
            ("flag", "true", "must be true or false"),
            ("flag", None, "must not be null"),
            ("count", True, "must be a whole number"),
            ("count", "1", "must be a whole number"),
            ("count", 1.5, "must be a whole number"),
            ("count", float("inf"), "must be a whole number"),
            ("count", 1e300, "must be from -2147483648 to 2147483647"),
            ("count", 2**31, "must be from -2147483648 to 2147483647"),
            ("count", -(2**31) - 1, "must be from -2147483648 to 2147483647"),
            ("mark", 0, "must be from 1 to 5"),
            ("mark", 6, "must be from 1 to 5"),
            ("code", 1, "must be text"),
            ("code", "", "must not be empty"),
            ("code", " \t\n ", "must not be empty"),
            ("code", "x" * 10_001, "must be at most 10000 characters"),
            ("code", "a\x00b", "must not contain control characters"),
            ("code", "a\x1bb", "must not contain control characters"),
            ("code", "a\x1b", "must not contain control characters"),
            ("name", "x" * 11, "must be at most 10 characters"),
            ("name", ["Jamie"], "must be text"),
            ("reason", " too short          ", "must be at least 10 characters"),
            ("id", "Jamie", "must be a UUID"),
            ("id", ID.replace("-", ""), "must be a UUID"),
            ("id", f"{{{ID}}}", "must be a UUID"),
            ("id", f"urn:uuid:{ID}", "must be a UUID"),
            ("id", 3, "must be a UUID"),
            ("at", "2026-09-14T10:05:00", "must be a time with an offset"),
            ("at", "2026-09-14 10:05:00Z", "must be a time with an offset"),
            ("at", "20260914T100500Z", "must be a time with an offset"),
            ("at", "2026-09-14", "must be a time with an offset"),
            ("at", "2026-02-30T10:05:00Z", "must be a time with an offset"),
            ("at", "2026-09-14T24:00:00Z", "must be a time with an offset"),
            ("at", "1899-12-31T23:59:59Z", "must be a time with an offset"),
            ("at", "9999-12-31T23:59:59-23:00", "must be a time with an offset"),
            ("at", "2026-09-14T10:05:00Z\n", "must be a time with an offset"),
            ("at", "٢٠٢٦-09-14T10:05:00Z", "must be a time with an offset"),
            ("at", 1789380300, "must be a time with an offset"),
            ("on", "2026-02-29", "must be a date"),
            ("on", "20260914", "must be a date"),
            ("on", "2026-W38-1", "must be a date"),
            ("on", "2026-09-14T00:00:00Z", "must be a date"),
            ("colour", "Jamie", "must be one of: red, blue"),
            ("colour", "RED", "must be one of: red, blue"),
            ("colour", ["red"], "must be one of: red, blue"),
            ("colour", None, "must not be null"),
            ("colours", ["red", "red"], "must not contain duplicates"),
            ("colours", "red", "must be a list"),
            ("colours", {"red": 1}, "must be a list"),
            ("colours", None, "must not be null"),
            ("size", "medium", "must be one of: small, large"),
            ("part", [], "must be an object"),
            ("part", "Jamie", "must be an object"),
            ("parts", {"text": "a"}, "must be a list"),
        ],
        ids=str,
    )
    def test_a_value_of_another_form_is_refused(self, field: str, sent: Any, message: str) -> None:
        ((place, messages),) = faults(SCHEMA, {**NEEDED, field: sent}).items()

        assert place == f"$.{field}"
        assert messages[0].startswith(message)
        assert "Jamie" not in messages[0]

    @pytest.mark.parametrize(
        ("field", "sent", "place"),
        [
            ("colours", ["red", "green"], "$.colours[1]"),
            ("with", [ID, "x"], "$.with[1]"),
            ("parts", [{"text": "a"}, {}], "$.parts[1].text"),
            ("parts", [{"text": "a", "number": 3}], "$.parts[0].number"),
            ("parts", [None], "$.parts[0]"),
            ("parts", [{"text": "a", "Jamie Example": 3}], "$.parts[0]"),
            ("unknown", 1, "$.unknown"),
            ("secret", "theirs", "$.secret"),
            ("passed_over", "x", "$.passed_over"),
            ("with_", [], "$.with_"),
            ("decided_by", "x", "$.decided_by"),
        ],
    )
    def test_the_fault_is_named_by_its_path(self, field: str, sent: Any, place: str) -> None:
        assert list(faults(SCHEMA, {**NEEDED, field: sent})) == [place]

    def test_a_missing_field_is_named(self) -> None:
        assert faults(SCHEMA, {}) == {"$.flag": ["is required"], "$.count": ["is required"]}

    @pytest.mark.parametrize("data", [[], "Jamie", 3, None])
    def test_what_is_not_an_object_is_refused(self, data: Any) -> None:
        assert faults(SCHEMA, data) == {"$": ["must be an object"]}

    @given(
        data=st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(sorted(SCHEMA.fields)) | st.text(), inner, max_size=4)
            ),
            max_leaves=12,
        )
    )
    def test_any_data_is_loaded_or_refused(self, data: Any) -> None:
        with suppress(ValidationError):
            SCHEMA.load(data)

    @given(sent=st.text(min_size=4))
    def test_no_message_repeats_what_was_sent(self, sent: str) -> None:
        sent = f"Jamie{sent}"
        errors: dict[str, list[str]] = {}
        for field in SCHEMA.fields.values():
            place = field.data_key or field.name or ""
            try:
                SCHEMA.load({**NEEDED, place: {sent: sent}, sent: sent})
            except ValidationError as refused:
                errors |= errors_by_path(refused.messages)

        messages = "".join(message for messages in errors.values() for message in messages)
        assert "Jamie" not in messages


class TestTexts:
    @given(
        text=st.text(st.characters(codec="utf-8", max_codepoint=0x3000), max_size=30)
        | st.text("ab \t\n\x00\x7f\xa0", max_size=30),
        least=st.sampled_from([0, 1, 2, 10]),
    )
    def test_the_pattern_matches_what_is_accepted(self, text: str, least: int) -> None:
        limits = Text(min=least, max=1000)

        matches = re.search(text_pattern(limits), text) is not None

        assert matches == (limits.fault(text) is None)

    @given(text=st.text())
    def test_an_accepted_text_is_stripped_and_valid(self, text: str) -> None:
        try:
            code = load(code=text)["code"]
        except ValidationError:
            return
        assert code == code.strip() == text.strip()
        assert Text().fault(code) is None


class Taken(Event, frozen=True, kw_only=True):
    """Something was taken."""

    what: str


class TestDeriving:
    def test_the_fields_of_every_event_cannot_be_sent(self) -> None:
        schema = schema_of(Taken)()

        assert set(schema.fields) == {"what"}
        assert "happened_at" in EVENT_FIELDS
        assert list(faults(schema, {"what": "x", "by": ID})) == ["$.by"]

    def test_a_schema_is_created_once(self) -> None:
        assert schema_of(Thing) is schema_of(Thing)
        assert schema_of(Thing, exclude={"code", "at"}) is schema_of(Thing, exclude=["at", "code"])
        assert schema_of(Thing, exclude={"code"}) is not schema_of(Thing)

    def test_its_name_is_derived_from_the_struct_or_given(self) -> None:
        assert schema_of(Thing).__name__ == "ThingInput"
        assert schema_of(Thing, name="Changes").__name__ == "Changes"

    def test_fields_can_be_added(self) -> None:
        schema = schema_of(Taken, extra={"at": Moment(allow_none=True)})()

        assert schema.load({"what": "x", "at": None}) == {"what": "x", "at": None}

    @pytest.mark.parametrize("hint", [dict[str, int], float, int | str, tuple[int, str], list[int], Any])
    def test_a_type_without_a_json_form_is_refused_at_once(self, hint: Any) -> None:
        struct = msgspec.defstruct("Odd", [("field", hint)])

        with pytest.raises(TypeError):
            schema_of(struct)

    @pytest.mark.parametrize("name", sorted(STEPS))
    def test_every_step_has_a_schema(self, name: str) -> None:
        step = STEPS[name]

        loadable = schema_of(step)().fields

        assert not EVENT_FIELDS & set(loadable)
        assert set(loadable) <= {field.name for field in msgspec.structs.fields(step)}
        assert step.__name__ in schema_of(step).__name__


class TestOneOf:
    steps: ClassVar = one_of(
        "AnyStep", {"colour": schema_of(Part), "thing": schema_of(Thing, exclude={"parts"})}
    )()

    def test_the_word_selects_the_variant(self) -> None:
        assert self.steps.load({"step": "colour", "text": "a"}) == {"step": "colour", "text": Sealed("a")}
        assert self.steps.load({"step": "thing", **NEEDED}) == {"step": "thing", **NEEDED}

    @pytest.mark.parametrize(
        ("data", "place", "message"),
        [
            ({"step": "Jamie"}, "$.step", "is not a known value"),
            ({"step": None}, "$.step", "is not a known value"),
            ({"step": ["colour"]}, "$.step", "is not a known value"),
            ({"step": {"colour": 1}}, "$.step", "is not a known value"),
            ({"text": "a"}, "$.step", "is required"),
            ([], "$", "must be an object"),
            ("colour", "$", "must be an object"),
            ({"step": "colour"}, "$.text", "is required"),
            ({"step": "colour", "text": "a", "flag": True}, "$.flag", "is not a known field"),
        ],
        ids=str,
    )
    def test_a_fault_is_named_by_its_path(self, data: Any, place: str, message: str) -> None:
        assert faults(self.steps, data) == {place: [message]}

    def test_the_schema_of_a_variant_is_not_changed(self) -> None:
        assert schema_of(Part)().load({"text": "a"}) == {"text": Sealed("a")}


@given(moment=st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)))
def test_a_time_reads_back_as_python_writes_it(moment: datetime) -> None:
    here = moment.astimezone(timezone(timedelta(hours=1)))

    assert load(at=here.isoformat())["at"] == moment
    assert json.loads(msgspec.json.encode(load(at=here.isoformat())["at"])) == here.isoformat()
