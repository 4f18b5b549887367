"""The caseload: one row per incident, as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import Connection, MetaData, Table, delete

from casework.domain.access import NOBODY
from casework.domain.case import goes_on_in, report_status, reporter_version
from casework.domain.clocks import day_of
from casework.domain.incident import Incident
from casework.domain.playbook import Playbook
from casework.domain.school import School
from casework_projections.views.apart import attempted
from casework_projections.views.case_tables import APPOINTED, ASSIGNEE, cases, members, metadata
from casework_projections.views.due import due_steps
from casework_projections.views.replay import IncidentView
from casework_projections.views.view import upsert

UNJUDGED: Final[Mapping[str, Any]] = {
    "critical": True,
    "term": None,
    "submitted_term": None,
    "next_due_at": None,
    "due": None,
}
"""The values of a row if no playbook could judge it: nothing is known to be due, and it may be critical."""


class Caseload(IncidentView):
    """The incidents of each school."""

    name: ClassVar[str] = "caseload"
    version: ClassVar[int] = 6
    tables: ClassVar[MetaData] = metadata
    main: ClassVar[Table] = cases

    def write(self, connection: Connection, incidents: Sequence[Incident]) -> None:
        if not incidents:
            return
        incidents = self._with_duplicates(incidents)
        schools = self.replay.schools(incident.school for incident in incidents)
        self._prefetch_reporters(incidents)
        upsert(connection, cases, [self._row(incident, schools[incident.school]) for incident in incidents])
        connection.execute(delete(members).where(members.c.incident.in_([each.id for each in incidents])))
        rows = [row for incident in incidents for row in _member_rows(incident)]
        if rows:
            connection.execute(members.insert(), rows)

    def _with_duplicates(self, incidents: Sequence[Incident]) -> Sequence[Incident]:
        """`incidents` and their duplicates, which the person who reported them sees as the others stand."""
        duplicates = {other for incident in incidents for other in incident.duplicates}
        known = {incident.id: incident for incident in incidents}
        return [*(known | self.replay.incidents(duplicates - known.keys())).values()]

    def _goes_on_in(self, incident: Incident) -> Incident | None:
        return goes_on_in(incident, lambda other: self.replay.incidents([other]).get(other))

    def marks_of(self, user: UUID) -> tuple[str, str]:
        """The values of `reported_by` in the reports of `user`: made openly, and made in confidence."""
        return self._open_mark(user), self._confidential_mark(user)

    def rows_of(self, incidents: Iterable[Incident]) -> list[tuple[Incident, dict[str, Any]]]:
        """`incidents`, which were set aside, each with its row as far as that can be computed."""
        return [
            (incident, {**self._from_steps(incident), **attempted(UNJUDGED, self._judged_now, incident)})
            for incident in incidents
        ]

    def _row(self, incident: Incident, school: School) -> dict[str, Any]:
        return {
            **self._from_steps(incident),
            **self._judged(incident, school, self.replay.playbook(incident)),
            "reported_by": self._reported_by(incident),
        }

    def _judged_now(self, incident: Incident) -> Mapping[str, Any]:
        school = self.replay.app.record.peek(School, incident.school)
        if school is None:
            return UNJUDGED
        return self._judged(incident, school, self.replay.app.library.playbook_of(incident))

    @staticmethod
    def _judged(incident: Incident, school: School, playbook: Playbook) -> dict[str, Any]:
        """The columns computed with a playbook and a calendar."""
        due = [duty for duty in playbook.outstanding(incident, school.calendar) if duty.due_at is not None]
        term, submitted_term = (
            school.calendar.term_on(day_of(moment))
            for moment in (incident.reported_at, incident.submitted.reported_at)
        )
        return {
            "critical": playbook.critical_since(incident) is not None,
            "term": None if term is None else term.name,
            "submitted_term": None if submitted_term is None else submitted_term.name,
            "next_due_at": min((duty.due_at for duty in due if duty.due_at), default=None),
            "due": [*due_steps(due)],
        }

    def _from_steps(self, incident: Incident) -> dict[str, Any]:
        """The columns computed from the steps of `incident` alone."""
        report, other = incident.submitted, self._goes_on_in(incident)
        status = report_status(incident, other)
        return {
            "incident": incident.id,
            "school": incident.school,
            "kind": incident.kind,
            "reported_kind": report.kind,
            "reported_stream": incident.reported_stream.value,
            "submitted_at": report.reported_at,
            "submitted_occurred_at": report.occurred_at,
            "submitted_setting": report.setting.value,
            "submitted_platform": report.platform,
            "state": incident.state.value,
            "stream": incident.stream.value,
            "is_open": not incident.closed,
            "report_open": status.closed_at is None,
            "received": status.received,
            "occurred_at": incident.occurred_at,
            "reported_at": incident.reported_at,
            "recorded_at": incident.recorded_at,
            "may_be_about_leader": incident.may_be_about_leader,
            "setting": incident.setting.value,
            "platform": incident.platform,
            "direction": incident.direction and incident.direction.value,
            "reported_direction": report.direction and report.direction.value,
            "version": incident.version,
            "reporter_version": reporter_version(incident, other),
            "uncounted": incident.uncounted and incident.uncounted.value,
        }

    def _reported_by(self, incident: Incident) -> str | None:
        """A keyed hash that finds a user's own reports and does not reveal to others who reported."""
        report = incident.submitted
        if report.by != NOBODY:
            return self._open_mark(report.by)
        sealer = self.replay.app.sealer
        # Unsealed on a copy, so that the cached incident does not hold the reporter's identity in clear.
        reporter = sealer.from_token(sealer.to_token(report.reporter))
        return None if reporter.erased else self._confidential_mark(UUID(reporter.text))

    def _open_mark(self, user: UUID) -> str:
        return self.replay.app.sealer.blind_index(str(user))

    def _confidential_mark(self, user: UUID) -> str:
        """The hash for reports of `user` in confidence; it cannot be linked to their open reports."""
        return self.replay.app.sealer.blind_index(f"{user} in confidence")

    def _prefetch_reporters(self, incidents: Sequence[Incident]) -> None:
        subjects = [i.reporter.under for i in incidents if i.confidential_reporter and i.reporter.under]
        if subjects:
            self.replay.app.keys.prefetch(subjects)


def _member_rows(incident: Incident) -> Iterator[dict[str, Any]]:
    reported = {(p.person, p.involvement.value) for p in incident.submitted.people}
    at_present = {(p.person, p.involvement.value) for p in incident.people}
    at_present |= {(user, ASSIGNEE) for user in incident.assignees}
    at_present |= {(user, APPOINTED) for user in incident.appointed}
    for member, involved_as in sorted(reported | at_present):
        yield {
            "incident": incident.id,
            "member": member,
            "involved_as": involved_as,
            "at_present": (member, involved_as) in at_present,
            "in_report": (member, involved_as) in reported,
        }
