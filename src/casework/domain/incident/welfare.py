"""The welfare of a child who may come to harm: what was assessed, and who may be at risk now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

import msgspec

from casework.domain.fields import Narrative, PartyId
from casework.domain.incident.reporting import IdentifyPerson
from casework.domain.incident.steps import Step
from casework.domain.incident.subjects import SUBJECT_INVOLVEMENTS, adult_pupils_of
from casework.domain.moments import Instant
from casework.domain.vocabulary import Answer, Category, Involvement

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident

UNASSESSED: Final = "unassessed"
"""What is said of a child whose welfare was not assessed yet."""


class AssessWelfare(Step, frozen=True, kw_only=True):
    """Whether a child may come to harm by their own hand or for their health, and what keeps them safe.

    `health_told`: whether a health service knows of it already. What the school refers is an `escalate`.
    The latest answer for a person counts, except that a yes stays a yes until it is corrected by two people.
    """

    TOPIC: ClassVar[str] = "incident.assess_welfare"

    person: PartyId
    at_risk_now: Answer
    health_told: bool
    plan: Narrative


class Assessed(msgspec.Struct, frozen=True):
    """What counts of the assessments of one person.

    `since` is when the first answer was given that was not "no" and that no "no" followed. `again` is true
    if a "no" came before it, so that nothing was known of the risk until then.
    """

    answer: Answer
    since: Instant | None = None
    again: bool = False

    def then(self, step: AssessWelfare) -> Assessed:
        """What counts after one more assessment."""
        if self.answer is Answer.YES:
            return self
        if step.at_risk_now is Answer.NO:
            return Assessed(Answer.NO)
        if self.answer is Answer.NO:
            return Assessed(step.at_risk_now, step.happened_at, again=True)
        return msgspec.structs.replace(self, answer=step.at_risk_now)


def assessed(incident: Incident) -> dict[UUID, Assessed]:
    """What counts of the assessments of each person in the case who was assessed.

    Of a person who was unknown, under who they turned out to be.
    """
    found: dict[UUID, Assessed] = {}
    # Few cases hold an assessment, and the rules ask in every case.
    if not any(incident.taken(AssessWelfare)):
        return found
    for step in incident.standing:
        if isinstance(step, AssessWelfare):
            found[step.person] = _after(found.get(step.person), step)
        elif isinstance(step, IdentifyPerson) and step.person in found:
            found[step.as_] = _worse(found.pop(step.person), found.get(step.as_))
    return {person: each for person, each in found.items() if incident.is_party(person)}


def at_risk_now(incident: Incident) -> frozenset[str]:
    """The answers that count, one of them `unassessed` if an assessment is missing."""
    found = assessed(incident)
    answers = frozenset(each.answer.value for each in found.values())
    return answers | {UNASSESSED} if _lacks(incident, found) else answers


def at_risk_since(incident: Incident, known: datetime | None) -> datetime | None:
    """Since when somebody is at risk, or may be.

    `known` is when the school first knew that somebody may be, whatever was assessed later; None if it knew
    nothing before the assessments.
    """
    found = assessed(incident)
    at_risk = [each for each in found.values() if each.since is not None]
    starts = [each.since if each.again or known is None else known for each in at_risk]
    if _lacks(incident, found):
        starts.append(known)
    return min((start for start in starts if start is not None), key=datetime.timestamp, default=None)


def _lacks(incident: Incident, found: Mapping[UUID, Assessed]) -> bool:
    """Whether a pupil whom the case is about was not assessed, or it is not known who that pupil is."""
    pupils = {*incident.children(), *adult_pupils_of(incident.people, SUBJECT_INVOLVEMENTS)}
    if pupils:
        return not found.keys() >= pupils
    targets = [*incident.involved(Involvement.TARGET)]
    return not targets or any(party.category is Category.UNKNOWN for party in targets)


def _after(earlier: Assessed | None, step: AssessWelfare) -> Assessed:
    if earlier is not None:
        return earlier.then(step)
    return Assessed(step.at_risk_now, None if step.at_risk_now is Answer.NO else step.happened_at)


def _worse(one: Assessed, other: Assessed | None) -> Assessed:
    """The answer that is worse; of two like ones, that which was given first."""
    order = (Answer.YES, Answer.UNKNOWN, Answer.NO)

    def rank(each: Assessed) -> tuple[int, float]:
        return order.index(each.answer), 0 if each.since is None else each.since.timestamp()

    return one if other is None else min(one, other, key=rank)
