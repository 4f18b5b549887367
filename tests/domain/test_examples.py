"""The examples of the steps: one for each, as a client may send it, and how they are filled in and typed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
import pytest

from casework.domain.event import Event, unstamped
from casework.domain.fields import ServerSet, named_fields, text_faults, values_of
from casework.domain.incident import STEPS
from casework.domain.incident.examples import EXAMPLES, example, typed
from casework.domain.incident.families import RecordMeeting
from casework.domain.incident.outcomes import Action, Debrief, Lesson
from casework.domain.incident.slots import NOW, Later, LaterDay, Occasion, Slot, Slots, filled
from casework.domain.incident.technology import BanFromComputing
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Change, MeetingOutcome
from casework.usecases.steps.reporting import ReportIncident
from tests.domain.casefile import at

# In UTC it is still the day before, and the clocks go back in the following night.
LATE: Final = at("2026-10-24 00:30")
IDS: Final = {slot: uuid5(UUID(int=5), slot) for slot in Slot}
SLOTS: Final[Slots] = {**IDS, Slot.OCCURRED_AT: LATE - timedelta(hours=1)}
OCCASION: Final = Occasion(now=LATE, slots=SLOTS)
OF_EVERY_EVENT: Final = {field.name for field in msgspec.structs.fields(Event)}


def sent(step: str, *, required: bool) -> set[str]:
    """The fields of `step` that a client must send, or all that it may send."""
    record = ReportIncident if step == "report" else STEPS[step]
    pairs = zip(named_fields(record), msgspec.structs.fields(record), strict=True)
    return {
        named.api_name
        for named, field in pairs
        if (field.required or not required)
        and field.name not in OF_EVERY_EVENT
        and not any(isinstance(marker, ServerSet) for marker in named.markers)
    }


def test_every_step_has_an_example() -> None:
    assert sorted({*STEPS} - {*EXAMPLES}) == []


def test_every_example_belongs_to_a_step() -> None:
    assert sorted({*EXAMPLES} - {*STEPS}) == []


@pytest.mark.parametrize("step", EXAMPLES)
def test_an_example_has_all_required_fields_and_no_unknown_ones(step: str) -> None:
    assert sent(step, required=True) <= {*EXAMPLES[step]} <= sent(step, required=False)


@pytest.mark.parametrize("step", EXAMPLES)
def test_an_example_is_json(step: str) -> None:
    fields = example(step, OCCASION)
    assert msgspec.json.decode(msgspec.json.encode(fields)) == fields


@pytest.mark.parametrize("step", [step for step in EXAMPLES if step != "report"])
def test_the_texts_of_an_example_are_within_their_limits(step: str) -> None:
    taken = unstamped(STEPS[step], **typed(STEPS[step], example(step, OCCASION)))
    assert text_faults(values_of(taken)) == {}


@pytest.mark.parametrize(
    ("open_value", "json"),
    [
        (Slot.CHILD, str(IDS[Slot.CHILD])),
        (Slot.OCCURRED_AT, "2026-10-23T23:30:00+01:00"),
        (NOW, "2026-10-24T00:30:00+01:00"),
        (Later(7), "2026-10-31T00:30:00+00:00"),
        (LaterDay(0), "2026-10-24"),
        (LaterDay(7), "2026-10-31"),
        ({"a": [Slot.HEAD, {"b": LaterDay(1)}]}, {"a": [str(IDS[Slot.HEAD]), {"b": "2026-10-25"}]}),
        ("a text", "a text"),
        (False, False),
    ],
    ids=str,
)
def test_open_places_of_an_example_are_filled_in(open_value: Any, json: Any) -> None:
    assert filled(open_value, OCCASION) == json


def test_a_day_in_an_example_is_in_london() -> None:
    utc = msgspec.structs.replace(OCCASION, now=datetime.fromisoformat("2026-10-23T23:30:00+00:00"))
    assert filled(LaterDay(0), utc) == "2026-10-24"


def test_a_slot_without_a_value_is_named() -> None:
    with pytest.raises(KeyError, match=r"Slot\.PARENT"):
        example("record_meeting", Occasion(now=LATE))


def test_a_given_field_replaces_that_of_the_example() -> None:
    for name in ("with", "with_"):
        fields = example("record_meeting", Occasion(now=LATE), {"parent": "a parent", name: []})
        assert fields == {"parent": "a parent", "outcome": "no_show", "with": []}


def test_json_is_converted_to_the_types_of_the_step() -> None:
    debrief = typed(Debrief, example("debrief", OCCASION))
    assert debrief == {
        "summary": Sealed("What worked, what took too long, and what changes because of it."),
        "lessons": (
            Lesson(
                text=Sealed("Talk about group chats before the summer, not after it."),
                changes=Change.CURRICULUM,
            ),
        ),
        "actions": (
            Action(
                text=Sealed("Put it on the agenda and report back."),
                owner=Sealed("Computing lead"),
                due_on=date(2026, 11, 7),
                lesson=0,
            ),
        ),
    }
    meeting = typed(RecordMeeting, example("record_meeting", OCCASION))
    assert meeting == {
        "parent": IDS[Slot.PARENT],
        "outcome": MeetingOutcome.NO_SHOW,
        "with_": (IDS[Slot.HEAD],),
    }


def test_a_value_of_the_right_type_is_unchanged() -> None:
    typed_already = {"reason": Sealed("words"), "until": date(2026, 10, 31), "note": None}
    fields = typed(BanFromComputing, {"from": "2026-10-24", **typed_already})
    assert fields == {"from_": date(2026, 10, 24), **typed_already}


def test_the_caller_may_choose_how_texts_are_sealed() -> None:
    lesson = {"text": "as it was", "changes": "policy"}
    fields = typed(Debrief, {"summary": "as it was", "lessons": [lesson]}, lambda _: Sealed("another"))
    assert fields["summary"] == fields["lessons"][0].text == Sealed("another")
