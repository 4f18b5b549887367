"""Steps about who must not know of a case: declared conflicts, names that were cleared, users let back in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID

from casework.domain.fields import PartyId, Reason, ServerSet, UserId
from casework.domain.incident.steps import Step

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class DeclareConflict(Step, frozen=True, kw_only=True):
    """A user declared a conflict of interest, and is shut out of the case from then on.

    `persons` are all people the user was ever linked to, so that no other account of theirs gives access.
    """

    TOPIC: ClassVar[str] = "incident.declare_conflict"
    INTERNAL: ClassVar[bool] = True
    CHANGES_PEOPLE: ClassVar[bool] = True

    user: UserId
    reason: Reason
    persons: Annotated[tuple[UUID, ...], ServerSet()] = ()

    def apply(self, incident: Incident) -> None:
        for member in (self.user, *self.persons):
            incident.declared.setdefault(member, self.recorded_at)


class ClearName(Step, frozen=True, kw_only=True):
    """A person of the case is not this user, although the name could be theirs.

    It lifts a suspicion and no other bar, in this and every other case.
    """

    TOPIC: ClassVar[str] = "incident.clear_name"
    CHANGES_PEOPLE: ClassVar[bool] = True

    person: PartyId
    user: UserId
    reason: Reason
