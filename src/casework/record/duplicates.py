"""Who could have a record already: `casework_projections` looks it up in views."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from casework.domain.access import Principal
from casework.domain.person import Details

MOST_CANDIDATES: Final = 10


class Duplicates(Protocol):
    """The records of a school, with every event stored before the call."""

    def known_like(
        self, principal: Principal, now: datetime, school: UUID, details: Details
    ) -> tuple[UUID, ...]:
        """The records that could be of the person with these details, as far as `principal` may know them.

        At most MOST_CANDIDATES. Records that they may not know make no difference, not even to how long it
        takes. Raises Unavailable.
        """


class NoDuplicates:
    """Nobody has a record already. For tools that write a record of their own."""

    def known_like(
        self, principal: Principal, now: datetime, school: UUID, details: Details
    ) -> tuple[UUID, ...]:
        return ()
