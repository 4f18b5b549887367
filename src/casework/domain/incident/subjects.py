"""Whom a case is about, and since when: what was ever recorded stays, whatever is corrected later."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.bars import Subject
from casework.domain.incident.age import Age
from casework.domain.incident.reporting import NamesPeople, Party, Report
from casework.domain.incident.steps import Step
from casework.domain.vocabulary import Category, Involvement

SUBJECT_INVOLVEMENTS: Final = (Involvement.TARGET, Involvement.ALLEGED)


def members_of(people: Iterable[Party], *involvements: Involvement) -> frozenset[UUID]:
    """The people and users involved in any of these ways."""
    parties = [party for party in people if party.involvement in involvements]
    users = (party.user for party in parties if party.user is not None)
    return frozenset(party.person for party in parties).union(users)


def named_by(steps: Iterable[Step]) -> tuple[tuple[Party, ...], frozenset[UUID]]:
    """The people of a case after `steps`, and the leaders whom its report may be about."""
    people: tuple[Party, ...] = ()
    leaders: frozenset[UUID] = frozenset()
    for step in steps:
        if isinstance(step, NamesPeople):
            people = step.people_after(people)
        if isinstance(step, Report):
            leaders = frozenset(step.leaders)
    return people, leaders


def children_of(people: Iterable[Party], involvements: Collection[Involvement]) -> list[UUID]:
    """The pupils under 18 involved in any of these ways, once each.

    Without children who are no pupils here, or no longer: the duties towards a child and the parents are
    those of the school where the child is now.
    """
    return _pupils(people, involvements, Age.CHILD)


def adult_pupils_of(people: Iterable[Party], involvements: Collection[Involvement]) -> list[UUID]:
    """The pupils of 18 or over involved in any of these ways, once each."""
    return _pupils(people, involvements, Age.ADULT)


def _pupils(people: Iterable[Party], involvements: Collection[Involvement], age: Age) -> list[UUID]:
    pupils = (party for party in people if party.category is Category.PUPIL and party.age is age)
    return list(dict.fromkeys(party.person for party in pupils if party.involvement in involvements))


def followed(known: Mapping[UUID, Subject], present: Iterable[UUID], moment: datetime) -> dict[UUID, Subject]:
    """`known` when only those `present` still are; from `moment` on, the others no longer are.

    A person who takes the place of others, as one who was unknown and is identified, was it all along.
    """
    now = frozenset(present)
    gone = [each for key, each in known.items() if each.until is None and key not in now]
    since = min((each.since for each in gone), default=moment)
    found = {**known, **{each.member: msgspec.structs.replace(each, until=moment) for each in gone}}
    for member in now:
        before = known.get(member)
        if before is None or before.until is not None:
            first = since if before is None else min(before.since, since)
            found[member] = Subject(member=member, since=first)
    return found
