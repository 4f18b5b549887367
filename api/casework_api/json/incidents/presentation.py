"""How an incident is shown: whole to whoever reads the case, and to its reporter what they submitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

from casework.domain.approval import Approval
from casework.domain.incident.reporting import Acknowledge, Party, Report
from casework.domain.playbook import Duty
from casework.domain.vocabulary import State
from casework.usecases.cases import Case
from casework_api.json.incidents.schemas import IncidentBody, NextStep, PartyBody, PendingApproval


def incident_body(case: Case) -> IncidentBody:
    """The incident as this reader may see it."""
    told = _whole(case) if case.standing.reads_as is not None else _own_report(case)
    incident = case.incident
    return IncidentBody(
        id=incident.id,
        version=case.visible_version,
        school=incident.school,
        summary=incident.summary,
        child_voice=incident.child_voice,
        setting=incident.setting,
        platform=incident.platform,
        confidential_reporter=incident.confidential_reporter,
        occurred_at=incident.occurred_at,
        reported_at=incident.reported_at,
        recorded_at=incident.recorded_at,
        received=any(incident.taken(Acknowledge)),
        closed=incident.closed,
        **told,
    )


def next_step(duty: Duty, case: Case) -> NextStep:
    """One thing to do next, by when, and by which rule and clause."""
    return NextStep(
        step=duty.rule.step or "",
        modality=duty.rule.modality,
        overdue=duty.late_at(case.as_of),
        rule=duty.rule.id,
        clause=duty.rule.clause,
        reason=duty.rule.reason,
        preset=duty.preset or UNSET,
        due_at=duty.due_at or UNSET,
        told=case.told(duty.rule) or UNSET,
    )


def _whole(case: Case) -> dict[str, Any]:
    incident = case.incident
    reached = sorted(incident.milestones.items(), key=lambda milestone: milestone[0].rank)
    return {
        "kind": incident.kind,
        "stream": incident.stream,
        "state": incident.state,
        "critical": case.critical,
        "direction": incident.direction,
        "content": sorted(incident.content),
        "policy": incident.policy,
        "milestones": dict(reached),
        "people": _parties(incident.people),
        "assigned_to": list(incident.assignees),
        "next_steps": [next_step(duty, case) for duty in case.outstanding()],
        "approvals": [_pending(approval) for approval in case.pending],
    }


def _pending(approval: Approval) -> PendingApproval:
    asked = approval.asked
    return PendingApproval(approval.id, approval.step_name, asked.by, asked.recorded_at, asked.expires_at)


def _own_report(case: Case) -> dict[str, Any]:
    """What was submitted, and whether it was closed: nothing of what was done about it."""
    incident = case.incident
    report = next(incident.taken(Report))
    milestones = {State.REPORTED: incident.reported_at}
    if incident.closed:
        milestones[State.CLOSED] = incident.milestones[State.CLOSED]
    return {
        "kind": report.kind,
        "stream": incident.reported_stream,
        "state": State.CLOSED if incident.closed else State.REPORTED,
        "critical": False,
        "direction": report.direction,
        "content": sorted(report.content),
        "policy": report.policy,
        "milestones": milestones,
        "people": _parties(report.people),
        "assigned_to": [],
        "next_steps": [],
    }


def _parties(people: Iterable[Party]) -> list[PartyBody]:
    return [PartyBody(party.person, party.involvement, party.category) for party in people]
