"""Whether the head, or a senior leader, takes part in a step that is theirs."""

from __future__ import annotations

from typing import Any, Final

from casework.domain.clocks import day_of
from casework.domain.incident import Step
from casework.domain.incident.families import RecordMeeting
from casework.domain.vocabulary import Role
from casework.usecases.steps.parents import alleged_as
from casework.usecases.steps.surroundings import Surroundings

_SENIOR: Final = frozenset({Role.HEADTEACHER, Role.DSL, Role.SLT})
"""The roles of senior leaders. The DSL is one by statutory guidance (KCSIE part 2); a deputy need not be."""


def by_head(_: Step, around: Surroundings) -> dict[str, Any]:
    """Whether the user acts as head, or nobody acts as head to whom the case is open.

    Then it is for the next in the route, who are the other users that may take steps in the case.
    """
    at, facts = around.reported_case.at, around.reported_case.facts
    acting = [head for head in at.acting(Role.HEADTEACHER) if not facts.shuts_out(head, at.today)]
    return {"by_head": not acting or any(head.is_one_with(at.identity) for head in acting)}


def met(step: RecordMeeting, around: Surroundings) -> dict[str, Any]:
    """Whether the parent is alleged, and whether a senior leader met them, by their role on that day."""
    day = day_of(step.happened_at)
    senior = any(not _SENIOR.isdisjoint(around.school.roles_of(user, day)) for user in step.with_)
    return {**alleged_as(step, around), "with_senior": senior}
