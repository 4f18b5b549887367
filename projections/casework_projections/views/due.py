"""What an incident still requires, in the form a view stores it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from casework.domain.moments import Instant, standard
from casework.domain.playbook import Duty


class DueStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step an incident still requires, and by when."""

    rule: str
    step: str | None
    due_at: Instant


def due_steps(duties: Sequence[Duty]) -> Iterator[dict[str, Any]]:
    for duty in duties:
        if duty.due_at is not None:
            step = DueStep(rule=duty.rule.id, step=duty.rule.step, due_at=duty.due_at)
            yield msgspec.to_builtins(step, enc_hook=standard)
