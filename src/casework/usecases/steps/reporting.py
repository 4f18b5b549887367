"""Reporting an incident: the first step, open to any user with a role at the school."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.case import Case
from casework.domain.errors import Forbidden, KeyReused, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import Code, Narrative, PastInstant, Reason, limit_faults, synchronised, values_of
from casework.domain.incident import Incident
from casework.domain.incident.reporting import Party, Policy, Report, each_once
from casework.domain.person import Person
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Content, Direction, Role, Setting
from casework.library import Library
from casework.record import Record, retrying
from casework.record.identity import one_person
from casework.usecases.cases import Cases
from casework.usecases.context import Context, replaced
from casework.usecases.schools import Schools, actor_of
from casework.usecases.secrets import Secrets
from casework.usecases.steps.named import Named, Naming
from casework.usecases.steps.stages import Stages
from casework.usecases.steps.surroundings import Surroundings


class ReportIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident to report. `reported_at` is when it was first reported (default: now).

    `late_reason` says why it is recorded more than a day later, and is then required.

    A person who is named twice in one role counts once. `on_school_account` says whether it is on an account
    of the school; `about_leader` whether it is about the person who leads it, who then does not learn of it.
    """

    school: UUID
    kind: Code
    occurred_at: PastInstant
    setting: Setting
    summary: Narrative
    platform: Code | None = None
    direction: Direction | None = None
    child_voice: Narrative | None = None
    content: tuple[Content, ...] = ()
    confidential_reporter: bool = False
    people: tuple[Named, ...] = ()
    on_school_account: bool | None = None
    about_leader: bool | None = None
    reported_at: PastInstant | None = None
    late_reason: Reason | None = None


class Reporting:
    """Records reports."""

    def __init__(
        self,
        record: Record,
        cases: Cases,
        stages: Stages,
        schools: Schools,
        library: Library,
        secrets: Secrets,
    ) -> None:
        self._record = record
        self._cases = cases
        self._stages = stages
        self._schools = schools
        self._library = library
        self._secrets = secrets
        self._naming = Naming(record)

    def report(self, context: Context, command: ReportIncident) -> Case:
        """Record a report by a user who holds any role at the school.

        Raises NotFound, Forbidden, KeyReused, Invalid or Refused; then nothing has changed.
        """
        refuse_any(limit_faults(values_of(command)))
        command = synchronised(command, context.now)
        return retrying(lambda: self._report(context, command))

    def _report(self, context: Context, command: ReportIncident) -> Case:
        school, role = self._admit(context, command)
        before = self._first_result(context)
        if before is not None:
            return before
        sent = self._in_confidence(context) if command.confidential_reporter else context
        named = self._naming.parties(sent, command.people, school, command.occurred_at)
        report = self._stamped(context, command, school, role, named.people)
        around = self._stages.look_up(context, report, school, made=named.made)
        report = self._once(context, self._stages.complete(report, around), around)
        self._stages.check(report, around)
        playbook = self._library.playbook_under(report.policy)
        incident = Incident.report(report, playbook)
        self._record.commit(incident, *named.made)
        return self._cases.as_reported(context, incident, school)

    def _admit(self, context: Context, command: ReportIncident) -> tuple[School, Role]:
        school, actor = self._schools.actor_at(context, command.school)
        role = actor.role_for(Permission.REPORT)
        if role is None:
            raise Forbidden
        return school, role

    def _once(self, context: Context, report: Report, around: Surroundings) -> Report:
        """The report with each person once in each role.

        Two joined records are one person only for users who may read people: the others may not know of it,
        and what they reported is shown to them.
        """
        named = [around.found.get(party.person) for party in report.people]
        joined = [each.id for each in named if isinstance(each, Person) and each.joined]
        actor = actor_of(context, around.school)
        if not joined or actor.role_for(Permission.READ_PEOPLE) is None:
            return msgspec.structs.replace(report, people=each_once(report.people))
        # A person is known by the least of the ids of their records.
        of_record = {each: min(one_person(self._record, [each])) for each in joined}
        people = each_once(report.people, lambda person: of_record.get(person, person))
        return msgspec.structs.replace(report, people=people)

    def _first_result(self, context: Context) -> Case | None:
        """The case as it was first reported, if this request is a retry, made openly or in confidence.

        An open report has the same id as one in confidence, so that only one of two concurrent reports with
        the same key is stored. Earlier releases gave open reports another id.
        """
        if context.key is None:
            return None
        hidden = self._in_confidence(context)
        found = self._record.load_many([hidden.new_id("incident"), context.new_id("incident")])
        for incident in found.values():
            for sent in (hidden, context):
                earlier = sent.earlier(incident) if isinstance(incident, Incident) else None
                if earlier is not None and isinstance(incident, Incident):
                    return self._cases.as_it_was(self._reported(context, incident), earlier)
        if found:
            raise KeyReused
        return None

    def _reported(self, context: Context, incident: Incident) -> Case:
        return self._cases.as_reported(context, incident, self._schools.found(incident.school))

    def _stamped(
        self,
        context: Context,
        command: ReportIncident,
        school: School,
        role: Role,
        people: tuple[Party, ...],
    ) -> Report:
        confidential = command.confidential_reporter
        hidden = self._in_confidence(context)
        incident = hidden.new_id("incident")
        sent = hidden if confidential else context
        stamp = sent.stamp(incident, 1, Role.REPORTER if confidential else role, command.reported_at)
        # A date in the past must not choose an earlier policy than the one that the school works by.
        in_force_at = stamp.recorded_at if stamp.recorded_late else stamp.happened_at
        fields = replaced(command, people=people)
        del fields["reported_at"]
        return event_of(
            stamp,
            Report,
            **fields,
            policy=self._policy(school, in_force_at),
            reporter=Sealed(
                str(context.by), under=Report.reporter_key_of(incident) if confidential else None
            ),
        )

    def _policy(self, school: School, moment: datetime) -> Policy:
        return self._library.policy_at(school.jurisdiction, school.pack_at(moment), moment)

    def _in_confidence(self, context: Context) -> Context:
        return context.under(self._secrets.of_reports)
