"""Steps taken with children and their families."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from casework.domain.clocks import day_of
from casework.domain.fields import ApiName, Narrative, ParentId, PartyId, Reason, ServerSet, Short, UserId
from casework.domain.incident.steps import Step
from casework.domain.moments import Instant, LocalDate
from casework.domain.vocabulary import AdviceTopic, Category, MeetingOutcome, State

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class TellingOutcome(StrEnum):
    """What came of an attempt to inform a parent."""

    TOLD = "told"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"


class ToParent(Step, frozen=True, kw_only=True):
    """A step that is addressed to a parent.

    Casework sets `parent_alleged_as`: the categories in which this person is alleged in the case, under any
    record of theirs. `relation_confirmed` says who they are to the child, if no relation is recorded.
    """

    relation_confirmed: Reason | None = None
    parent_alleged_as: Annotated[tuple[Category, ...], ServerSet()] = ()


class RecordChildVoice(Step, frozen=True, kw_only=True):
    """What the child says, or why the child was not asked.

    `inform_parents`: whether a pupil of 18 or over wishes that the parents are informed.
    """

    TOPIC: ClassVar[str] = "incident.record_child_voice"

    person: PartyId
    voice: Narrative | None = None
    why_not: Reason | None = None
    inform_parents: bool | None = None

    def faults(self, incident: Incident) -> dict[str, str]:
        if (self.voice is None) == (self.why_not is None):
            return {"$.voice": "give either voice or why_not"}
        return {}


class InformParents(ToParent, frozen=True, kw_only=True):
    """A parent was informed about their child, or would not listen, or could not be reached.

    With `outcome` `refused`, `summary` says what was sent instead. Events without an outcome mean `told`.
    `despite_wish`: why they are informed although a pupil of 18 or over does not wish it, or was not asked.
    """

    TOPIC: ClassVar[str] = "incident.inform_parents"
    FOR_ASSIGNEES: ClassVar[bool] = True

    parent: ParentId
    child: PartyId
    method: Short
    summary: Narrative
    outcome: TellingOutcome = TellingOutcome.TOLD
    despite_wish: Reason | None = None

    @property
    def in_vain(self) -> bool:
        return self.outcome is TellingOutcome.NO_ANSWER

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.parent": "must not be the child"} if self.parent == self.child else {}

    def apply(self, incident: Incident) -> None:
        if not self.in_vain:
            incident.withheld.pop(self.child, None)


class WithholdFromParents(Step, frozen=True, kw_only=True):
    """The parents are not informed, for a reason that is reviewed by a date."""

    TOPIC: ClassVar[str] = "incident.withhold_from_parents"

    child: PartyId
    reason: Reason
    review_on: LocalDate

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.review_on < day_of(self.happened_at):
            return {"$.review_on": "is before the decision"}
        return {}

    def apply(self, incident: Incident) -> None:
        incident.withheld[self.child] = self.review_on


class InviteParent(ToParent, frozen=True, kw_only=True):
    """A parent is invited to a meeting: when, about which child, and for what purpose."""

    TOPIC: ClassVar[str] = "incident.invite_parent"
    MILESTONE: ClassVar[State | None] = State.PARENT_INVITED
    FOR_ASSIGNEES: ClassVar[bool] = True

    parent: ParentId
    child: PartyId | None = None
    meeting_at: Instant
    method: Short
    purpose: Narrative

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.meeting_at < self.happened_at:
            return {"$.meeting_at": "is before the invitation"}
        return {}


class RecordMeeting(Step, frozen=True, kw_only=True):
    """Whether the parent came, and who met them.

    Casework sets `with_senior`: whether one of those who met them was a senior leader on that day.
    """

    TOPIC: ClassVar[str] = "incident.record_meeting"
    FOR_ASSIGNEES: ClassVar[bool] = True

    parent: ParentId
    outcome: MeetingOutcome
    with_: tuple[UserId, ...] = msgspec.field(name="with", default=())
    parent_alleged_as: Annotated[tuple[Category, ...], ServerSet()] = ()
    with_senior: Annotated[bool | None, ServerSet()] = None

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.outcome is not MeetingOutcome.ATTENDED:
            return {}
        asked = [
            each
            for each in incident.taken(InviteParent)
            if each.parent == self.parent and each.happened_at <= self.happened_at
        ]
        if asked and self.happened_at < asked[-1].meeting_at:
            return {self.AT_FIELD: "is before the meeting that the parent was invited to"}
        return {}


class FamilyDecision(Step, frozen=True, kw_only=True):
    """What the family of a child decided to do themselves; it never replaces the school's own referral.

    `parent` is the parent who decided, which must be said while one who is alleged is not to be told. Events
    without a child answer for all children of the case.
    """

    TOPIC: ClassVar[str] = "incident.family_decision"

    child: PartyId | None = None
    decision: Narrative
    decided_by: Annotated[Short, ApiName("by")]
    parent: ParentId | None = None
    parent_alleged_as: Annotated[tuple[Category, ...], ServerSet()] = ()

    def faults(self, incident: Incident) -> dict[str, str]:
        return {"$.child": "is required"} if self.child is None else {}


class Advise(Step, frozen=True, kw_only=True):
    """A person was advised: on which topic and in which words."""

    TOPIC: ClassVar[str] = "incident.advise"

    person: PartyId
    about: AdviceTopic
    text: Narrative


class OfferSupport(Step, frozen=True, kw_only=True):
    """Support was offered to a person involved."""

    TOPIC: ClassVar[str] = "incident.offer_support"

    person: PartyId
    what: Narrative


class ApplySanction(Step, frozen=True, kw_only=True):
    """A sanction under the school's own behaviour policy, and why, where a rule asks for the reason."""

    TOPIC: ClassVar[str] = "incident.apply_sanction"

    person: PartyId
    what: Narrative
    reason: Reason | None = None
