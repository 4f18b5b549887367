"""Whose name could be a user's own, among the names of a school that this process keeps unsealed.

A person of a case whose name could be a user's own shuts that user out of the case. Every name a person ever
had counts, so that a change of a name lets nobody in. Pupils on the roll are left out: their names are in the
register, so that they are never a record of a colleague made by mistake.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
    not_,
    or_,
    select,
)

from casework.domain.incident.recusal import ClearName
from casework.domain.moments import Instant
from casework.domain.name_folding import folded
from casework.domain.own_names import OwnName, Written, own_names, written
from casework.domain.person import PersonChanged, PersonRegistered, PersonRelated
from casework.domain.user import UserLinked, UserRegistered
from casework.domain.vocabulary import Category
from casework.record.recusals import Alike, ByPost
from casework.storage.keys import DataKeys
from casework.storage.sealing import Sealer, Tampered
from casework.storage.tables import data_keys
from casework_projections.views.bonds import bonds_table, metadata
from casework_projections.views.view import Batch, Moment, Recorded, upsert

NAME_EVENTS: Final = (
    *(PersonRegistered, PersonChanged, PersonRelated),
    *(ClearName, UserRegistered, UserLinked),
)

_names: Final = Table(
    "view_names",
    metadata,
    Column("person", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("field", String(10), primary_key=True),
    Column("school", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("since", Moment, nullable=False),
)
Index("view_names_school", _names.c.school)
_cleared: Final = Table(
    "view_cleared_names",
    metadata,
    Column("person", Uuid, primary_key=True),
    Column("user", Uuid, primary_key=True),
    Column("position", BigInteger, nullable=False),
)


class KnownName(msgspec.Struct, frozen=True, gc=False):
    """A name that somebody was recorded under at a position in the log, and since when."""

    written: Written
    folded: str
    position: int
    since: Instant


Names = tuple[KnownName, ...]
Cleared = Mapping[tuple[UUID, UUID], int]
"""Up to which position in the log the names of a person were found not to be those of a user."""


class NamesOfSchool:
    """Every name at a school. It only learns up to which position in the log it is current.

    `elsewhere` are the names that users have at other schools: their own, wherever they work. `close` are the
    users to whom each user is or was close, and the people that these were linked to.
    """

    def __init__(
        self,
        names: Mapping[UUID, Names],
        elsewhere: Mapping[UUID, Names],
        close: Mapping[UUID, Mapping[UUID, frozenset[UUID]]],
        cleared: Cleared,
        position: int,
        checked: tuple[float, int],
    ) -> None:
        """`checked` is when, by the clock of the data keys, and after how many destructions it was read."""
        self.names = names
        self.elsewhere = elsewhere
        self._close = close
        self.position = position
        self.checked = checked
        self._cleared = cleared
        self._found: dict[frozenset[Written], frozenset[UUID]] = {}
        self._posts = tuple(self._by_post())

    def namesakes(self, user: UUID, names: Iterable[str], persons: frozenset[UUID]) -> Alike:
        """The people whose name could be that of `user`, who was linked to `persons`.

        And of each user to whom they are close, because nobody handles a case that may be about that user.
        Those that were found not to be that user are left out.
        """
        close = self._close.get(user, {})
        return Alike(
            own=self._like(user, set(map(written, names)), persons),
            of_close=tuple(
                (other, self._like(other, set(), theirs) - persons) for other, theirs in close.items()
            ),
            by_post=self._posts,
        )

    def _like(self, user: UUID, own: set[Written], persons: frozenset[UUID]) -> frozenset[UUID]:
        """The people whose name is like any of `own` or of `persons`, and who may be `user`."""
        for person in persons:
            for known in (*self.names.get(person, ()), *self.elsewhere.get(person, ())):
                own.add(known.written)
        key = frozenset(own)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = frozenset(self._alike(key))
        return frozenset(
            each
            for each in found - persons
            if (each, user) not in self._cleared or _could_be_any(key, self._uncleared(each, user))
        )

    def _alike(self, own: frozenset[Written]) -> Iterator[UUID]:
        mine = [each for name in own for each in own_names(name)]
        for person, names in self.names.items():
            if any(each.could_be(known.written) for known in names for each in mine):
                yield person

    def _uncleared(self, person: UUID, user: UUID) -> list[KnownName]:
        """The names of `person` that they did not have when they were found not to be `user`."""
        names, upto = self.names.get(person, ()), self._cleared.get((person, user), 0)
        known = {each.folded for each in names if each.position <= upto}
        return [each for each in names if each.folded not in known]

    def _by_post(self) -> Iterator[ByPost]:
        """The people who are recorded as nobody but the holder of a post, once for each such name."""
        for person, names in self.names.items():
            for known in names:
                if known.written.post is not None:
                    users = {user for each, user in self._cleared if each == person}
                    yield ByPost(
                        person=person,
                        role=known.written.post,
                        named_at=known.since,
                        cleared=frozenset(
                            user for user in users if known not in self._uncleared(person, user)
                        ),
                    )


def _could_be_any(own: Iterable[Written], names: Collection[KnownName]) -> bool:
    mine: list[OwnName] = [each for name in own for each in own_names(name)]
    return any(each.could_be(known.written) for known in names for each in mine)


class KnownNames:
    """The names of schools that this process keeps in memory."""

    def __init__(self, keys: DataKeys, sealer: Sealer) -> None:
        self._keys = keys
        self._sealer = sealer
        self._schools: dict[UUID, NamesOfSchool] = {}

    def kept(self, school: UUID) -> NamesOfSchool | None:
        """The names of a school as they were read, if that was lately.

        What another process erased is dropped within the life of a cached key.
        """
        found = self._schools.get(school)
        if found is None or found.checked[1] != self._keys.destructions:
            return None
        return found if 0 <= self._keys.clock() - found.checked[0] < self._keys.life else None

    def read(self, connection: Connection, school: UUID, position: int) -> NamesOfSchool:
        """The names of a school from a connection on which they are current up to `position`."""
        checked = self._keys.clock(), self._keys.destructions
        names: dict[UUID, list[KnownName]] = defaultdict(list)
        elsewhere: dict[UUID, list[KnownName]] = defaultdict(list)
        for row in connection.execute(_NAMES, {"school": school}):
            text = self._text(row.person, row.name, row.wrapped)
            if text is not None:
                known = KnownName(written(text), folded(text), row.position, row.since)
                (names if row.school == school else elsewhere)[row.person].append(known)
        cleared = {(row.person, row.user): row.position for row in connection.execute(select(_cleared))}
        found = self._schools[school] = NamesOfSchool(
            _listed(names), _listed(elsewhere), _close_users(connection), cleared, position, checked
        )
        return found

    def _text(self, person: UUID, token: str, wrapped: bytes | None) -> str | None:
        """A name, unsealed; None if it is erased, or is not what was sealed."""
        if wrapped is None:
            return None
        try:
            return self._sealer.token_text(token, person, wrapped)
        except Tampered:
            return None


def _close_users(connection: Connection) -> dict[UUID, dict[UUID, frozenset[UUID]]]:
    """The users to whom each user is or was close, with all people that these were linked to."""
    persons: dict[UUID, set[UUID]] = defaultdict(set)
    users: dict[UUID, set[UUID]] = defaultdict(set)
    for row in connection.execute(_LINKED):
        persons[row.one].add(row.other)
        users[row.other].add(row.one)
    found: dict[UUID, dict[UUID, frozenset[UUID]]] = defaultdict(dict)
    for row in connection.execute(_CLOSE_USERS):
        for one, other in ((row.one, row.other), (row.other, row.one)):
            for user in users[one]:
                found[user] |= {each: frozenset(persons[each]) for each in users[other]}
    return found


def _listed(names: Mapping[UUID, list[KnownName]]) -> dict[UUID, Names]:
    return {person: tuple(each) for person, each in names.items()}


def write_names(connection: Connection, batch: Batch, sealer: Sealer) -> None:
    """Write every name that people are recorded under, sealed, and which users were found to be others."""
    rows = [row for recorded in batch.records for row in _name_rows(recorded, sealer)]
    upsert(connection, _names, rows)
    cleared: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for recorded in batch.records:
        if recorded.is_a(ClearName) and isinstance(event := recorded.event, ClearName):
            row = {"person": event.person, "user": event.user, "position": recorded.position}
            cleared[event.person, event.user] = row
    upsert(connection, _cleared, [*cleared.values()], newer="position")


def _name_rows(recorded: Recorded, sealer: Sealer) -> Iterator[dict[str, Any]]:
    event = recorded.event if recorded.is_a(PersonRegistered, PersonChanged) else None
    if not isinstance(event, PersonRegistered | PersonChanged):
        return
    details = event.details
    if details.category is Category.PUPIL and details.on_roll:
        return
    for field in ("name", "known_as"):
        name = getattr(details, field)
        if name is not None:
            yield {
                "person": event.originator_id,
                "version": event.originator_version,
                "field": field,
                "school": event.school,
                "name": sealer.to_token(name),
                "position": recorded.position,
                "since": event.recorded_at,
            }


_LINKED: Final = select(bonds_table.c.one, bonds_table.c.other).where(bonds_table.c.of_user)
_OF_USERS: Final = select(bonds_table.c.other).where(bonds_table.c.of_user)
_CLOSE_USERS: Final = select(bonds_table.c.one, bonds_table.c.other).where(
    not_(bonds_table.c.same), bonds_table.c.one.in_(_OF_USERS), bonds_table.c.other.in_(_OF_USERS)
)
_NAME: Final = [_names.c[each] for each in ("person", "school", "name", "position", "since")]
# Each name comes with its key, so that thousands of keys are not put in the cache of keys.
_NAMES: Final = (
    select(*_NAME, data_keys.c.wrapped)
    .outerjoin(data_keys, data_keys.c.subject == _names.c.person)
    .where(
        or_(
            _names.c.school == bindparam("school"),
            _names.c.person.in_(_OF_USERS),
        )
    )
)
