"""Which records of people a user may know: `casework_projections` looks it up in views."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from casework.domain.access import Principal
from casework.domain.person import Details

MOST_CANDIDATES: Final = 10


class KnownPeople(Protocol):
    """The records of a school, with every event stored before the call."""

    def known_like(
        self, principal: Principal, now: datetime, school: UUID, details: Details
    ) -> tuple[UUID, ...]:
        """The records that could be of the person with these details, as far as `principal` may know them.

        At most MOST_CANDIDATES. Records that they may not know change neither the answer nor the statements.
        Raises Unavailable.
        """

    def known_among(self, principal: Principal, now: datetime, off_roll: Collection[UUID]) -> frozenset[UUID]:
        """Those of `off_roll`, records of people who are not on the roll, that `principal` may know.

        Raises Unavailable.
        """

    def handles_any(
        self, principal: Principal, now: datetime, school: UUID, records: Collection[UUID]
    ) -> bool:
        """Whether `principal` handles a case at `school` that any of `records` is in. Raises Unavailable."""

    def holders_of(self, relation: UUID) -> frozenset[UUID]:
        """The people of whom one may have had this relation recorded for them. Raises Unavailable."""


class EverybodyKnown:
    """Everybody is known, and nobody has a record already. For tools that write a record of their own."""

    def known_like(
        self, principal: Principal, now: datetime, school: UUID, details: Details
    ) -> tuple[UUID, ...]:
        return ()

    def known_among(self, principal: Principal, now: datetime, off_roll: Collection[UUID]) -> frozenset[UUID]:
        return frozenset(off_roll)

    def handles_any(
        self, principal: Principal, now: datetime, school: UUID, records: Collection[UUID]
    ) -> bool:
        return False

    def holders_of(self, relation: UUID) -> frozenset[UUID]:
        return frozenset()
