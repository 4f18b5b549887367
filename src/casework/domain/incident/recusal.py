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
        incident.declared |= {self.user, *self.persons}


class ClearName(Step, frozen=True, kw_only=True):
    """A person of the case is not this user, although the name could be theirs.

    It lifts a suspicion and no other bar, in this and every other case.
    """

    TOPIC: ClassVar[str] = "incident.clear_name"
    CHANGES_PEOPLE: ClassVar[bool] = True

    person: PartyId
    user: UserId
    reason: Reason


class LetIn(Step, frozen=True, kw_only=True):
    """A user may read the case again, because what shut them out of it has ended or was wrong.

    Two people decide it. It lifts no bar that holds. `persons` are all people the user was ever linked to.
    """

    TOPIC: ClassVar[str] = "incident.let_in"
    INTERNAL: ClassVar[bool] = True
    CHANGES_PEOPLE: ClassVar[bool] = True

    user: UserId
    reason: Reason
    persons: Annotated[tuple[UUID, ...], ServerSet()] = ()

    def apply(self, incident: Incident) -> None:
        members = {self.user, *self.persons}
        incident.declared -= members
        incident.let_in |= dict.fromkeys(members, self.recorded_at)
