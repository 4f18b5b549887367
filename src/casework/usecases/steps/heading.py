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
    case = around.reported_case
    acting = [
        each for each in case.at.acting(Role.HEADTEACHER) if not case.facts.shuts_out(each, case.at.today)
    ]
    own = case.at.identity
    return {"by_head": not acting or any(each.is_one_with(own) for each in acting)}
