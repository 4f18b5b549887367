"""The examples that OpenAPI shows: steps of an incident at an invented school."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from casework.domain.clocks import LONDON
from casework.domain.incident.examples import example
from casework.domain.incident.slots import Occasion, Slot, Slots
from casework.library import Library

IDS: Final = {slot: uuid5(UUID(int=0), slot) for slot in Slot}
"""The ids in the examples, by what they identify."""
OCCURRED_AT: Final = datetime(2026, 9, 14, 10, 5, tzinfo=LONDON)
NOW: Final = datetime(2026, 9, 14, 11, 30, tzinfo=LONDON)


def shown(step: str) -> dict[str, Any]:
    """The fields of `step` as OpenAPI shows them."""
    slots: Slots = {**IDS, **_words(Library.own()), Slot.OCCURRED_AT: OCCURRED_AT}
    return example(step, Occasion(now=NOW, slots=slots))


def shown_metadata() -> str:
    """The metadata sent with a file, as JSON text."""
    occasion = Occasion(now=NOW, slots={Slot.OCCURRED_AT: OCCURRED_AT})
    return msgspec.json.encode(example("save_evidence", occasion)).decode()


def _words(library: Library) -> Slots:
    plain = [kind.id for floor in library.floors.values() for kind in floor.kinds if not kind.requires]
    return {Slot.KIND: plain[0], Slot.OTHER_KIND: plain[1], Slot.PACK: library.pack_ids()[0]}
