"""One user per e-mail address, with a record in memory and another writer at the worst moment."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final
from uuid import UUID

import pytest

from casework.domain.access import SYSTEM
from casework.domain.account_change import ChangeUser
from casework.domain.errors import AddressInUse
from casework.domain.naming import normalised
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.record.memory import MemoryRecord
from casework.usecases.context import Context
from casework.usecases.users import RegisterUser, Users
from tests.domain.casefile import at

ADDRESS: Final = "una@school.example"


class Watched:
    """A directory of the users in `users`. `meanwhile` runs once, after a look-up and before its result."""

    def __init__(self, record: MemoryRecord) -> None:
        self.record = record
        self.users: list[UUID] = []
        self.meanwhile: Callable[[], object] | None = None

    def at_address(self, address: str) -> frozenset[UUID]:
        found = frozenset(
            key
            for key in self.users
            if (user := self.record.load(User, key)) and normalised(user.email.text) == normalised(address)
        )
        first, self.meanwhile = self.meanwhile, None
        if first is not None:
            first()
        return found

    def administrators(self) -> frozenset[UUID]:
        return frozenset()

    def schools_of(self, user: UUID) -> frozenset[UUID]:
        return frozenset()

    def linked_to(self, persons: Collection[UUID]) -> frozenset[UUID]:
        return frozenset()


class Office:
    """Registers and changes users."""

    def __init__(self) -> None:
        record = MemoryRecord()
        self.directory = Watched(record)
        self.users = Users(record, self.directory)

    @property
    def context(self) -> Context:
        return Context(principal=SYSTEM, now=at("2026-09-14 10:20"))

    def register(self, email: str = ADDRESS) -> UUID:
        command = RegisterUser(name=Sealed("Una Usher"), email=Sealed(email))
        user = self.users.register(self.context, command)
        self.directory.users.append(user.id)
        return user.id

    def change(self, user: UUID, email: str = ADDRESS) -> None:
        self.users.change(self.context, user, ChangeUser(email=Sealed(email)))


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_user_registered_meanwhile_keeps_the_address(office: Office) -> None:
    office.register("ursula@school.example")
    office.directory.meanwhile = office.register
    with pytest.raises(AddressInUse):
        office.register()


def test_a_user_changed_meanwhile_keeps_the_address(office: Office) -> None:
    other = office.register("ursula@school.example")
    office.directory.meanwhile = lambda: office.change(other)
    with pytest.raises(AddressInUse):
        office.register()


def test_a_user_registered_meanwhile_with_another_address_disturbs_nobody(office: Office) -> None:
    office.directory.meanwhile = lambda: office.register("ursula@school.example")
    office.register()
    assert len(office.directory.users) == 2


def test_the_first_two_users_at_once_do_not_get_one_address(office: Office) -> None:
    office.directory.meanwhile = office.register
    with pytest.raises(AddressInUse):
        office.register()
