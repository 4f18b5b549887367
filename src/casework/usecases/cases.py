"""An incident as it stands for the user who asks: what they may know of it, and what its playbook asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access import LEADERS, Standing, standing
from casework.domain.aggregate import Aggregate
from casework.domain.errors import Forbidden, NotFound
from casework.domain.incident import Incident
from casework.domain.moments import Instant
from casework.domain.playbook import Duty, Playbook, Rule
from casework.domain.school import School
from casework.domain.vocabulary import Role, Stream
from casework.library import Library
from casework.record import Record
from casework.usecases.context import Context
from casework.usecases.schools import Schools, actor_of

_LEADING: Final = (Role.HEADTEACHER, Role.CHAIR_OF_GOVERNORS)
REPORTER_SEES: Final = ("report", "acknowledge", "close")
"""The steps that the person who reported, and reads no more of the case, may know of."""


class Case(msgspec.Struct, frozen=True):
    """An incident as it stands for one user at one moment. It is about the holders of `recused` roles."""

    incident: Incident
    school: School
    playbook: Playbook
    standing: Standing
    as_of: Instant
    recused: frozenset[Role] = frozenset()

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
        incident = self._record.load(Incident, incident_id)
        case = None if incident is None else self.of(context, incident)
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

    def of(self, context: Context, incident: Incident, school: School | None = None) -> Case:
        """`incident` as it stands for the user now; `school` is its school, if it is loaded already."""
        if school is None:
            school = self._schools.found(incident.school)
        actor = actor_of(context, school)
        leading = self._leading(school, incident, context.now)
        stands = standing(
            actor,
            incident,
            reported_it=incident.reported_by(actor.user),
            leaders={role: leading[role] for role in LEADERS if role in leading},
        )
        recused = frozenset(role for role, people in leading.items() if people & incident.subjects())
        return Case(incident, school, self.playbook_of(incident), stands, context.now, recused)

    def as_it_was(self, context: Context, incident: Incident, number: int) -> Case:
        """The case right after step `number`: what a retried request was first answered with."""
        then = Incident.replay(incident.timeline[:number])
        if then is None:
            raise NotFound
        case = self.of(context, then)
        return msgspec.structs.replace(case, as_of=then.timeline[-1].recorded_at)

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

    def _leading(self, school: School, incident: Incident, moment: datetime) -> dict[Role, frozenset[UUID]]:
        if incident.stream is not Stream.ALLEGATION:
            return {}
        return {role: self._schools.holders_of(school, role, moment) for role in _LEADING}
