"""Who knows of a case by a step: the roles of those who took it, approved it or were told by it."""

from __future__ import annotations

from uuid import UUID

from casework.domain.clocks import day_of
from casework.domain.incident import Step
from casework.domain.incident.reporting import Report
from casework.domain.incident.telling import TOLD_IN_PERSON, Tell
from casework.domain.vocabulary import Role
from casework.usecases.steps.surroundings import Surroundings


def reached(step: Step, around: Surroundings) -> tuple[Role, ...]:
    """The roles, besides that in which `step` is taken, whose holders know of the case by it.

    None of a step by somebody who only reported it, because that may be in confidence.
    """
    open_report = isinstance(step, Report) and not step.confidential_reporter
    if step.role == Role.REPORTER and not open_report:
        return ()
    recorded_at = step.recorded_at if around.case is None else around.case.incident.recorded_at
    today = day_of(around.moment)
    roles = {
        role for user in _users(step) for role in around.school.held_roles(user, today).in_case(recorded_at)
    }
    if isinstance(step, Tell) and step.told_role is not None:
        roles.add(step.told_role)
    known = roles if around.case is None else around.case.stood_for(roles)
    return tuple(sorted(role for role in known & TOLD_IN_PERSON if role != step.role))


def _users(step: Step) -> set[UUID]:
    told = step.user if isinstance(step, Tell) else None
    return {user for user in (step.by, step.approved_by, told) if user is not None}
