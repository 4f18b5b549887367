"""Incidents: report one, take a step, read one back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from casework.domain.access import PERMISSIONS, Actor, Permission, Standing, standing
from casework.domain.aggregate import Aggregate
from casework.domain.clocks import LONDON
from casework.domain.errors import Forbidden, Invalid, NotFound, Stale
from casework.domain.incident import STEPS, Incident, Step
from casework.domain.incident.allegations import AppointCaseManager
from casework.domain.incident.evidence import OpenEvidence
from casework.domain.incident.outcomes import CompleteAction, Debrief
from casework.domain.incident.record import Waive
from casework.domain.incident.reporting import AddNote, Policy, Report
from casework.domain.person import Person
from casework.domain.playbook import Duty, Playbook, Rule
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import Role, Stream
from casework.usecases.command import NOBODY, Command
from casework.usecases.completing import complete
from casework.usecases.references import check_references, referenced

if TYPE_CHECKING:
    from casework.application import Casework


_LEADING = (Role.HEADTEACHER, Role.CHAIR_OF_GOVERNORS)
_MANAGES_ALLEGATIONS = {Permission.HANDLE_ALLEGATIONS, Permission.MANAGE_WHERE_HEAD_IS_SUBJECT}
REPORTER_SEES = ("report", "acknowledge", "close")
"""The steps that whoever reported, and no more, may know of."""


class Case(msgspec.Struct, frozen=True):
    """An incident as it stands for one reader at one moment."""

    incident: Incident
    school: School
    playbook: Playbook
    standing: Standing
    as_of: datetime
    recused: frozenset[Role] = frozenset()

    def told(self, rule: Rule) -> tuple[str, ...]:
        """Whom `rule` has told, the next in the place of whom the case is about."""
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
    def known_in_confidence(self) -> bool:
        """Whether the reader knows it only as a report they made in confidence."""
        return self.standing.reads_as is None and self.incident.confidential_reporter

    @property
    def critical(self) -> bool:
        return self.playbook.critical_since(self.incident) is not None


class Incidents:
    """The use cases of incidents."""

    def __init__(self, app: Casework) -> None:
        self._app = app

    def report(self, command: Command, fields: dict[str, Any]) -> Case:
        """Record a report of harm by whoever holds any role at the school.

        `fields` are those of `Report` but for the ones casework sets. Raises Forbidden, Invalid, Refused.
        """
        return self._app.rerun(lambda: self._report_once(command, fields))

    def take(
        self,
        command: Command,
        incident_id: UUID,
        step: str,
        fields: dict[str, Any],
        expected: int | None = None,
        at: datetime | None = None,
    ) -> Case:
        """Take `step` with `fields`; `expected` is the version the actor has in hand, None for any.

        Raises NotFound, Forbidden, Stale, KeyReused, Invalid, Refused; then nothing has changed.
        """
        return self._app.rerun(lambda: self._take(command, incident_id, step, fields, expected, at))

    def read(self, command: Command, incident_id: UUID) -> Case:
        """The incident, for an actor who may know of it. Raises NotFound."""
        incident = self._app.load(Incident, incident_id)
        if incident is None:
            raise NotFound
        case = self._case_for(command, incident)
        if not case.standing.knows:
            raise NotFound
        return case

    def read_whole(self, command: Command, incident_id: UUID) -> Case:
        """The incident for an actor who may read the case and not only their own report of it."""
        case = self.read(command, incident_id)
        if case.standing.reads_as is None:
            raise Forbidden
        return case

    def _report_once(self, command: Command, fields: dict[str, Any]) -> Case:
        school, actor = self._app.schools.actor_at(fields["school"], command)
        role = actor.role_for(Permission.REPORT)
        if role is None:
            raise Forbidden
        hidden = self._in_confidence(command)
        sent_as = {sent.new_id("incident"): sent for sent in (command, hidden)}
        if fields.get("confidential_reporter"):
            command = hidden
        report = self._report(command, command.new_id("incident"), school, role, fields)
        references = referenced(report)
        found = self._app.load_many([*sent_as, *(leaf.value for leaf, _ in references)])
        for incident_id, sent in sent_as.items():
            earlier = found.pop(incident_id, None)
            if isinstance(earlier, Incident):
                return self._answered_before(sent, earlier)
        check_references(found, references, school)
        report = complete(report, None, found, self._app.library)
        playbook = self._app.library.playbook(report.policy.floor, report.policy.pack)
        incident = Incident.report(report, playbook)
        self._app.commit(incident)
        return self._case(command.now, incident, school, actor, reported_it=True)

    def _take(
        self,
        command: Command,
        incident_id: UUID,
        name: str,
        fields: dict[str, Any],
        expected: int | None,
        at: datetime | None,
    ) -> Case:
        case = self.read(command, incident_id)
        incident = case.incident
        step_class = STEPS[name]
        role = _role_for(case.standing, step_class)
        in_confidence = case.standing.handles_as is None and incident.confidential_reporter
        if in_confidence:
            command = self._in_confidence(command)
        earlier = command.earlier(incident)
        if earlier is not None:
            return self._as_it_was(command, incident, earlier)
        if expected is not None and expected != visible_version(case):
            raise Stale
        stamp = command.stamp(incident.id, incident.version + 1, role, at)
        if in_confidence:
            stamp["by"] = NOBODY
        step = step_class(**stamp, **fields)
        references = referenced(step)
        found = self._known_among(command, self._app.load_many(leaf.value for leaf, _ in references))
        check_references(found, references, case.school, incident)
        if isinstance(step, AppointCaseManager):
            _require_case_manager(step, case.school, command.now)
        if isinstance(step, (Debrief, CompleteAction)):
            self._keep_names_out(step, incident)
        if isinstance(step, Waive):
            _require_authoriser(step, case, found[step.authorised_by])
        incident.take(complete(step, incident, found, self._app.library), case.playbook)
        self._app.commit(incident)
        # A step may have put another policy in force.
        return msgspec.structs.replace(case, as_of=command.now, playbook=self._playbook_of(incident))

    def _known_among(self, command: Command, found: dict[UUID, Aggregate]) -> dict[UUID, Aggregate]:
        """Those of `found` that whoever asks may know of: a hidden incident is as none."""
        return {
            key: thing
            for key, thing in found.items()
            if not isinstance(thing, Incident) or self._case_for(command, thing).standing.reads_as is not None
        }

    def _in_confidence(self, command: Command) -> Command:
        """The same command, from whose ids nobody can tell who reported."""
        return command.under(self._app.derived_key("ids of reports in confidence"))

    def _report(
        self, command: Command, incident_id: UUID, school: School, role: Role, fields: dict[str, Any]
    ) -> Report:
        told = {name: value for name, value in fields.items() if name != "reported_at"}
        moment = fields.get("reported_at") or command.now
        floor = self._app.library.floor_at(school.jurisdiction, moment)
        policy = Policy(floor=floor.edition, pack=school.pack_at(moment))
        confidential = bool(fields.get("confidential_reporter"))
        stamp = command.stamp(incident_id, 1, Role.REPORTER if confidential else role, moment)
        reporter = Sealed(
            str(command.by), under=Report.reporter_key_of(incident_id) if confidential else None
        )
        if confidential:
            stamp["by"] = NOBODY
        return Report(**stamp, **told, policy=policy, reporter=reporter)

    def _keep_names_out(self, step: Debrief | CompleteAction, incident: Incident) -> None:
        """Refuse a lesson or an action that names somebody in the incident: both are shown to governors."""
        people = self._app.load_many(party.person for party in incident.people)
        names = [person.name.text for person in people.values() if isinstance(person, Person)]
        faults = step.naming(names)
        if faults:
            raise Invalid({path: [message] for path, message in faults.items()})

    def _answered_before(self, command: Command, incident: Incident) -> Case:
        earlier = command.earlier(incident)
        if earlier is None:
            raise NotFound
        return self._as_it_was(command, incident, earlier)

    def _as_it_was(self, command: Command, incident: Incident, number: int) -> Case:
        """The answer a retried request was given the first time: the incident at that step."""
        then = Incident.replay(incident.timeline[:number])
        if then is None:
            raise NotFound
        case = self._case_for(command, then)
        return msgspec.structs.replace(case, as_of=then.timeline[-1].recorded_at)

    def _case_for(self, command: Command, incident: Incident) -> Case:
        school, actor = self._app.schools.actor_at(incident.school, command)
        return self._case(command.now, incident, school, actor, incident.reported_by(actor.user))

    def _case(
        self, now: datetime, incident: Incident, school: School, actor: Actor, reported_it: bool
    ) -> Case:
        allegation = incident.stream is Stream.ALLEGATION
        leading = {role: self._app.schools.known_as(school, role, now) for role in _LEADING if allegation}
        heads = leading.get(Role.HEADTEACHER, frozenset())
        stands = standing(actor, incident, reported_it=reported_it, heads=heads)
        recused = frozenset(role for role, people in leading.items() if people & incident.subjects())
        return Case(incident, school, self._playbook_of(incident), stands, now, recused)

    def _playbook_of(self, incident: Incident) -> Playbook:
        return self._app.library.playbook(incident.policy.floor, incident.policy.pack)


def _require_authoriser(step: Waive, case: Case, authoriser: Aggregate) -> None:
    """Raise Invalid unless the second person holds a role that may authorise a waiver, and is no party."""
    if not _may_any(step.authorised_by, {Permission.AUTHORISE}, case.school, case.as_of):
        raise Invalid.at("$.authorised_by", "holds no role that may authorise this")
    person = authoriser.person if isinstance(authoriser, User) else None
    if person is not None and case.incident.is_party(person):
        raise Invalid.at("$.authorised_by", "is involved in the incident")


def _require_case_manager(step: AppointCaseManager, school: School, now: datetime) -> None:
    """Raise Invalid unless the user leads the school or chairs its governors (KCSIE part 4)."""
    if not _may_any(step.user, _MANAGES_ALLEGATIONS, school, now):
        raise Invalid.at("$.user", "holds no role that may manage an allegation")


def _may_any(user: UUID, permissions: set[Permission], school: School, now: datetime) -> bool:
    """Whether `user` holds a role at `school` today that carries any of `permissions`."""
    roles = school.roles_of(user, now.astimezone(LONDON).date())
    return any(permissions & PERMISSIONS[role] for role in roles)


def _role_for(stands: Standing, step: type[Step]) -> Role:
    """The role in which a step is taken; whoever reported may add a note and nothing else."""
    if step is OpenEvidence and stands.reads_as is not None:
        return stands.reads_as
    if stands.handles_as is not None:
        return stands.handles_as
    if stands.reported_it and step is AddNote:
        return Role.REPORTER
    raise Forbidden


def visible_version(case: Case) -> int:
    """The version a reader knows: for somebody who only reported, that of the last step they may know of."""
    if case.standing.reads_as is not None or case.standing.handles_as is not None:
        return case.incident.version
    return max(step.number for step in case.incident.timeline if step.name() in REPORTER_SEES)
