"""Steps towards the end of a case: decisions, end of the investigation, debrief, actions, close, reopen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID, uuid5

import msgspec

from casework.domain.fields import Code, Narrative, Reason, ServerSet, Short, UserId
from casework.domain.incident.steps import Correctable, Step
from casework.domain.moments import LocalDate
from casework.domain.naming import holds_name
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Change, DecisionTopic, State

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident

NAMES_A_PERSON = "names a person in this incident; a lesson and its actions must name nobody"
NO_ID = UUID(int=0)


class Decide(Step, frozen=True, kw_only=True):
    """A decision with its reason."""

    TOPIC: ClassVar[str] = "incident.decide"

    decision: Narrative
    rationale: Reason
    topic: DecisionTopic = DecisionTopic.OTHER


class CompleteInvestigation(Step, frozen=True, kw_only=True):
    """The school has found out what it can. The clock of the debrief starts here."""

    TOPIC: ClassVar[str] = "incident.complete_investigation"
    ANSWERS_REPORT: ClassVar[bool] = True

    findings: Narrative


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What the school learnt. It must name nobody."""

    text: Short
    changes: Change
    clause: Code | None = None
    id: Annotated[UUID, ServerSet()] = NO_ID


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, by whom and when; `lesson` is the position of its lesson in the debrief, from 0.

    `owner` is the id of a user, whom casework sets as `owner_user`, or words.
    """

    text: Short
    owner: Short
    due_on: LocalDate
    lesson: int | None = None
    id: Annotated[UUID, ServerSet()] = NO_ID
    owner_user: Annotated[UserId | None, ServerSet()] = None


def user_named(owner: Sealed) -> UUID | None:
    """The user whose id `owner` of an action is; None if it is words."""
    try:
        return UUID(owner.text.strip())
    except ValueError:
        return None


class Debrief(Step, frozen=True, kw_only=True):
    """What was learnt and what will be done about it.

    `cannot_wait` says why it does not wait for the police, the LADO or social care, and
    `where_enquiries_stand` how far an open enquiry has come.
    """

    TOPIC: ClassVar[str] = "incident.debrief"
    ANSWERS_REPORT: ClassVar[bool] = True
    MILESTONE: ClassVar[State | None] = State.DEBRIEFED
    FOR_ASSIGNEES: ClassVar[bool] = True

    summary: Narrative
    lessons: tuple[Lesson, ...]
    actions: tuple[Action, ...]
    cannot_wait: Reason | None = None
    where_enquiries_stand: Narrative | None = None

    @property
    def owners(self) -> dict[str, Sealed]:
        """The owners of its actions, by JSON path."""
        return {f"$.actions[{i}].owner": action.owner for i, action in enumerate(self.actions)}

    def numbered(self) -> Debrief:
        """The same debrief, with ids for its lessons and actions, and the users who own these."""

        def own_id(item: str, place: int) -> UUID:
            return uuid5(self.originator_id, f"{self.number}:{item}:{place}")

        return msgspec.structs.replace(
            self,
            lessons=tuple(
                msgspec.structs.replace(lesson, id=own_id("lesson", place))
                for place, lesson in enumerate(self.lessons)
            ),
            actions=tuple(
                msgspec.structs.replace(
                    action, id=own_id("action", place), owner_user=user_named(action.owner)
                )
                for place, action in enumerate(self.actions)
            ),
        )

    def naming(self, names: Iterable[str]) -> dict[str, str]:
        """A message for each text of a lesson or an action that contains one of `names`, by JSON path."""
        texts = {f"$.lessons[{i}].text": lesson.text.text for i, lesson in enumerate(self.lessons)}
        texts |= {f"$.lessons[{i}].clause": lesson.clause or "" for i, lesson in enumerate(self.lessons)}
        texts |= {f"$.actions[{i}].text": action.text.text for i, action in enumerate(self.actions)}
        texts |= {path: owner.text for path, owner in self.owners.items()}
        known = list(names)
        return {path: NAMES_A_PERSON for path, text in texts.items() if holds_name(text, known)}

    def faults(self, incident: Incident) -> dict[str, str]:
        return {
            f"$.actions[{place}].lesson": "is not the position of a lesson in this debrief"
            for place, action in enumerate(self.actions)
            if action.lesson is not None and not 0 <= action.lesson < len(self.lessons)
        }

    def apply(self, incident: Incident) -> None:
        incident.lessons |= {lesson.id for lesson in self.lessons}
        incident.open_actions |= {action.id: action.due_on for action in self.actions}


class AddAction(Step, frozen=True, kw_only=True):
    """Something is to be done, at any time before the case is closed. `lesson` is the id of its lesson.

    `owner` is as in `Action`. Text and owner must name nobody who is in the incident.
    """

    TOPIC: ClassVar[str] = "incident.add_action"
    FOR_ASSIGNEES: ClassVar[bool] = True

    text: Short
    owner: Short
    due_on: LocalDate
    lesson: UUID | None = None
    id: Annotated[UUID, ServerSet()] = NO_ID
    owner_user: Annotated[UserId | None, ServerSet()] = None

    @property
    def owners(self) -> dict[str, Sealed]:
        """Its owner, by JSON path."""
        return {"$.owner": self.owner}

    def numbered(self) -> AddAction:
        """The same step, with the id of its action, and the user who owns it."""
        own_id = uuid5(self.originator_id, f"{self.number}:action")
        return msgspec.structs.replace(self, id=own_id, owner_user=user_named(self.owner))

    def naming(self, names: Iterable[str]) -> dict[str, str]:
        """A message for each text that contains one of `names`, by JSON path."""
        texts, known = {"$.text": self.text.text, "$.owner": self.owner.text}, list(names)
        return {path: NAMES_A_PERSON for path, text in texts.items() if holds_name(text, known)}

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.lesson is not None and self.lesson not in incident.lessons:
            return {"$.lesson": "is not a lesson of this incident"}
        return {}

    def apply(self, incident: Incident) -> None:
        incident.open_actions |= {self.id: self.due_on}


class _EndsAction(Step, frozen=True, kw_only=True):
    action: UUID

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.action not in incident.open_actions:
            return {"$.action": "is not an open action of this incident"}
        return {}

    def apply(self, incident: Incident) -> None:
        # A correction may leave this step standing alone.
        incident.open_actions.pop(self.action, None)


class CompleteAction(_EndsAction, frozen=True, kw_only=True):
    """An action was done. `effect` says what it measurably changed, and must name nobody."""

    TOPIC: ClassVar[str] = "incident.complete_action"
    FOR_ASSIGNEES: ClassVar[bool] = True

    effect: Short

    def naming(self, names: Iterable[str]) -> dict[str, str]:
        """A message, by JSON path, if the effect contains one of `names`."""
        return {"$.effect": NAMES_A_PERSON} if holds_name(self.effect.text, list(names)) else {}


class CancelAction(_EndsAction, frozen=True, kw_only=True):
    """An action will not be done, for a reason."""

    TOPIC: ClassVar[str] = "incident.cancel_action"

    reason: Reason


class Close(Step, frozen=True, kw_only=True):
    """The case is closed, with its outcome and the reason for it."""

    TOPIC: ClassVar[str] = "incident.close"
    ANSWERS_REPORT: ClassVar[bool] = True
    MILESTONE: ClassVar[State | None] = State.CLOSED
    CORRECTABLE: ClassVar[Correctable] = Correctable(not_voided="is undone by reopening the case")

    outcome: Narrative
    rationale: Reason


class Reopen(Step, frozen=True, kw_only=True):
    """The case is opened again, at the furthest milestone before the debrief."""

    TOPIC: ClassVar[str] = "incident.reopen"
    CORRECTABLE: ClassVar[Correctable] = Correctable(not_voided="is undone by closing the case")

    reason: Reason

    def apply(self, incident: Incident) -> None:
        incident.reopen()
