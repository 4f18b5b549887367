"""Conflicts of interest that users declare in a case, which shut them out of it."""

from __future__ import annotations

from uuid import UUID

import msgspec

from casework.domain.errors import NotFound
from casework.domain.event import event_of
from casework.domain.fields import Reason
from casework.domain.incident import Incident
from casework.domain.incident.recusal import DeclareConflict
from casework.record import Record, retrying
from casework.usecases.cases import Cases
from casework.usecases.context import Context


class OwnConflict(msgspec.Struct, frozen=True, kw_only=True):
    """A conflict of interest of the user, and why it is one."""

    reason: Reason


class Conflicts:
    """The use case of conflicts."""

    def __init__(self, record: Record, cases: Cases) -> None:
        self._record = record
        self._cases = cases

    def declare(self, context: Context, incident_id: UUID, command: OwnConflict) -> None:
        """Shut the user out of a case they may read, from now on.

        Raises NotFound, Forbidden, KeyReused or Invalid; then nothing has changed.
        """
        retrying(lambda: self._declare(context, incident_id, command))

    def _declare(self, context: Context, incident_id: UUID, command: OwnConflict) -> None:
        if self._was_declared(context, incident_id):
            return
        try:
            case = self._cases.admit_reader(context, incident_id)
        except NotFound:
            # The same request, sent twice at once, may have shut the user out meanwhile.
            if self._was_declared(context, incident_id):
                return
            raise
        role = case.standing.reads_as
        if role is None:
            raise NotFound
        stamp = context.stamp(incident_id, case.incident.version + 1, role)
        persons = tuple(sorted(context.principal.persons))
        step = event_of(stamp, DeclareConflict, user=context.by, reason=command.reason, persons=persons)
        case.incident.take(step, case.playbook)
        self._record.commit(case.incident)

    def _was_declared(self, context: Context, incident_id: UUID) -> bool:
        """Whether this request was recorded before. Then the user may no longer read the case."""
        known = self._record.load(Incident, incident_id)
        return known is not None and context.earlier(known) is not None
