"""The views as commands use them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from casework.domain.bars import Bonds
from casework_projections.views.bonds import bonds_around, bonds_if_current
from casework_projections.views.catch_up import Views


class DirectoryLookup:
    """A `UserDirectory` that reads the view `directory`.

    Its methods raise ViewsBehind, ViewBroken or ViewNotCreated.
    """

    def __init__(self, views: Views) -> None:
        self._views = views

    def at_address(self, address: str) -> frozenset[UUID]:
        directory = self._views.directory
        with self._views.read(directory) as connection:
            return directory.at_address(connection, address)

    def administrators(self) -> frozenset[UUID]:
        directory = self._views.directory
        with self._views.read(directory) as connection:
            return directory.administrators(connection)


class BondLookup:
    """A `BondDirectory` that reads the view `recusals`.

    Its method raises ViewsBehind, ViewBroken or ViewNotCreated.
    """

    def __init__(self, views: Views) -> None:
        self.views = views

    def around(self, records: Collection[UUID]) -> Bonds:
        recusals = self.views.recusals
        with self.views.as_they_are() as connection:
            found = bonds_if_current(connection, recusals, records)
        if found is None:
            with self.views.read(recusals) as connection:
                found = bonds_around(connection, records)
        return Bonds(found)
