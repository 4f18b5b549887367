"""What decides who is shut out of cases: `casework_projections` looks it up in views."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol
from uuid import UUID

import msgspec

from casework.domain.bars import Bonds

Namesakes = Callable[[UUID, Iterable[str], frozenset[UUID]], frozenset[UUID]]
"""Returns the people of a school whose name could be a user's own, given their names and the people they were
linked to. People who were found not to be that user are left out."""


class Unavailable(Exception):
    """It cannot be looked up now, so that nobody can be shown a case."""


class Acquainted(msgspec.Struct, frozen=True):
    """The bonds around some records, and whose names at their school could be a user's own."""

    bonds: Bonds
    namesakes: Namesakes


class Recusals(Protocol):
    """Records that are one person, people who are close, and names, with every event stored before."""

    def around(self, records: Collection[UUID], school: UUID) -> Acquainted:
        """What decides who is shut out of cases about `records`, which are all of one school.

        Raises Unavailable.
        """


class NoRecusals:
    """No records are joined, no people are related, and no two names are alike.

    For tools that write a record of their own.
    """

    def around(self, records: Collection[UUID], school: UUID) -> Acquainted:
        return Acquainted(Bonds(()), _nobody)


def _nobody(_user: UUID, _names: Iterable[str], _persons: frozenset[UUID]) -> frozenset[UUID]:
    return frozenset()
