"""An incident as it stands for the user who asks: what they may know of it, and what its playbook asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access import LEADERS, Principal, Standing, standing
from casework.domain.aggregate import Aggregate
from casework.domain.approval import Approval
from casework.domain.errors import Forbidden, NotFound
from casework.domain.incident import Incident
from casework.domain.moments import Instant
from casework.domain.playbook import Duty, Playbook, Rule
from casework.domain.school import School
from casework.domain.vocabulary import ApprovalState, Role, Stream
from casework.library import Library
from casework.record import Record
from casework.usecases.case_files import CaseFile, case_file
from casework.usecases.context import Context
from casework.usecases.schools import Schools, actor_of

_LEADING: Final = (Role.HEADTEACHER, Role.CHAIR_OF_GOVERNORS)
REPORTER_SEES: Final = ("report", "acknowledge", "close")
"""The steps that the person who reported, and reads no more of the case, may know of."""


class AtSchool:
    """The user who makes the request, with their roles at one school, and the people who lead the school."""

    def __init__(self, context: Context, school: School, schools: Schools) -> None:
        self.school = school
        self.actor = actor_of(context, school)
        self._now = context.now
        self._schools = schools

    @cached_property
    def leading(self) -> dict[Role, frozenset[UUID]]:
        """The people who hold each of the roles that can manage an allegation."""
        return {role: self._schools.holders_of(self.school, role, self._now) for role in _LEADING}


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

    def told(self, rule: Rule) -> tuple[str, ...]:
        """Whom `rule` has notified, the next role in the place of one that the case is about."""
        order = self.playbook.floor.recusal
        told = []
        for role in rule.told:
            later = order[order.index(role) + 1 :] if role in self.recused and role in order else ()
            told.append(next((each for each in later if each not in self.recused), role))
        return tuple(dict.fromkeys(told))

    def outstanding(self) -> list[Duty]:
        """What is due next, soonest first."""
        return self.playbook.outstanding(self.incident, self.school.calendar)

    @property
    def visible_version(self) -> int:
        """The version this user knows: for one who only reported, that of the last step they may know of."""
        if self.standing.reads_as is not None or self.standing.handles_as is not None:
            return self.incident.version
        return max(step.number for step in self.incident.timeline if step.name() in REPORTER_SEES)

    @property
    def known_in_confidence(self) -> bool:
        """Whether the user knows it only as a report they made in confidence."""
        only_reported = self.standing.reported_it and self.standing.reads_as is None
        return only_reported and self.incident.confidential_reporter

    @property
    def critical(self) -> bool:
        return self.playbook.critical_since(self.incident) is not None


class Cases:
    """Loads incidents as they stand for the user who asks."""

    def __init__(self, record: Record, schools: Schools, library: Library) -> None:
        self._record = record
        self._schools = schools
        self._library = library

    def admit(self, context: Context, incident_id: UUID) -> Case:
        """The case, for a user who may know of it. Raises NotFound."""
        found = case_file(self._record, incident_id)
        case = None if found is None else self.of(context, *found)
        if case is None or not case.known_in_confidence:
            context.may_be_named()
        if case is None or not case.standing.knows:
            raise NotFound
        return case

    def admit_reader(self, context: Context, incident_id: UUID) -> Case:
        """The case, for a user who may read it and not only their own report of it."""
        case = self.admit(context, incident_id)
        if case.standing.reads_as is None:
            raise Forbidden
        return case

    def readable(self, context: Context, files: Iterable[CaseFile]) -> dict[UUID, Case]:
        """The cases that the user may read among the incidents of `files`, by their ids."""
        schools: dict[UUID, AtSchool] = {}
        cases = {}
        for incident, approvals in files:
            if incident.school not in schools:
                schools[incident.school] = self._at(context, incident.school)
            case = self._stands(incident, schools[incident.school], context.now, approvals)
            if case.standing.reads_as is not None:
                cases[incident.id] = case
        return cases

    def of(
        self,
        context: Context,
        incident: Incident,
        approvals: tuple[Approval, ...] = (),
        school: School | None = None,
    ) -> Case:
        """`incident` as it stands for the user now; `school` is its school, if it is loaded already."""
        at = self._at(context, incident.school, school)
        return self._stands(incident, at, context.now, approvals)

    def seen_by(self, context: Context, case: Case, principal: Principal) -> Case:
        """The same case as it stands for another user now."""
        other = msgspec.structs.replace(context, principal=principal)
        at = self._at(other, case.incident.school, case.school)
        return self._stands(case.incident, at, context.now, case.approvals)

    def as_it_was(self, case: Case, number: int) -> Case:
        """The case right after step `number`: what a retried request was first answered with."""
        then = Incident.replay(case.incident.timeline[:number])
        if then is None:
            raise NotFound
        moment = then.timeline[-1].recorded_at
        pending = tuple(each for each in case.approvals if each.pending_after(number, moment))
        was = self._stands(then, case.at, moment, case.approvals)
        return msgspec.structs.replace(was, pending=pending)

    def known_among(self, context: Context, found: Mapping[UUID, Aggregate]) -> dict[UUID, Aggregate]:
        """`found` without the incidents this user may not read."""
        return {
            key: thing
            for key, thing in found.items()
            if not isinstance(thing, Incident) or self.of(context, thing).standing.reads_as is not None
        }

    def playbook_of(self, incident: Incident) -> Playbook:
        """The playbook of the editions that `incident` pinned."""
        return self._library.playbook(incident.policy.floor, incident.policy.pack)

    def _at(self, context: Context, school_id: UUID, school: School | None = None) -> AtSchool:
        return AtSchool(context, school or self._schools.found(school_id), self._schools)

    def _stands(
        self, incident: Incident, at: AtSchool, moment: datetime, approvals: tuple[Approval, ...]
    ) -> Case:
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
            self.playbook_of(incident),
            stands,
            moment,
            recused=frozenset(role for role, people in leading.items() if people & incident.subjects()),
            approvals=approvals,
            pending=tuple(each for each in approvals if each.state_at(moment) is ApprovalState.ASKED),
        )
