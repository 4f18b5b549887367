"""The Addresses aggregate: makes commands that give a user an e-mail address wait for each other."""

from __future__ import annotations

from typing import ClassVar, Final
from uuid import UUID

from casework.domain.aggregate import Aggregate
from casework.domain.event import Event

ADDRESSES: Final = UUID("7f7b7a1e-5c0f-5d0a-9d57-1f3e0c2b8a64")
"""The id of the only `Addresses`."""


class AddressAssigned(Event, frozen=True, kw_only=True):
    """A user got an e-mail address. It is not here: only the user's own events hold it, sealed."""

    TOPIC: ClassVar[str] = "addresses.assigned"

    user: UUID


class Addresses(Aggregate, begins_with=AddressAssigned):
    """Each command that gives a user an address adds an event to it.

    Of two such commands at once the second conflicts, is run again, and then finds what the first stored.
    """
