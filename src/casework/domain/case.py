"""An incident as it stands for one user: what they may know of it, and what its playbook requires."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access import LEADERS, Actor, Principal, Standing, standing
from casework.domain.approval import Approval
from casework.domain.clocks import day_of
from casework.domain.errors import NotFound
from casework.domain.incident import Incident
from casework.domain.moments import Instant
from casework.domain.playbook import Duty, Playbook, Rule
from casework.domain.school import School
from casework.domain.vocabulary import ApprovalState, Role, Stream

PersonsOf = Callable[[UUID], frozenset[UUID]]
"""Returns every person that a user was ever linked to."""

PlaybookOf = Callable[[Incident], Playbook]
"""Returns the playbook of the editions that an incident pinned."""

REPORTER_SEES: Final = ("report", "acknowledge", "close")
"""The steps that users who may read only their own report may know of."""

_LEADING: Final = (Role.HEADTEACHER, Role.CHAIR_OF_GOVERNORS)


class AtSchool:
    """A user at one moment with their roles at one school, and the people who lead the school."""

    def __init__(self, principal: Principal, school: School, moment: datetime, persons_of: PersonsOf) -> None:
        self.school = school
        self.actor = Actor.at(principal, school, moment)
        self._day = day_of(moment)
        self._persons_of = persons_of

    @cached_property
    def leading(self) -> dict[Role, frozenset[UUID]]:
        """The people that the holders of each of the roles that can manage an allegation were linked to."""
        return {role: self._holders_of(role) for role in _LEADING}

    @property
    def leaders(self) -> dict[Role, frozenset[UUID]]:
        """As `leading`, for the roles that decide who has access to a case."""
        return {role: self.leading[role] for role in LEADERS}

    def _holders_of(self, role: Role) -> frozenset[UUID]:
        holders = self.school.leading_as(role, self._day)
        return frozenset().union(*map(self._persons_of, holders))


class Case(msgspec.Struct, frozen=True):
    """An incident as it stands for one user at one moment. It is about the holders of `recused` roles.

    `approvals` are all approvals about it, oldest first; `pending` are those that wait for a decision.
    """

    incident: Incident
    at: AtSchool
    playbook: Playbook
    standing: Standing
    as_of: Instant
    recused: frozenset[Role] = frozenset()
    approvals: tuple[Approval, ...] = ()
    pending: tuple[Approval, ...] = ()

    @property
    def school(self) -> School:
        return self.at.school

    def notified_by(self, rule: Rule) -> tuple[str, ...]:
        """The recipients that `rule` names; a role that the case is about is replaced by the next role."""
        order = self.playbook.floor.recusal
        notified = []
        for role in rule.told:
            later = order[order.index(role) + 1 :] if role in self.recused and role in order else ()
            notified.append(next((each for each in later if each not in self.recused), role))
        return tuple(dict.fromkeys(notified))

    def outstanding(self) -> list[Duty]:
        """What is due next, soonest first."""
        return self.playbook.outstanding(self.incident, self.school.calendar)

    @property
    def visible_version(self) -> int:
        """The version that this user knows; if they only reported, that of the last step they may know of."""
        if self.standing.reads_as is not None or self.standing.handles_as is not None:
            return self.incident.version
        return max(step.number for step in self.incident.timeline if step.name() in REPORTER_SEES)

    @property
    def known_in_confidence(self) -> bool:
        """Whether the user knows it only as a report they made in confidence, also if they no longer may."""
        if self.standing.reads_as is not None or not self.incident.confidential_reporter:
            return False
        return self.incident.reported_by(self.at.actor.user)

    @property
    def critical(self) -> bool:
        return self.playbook.critical_since(self.incident) is not None


class ApprovalInCase(msgspec.Struct, frozen=True):
    """An approval, and its case as it stands for the user who makes the request."""

    approval: Approval
    case: Case


def case_of(
    incident: Incident,
    at: AtSchool,
    playbook: Playbook,
    moment: datetime,
    approvals: tuple[Approval, ...] = (),
) -> Case:
    """`incident` as it stands at `moment` for the user `at` its school; `approvals` are all about it."""
    # Access to a case about children does not depend on who leads the school.
    leading = at.leading if incident.stream is Stream.ALLEGATION else {}
    stands = standing(
        at.actor,
        incident,
        reported_it=incident.reported_by(at.actor.user),
        leaders={role: leading[role] for role in LEADERS if role in leading},
    )
    return Case(
        incident,
        at,
        playbook,
        stands,
        moment,
        recused=frozenset(role for role, people in leading.items() if people & incident.subjects()),
        approvals=approvals,
        pending=tuple(each for each in approvals if each.state_at(moment) is ApprovalState.ASKED),
    )


def case_after(case: Case, number: int, playbook_of: PlaybookOf) -> Case:
    """The case right after step `number`, which the first response to a retried request showed."""
    then = Incident.replay(case.incident.timeline[:number])
    if then is None:
        raise NotFound
    moment = then.timeline[-1].recorded_at
    pending = tuple(each for each in case.approvals if each.pending_after(number, moment))
    was = case_of(then, case.at, playbook_of(then), moment, case.approvals)
    return msgspec.structs.replace(was, pending=pending)


def approval_in(case: Case, approval_id: UUID) -> ApprovalInCase:
    """One of the approvals about `case`, for a user who may read it. Raises NotFound."""
    approval = next((each for each in case.approvals if each.id == approval_id), None)
    if approval is None or case.standing.reads_as is None:
        raise NotFound
    return ApprovalInCase(approval, case)
