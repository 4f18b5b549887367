"""The people that a user is in incidents."""

from __future__ import annotations

from uuid import UUID

from casework.domain.access import Identity, Principal
from casework.domain.person import Person
from casework.domain.user import User
from casework.record.identity import one_person
from casework.record.port import Record
from casework.record.recusals import Namesakes


def persons_at(record: Record, user: User) -> dict[UUID, UUID]:
    """The id of the person that `user` is now, by the id of the school: the last one linked there."""
    found = record.load_many(user.links) if user.links else {}
    people = [person for each in user.links if isinstance(person := found.get(each), Person)]
    return {person.school: person.id for person in people}


class Identities:
    """Finds who users are in the cases of one school."""

    def __init__(self, record: Record, namesakes: Namesakes) -> None:
        self._record = record
        self._namesakes = namesakes

    def __call__(self, user_id: UUID) -> Identity:
        """Who a user is: nobody in particular if there is no such user."""
        user = self._record.peek(User, user_id)
        return Identity(user_id, active=False) if user is None else self._of(Principal.of(user), user.active)

    def of(self, principal: Principal) -> Identity:
        """Who the user of a request is."""
        return self._of(principal, active=True)

    def _of(self, principal: Principal, active: bool) -> Identity:
        names = [name.text for name in principal.names if not name.erased]
        namesakes = self._namesakes(principal.id, names, principal.persons)

        def joined() -> frozenset[UUID]:
            return frozenset(one_person(self._record, principal.persons))

        return Identity(principal.id, principal.persons, namesakes, active, joined)
