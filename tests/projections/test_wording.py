"""Which fields of a step its readers see."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from casework.domain.event import unstamped
from casework.domain.incident import STEPS
from casework.domain.incident.examples import EXAMPLES, example, typed
from casework.domain.incident.slots import Occasion, Slot
from casework_projections.reading.wording import own_fields
from tests.domain.casefile import at

NOW = at("2026-10-24 09:30")
IDS = {slot: uuid5(UUID(int=5), slot) for slot in Slot}
OCCASION = Occasion(now=NOW, slots={**IDS, Slot.OCCURRED_AT: NOW - timedelta(hours=1)})


@pytest.mark.parametrize("step", [step for step in EXAMPLES if step != "report"])
def test_a_step_is_shown_with_every_field_it_was_sent_with(step: str) -> None:
    fields = example(step, OCCASION)
    taken = unstamped(STEPS[step], **typed(STEPS[step], fields))
    assert {*fields} - {"note"} <= {*own_fields(taken)}
