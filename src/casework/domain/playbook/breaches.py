"""The clauses of a school's own policy that a decision says were breached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from casework.domain.playbook.pack import Pack

if TYPE_CHECKING:
    from casework.domain.incident.steps import Step


def breach_faults(pack: Pack, step: Step) -> dict[str, str]:
    """A message for each clause of `step` that `pack` does not list, by JSON path."""
    named: tuple[str, ...] = getattr(step, "breach", None) or ()
    known = [breach.clause for breach in pack.breaches]
    message = f"is none of the clauses that this policy lists: {', '.join(known)}"
    if not known:
        message = "the policy of this case lists no clauses"
    return {f"$.breach[{place}]": message for place, clause in enumerate(named) if clause not in known}
