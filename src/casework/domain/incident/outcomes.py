"""Steps that decide, learn and end: decisions, the investigation's end, debrief, actions, close, reopen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID, uuid5

import msgspec

from casework.domain.fields import Code, Narrative, Reason, ServerSet, Short
from casework.domain.incident.steps import Step
from casework.domain.moments import LocalDate
from casework.domain.naming import holds_name
from casework.domain.vocabulary import Change, DecisionTopic, State

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident

NAMES_SOMEBODY = "names somebody in this incident; a lesson and its actions name nobody"
NO_ID = UUID(int=0)


class Decide(Step, frozen=True, kw_only=True):
    """A decision with its reason."""

    TOPIC: ClassVar[str] = "incident.decide"

    decision: Narrative
    rationale: Reason
    topic: DecisionTopic = DecisionTopic.OTHER


class CompleteInvestigation(Step, frozen=True, kw_only=True):
    """The school has found out what it can; the time for the debrief starts here."""

    TOPIC: ClassVar[str] = "incident.complete_investigation"
    ANSWERS_REPORT: ClassVar[bool] = True

    findings: Narrative


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """What the school learnt; it names nobody."""

    text: Short
    changes: Change
    clause: Code | None = None
    id: Annotated[UUID, ServerSet()] = NO_ID


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about a lesson (by its place in the debrief, from 0), by whom and when."""

    text: Short
    owner: Short
    due_on: LocalDate
    lesson: int | None = None
    id: Annotated[UUID, ServerSet()] = NO_ID


class Debrief(Step, frozen=True, kw_only=True):
    """What was learnt and what will be done about it."""

    TOPIC: ClassVar[str] = "incident.debrief"
    ANSWERS_REPORT: ClassVar[bool] = True
    MILESTONE: ClassVar[State | None] = State.DEBRIEFED

    summary: Narrative
    lessons: tuple[Lesson, ...]
    actions: tuple[Action, ...]

    def numbered(self) -> Debrief:
        """The same debrief, its lessons and actions given the ids they are known by."""

        def own_id(sort: str, place: int) -> UUID:
            return uuid5(self.originator_id, f"{self.number}:{sort}:{place}")

        return msgspec.structs.replace(
            self,
            lessons=tuple(
                msgspec.structs.replace(lesson, id=own_id("lesson", place))
                for place, lesson in enumerate(self.lessons)
            ),
            actions=tuple(
                msgspec.structs.replace(action, id=own_id("action", place))
                for place, action in enumerate(self.actions)
            ),
        )

    def naming(self, names: Iterable[str]) -> dict[str, str]:
        """Where a lesson or an action holds one of `names`, whole or in part: message by JSON path."""
        texts = {f"$.lessons[{i}].text": lesson.text.text for i, lesson in enumerate(self.lessons)}
        texts |= {f"$.lessons[{i}].clause": lesson.clause or "" for i, lesson in enumerate(self.lessons)}
        texts |= {f"$.actions[{i}].text": action.text.text for i, action in enumerate(self.actions)}
        texts |= {f"$.actions[{i}].owner": action.owner.text for i, action in enumerate(self.actions)}
        known = list(names)
        return {path: NAMES_SOMEBODY for path, text in texts.items() if holds_name(text, known)}

    def faults(self, incident: Incident) -> dict[str, str]:
        return {
            f"$.actions[{place}].lesson": "is not the place of a lesson in this debrief"
            for place, action in enumerate(self.actions)
            if action.lesson is not None and not 0 <= action.lesson < len(self.lessons)
        }

    def apply(self, incident: Incident) -> None:
        incident.lessons |= {lesson.id for lesson in self.lessons}
        incident.open_actions |= {action.id: action.due_on for action in self.actions}


class _EndsAction(Step, frozen=True, kw_only=True):
    action: UUID

    def faults(self, incident: Incident) -> dict[str, str]:
        if self.action not in incident.open_actions:
            return {"$.action": "is not an open action of this incident"}
        return {}

    def apply(self, incident: Incident) -> None:
        del incident.open_actions[self.action]


class CompleteAction(_EndsAction, frozen=True, kw_only=True):
    """An action is done; `effect` is what it measurably changed, and names nobody."""

    TOPIC: ClassVar[str] = "incident.complete_action"

    effect: Short

    def naming(self, names: Iterable[str]) -> dict[str, str]:
        """Where the effect holds one of `names`: message by JSON path."""
        return {"$.effect": NAMES_SOMEBODY} if holds_name(self.effect.text, list(names)) else {}


class CancelAction(_EndsAction, frozen=True, kw_only=True):
    """An action will not be done, and why."""

    TOPIC: ClassVar[str] = "incident.cancel_action"

    reason: Reason


class Close(Step, frozen=True, kw_only=True):
    """The case is ended, with its outcome and the reason for it."""

    TOPIC: ClassVar[str] = "incident.close"
    ANSWERS_REPORT: ClassVar[bool] = True
    MILESTONE: ClassVar[State | None] = State.CLOSED

    outcome: Narrative
    rationale: Reason


class Reopen(Step, frozen=True, kw_only=True):
    """The case is taken up again, from the furthest milestone before the debrief."""

    TOPIC: ClassVar[str] = "incident.reopen"

    reason: Reason

    def apply(self, incident: Incident) -> None:
        incident.reopen()
