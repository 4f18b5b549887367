"""The views as commands use them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, ProgrammingError

from casework.domain.bars import Bonds
from casework.record.recusals import Acquainted, Namesakes
from casework_projections.views.bonds import bonds_around, bonds_if_current
from casework_projections.views.catch_up import ViewNotCreated, Views
from casework_projections.views.names import NAME_EVENTS
from casework_projections.views.positions import QuietStretch, is_recorded
from casework_projections.views.set_aside import position_of


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

    def schools_of(self, user: UUID) -> frozenset[UUID]:
        directory = self._views.directory
        with self._views.read(directory) as connection:
            return frozenset(each.school for each in directory.appointments_of(connection, user))

    def linked_to(self, persons: Collection[UUID]) -> frozenset[UUID]:
        directory = self._views.directory
        with self._views.read(directory) as connection:
            return directory.linked_to(connection, persons)


class RollLookup:
    """A `Roll` that reads the view `people`.

    Its methods raise ViewsBehind, ViewBroken or ViewNotCreated.
    """

    def __init__(self, views: Views) -> None:
        self._views = views

    def pupils(self, school: UUID) -> frozenset[UUID]:
        people = self._views.people
        with self._views.read(people) as connection:
            return people.pupils_in_years(connection, school)


class RecusalLookup:
    """`Recusals` that reads the view `recusals`.

    Its methods raise ViewsBehind, ViewBroken or ViewNotCreated.
    """

    def __init__(self, views: Views) -> None:
        self.views = views
        self._quiet = QuietStretch()

    def around(self, records: Collection[UUID], school: UUID) -> Acquainted:
        try:
            return self._around(records, school)
        except (OperationalError, ProgrammingError) as error:
            if self.views.is_created(self.views.recusals):
                raise
            raise ViewNotCreated(self.views.recusals.name) from error

    def namesakes_on(self, connection: Connection, school: UUID) -> Namesakes:
        """Whose name could be a user's own, from a snapshot of the recusals.

        Without a statement, unless events were recorded since the names were read.
        """
        known, position = self.views.known_names, position_of(connection, self.views.recusals)
        names = known.kept(school)
        if names is None or (
            names.position < position and is_recorded(connection, names.position, NAME_EVENTS)
        ):
            names = known.read(connection, school, position)
        names.position = max(names.position, position)
        return names.namesakes

    def _around(self, records: Collection[UUID], school: UUID) -> Acquainted:
        recusals, known = self.views.recusals, self.views.known_names
        names = known.kept(school)
        with self.views.as_they_are() as connection:
            after = 0 if names is None else names.position
            found = bonds_if_current(connection, recusals, records, NAME_EVENTS, after, self._quiet)
            if found is not None:
                if names is None or found.recorded:
                    names = known.read(connection, school, found.head)
                names.position = max(names.position, found.head)
                return Acquainted(Bonds(found.bonds), names.namesakes)
        with self.views.read(recusals) as connection:
            names = known.read(connection, school, position_of(connection, recusals))
            return Acquainted(Bonds(bonds_around(connection, records)), names.namesakes)
