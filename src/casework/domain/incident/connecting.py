"""Steps by which cases are connected, or end without having been a case of their own."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar, Final
from uuid import UUID

import msgspec

from casework.domain.errors import OpenStep
from casework.domain.fields import IncidentId, PastInstant, Reason, ServerSet
from casework.domain.incident.steps import Correctable, Step
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Content, Involvement, State

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident

_REOPENED: Final = Correctable(not_voided="is undone by reopening the case")


class LinkedAs(StrEnum):
    """How one case is connected to another."""

    PART_OF_THE_SAME = "part_of_the_same"
    FOLLOWS = "follows"
    REPRISAL_FOR = "reprisal_for"


class Uncounted(StrEnum):
    """Why a case that has ended is not counted."""

    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


class Obstacle(StrEnum):
    """Why a case cannot be closed as a duplicate of another."""

    CLOSED = "closed"
    OTHER_STREAM = "other_stream"
    INCOMPLETE = "incomplete"


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """What one report says and another case does not: a person and how they are involved, or content."""

    person: UUID | None = None
    involvement: Involvement | None = None
    content: Content | None = None

    @property
    def step(self) -> OpenStep:
        """The step that records it."""
        if self.content is not None:
            return OpenStep("record_content", {"content": [self.content.value]})
        return OpenStep("involve_person", {"person": self.person, "involvement": self.involvement})


class Link(Step, frozen=True, kw_only=True):
    """The case is connected to another: one group chat, a follow-up, a reprisal for it."""

    TOPIC: ClassVar[str] = "incident.link"
    APART: ClassVar[bool] = True
    CORRECTABLE: ClassVar[Correctable] = Correctable(not_voided="is undone by unlink", replaceable=False)

    incident: IncidentId
    as_: LinkedAs = msgspec.field(name="as")

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.incident": "is this case"} if self.incident == incident.id else {}


class Unlink(Step, frozen=True, kw_only=True):
    """The case was linked to another by mistake."""

    TOPIC: ClassVar[str] = "incident.unlink"
    APART: ClassVar[bool] = True
    CORRECTABLE: ClassVar[Correctable] = Correctable(not_voided="is undone by link", replaceable=False)

    incident: IncidentId
    as_: LinkedAs = msgspec.field(name="as")
    reason: Reason


class CloseAsDuplicate(Step, frozen=True, kw_only=True):
    """The same was reported twice: this case ends, and `of` goes on for both.

    Casework sets `obstacles`: what stands in the way, and `missing`: what `of` does not say yet.
    """

    TOPIC: ClassVar[str] = "incident.close_as_duplicate"
    MILESTONE: ClassVar[State | None] = State.CLOSED
    CORRECTABLE: ClassVar[Correctable] = msgspec.structs.replace(_REOPENED, fixed=frozenset({"of"}))

    of: IncidentId
    reason: Reason
    obstacles: Annotated[tuple[Obstacle, ...], ServerSet()] = ()
    missing: Annotated[tuple[Missing, ...], ServerSet()] = ()

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.of": "is this case"} if self.of == incident.id else {}

    def open_before(self) -> tuple[OpenStep, ...]:
        return tuple(each.step for each in self.missing)

    def apply(self, incident: Incident) -> None:
        incident.duplicate_of = self.of
        incident.uncounted = Uncounted.DUPLICATE


class TakeUpDuplicate(Step, frozen=True, kw_only=True):
    """Another report of the same was closed as a duplicate of this case, whose clocks run from the earlier.

    `reporter` is who reported it, if that was in confidence.
    """

    TOPIC: ClassVar[str] = "incident.take_up_duplicate"
    INTERNAL: ClassVar[bool] = True
    CORRECTABLE: ClassVar[Correctable] = Correctable(
        not_voided="is undone by reopening the duplicate", replaceable=False
    )

    incident: IncidentId
    reported_at: PastInstant
    reporter: Annotated[Sealed | None, ServerSet()] = None

    def apply(self, incident: Incident) -> None:
        incident.duplicates = {**incident.duplicates, self.incident: self.reported_at}


class ReleaseDuplicate(Step, frozen=True, kw_only=True):
    """A case that had been closed as a duplicate of this one was reopened."""

    TOPIC: ClassVar[str] = "incident.release_duplicate"
    INTERNAL: ClassVar[bool] = True
    CORRECTABLE: ClassVar[Correctable] = Correctable(
        not_voided="is undone by closing the other case as a duplicate", replaceable=False
    )

    incident: IncidentId

    def apply(self, incident: Incident) -> None:
        left = incident.duplicates.items()
        incident.duplicates = {other: moment for other, moment in left if other != self.incident}


class WithdrawReport(Step, frozen=True, kw_only=True):
    """The report was made in error: the case ends, and is not counted."""

    TOPIC: ClassVar[str] = "incident.withdraw_report"
    MILESTONE: ClassVar[State | None] = State.CLOSED
    CORRECTABLE: ClassVar[Correctable] = _REOPENED

    reason: Reason

    def apply(self, incident: Incident) -> None:
        incident.uncounted = Uncounted.WITHDRAWN


class RecordContent(Step, frozen=True, kw_only=True):
    """What the material turned out to hold, and how that was found out."""

    TOPIC: ClassVar[str] = "incident.record_content"

    content: tuple[Content, ...]
    how: Reason

    def faults(self, incident: Incident) -> dict[str, str]:
        return {} if self.content else {"$.content": "must name at least one"}

    def apply(self, incident: Incident) -> None:
        incident.add_content(self.content, self.happened_at)


def missing_in(other: Incident, duplicate: Incident, one_person: Callable[[UUID], Hashable]) -> list[Missing]:
    """What must be recorded in `other` before `duplicate` may end; `one_person` is equal for all of a person.

    The person who reported in confidence is not among it: who that is stays sealed.
    """
    known = {(one_person(party.person), party.involvement) for party in other.people}
    people = [
        Missing(person=party.person, involvement=party.involvement)
        for party in duplicate.people
        if (one_person(party.person), party.involvement) not in known
        and not (duplicate.confidential_reporter and party.involvement is Involvement.REPORTER)
    ]
    return people + [Missing(content=content) for content in sorted(duplicate.content - other.content)]
