"""The Declaration aggregate: a relationship of a member of staff, declared and decided on in advance."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from casework.domain.aggregate import Aggregate
from casework.domain.clocks import day_of
from casework.domain.event import Event
from casework.domain.fields import Narrative, PersonId, Short, UserId
from casework.domain.moments import LocalDate


class RelationshipDeclared(Event, frozen=True, kw_only=True):
    """A member of staff disclosed a relationship; the DSL and the head decided on it together (002 §4.2)."""

    TOPIC: ClassVar[str] = "declaration.made"

    school: UUID
    staff: PersonId
    other: PersonId
    relation: Short
    disclosed_on: LocalDate
    decision: Short
    advice: Narrative
    decided_by: tuple[UserId, ...]
    review_on: LocalDate | None = None


class Declaration(Aggregate, begins_with=RelationshipDeclared):
    """One declared relationship and the decision about it."""

    def __init__(self, first: RelationshipDeclared) -> None:
        super().__init__(first)
        self.made = first
        self.school = first.school

    def covers(self, people: frozenset[UUID], moment: datetime) -> bool:
        """Whether both its people are among `people`, and it was in force at `moment` (002 §4.2).

        That is, disclosed on an earlier day, decided and recorded before, and its review not past.
        """
        made, day = self.made, day_of(moment)
        before = made.disclosed_on < day and made.recorded_at.timestamp() < moment.timestamp()
        current = made.review_on is None or made.review_on >= day
        return {made.staff, made.other} <= people and before and current
