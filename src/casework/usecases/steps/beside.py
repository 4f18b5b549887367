"""What a step records elsewhere than in its incident, in the same transaction."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from casework.domain.aggregate import Aggregate
from casework.domain.case import Case
from casework.domain.errors import Invalid, Refusal, Refused
from casework.domain.event import event_of
from casework.domain.incident import Incident, Step
from casework.domain.incident.connecting import (
    CloseAsDuplicate,
    Link,
    ReleaseDuplicate,
    TakeUpDuplicate,
    Unlink,
)
from casework.domain.incident.connections import CasesLinked, CasesUnlinked, Connections
from casework.domain.incident.outcomes import Reopen
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Role
from casework.record import Record
from casework.usecases.cases import Cases
from casework.usecases.context import Context
from casework.usecases.steps.surroundings import Surroundings

_REOPENED_BY_ANOTHER: Final = Refusal(
    "duplicate-reopened-by-another",
    "KCSIE part 4; WTSC",
    "Reopening this case also changes the one that goes on for it, in which you may take no steps.",
)


class Beside:
    """Finds what else a step changes: another case, or the links of this one."""

    def __init__(self, record: Record, cases: Cases) -> None:
        self._record = record
        self._cases = cases

    def recorded(self, context: Context, step: type[Step], case: Case) -> bool:
        """Whether this request has already recorded a `step` that is kept apart from the incident of `case`.

        Raises KeyReused if it was another request.
        """
        connections = self._connections(case.incident.id) if step.APART else None
        return connections is not None and context.earlier(connections) is not None

    def changed(self, context: Context, step: Step, case: Case, around: Surroundings) -> list[Aggregate]:
        """What else changes when `step` is taken in `case`; the caller commits it.

        Call it before `step` is taken. Raises Invalid if the user may not take steps in the case that is to
        go on for a duplicate, or if cases are linked that were, or unlinked that were not; Refused if a
        duplicate is reopened by a user who may not take steps in the case that goes on for it.
        """
        if isinstance(step, CloseAsDuplicate):
            return [self._taken_up(context, case.incident, around.found[step.of])]
        if isinstance(step, Link | Unlink):
            return [self._linked(context, step, case.incident.id)]
        if isinstance(step, Reopen) and case.incident.duplicate_of is not None:
            return self._released(context, case.incident, case.incident.duplicate_of)
        return []

    def _connections(self, incident: UUID) -> Connections | None:
        return self._record.load(Connections, Connections.id_of(incident))

    def _linked(self, context: Context, step: Link | Unlink, incident: UUID) -> Connections:
        known = self._connections(incident)
        links = frozenset() if known is None else known.links
        if ((step.incident, step.as_) in links) is isinstance(step, Link):
            fault = "is linked in this way already" if isinstance(step, Link) else "is not linked in this way"
            raise Invalid.at("$.incident", fault)
        key, number = Connections.id_of(incident), 1 if known is None else known.version + 1
        stamp = context.stamp(key, number, Role(step.role), step.happened_at)
        note = None if step.note is None else Sealed(step.note.text, incident)
        link = {"incident": incident, "other": step.incident, "as_": step.as_, "note": note}
        if isinstance(step, Unlink) and known is not None:
            known.append(event_of(stamp, CasesUnlinked, **link, reason=Sealed(step.reason.text, incident)))
            return known
        linked = event_of(stamp, CasesLinked, **link)
        connections = known or Connections(linked)
        connections.append(linked)
        return connections

    def _taken_up(self, context: Context, duplicate: Incident, other: object) -> Incident:
        if not isinstance(other, Incident):
            raise Invalid.at("$.of", "names no incident of this school")
        role = self._cases.of(context, other).standing.handles_as
        if role is None:
            raise Invalid.at("$.of", "is not a case in which you may take steps")
        taken_up = event_of(
            context.stamp(other.id, other.version + 1, role),
            TakeUpDuplicate,
            incident=duplicate.id,
            reported_at=duplicate.first_reported_at,
            reporter=duplicate.reporter if duplicate.confidential_reporter else None,
        )
        other.append(taken_up)
        return other

    def _released(self, context: Context, duplicate: Incident, of: UUID) -> list[Aggregate]:
        other = self._record.load(Incident, of)
        if other is None or duplicate.id not in other.duplicates:
            return []
        role = self._cases.of(context, other).standing.handles_as
        if role is None:
            # The clocks of the other would move, and it may be about this user.
            raise Refused(_REOPENED_BY_ANOTHER)
        released = event_of(
            context.stamp(other.id, other.version + 1, role), ReleaseDuplicate, incident=duplicate.id
        )
        other.append(released)
        return [other]
