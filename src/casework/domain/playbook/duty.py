"""What a rule requires of one incident, and when it is due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from casework.domain.moments import Instant
from casework.domain.playbook.rules import Rule


class Duty(msgspec.Struct, frozen=True):
    """A rule that applies to an incident: the fields of its step, when it is due, and which step met it.

    If a step that met it was corrected and no longer does, it is due again, by its own clock from the
    correction; `first_due_at` is then when it was due at first, unless that step named the wrong person.
    `answered_at` is when the step was done, or when it was recorded if that is more than a day later.
    """

    rule: Rule
    preset: dict[str, Any]
    due_at: Instant | None
    answered_by: int | None
    answered_at: Instant | None
    first_due_at: Instant | None = None

    @property
    def open(self) -> bool:
        return self.answered_by is None

    def late_at(self, now: datetime) -> bool:
        """Whether it was met too late, or is not met and overdue at `now`."""
        if self.answered_at is None:
            return self.due_at is not None and now.timestamp() > self.due_at.timestamp()
        due_at = self.first_due_at or self.due_at
        return due_at is not None and self.answered_at.timestamp() > due_at.timestamp()


def distinct(duties: Iterable[Duty]) -> Iterable[Duty]:
    """Merge duties for the same step and values: the rule of the pack wins, and the earliest time counts."""
    same: dict[tuple[str | None, frozenset[tuple[str, Any]]], list[Duty]] = {}
    for duty in duties:
        same.setdefault((duty.rule.step, frozenset(duty.preset.items())), []).append(duty)
    for alike in same.values():
        if len(alike) == 1:
            yield alike[0]
            continue
        nearest = min(alike, key=lambda duty: (duty.rule.modality.rank, duty.rule.floor))
        moments = [duty.due_at for duty in alike if duty.due_at is not None]
        yield msgspec.structs.replace(nearest, due_at=min(moments, key=datetime.timestamp, default=None))
