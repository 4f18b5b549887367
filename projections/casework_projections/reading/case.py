"""One case: all of it for a user who may read it, and what they submitted for the person who reported it."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.approval import Approval
from casework.domain.case import Case, report_status
from casework.domain.clocks import is_recorded_late
from casework.domain.incident.connecting import Uncounted
from casework.domain.incident.reporting import Acknowledge, Party, Policy, each_once
from casework.domain.moments import Instant
from casework.domain.names_to_clear import names_to_clear
from casework.domain.playbook import Duty, Modality
from casework.domain.school import OutsideContact
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import (
    Category,
    Content,
    Direction,
    Involvement,
    Setting,
    State,
    Stream,
)
from casework_projections.reading.asking import Asker
from casework_projections.reading.links import LinkBody, links_of
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.reading.waiting import is_unread


class PartyBody(msgspec.Struct, frozen=True):
    """A person involved, and how."""

    person: UUID
    involvement: Involvement
    category: Category


class NextStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step to take next; `preset` are the field values the rule requires."""

    step: str
    modality: Modality
    overdue: bool
    rule: str
    clause: str
    reason: str
    preset: dict[str, Any] | UnsetType = UNSET
    due_at: Instant | UnsetType = UNSET
    told: tuple[str, ...] | UnsetType = UNSET


class NextSteps(msgspec.Struct, frozen=True):
    """Everything that is due, soonest first."""

    items: tuple[NextStep, ...]


class PendingApproval(msgspec.Struct, frozen=True):
    """A step that needs two people and waits for the second person's decision."""

    id: UUID
    step: str
    asked_by: UUID
    asked_at: Instant
    expires_at: Instant


class IncidentBody(msgspec.Struct, frozen=True, kw_only=True):
    """An incident.

    A user who only reported it sees what they submitted, whether it was received and whether it is closed.
    `recorded_late` says that it was recorded more than a day after it was reported, `late_reason` why.
    `uncounted` says why a closed case is not counted. `approvals` are the steps that wait for a second
    person's decision; only readers of the case get them, and, where the case itself is asked for, its
    `links` to other cases they may read. The user who reported it gets the `outside_contacts`
    of the school while nobody there may read the case.
    """

    id: UUID
    version: int
    school: UUID
    kind: str
    state: State
    stream: Stream
    critical: bool
    policy: PolicyBody
    milestones: dict[State, Instant]
    people: tuple[PartyBody, ...]
    summary: Sealed
    child_voice: Sealed | None
    setting: Setting
    platform: str | None
    direction: Direction | None
    on_school_account: bool | None
    content: tuple[Content, ...]
    confidential_reporter: bool
    occurred_at: Instant
    reported_at: Instant
    recorded_at: Instant
    recorded_late: bool
    late_reason: Sealed | None
    assigned_to: tuple[UUID, ...]
    received: bool
    closed: bool
    uncounted: Uncounted | None
    next_steps: tuple[NextStep, ...]
    approvals: tuple[PendingApproval, ...] | UnsetType = UNSET
    links: tuple[LinkBody, ...] | UnsetType = UNSET
    outside_contacts: tuple[OutsideContact, ...] | UnsetType = UNSET


class ReadCase(Question[IncidentBody], frozen=True):
    """One case, as far as the user may see it."""

    NAME: ClassVar = "case"

    incident: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[IncidentBody]:
        case = room.admission.case(asker, self.incident)
        if case.standing.reads_as is not None:
            body = msgspec.structs.replace(incident_body(case), links=links_of(room, asker, case))
            return Answer(body, (Shown.of(case, "case"),))
        body = incident_body(case)
        if not case.is_closed_to_user and is_unread(room, case):
            body = msgspec.structs.replace(body, outside_contacts=case.school.outside_contacts)
        return Answer(body, (Shown.of(case, "own report"),))


class ReadNextSteps(Question[NextSteps], frozen=True):
    """What is to be done next about a case."""

    NAME: ClassVar = "next steps"

    incident: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[NextSteps]:
        case = room.admission.case_to_read(asker, self.incident)
        return Answer(NextSteps(_next_steps(case)), (Shown.of(case, "next steps"),))


