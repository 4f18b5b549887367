"""Who certainly may not know of a case, known before its history is replayed.

`casework_projections` reads it from the row of the case in a view. A gate only shuts out: whether users who
pass it may know of the case is decided by its replayed history, as without a gate.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec

from casework.domain.access import Actor, Permission, Principal
from casework.domain.clocks import day_of
from casework.domain.errors import NotFound
from casework.domain.moments import LocalDate
from casework.domain.school import School
from casework.record.port import Record


class Glance(msgspec.Struct, frozen=True):
    """What the row of a case says of a user who did not report it.

    The case may be open to those with any of `permissions` at its `school`, and is closed to all others.
    """

    school: UUID
    permissions: frozenset[Permission]

    def is_closed_to(self, actor: Actor) -> bool:
        """Whether `actor`, the same user at that school, certainly may not know of the case."""
        return all(actor.role_for(permission) is None for permission in self.permissions)


class Gate(Protocol):
    """Looks at the rows of cases."""

    def glance(self, principal: Principal, incident_id: UUID, today: LocalDate) -> Glance | None:
        """What the row of an incident says of a user; None if it says nothing that is certain.

        So it is if there is no row, if the row is behind the case, if the view is broken, and if the user may
        have reported the case, or has just passed. It never raises an error of a view.
        """

    def passed(self, principal: Principal, incident_id: UUID) -> None:
        """Note that a row did not shut the user out, so that it need not be looked at again at once."""


class NoGate:
    """Nobody is shut out before the history was replayed. For tools that write a record of their own."""

    def glance(self, principal: Principal, incident_id: UUID, today: LocalDate) -> Glance | None:
        return None

    def passed(self, principal: Principal, incident_id: UUID) -> None:
        pass


class Asking(Protocol):
    """Who asks for a case, and when; `may_be_named` is called once the log may name them."""

    @property
    def principal(self) -> Principal: ...
    @property
    def now(self) -> datetime: ...
    @property
    def may_be_named(self) -> Callable[[], None]: ...


def pass_gate(gate: Gate, record: Record, asking: Asking, incident_id: UUID) -> School | None:
    """The school of the case, if its row names it. Raises NotFound for a user who may not know the case."""
    seen = gate.glance(asking.principal, incident_id, day_of(asking.now))
    school = None if seen is None else record.peek(School, seen.school)
    if seen is None or school is None:
        return None
    if seen.is_closed_to(Actor.at(asking.principal, school, asking.now)):
        asking.may_be_named()
        raise NotFound
    gate.passed(asking.principal, incident_id)
    return school
