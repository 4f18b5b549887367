"""Whether the head takes a step that is the head's to take."""

from __future__ import annotations

from typing import Any

from casework.domain.incident import Step
from casework.domain.vocabulary import Role
from casework.usecases.steps.surroundings import Surroundings


def by_head(_: Step, around: Surroundings) -> dict[str, Any]:
    """Whether the user acts as head, or nobody acts as head to whom the case is open.

    Then it is for the next in the route, who are the other users that may take steps in the case.
    """
    at, facts = around.reported_case.at, around.reported_case.facts
    acting = [head for head in at.acting(Role.HEADTEACHER) if not facts.shuts_out(head, at.today)]
    return {"by_head": not acting or any(head.is_one_with(at.identity) for head in acting)}
