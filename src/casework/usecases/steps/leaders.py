"""Who led the school when something happened that may be about them."""

from __future__ import annotations

from uuid import UUID

from casework.domain.clocks import day_of
from casework.domain.incident.reporting import Report
from casework.domain.moments import Instant
from casework.domain.school import School
from casework.domain.user import User
from casework.domain.vocabulary import Role
from casework.usecases.steps.surroundings import Surroundings


def leaders(step: Report, around: Surroundings) -> tuple[UUID, ...]:
    """The users who led the school on any day from when it occurred until now, and all people they were."""
    who_led = led(step, around.school, around.moment)
    users = (around.found.get(user) for user in who_led)
    persons = (person for user in users if isinstance(user, User) for person in user.persons)
    return tuple(sorted(who_led.union(persons)))


def led(step: Report, school: School, moment: Instant) -> frozenset[UUID]:
    """The users who led the school since it occurred, unless the report cannot be about them."""
    if step.about_leader is False or not (step.about_leader or step.confidential_reporter):
        return frozenset()
    days = day_of(step.occurred_at), day_of(moment)
    return frozenset(each.user for each in school.ever_led(Role.HEADTEACHER) if each.between(*days))
