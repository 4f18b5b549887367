"""What commands need to know about all users: `casework_projections` looks it up in a view."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol
from uuid import UUID

from casework.domain.school import School
from casework.domain.user import User
from casework.record.port import Record


class UserDirectory(Protocol):
    """All users, with every event stored before the call."""

    def at_address(self, address: str) -> frozenset[UUID]:
        """The users with this e-mail address, whatever its case and the white space around it."""

    def administrators(self) -> frozenset[UUID]:
        """The administrators who are not deactivated."""

    def schools_of(self, user: UUID) -> frozenset[UUID]:
        """The schools at which the user was ever appointed."""

    def linked_to(self, persons: Collection[UUID]) -> frozenset[UUID]:
        """The users who were ever linked to any of `persons`."""


def schools_of(record: Record, directory: UserDirectory, user: User) -> Iterator[School]:
    """The schools at which `user` was ever appointed."""
    found = record.load_many(directory.schools_of(user.id))
    return (school for school in found.values() if isinstance(school, School))


class NoDirectory:
    """A directory without users: no address is in use. For tools that write a record of their own."""

    def at_address(self, address: str) -> frozenset[UUID]:
        return frozenset()

    def administrators(self) -> frozenset[UUID]:
        return frozenset()

    def schools_of(self, user: UUID) -> frozenset[UUID]:
        return frozenset()

    def linked_to(self, persons: Collection[UUID]) -> frozenset[UUID]:
        return frozenset()
