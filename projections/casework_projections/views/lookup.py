"""The directory as commands use it."""

from __future__ import annotations

from uuid import UUID

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
