"""A user's standing to an incident, given who holds the roles of the route at its school."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final
from uuid import UUID

from casework.domain.access import (
    Actor,
    CaseFacts,
    Holder,
    Identity,
    Reader,
    Staff,
    Standing,
    reads_once_assigned,
    standing,
)
from casework.domain.appointment import Led
from casework.domain.bars import Bar, Bonds
from casework.domain.incident import Incident
from casework.domain.vocabulary import Role
from tests.domain.casefile import known

FIRST_DAY: Final = date(2025, 9, 1)
TODAY: Final = date(2026, 12, 1)


def holder(
    role: str,
    *persons: UUID,
    user: str = "",
    namesakes: Iterable[UUID] = (),
    from_: date = FIRST_DAY,
    until: date | None = None,
) -> Holder:
    """Who holds `role` at the school from one day to another."""
    identity = Identity(known(user or f"the {role}"), frozenset(persons), frozenset(namesakes))
    led = Led(identity.user, from_, until)
    now = led.between(TODAY, TODAY)
    return Holder(identity=identity, role=Role(role), led=led, acts=now, reads=now)


A_HEAD: Final = holder("headteacher")
A_DSL: Final = holder("dsl")
A_CHAIR: Final = holder("chair_of_governors")


def reads_if_assigned(role: str, incident: Incident) -> bool:
    """Whether a user in `role` could read `incident` if it were assigned to them."""
    user = Actor(user=known("a user"), persons=frozenset(), roles=(Role(role),))
    reader = Reader(identity=Identity(user.user), today=TODAY, staff=lambda: (A_DSL, A_HEAD))
    return reads_once_assigned(user, CaseFacts.of(incident, incident.bars(Bonds(()))), reader)


def standing_to(
    incident: Incident,
    actor: Actor,
    *,
    staff: Staff = (A_DSL, A_HEAD),
    bars: tuple[Bar, ...] = (),
    namesakes: Iterable[UUID] = (),
    reported_it: bool = False,
) -> Standing:
    """The standing of `actor` to `incident`, who reported it or not."""
    identity = Identity(actor.user, actor.persons, frozenset(namesakes))
    reader = Reader(identity=identity, today=TODAY, staff=lambda: staff)
    facts = CaseFacts.of(incident, (*incident.bars(Bonds(())), *bars))
    return standing(actor, facts, reader, reported_it=reported_it)
