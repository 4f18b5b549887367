"""Which steps of a timeline stand, and with which values, given the corrections among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from casework.domain.clocks import is_recorded_late
from casework.domain.incident.amending import Correct
from casework.domain.incident.steps import Step

T = TypeVar("T")


class Superseded(msgspec.Struct, frozen=True):
    """A step in the form it had until `by`, a correction that stands."""

    step: Step
    by: Correct

    @property
    def moves(self) -> bool:
        """Whether the correction says that the step was done at another time."""
        return self.by.fields is not None and "happened_at" in self.by.fields.values


class Corrected(msgspec.Struct, frozen=True):
    """The steps of a timeline that stand, oldest first, and the forms that no longer do."""

    standing: list[Step]
    superseded: list[Superseded]


def corrected(timeline: Sequence[Step]) -> Corrected:
    """`timeline` with its corrections applied: without voided steps, others with the values that stand.

    A correction that is voided itself changes nothing.
    """
    corrections = [step for step in timeline if isinstance(step, Correct) and step.changes]
    if not corrections:
        return Corrected([*timeline], [])
    voided = _voided(corrections)
    forms = {step.number: step for step in timeline}
    superseded = []
    for correction in corrections:
        if correction.number in voided:
            continue
        before = forms[correction.corrects]
        superseded.append(Superseded(before, correction))
        if correction.fields is not None:
            forms[correction.corrects] = correction.fields.on(before)
    return Corrected([forms[step.number] for step in timeline if step.number not in voided], superseded)


def answers_at(step: Step, superseded: Iterable[Superseded]) -> datetime:
    """When `step`, in the form that stands, answers a duty: when it was done, or recorded if that was late.

    When a step was done is recorded by the step itself, or by the last correction that moves it. So a late
    step does not become one in time when its date is corrected later.
    """
    said_at = max(
        (each.by.recorded_at for each in superseded if each.step.number == step.number and each.moves),
        default=step.recorded_at,
        key=datetime.timestamp,
    )
    return step.recorded_at if is_recorded_late(step.happened_at, said_at) else step.happened_at


def corrected_paths(errors: Mapping[str, T]) -> dict[str, T]:
    """The errors of a corrected step, by the paths of the correction that names its fields."""
    return {path.replace("$.", "$.fields.", 1): messages for path, messages in errors.items()}


def _voided(corrections: Iterable[Correct]) -> set[int]:
    """The numbers of the voided steps. The last correction stands, and decides about those before it."""
    voided: set[int] = set()
    for correction in reversed([*corrections]):
        if correction.void and correction.number not in voided:
            voided.add(correction.corrects)
    return voided
