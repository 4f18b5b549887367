"""The names in a case that could be those of colleagues, where somebody must say so within the hour."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from casework.domain.access import Identity
from casework.domain.case import Case
from casework.domain.clocks import due
from casework.domain.incident.recusal import ClearName
from casework.domain.playbook import Duty
from casework.domain.vocabulary import Category


def names_to_clear(case: Case) -> list[Duty]:
    """What the user of `case` must clear, the first recorded first: nothing if they may not.

    It is due where the case is critical or nobody else may read it; otherwise those who read the case are
    only notified of it. Nobody is asked about themselves.
    """
    stated = case.playbook.floor.name_to_clear
    if stated is None or case.incident.closed or case.standing.takes_as(ClearName) is None:
        return []
    alike = sorted(set(_alike(case)), key=lambda each: (case.incident.about[each[0]].since, *each))
    if not alike or not (case.critical or _reads_alone(case)):
        return []
    rule, calendar = stated.as_rule(), case.school.calendar
    return [
        Duty(
            rule,
            preset={"person": person, "user": user},
            due_at=due(case.incident.about[person].since, stated.span, calendar),
            answered_by=None,
            answered_at=None,
        )
        for person, user in alike
    ]


def _alike(case: Case) -> Iterator[tuple[UUID, UUID]]:
    """The people whom the case is about, each with a user whose name shuts out one who acts at the school."""
    # A pupil is no colleague; and for most cases the staff need not be looked up.
    adults = {party.person for party in case.incident.people if party.category is not Category.PUPIL}
    about = adults & case.incident.about.keys()
    if not about:
        return
    for holder in case.at.staff:
        if not holder.acts or holder.identity.is_one_with(case.at.identity):
            continue
        for user, alike in holder.identity.suspected:
            yield from ((person, user) for person in about & alike)


def _reads_alone(case: Case) -> bool:
    """Whether nobody may read the case but the user, whose accounts are one person."""
    return all(each.is_one_with(case.at.identity) for each in _readers(case))


def _readers(case: Case) -> Iterator[Identity]:
    """Everybody who may read the case: by the route, or because it is theirs by name."""
    for holder in case.at.staff:
        if holder.acts or holder.reads:
            yield from _reading(case, holder.identity)
    for user in {*case.incident.assignees, *case.incident.appointed}:
        yield from _reading(case, case.at.identity_by_id(user))


def _reading(case: Case, identity: Identity) -> Iterator[Identity]:
    if identity.active and case.standing_of(identity).reads_as is not None:
        yield identity
