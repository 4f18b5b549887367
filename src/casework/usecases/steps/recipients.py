"""Whether the recipients named in a step may know of the case."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from casework.domain.bars import Why
from casework.domain.clocks import day_of
from casework.domain.incident.telling import Tell, wrongly_told
from casework.domain.moments import Instant
from casework.domain.school import School
from casework.domain.user import User
from casework.usecases.steps.reached import reached
from casework.usecases.steps.surroundings import Surroundings


def holders(step: Tell, school: School, moment: Instant) -> Collection[UUID]:
    """The users who are told, if a role is."""
    return [] if step.told_role is None else [*school.appointed_to(step.told_role, day_of(moment))]


def told(step: Tell, around: Surroundings) -> dict[str, Any]:
    """Whether the case is about the recipient, or closed to them (a role: to all holders), and who knows."""
    known = {"counts_for": reached(step, around)}
    if step.person is not None:
        mistaken = step.person in wrongly_told(around.reported)
        why = frozenset() if mistaken else _why_closed({step.person}, around)
        return {"is_subject": Why.SUBJECT in why, "is_recused": bool(why), **known}
    users = holders(step, around.school, around.moment) if step.user is None else [step.user]
    return {
        "is_subject": bool(users) and all(_is_about(user, around) for user in users),
        "is_recused": bool(users) and all(around.is_closed_to(user) for user in users),
        **known,
    }


def _is_about(user: UUID, around: Surroundings) -> bool:
    found = around.found.get(user)
    persons = found.persons if isinstance(found, User) else frozenset()
    return Why.SUBJECT in _why_closed({user, *persons}, around)


def _why_closed(members: Iterable[UUID], around: Surroundings) -> frozenset[Why]:
    """The reasons for which the case is closed today to any of `members`."""
    today, those = day_of(around.moment), frozenset(members)
    bars = (bar for bar in around.reported_case.facts.bars if bar.closes and bar.member in those)
    return frozenset(bar.why for bar in bars if bar.from_ is None or bar.from_ <= today)
