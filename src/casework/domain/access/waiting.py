"""For whom a case waits because others must not know of it, and whether it waits for anybody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from casework.domain.access.predicates import CaseFacts, comes_by_route, is_about_leader
from casework.domain.access.route import FIRST, NEXT, Holder, Identity, Staff
from casework.domain.vocabulary import Role, Stream


def readers_by_route(case: CaseFacts, staff: Staff, today: date) -> Iterator[Identity]:
    """Those to whom the case comes by the route of its school and who may read and handle it."""
    roles = {*first_roles(case, staff, today)}
    roles |= {role for role in NEXT if comes_by_route(role, case, staff, today)}
    for holder in staff:
        reads = holder.acts and holder.role in roles and holder.extends_to(case.recorded_at)
        if reads and not case.is_kept_from(holder.identity, today):
            yield holder.identity


def waits_for(user: Identity, case: CaseFacts, staff: Staff, today: date) -> bool:
    """Whether others should have handled the case with the user or before them, and must not.

    It says nothing of whether the user may read it.
    """
    before = [*FIRST[case.stream]]
    held = {holder.role for holder in staff if holder.acts and holder.identity.user == user.user}
    if not first_roles(case, staff, today):
        return not held.isdisjoint(NEXT)
    if held.isdisjoint(before) and Role.CHAIR_OF_GOVERNORS not in held:
        before.append(Role.CHAIR_OF_GOVERNORS)
    return any(case.is_kept_from(holder.identity, today) for holder in _others(staff, user, before))


def _others(staff: Staff, user: Identity, roles: list[Role]) -> Iterator[Holder]:
    return (
        holder
        for holder in staff
        if holder.acts and holder.role in roles and holder.identity.user != user.user
    )


def first_roles(case: CaseFacts, staff: Staff, today: date) -> tuple[Role, ...]:
    """Who has the case before the governors: nobody, if it is an allegation about a leader."""
    about_leader = case.stream is Stream.ALLEGATION and is_about_leader(case, staff, today)
    return () if about_leader else FIRST[case.stream]
