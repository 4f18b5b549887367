"""The people that a user is in incidents."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from casework.domain.access import Identity, Principal
from casework.domain.clocks import day_of
from casework.domain.person import Person
from casework.domain.school import School
from casework.domain.user import User
from casework.record.identity import one_person
from casework.record.port import Record
from casework.record.recusals import ByPost, Namesakes


def persons_at(record: Record, user: User) -> dict[UUID, UUID]:
    """The id of the person that `user` is now, by the id of the school: the last one linked there."""
    found = record.load_many(user.links) if user.links else {}
    people = [person for each in user.links if isinstance(person := found.get(each), Person)]
    return {person.school: person.id for person in people}


class Identities:
    """Finds who users are in the cases of one school."""

    def __init__(self, record: Record, namesakes: Namesakes, school: UUID) -> None:
        self._record = record
        self._namesakes = namesakes
        self._school = school

    def __call__(self, user_id: UUID) -> Identity:
        """Who a user is: nobody in particular if there is no such user."""
        user = self._record.peek(User, user_id)
        return Identity(user_id, active=False) if user is None else self._of(Principal.of(user), user.active)

    def of(self, principal: Principal) -> Identity:
        """Who the user of a request is."""
        return self._of(principal, active=True)

    def _of(self, principal: Principal, active: bool) -> Identity:
        names = [name.text for name in principal.names if not name.erased]
        alike = self._namesakes(principal.id, names, principal.persons)
        of_close = tuple(
            (user, (theirs | self._named_by_post(user, alike.by_post)) - principal.persons)
            for user, theirs in alike.of_close
        )
        own = alike.own | self._named_by_post(principal.id, alike.by_post) - principal.persons

        def joined() -> frozenset[UUID]:
            return frozenset(one_person(self._record, principal.persons))

        return Identity(principal.id, principal.persons, own, active, joined, of_close)

    def _named_by_post(self, user_id: UUID, people: Iterable[ByPost]) -> frozenset[UUID]:
        """The people named by a post alone which `user_id`, by any account, held by that day."""
        named = [each for each in people if user_id not in each.cleared]
        school = self._record.peek(School, self._school) if named else None
        if school is None:
            return frozenset()
        return frozenset(
            each.person
            for each in named
            for led in school.ever_led(each.role)
            if led.first <= day_of(each.named_at) and self._are_one(user_id, led.user)
        )

    def _are_one(self, one: UUID, other: UUID) -> bool:
        users = [self._record.peek(User, each) for each in (one, other)]
        persons = [frozenset() if user is None else user.persons for user in users]
        return one == other or not one_person(self._record, persons[0]).keys().isdisjoint(persons[1])
