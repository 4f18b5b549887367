"""Have a step need two people in one test."""

from __future__ import annotations

from typing import Final, cast

import msgspec
import pytest

from casework.domain.incident import Step
from casework.usecases.steps.outside import NOTHING, OUTSIDE, Outside
from casework.usecases.steps.surroundings import Decider

ANYBODY: Final = Decider()


def takes_two(monkeypatch: pytest.MonkeyPatch, kind: type[Step], decider: Decider | None = ANYBODY) -> None:
    """Have `decider` decide on steps of `kind`; with None they need no second person."""
    row = msgspec.structs.replace(OUTSIDE.get(kind, NOTHING), decided_by=lambda _, __: decider)
    monkeypatch.setitem(cast(dict[type[Step], Outside], OUTSIDE), kind, row)
