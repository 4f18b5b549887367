"""What decides who is shut out of cases: `casework_projections` looks it up in views."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Protocol
from uuid import UUID

import msgspec

from casework.domain.bars import Bonds
from casework.domain.moments import Instant
from casework.domain.vocabulary import Role


class ByPost(msgspec.Struct, frozen=True, kw_only=True):
    """A person is recorded as nobody but the holder of a post: The Head. `named_at` is since when.

    It was found not to be the users for whom it is `cleared`.
    """

    person: UUID
    role: Role
    named_at: Instant
    cleared: frozenset[UUID] = frozenset()


class Alike(msgspec.Struct, frozen=True):
    """The people of a school whose name could be a user's `own`, and that of each user who is close to them.

    People who were found not to be that user are left out. `by_post` are all people of the school who are
    named by a post alone: whether a user held it, the school knows.
    """

    own: frozenset[UUID] = frozenset()
    of_close: tuple[tuple[UUID, frozenset[UUID]], ...] = ()
    by_post: tuple[ByPost, ...] = ()


Namesakes = Callable[[UUID, Iterable[str], frozenset[UUID]], Alike]
"""Returns the people of a school whose name could be a user's, given their own names and the people they were
linked to."""


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


def _nobody(_user: UUID, _names: Iterable[str], _persons: frozenset[UUID]) -> Alike:
    return Alike()
