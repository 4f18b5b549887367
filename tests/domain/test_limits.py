"""Every value that a record accepts, through the API or not, can be stored in the tables of every view."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any

import msgspec
import pytest

from casework.domain.errors import Invalid
from casework.domain.event import Event
from casework.domain.fields import Code, field_markers, limit_faults, record_faults, values_of
from casework.domain.limits import YEARS, Between, Length, YearGroup
from casework.domain.person import PersonRegistered
from tests.domain.casefile import CaseFile
from tests.domain.test_event import BY_TOPIC

WITHIN = "must be from 1900 to 2199"
OFFSET = "must have an offset from UTC in whole minutes"
NOW = datetime(2026, 9, 14, 9, 20, tzinfo=UTC)
DAY = date(2026, 9, 14)


class Inner(msgspec.Struct, frozen=True):
    day: date = DAY


class Outer(msgspec.Struct, frozen=True):
    """A record with every type of value that has limits."""

    at: datetime = NOW
    on: date | None = DAY
    group: YearGroup | None = None
    count: int = 0
    code: Code | None = None
    inner: tuple[Inner, ...] = ()
    few: Annotated[tuple[int, ...], Length(2)] = ()
    flag: bool = True


@pytest.mark.parametrize(
    ("change", "path", "fault"),
    [
        ({"at": datetime.min.replace(tzinfo=UTC)}, "$.at", WITHIN),
        ({"at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=23)))}, "$.at", WITHIN),
        ({"at": NOW.replace(tzinfo=None)}, "$.at", OFFSET),
        ({"at": NOW.astimezone(timezone(timedelta(seconds=30)))}, "$.at", OFFSET),
        ({"on": date.min}, "$.on", WITHIN),
        ({"on": date(YEARS.low - 1, 12, 31)}, "$.on", WITHIN),
        ({"on": date(YEARS.high + 1, 1, 1)}, "$.on", WITHIN),
        ({"group": 202627}, "$.group", "must be from -2 to 14"),
        ({"group": -3}, "$.group", "must be from -2 to 14"),
        ({"count": 2**31}, "$.count", "must be from -2147483648 to 2147483647"),
        ({"code": "c" * 100 + " "}, "$.code", "must be at most 100 characters"),
        ({"inner": (Inner(), Inner(date.max))}, "$.inner[1].day", WITHIN),
        ({"inner": (Inner(),) * 1001}, "$.inner", "must hold at most 1000"),
        ({"few": (1, 2, 3)}, "$.few", "must hold at most 2"),
    ],
)
def test_a_value_beyond_a_limit_is_named_by_its_path(change: Any, path: str, fault: str) -> None:
    record = Outer(**change)
    assert limit_faults(values_of(record)) == record_faults(record) == {path: fault}


@pytest.mark.parametrize(
    "change",
    [
        {"at": datetime(YEARS.low, 1, 1, tzinfo=timezone(timedelta(hours=23, minutes=59)))},
        {"at": datetime(YEARS.high, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=23, minutes=59)))},
        {"on": date(YEARS.low, 1, 1)},
        {"on": date(YEARS.high, 12, 31)},
        {"on": None},
        {"group": -2},
        {"group": 14},
        {"count": -(2**31)},
        {"code": "c" * 100},
        {"few": (1, 2)},
        {"inner": (Inner(),) * 1000},
    ],
)
def test_a_value_at_a_limit_is_accepted(change: Any) -> None:
    assert limit_faults(values_of(Outer(**change))) == {}


@pytest.mark.parametrize("cls", BY_TOPIC, ids=lambda cls: cls.TOPIC)
def test_no_limit_prevents_reading_a_recorded_event(cls: type[Event]) -> None:
    """msgspec enforces its own bounds on loading, so a stored event outside them could not be read."""
    markers = [marker for found in field_markers(cls).values() for marker in found]
    constraints = [marker for marker in markers if isinstance(marker, msgspec.Meta)]
    assert set(constraints) <= {msgspec.Meta(), msgspec.Meta(tz=True)}


def test_bounds_include_both_ends() -> None:
    assert Between(1, 2).fault(1) is Between(1, 2).fault(2) is None
    assert Between(1, 2).fault(0) == Between(1, 2).fault(3) == "must be from 1 to 2"


@pytest.mark.parametrize(
    ("step", "fields", "path"),
    [
        ("check_age", {"age": 500}, "$.age"),
        ("withhold_from_parents", {"review_on": date.max}, "$.review_on"),
        ("invite_parent", {"meeting_at": datetime.max.replace(tzinfo=UTC)}, "$.meeting_at"),
        ("invite_parent", {"meeting_at": NOW.replace(tzinfo=None)}, "$.meeting_at"),
        ("correct", {"corrects": 2**70}, "$.corrects"),
    ],
)
def test_an_incident_refuses_a_step_beyond_a_limit(step: str, fields: Any, path: str) -> None:
    case = CaseFile("cyberbullying")
    before = case.incident.version
    with pytest.raises(Invalid) as refused:
        case.incident.take(case.build(step, **fields), case.playbook)
    assert [*refused.value.errors] == [path]
    assert case.incident.version == before


def test_the_time_of_a_step_is_named_as_in_the_api() -> None:
    case = CaseFile("cyberbullying")
    naive = msgspec.structs.replace(case.build("add_note"), happened_at=NOW.replace(tzinfo=None))
    with pytest.raises(Invalid) as refused:
        case.incident.take(naive, case.playbook)
    assert [*refused.value.errors] == ["$.at"]


@pytest.mark.parametrize(
    ("stored", "read"), [(-2, -2), (14, 14), (15, None), (-3, None), (202627, None), (None, None)]
)
def test_a_stored_year_group_outside_the_limits_is_read_as_unknown(
    stored: int | None, read: int | None
) -> None:
    state = {"category": "pupil", "role": "reporter", "year_group": stored}
    assert PersonRegistered.upcast(state, 1)["year_group"] == read