def incident_body(case: Case) -> IncidentBody:
    """The incident as the user of `case` may see it."""
    seen = _whole(case) if case.standing.reads_as is not None else _own_report(case)
    incident = case.incident
    said = incident if case.standing.reads_as is not None else incident.submitted
    return IncidentBody(
        id=incident.id,
        version=case.visible_version,
        school=incident.school,
        summary=said.summary,
        child_voice=said.child_voice,
        setting=said.setting,
        platform=said.platform,
        on_school_account=said.on_school_account,
        confidential_reporter=incident.confidential_reporter,
        occurred_at=said.occurred_at,
        reported_at=said.reported_at,
        recorded_at=incident.recorded_at,
        recorded_late=is_recorded_late(said.reported_at, incident.recorded_at),
        late_reason=said.late_reason,
        **msgspec.structs.asdict(seen),
    )


class PolicyBody(msgspec.Struct, frozen=True):
    """The editions that apply to an incident: `england@2026-09-01`, `oakfield@2026-09`."""

    floor: str
    pack: str

    @classmethod
    def of(cls, policy: Policy) -> Self:
        return cls(policy.floor, policy.pack)


class _Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that a reader of the case and the person who reported it see differently."""

    kind: str
    stream: Stream
    state: State
    critical: bool = False
    policy: PolicyBody
    milestones: dict[State, Instant]
    received: bool
    closed: bool
    uncounted: Uncounted | None = None
    people: tuple[PartyBody, ...]
    direction: Direction | None
    content: tuple[Content, ...]
    assigned_to: tuple[UUID, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    approvals: tuple[PendingApproval, ...] | UnsetType = UNSET


def _whole(case: Case) -> _Seen:
    incident = case.incident
    reached = sorted(incident.milestones.items(), key=lambda milestone: milestone[0].rank)
    return _Seen(
        kind=incident.kind,
        stream=incident.stream,
        state=incident.state,
        critical=case.critical,
        policy=PolicyBody.of(incident.policy),
        milestones=dict(reached),
        received=any(incident.taken(Acknowledge)),
        closed=incident.closed,
        uncounted=incident.uncounted,
        people=_parties(incident.people),
        direction=incident.direction,
        content=tuple(sorted(incident.content)),
        assigned_to=incident.assignees,
        next_steps=_next_steps(case),
        approvals=tuple(map(_pending, case.pending)),
    )


def _pending(approval: Approval) -> PendingApproval:
    asked = approval.asked
    return PendingApproval(approval.id, approval.step_name, asked.by, asked.recorded_at, asked.expires_at)


def _own_report(case: Case) -> _Seen:
    """What was submitted, and whether the case is closed; nothing of what was done about it."""
    incident = case.incident
    report, status = incident.submitted, report_status(incident, case.goes_on_in)
    milestones = {State.REPORTED: report.reported_at}
    if status.closed_at is not None:
        milestones[State.CLOSED] = status.closed_at
    return _Seen(
        kind=report.kind,
        stream=incident.reported_stream,
        state=State.CLOSED if status.closed_at is not None else State.REPORTED,
        received=status.received,
        closed=status.closed_at is not None,
        policy=PolicyBody.of(report.policy),
        milestones=milestones,
        people=_parties(each_once(report.people)),
        direction=report.direction,
        content=tuple(sorted(report.content)),
    )


def _parties(people: Iterable[Party]) -> tuple[PartyBody, ...]:
    return tuple(PartyBody(party.person, party.involvement, party.category) for party in people)


def _next_steps(case: Case) -> tuple[NextStep, ...]:
    # Whose names are alike is no fact of the incident, so its playbook does not know of these.
    duties = [*names_to_clear(case), *case.outstanding()]
    soonest = sorted(duties, key=lambda duty: inf if duty.due_at is None else duty.due_at.timestamp())
    return tuple(_next_step(duty, case) for duty in soonest)


def _next_step(duty: Duty, case: Case) -> NextStep:
    """One step to take next, by when, and by which rule and clause."""
    return NextStep(
        step=duty.rule.step or "",
        modality=duty.rule.modality,
        overdue=duty.late_at(case.as_of),
        rule=duty.rule.id,
        clause=duty.rule.clause,
        reason=duty.rule.reason,
        preset=_preset(duty, case) or UNSET,
        due_at=duty.due_at or UNSET,
        told=case.notified_by(duty.rule) or UNSET,
    )


def _preset(duty: Duty, case: Case) -> dict[str, Any]:
    """The field values that the rule requires; a role to tell is the one to which the case comes instead."""
    role = duty.preset.get("role")
    return duty.preset if role is None else {**duty.preset, "role": case.in_place_of(role)}
