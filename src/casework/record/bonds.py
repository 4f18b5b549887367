"""The bonds between the records of people: `casework_projections` looks them up in a view."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from casework.domain.bars import Bonds


class BondDirectory(Protocol):
    """The records that are one person, and the people who are close, with every event stored before."""

    def around(self, records: Collection[UUID]) -> Bonds:
        """The bonds that decide who is shut out of a case about `records`."""


class NoBonds:
    """No records are joined and no people are related. For tools that write a record of their own."""

    def around(self, records: Collection[UUID]) -> Bonds:
        return Bonds(())
