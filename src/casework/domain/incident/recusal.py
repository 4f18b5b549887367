"""Steps about who must not know of a case: declared conflicts, names that were cleared, users let back in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar
from uuid import UUID

from casework.domain.fields import PartyId, Reason, ServerSet, UserId
from casework.domain.incident.steps import Correctable, Step

if TYPE_CHECKING:
    from casework.domain.incident.incident import Incident


class _AboutAccess(Step, frozen=True, kw_only=True):
    """`persons` are all people the user was ever linked to: it counts for every account of theirs."""

    INTERNAL: ClassVar[bool] = True
    CHANGES_PEOPLE: ClassVar[bool] = True
    CORRECTABLE: ClassVar[Correctable] = Correctable(
        not_voided="decides who may read the case, and stays", replaceable=False
    )

    user: UserId
    reason: Reason
    persons: Annotated[tuple[UUID, ...], ServerSet()] = ()

    @property
    def members(self) -> frozenset[UUID]:
        return frozenset({self.user, *self.persons})


class DeclareConflict(_AboutAccess, frozen=True, kw_only=True):
    """A user declared a conflict of interest, and is shut out of the case from then on."""

    TOPIC: ClassVar[str] = "incident.declare_conflict"

    def apply(self, incident: Incident) -> None:
        incident.declared = dict.fromkeys(self.members, self.recorded_at) | incident.declared


class ClearName(Step, frozen=True, kw_only=True):
    """A person of the case is not this user, although the name could be theirs.

    It lifts a suspicion and no other bar, in this and every other case.
    """

    TOPIC: ClassVar[str] = "incident.clear_name"
    CORRECTABLE: ClassVar[Correctable] = Correctable(
        not_voided="decides who may read the case, and stays", replaceable=False
    )

    person: PartyId
    user: UserId
    reason: Reason


class LetIn(_AboutAccess, frozen=True, kw_only=True):
    """A user may read the case again, because what shut them out of it has ended or was wrong.

    Two people decide it. It lifts no bar that holds.
    """

    TOPIC: ClassVar[str] = "incident.let_in"

    def apply(self, incident: Incident) -> None:
        for member in self.members:
            incident.declared.pop(member, None)
        incident.let_in |= dict.fromkeys(self.members, self.recorded_at)
