"""To whom a case comes: the safeguarding leads, then the head, the chair and the vice-chair of governors.

The route is worked out again whenever it is asked, because people, relations and appointments change. An
allegation against a user who led the school when it happened, or has led it since, never comes to a head.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.appointment import Led
from casework.domain.moments import Instant
from casework.domain.vocabulary import Role, Stream

FIRST: Final[Mapping[Stream, tuple[Role, ...]]] = {
    Stream.CHILD: tuple(role for role in Role if role.leads),
    Stream.ALLEGATION: (Role.HEADTEACHER,),
}
"""Who has a case of each stream, unless they are shut out of it."""

NEXT: Final = (Role.CHAIR_OF_GOVERNORS, Role.VICE_CHAIR)
"""To whom it comes next, one after the other."""

ALONE: Final[Mapping[Stream, int]] = {Stream.CHILD: 2, Stream.ALLEGATION: 1}
"""How many people must be able to read a case that others are shut out of, so that nobody works on a child's
case alone because they named their colleagues in it."""


def _no_records() -> frozenset[UUID]:
    return frozenset()


class Identity(msgspec.Struct, frozen=True):
    """A user in cases: all people they were ever linked to, and people whose name could be theirs.

    `of_close` are the users to whom they are close, with the people whose name could be that of such a user.
    One who is not `active` cannot sign in. `joined` looks up the records that are one person with theirs.
    """

    user: UUID
    persons: frozenset[UUID] = frozenset()
    namesakes: frozenset[UUID] = frozenset()
    active: bool = True
    joined: Callable[[], frozenset[UUID]] = _no_records
    of_close: tuple[tuple[UUID, frozenset[UUID]], ...] = ()

    @property
    def members(self) -> frozenset[UUID]:
        """The ids by which they are certainly meant."""
        return self.persons | {self.user}

    @property
    def possible(self) -> frozenset[UUID]:
        """The ids by which they may be meant, or somebody close to them."""
        return self.members.union(self.namesakes, *(alike for _, alike in self.of_close))

    @property
    def suspected(self) -> Iterator[tuple[UUID, frozenset[UUID]]]:
        """The users whose name shuts them out: their own and those close to them, with whom each may be."""
        yield self.user, self.namesakes - self.members
        yield from ((user, alike - self.members) for user, alike in self.of_close)

    def is_one_with(self, other: Identity) -> bool:
        """Whether both are accounts of one person, under one record or under records that are joined."""
        if self.user == other.user or not self.persons.isdisjoint(other.persons):
            return True
        return not other.persons.isdisjoint(self.joined())


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who held or acted in a role at a school, and when. `acts` says whether they act in it today.

    `reads` says whether they read cases by it today: an absent user does, and not one whose appointment was
    ended today.

    If they hold it provisionally, it is only for cases reported `since` a moment, and the route goes on to
    the next: nobody has confirmed yet that they lead the school.
    """

    identity: Identity
    role: Role
    led: Led
    acts: bool
    reads: bool
    since: Instant | None = None

    def extends_to(self, reported: datetime | None) -> bool:
        """Whether the role is for a case recorded at `reported`."""
        return self.since is None or (reported is not None and self.since <= reported)


Staff = tuple[Holder, ...]
"""Everybody who held a role of the route at one school."""

IsKeptFrom = Callable[[Identity], bool]
"""Whether a user must not handle a case."""


def leaders_since(staff: Staff, day: date, today: date) -> Iterator[Identity]:
    """Who led the school on any day from `day` until `today`."""
    for holder in staff:
        if holder.role is Role.HEADTEACHER and holder.led.between(day, today):
            yield holder.identity


def comes_to(
    role: Role, stream: Stream, staff: Staff, is_kept_from: IsKeptFrom, *, about_leader: bool
) -> bool:
    """Whether a case comes to the holders of `role`, one of `NEXT`, because those before them cannot have it.

    An allegation that is `about_leader` has no head to come to.
    """
    before = () if about_leader else FIRST[stream]
    first = [holder for holder in staff if holder.role in before and holder.since is None]
    able = [holder.identity for holder in first if holder.acts and not is_kept_from(holder.identity)]
    reading = (holder.identity for holder in first if holder.reads)
    needed = ALONE[stream] if any(map(is_kept_from, reading)) else 1
    for each in NEXT:
        if _are_as_many_people(able, needed):
            return False
        if each is role:
            return True
        later = (holder.identity for holder in staff if holder.acts and holder.role is each)
        able += [identity for identity in later if not is_kept_from(identity)]
    return False


def _are_as_many_people(identities: Sequence[Identity], needed: int) -> bool:
    """Whether they are at least `needed` people: accounts of one person count once, in whatever order."""
    if len(identities) < needed or needed == 1:
        return len(identities) >= needed
    people: list[list[Identity]] = []
    for identity in identities:
        same = [each for each in people if any(identity.is_one_with(other) for other in each)]
        people = [each for each in people if each not in same]
        people.append([identity, *chain.from_iterable(same)])
    return len(people) >= needed
