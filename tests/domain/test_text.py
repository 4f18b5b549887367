"""Limits on texts, and finding every value of a record by its path in the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.domain.fields import (
    ApiName,
    Code,
    Name,
    Narrative,
    PersonId,
    Reason,
    Ref,
    ServerSet,
    Short,
    Text,
    UserId,
    field_markers,
    leaves,
    text_faults,
    texts,
    values_of,
)
from casework.domain.incident import STEPS
from casework.domain.incident.outcomes import Action, Lesson
from casework.domain.incident.reporting import Party
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Change, Involvement
from tests.domain.casefile import CaseFile

ID = UUID(int=1)
EMPTY = "must not be empty"
CONTROL = "must not contain control characters"


class Inner(msgspec.Struct, frozen=True):
    text: Short
    owner: UserId | None = None


class Outer(msgspec.Struct, frozen=True):
    """A record with a text in every possible place."""

    reason: Reason
    one: Inner
    many: tuple[Inner, ...] = ()
    codes: tuple[Code, ...] = ()
    name: Name | None = None
    free: str | None = None
    people: tuple[PersonId, ...] = ()
    renamed: Narrative | None = msgspec.field(name="re", default=None)
    known_as: Annotated[Short | None, ApiName("alias"), ServerSet()] = None


FULL = Outer(
    reason=Sealed("A reason of more than ten."),
    one=Inner(Sealed("one"), ID),
    many=(Inner(Sealed("first")), Inner(Sealed("second"), ID)),
    codes=("a", "b"),
    name=Sealed("A Name"),
    free="free",
    people=(ID,),
    renamed=Sealed("renamed"),
    known_as=Sealed("alias"),
)


@pytest.mark.parametrize(
    ("limits", "text", "fault"),
    [
        (Text(), "a", None),
        (Text(), "", EMPTY),
        (Text(), " \n\t ", EMPTY),
        (Text(), "\u00a0\u2003", EMPTY),
        (Text(min=10), "ten chars.", None),
        (Text(min=10), "nine char", "must be at least 10 characters"),
        (Text(min=10), "   nine char   ", "must be at least 10 characters"),
        (Text(max=5), "12345", None),
        (Text(max=5), "  12345\n", None),
        (Text(max=5), "123456", "must be at most 5 characters"),
        (Text(max=2), "é😀", None),
        (Text(), "two\nlines and a\ttab", None),
        (Text(), "half a character: \ud800", "must be text that UTF-8 can hold"),
        (Text(), "a whole one: \U0001f600", None),
    ],
)
def test_limits_count_characters_without_surrounding_white_space(
    limits: Text, text: str, fault: str | None
) -> None:
    assert limits.fault(text) == fault


@pytest.mark.parametrize(
    "code", [*(n for n in range(32) if n not in (9, 10, 13)), *range(127, 160), 0x202E, 0x2066]
)
def test_control_characters_are_refused(code: int) -> None:
    assert Text().fault(f"before{chr(code)}after") == CONTROL


def hidden(code: int) -> bool:
    """Whether a character hides or reorders what a user sees."""
    control = (code < 32 and code not in (9, 10, 13)) or 127 <= code < 160
    return control or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069


@given(text=st.text(max_size=30), least=st.integers(1, 10), most=st.integers(10, 20))
def test_a_fault_never_repeats_the_text(text: str, least: int, most: int) -> None:
    fault = Text(min=least, max=most).fault(text)
    assert fault is None or fault.startswith("must ")
    assert (fault is None) == (least <= len(text.strip()) <= most and not any(hidden(ord(c)) for c in text))


@pytest.mark.parametrize(
    ("marked", "least", "most"),
    [(Name, 1, 200), (Short, 1, 500), (Narrative, 1, 10_000), (Reason, 10, 10_000), (Code, 1, 100)],
)
def test_each_type_of_text_has_its_limits(marked: Any, least: int, most: int) -> None:
    (limits,) = marked.__metadata__
    assert limits == Text(min=least, max=most)


def test_every_value_is_listed_with_its_path() -> None:
    found = {
        leaf.path: leaf.value.text if isinstance(leaf.value, Sealed) else leaf.value for leaf in leaves(FULL)
    }
    assert found == {
        "$.reason": "A reason of more than ten.",
        "$.one.text": "one",
        "$.one.owner": ID,
        "$.many[0].text": "first",
        "$.many[1].text": "second",
        "$.many[1].owner": ID,
        "$.codes[0]": "a",
        "$.codes[1]": "b",
        "$.name": "A Name",
        "$.free": "free",
        "$.people[0]": ID,
        "$.re": "renamed",
        "$.alias": "alias",
    }


def test_a_field_without_a_value_is_not_listed() -> None:
    bare = Outer(reason=FULL.reason, one=Inner(Sealed("one")))
    assert [leaf.path for leaf in leaves(bare)] == ["$.reason", "$.one.text"]


def test_texts_are_sealed_and_plain_fields_but_not_ids() -> None:
    assert [*texts(FULL)] == [
        "A reason of more than ten.",
        "one",
        "first",
        "second",
        "a",
        "b",
        "A Name",
        "free",
        "renamed",
        "alias",
    ]


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, {}),
        ({"reason": Sealed("short")}, {"$.reason": "must be at least 10 characters"}),
        ({"one": Inner(Sealed(" "))}, {"$.one.text": EMPTY}),
        ({"many": (Inner(Sealed("a")), Inner(Sealed("\x00")))}, {"$.many[1].text": CONTROL}),
        ({"codes": ("ok", "")}, {"$.codes[1]": EMPTY}),
        ({"name": Sealed("n" * 201)}, {"$.name": "must be at most 200 characters"}),
        ({"renamed": Sealed("")}, {"$.re": EMPTY}),
        ({"known_as": Sealed("")}, {"$.alias": EMPTY}),
        ({"free": ""}, {}),
        (
            {"reason": Sealed(""), "name": Sealed("")},
            {"$.reason": "must be at least 10 characters", "$.name": EMPTY},
        ),
    ],
)
def test_faults_are_returned_by_path(change: dict[str, Any], faults: dict[str, str]) -> None:
    assert text_faults(values_of(msgspec.structs.replace(FULL, **change))) == faults


def test_markers_are_found_at_any_depth() -> None:
    markers = field_markers(Outer)
    assert markers["reason"] == (Text(min=10),)
    assert markers["many"] == ()
    assert markers["codes"] == (Text(max=100),)
    assert markers["people"] == (Ref(("person",)),)
    assert markers["known_as"] == (ApiName("alias"), ServerSet(), Text(max=500))
    assert field_markers(Inner)["owner"] == (Ref(("user",)),)


@pytest.mark.parametrize(
    ("step", "fields", "path"),
    [
        ("family_decision", {"decided_by": Sealed("")}, "$.by"),
        ("identify_person", {}, "$.as"),
        ("add_note", {"note": Sealed("")}, "$.note"),
        ("record_meeting", {}, "$.with[0]"),
        ("debrief", {"lessons": (Lesson(text=Sealed(""), changes=Change.POLICY),)}, "$.lessons[0].text"),
        (
            "debrief",
            {"actions": (Action(text=Sealed("a"), owner=Sealed(""), due_on=date(2027, 1, 4)),)},
            "$.actions[0].owner",
        ),
    ],
)
def test_the_paths_of_steps_match_the_api(step: str, fields: dict[str, Any], path: str) -> None:
    built = CaseFile("cyberbullying").build(step, **fields)
    assert path in {leaf.path for leaf in leaves(built)}
    assert set(text_faults(values_of(built))) == ({path} if fields else set())


def test_the_server_sets_the_categories_of_people_in_a_report() -> None:
    report = CaseFile("cyberbullying").incident.timeline[0]
    people = {leaf.path: leaf.markers for leaf in leaves(report) if leaf.path.startswith("$.people[0]")}
    assert people == {
        "$.people[0].person": (Ref(("person",)),),
        "$.people[0].involvement": (),
        "$.people[0].category": (ServerSet(),),
        "$.people[0].left": (ServerSet(),),
    }
    assert Party(person=ID, involvement=Involvement.TARGET) != Party(
        person=ID, involvement=Involvement.WITNESS
    )


@pytest.mark.parametrize("record", [*STEPS.values(), Lesson, Action], ids=lambda record: record.__name__)
def test_every_sealed_text_that_a_user_enters_has_limits(record: type[msgspec.Struct]) -> None:
    plain = get_type_hints(record)
    for name, markers in field_markers(record).items():
        if plain[name] in (Sealed, Sealed | None):
            assert any(isinstance(marker, (Text, ServerSet)) for marker in markers), name
