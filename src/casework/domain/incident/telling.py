"""Who is told of a case besides the parents, and the parents to whom a mistake has to be explained."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Final
from uuid import UUID

from casework.domain.fields import ApiName, Narrative, PersonId, ServerSet, Short, UserId
from casework.domain.incident.families import InformParents, InviteParent
from casework.domain.incident.steps import Step
from casework.domain.incident.subjects import SUBJECT_INVOLVEMENTS, adult_pupils_of
from casework.domain.vocabulary import Role

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


TOLD_IN_PERSON: Final = frozenset(
    {
        Role.DSL,
        Role.DEPUTY_DSL,
        Role.HEADTEACHER,
        Role.SLT,
        Role.CHAIR_OF_GOVERNORS,
        Role.VICE_CHAIR,
    }
)
"""The roles whose holders take part in cases, so that a rule may require that they know of one."""


class Tell(Step, frozen=True, kw_only=True):
    """Somebody was told of the case: whoever holds a role, a user, or a person such as the wrong parent.

    Casework sets `is_subject`, whether the case is about them, and `is_recused`, whether it is closed to
    them: all holders, if a role is given. A parent who was wrongly told counts as neither.
    """

    TOPIC: ClassVar[str] = "incident.tell"

    told_role: Annotated[Role | None, ApiName("role")] = None
    user: UserId | None = None
    person: PersonId | None = None
    method: Short
    summary: Narrative
    is_subject: Annotated[bool, ServerSet()] = False
    is_recused: Annotated[bool, ServerSet()] = False

    def faults(self, incident: Incident) -> dict[str, str]:
        given = [each for each in (self.told_role, self.user, self.person) if each is not None]
        if len(given) != 1:
            return {"$.role": "give exactly one of role, user and person"}
        if self.told_role is Role.REPORTER:
            return {"$.role": "is that of everybody at the school: name the user"}
        return {}


def wrongly_told(incident: Incident) -> dict[UUID, datetime]:
    """The parents who were told about a child they should not have been told about, and when it was found.

    Those are the parents whom `inform_parents` or `invite_parent` named for a child whom the case is no
    longer about, and those whom such a step named until it was voided or given another parent. A parent to
    whom such a step that stands speaks of a child the case is about was rightly told, and is not among them,
    nor is one who was not reached after all. An invitation that names no child tells of none: it counts only
    when it is corrected.
    """
    pupils = {*incident.children(), *adult_pupils_of(incident.people, SUBJECT_INVOLVEMENTS)}
    rightly = {step.parent for step in _telling(incident) if step.child in pupils}
    found: dict[UUID, datetime] = {}
    for parent, since in (*_named_for_withdrawn(incident), *_taken_back(incident)):
        if parent not in rightly:
            found[parent] = min(since, found.get(parent, since))
    return found


def _telling(incident: Incident) -> Iterator[InformParents | InviteParent]:
    for step in incident.standing:
        if isinstance(step, InformParents | InviteParent) and not step.in_vain:
            yield step


def _named_for_withdrawn(incident: Incident) -> Iterator[tuple[UUID, datetime]]:
    """The parents told of a child whom the case was then about, and is no longer."""
    for step in _telling(incident):
        child = None if step.child is None else incident.about.get(step.child)
        if child is not None and child.until is not None and step.recorded_at <= child.until:
            yield step.parent, child.until


def _taken_back(incident: Incident) -> Iterator[tuple[UUID, datetime]]:
    """The parents whom a step named that was voided, or corrected to name another parent."""
    named: dict[int, dict[UUID, datetime]] = {}
    for each in incident.superseded:
        if isinstance(each.step, InformParents | InviteParent):
            _say_again(each.step, named.setdefault(each.step.number, {}), each.by.recorded_at)
    for number, parents in named.items():
        form = incident.form_of(number)
        if isinstance(form, InformParents | InviteParent):
            parents.pop(form.parent, None)
        yield from parents.items()


def _say_again(form: InformParents | InviteParent, parents: dict[UUID, datetime], until: datetime) -> None:
    """Add whom a step told in the `form` it had `until` then, or take out whom it says was not reached."""
    if form.in_vain:
        parents.pop(form.parent, None)
    else:
        parents.setdefault(form.parent, until)
