"""Which pupils are on the roll of a school: `casework_projections` looks it up in a view."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID


class Roll(Protocol):
    """The rolls of all schools, with every event stored before the call."""

    def pupils(self, school: UUID) -> frozenset[UUID]:
        """The pupils on the roll who are in a year group, without those whose names are erased."""


class NoRoll:
    """Nobody is on a roll. For tools that write a record of their own."""

    def pupils(self, school: UUID) -> frozenset[UUID]:
        return frozenset()
