"""Steps whose moments and days are all frozen, on both engines."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, cast
from uuid import uuid4

import msgspec
import pytest
from freezegun import freeze_time

from casework.domain.fields import leaves
from casework.domain.incident import STEPS, Step
from casework.domain.incident.reporting import Report
from tests.domain.casefile import CaseFile, at
from tests.storage.stores import opened

# In a tuple: freezegun replaces the attributes of modules.
REAL: Final = (datetime, date)


def frozen(value: Any) -> Any:
    """`value` with each moment and day in the class it would have if it were sent in frozen time."""
    if isinstance(value, datetime):
        return datetime.fromisoformat(value.isoformat())
    if isinstance(value, date):
        return date.fromisoformat(value.isoformat())
    if isinstance(value, tuple):
        return tuple(map(frozen, value))
    if isinstance(value, msgspec.Struct):
        return type(value)(**{name: frozen(getattr(value, name)) for name in value.__struct_fields__})
    return value


def dated(step: Step) -> set[type]:
    """The classes of the moments and days in `step`."""
    return {type(leaf.value) for leaf in leaves(step) if isinstance(leaf.value, date)}


@pytest.mark.parametrize("tick", [False, True], ids=["still", "ticking"])
def test_every_step_is_stored_and_read_back(engine_url: str, tick: bool) -> None:
    case = CaseFile()
    stream = uuid4()
    with freeze_time(at("2026-09-14 10:20"), tick=tick, ignore=["psycopg_pool"]), opened(engine_url) as store:
        built = [*case.incident.timeline, *(case.build(name) for name in STEPS if name != Report.name())]
        taken = [
            msgspec.structs.replace(frozen(step), originator_id=stream, originator_version=number)
            for number, step in enumerate(built, start=1)
        ]
        store.events.put(taken)
        read = [cast(Step, event) for event in store.events.get(stream)]
    assert {step.name(): step for step in taken} == {step.name(): step for step in read}
    assert not set(REAL) & {kind for step in taken for kind in dated(step)}
    assert {kind for step in read for kind in dated(step)} == set(REAL)
