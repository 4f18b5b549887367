"""People found by any part of their name, among the names of a school that this process keeps unsealed.

The database cannot search names and birth dates that it holds only sealed. So those of a school are unsealed
at the first search there, and kept in memory; later searches read only the rows that are new.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from threading import Lock
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection, and_, bindparam, not_, select

from casework.application import Casework
from casework.domain.moments import LocalDate
from casework.domain.name_matching import FoldedName, FoldedNames, Match, NameSearch, folded_name
from casework.domain.person import AlsoNamed, Person, day_in
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category
from casework.storage.sealing import Tampered
from casework.storage.tables import data_keys
from casework_projections.views.people import KNOWN_AS, NAME, PeopleIndex, names, people
from casework_projections.views.set_aside import position_of, set_aside

MOST_PEOPLE: Final = 30_000
"""How many people are kept in memory, of all schools together. Above it, whole schools are dropped."""


class OtherName(FoldedName, frozen=True, gc=False):
    """What a person is known as, or a `former` name, which finds them only for users who may read people."""

    person: UUID
    former: bool


class KnownPerson(FoldedName, frozen=True, gc=False):
    """A person of a school, with the name in memory. `order` sorts by name, and namesakes by id.

    `others` are all other names: what they are known as, and former names.
    """

    order: str
    person: UUID
    school: UUID
    category: Category
    year_group: int | None
    born_on: LocalDate | None
    on_roll: bool
    name: Sealed
    others: tuple[OtherName, ...] = ()


class NamesInMemory:
    """People by id, and their names to be searched. They never change."""

    def __init__(self, people: Mapping[UUID, KnownPerson]) -> None:
        self.by_id = people
        self._names = FoldedNames(people.values())
        self._others = FoldedNames(other for each in people.values() for other in each.others)

    def matching(self, name: NameSearch, former_at: Collection[UUID]) -> Iterator[tuple[Match, KnownPerson]]:
        """Those with a name that matches, once for each; former names count only at schools `former_at`."""
        yield from name.among(self._names)
        for match, other in name.among(self._others):
            person = self.by_id[other.person]
            if not other.former or person.school in former_at:
                yield match, person


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to find; None stands for anybody."""

    name: NameSearch | None = None
    category: Category | None = None
    year_group: int | None = None
    born_on: LocalDate | None = None

    def among(self, known: Iterable[NamesInMemory], former_at: Collection[UUID] = ()) -> list[KnownPerson]:
        """Those of `known` who are wanted: the best matches first, then by name.

        Former names find people only at the schools `former_at`.
        """
        # By their `id()`, because to hash hundreds of UUIDs takes longer than to find them.
        best: dict[int, tuple[Match, KnownPerson]] = {}
        for each in known:
            for match, person in self._matching(each, former_at):
                found = best.get(id(person))
                if found is None or match < found[0]:
                    best[id(person)] = match, person
        ranked: dict[Match, list[KnownPerson]] = {each: [] for each in Match}
        for match, person in best.values():
            ranked[match].append(person)
        return [each for equal in ranked.values() for each in sorted(filter(self._passes, equal), key=_ORDER)]

    def _matching(
        self, known: NamesInMemory, former_at: Collection[UUID]
    ) -> Iterator[tuple[Match, KnownPerson]]:
        if self.name is None:
            return ((Match.WHOLE, each) for each in known.by_id.values())
        return known.matching(self.name, former_at)

    def _passes(self, person: KnownPerson) -> bool:
        return (
            (self.category is None or person.category is self.category)
            and (self.year_group is None or person.year_group == self.year_group)
            and (self.born_on is None or person.born_on == self.born_on)
        )


class _School(msgspec.Struct, frozen=True):
    """The people of a school, as of a position in the log.

    `aside` are the ids that the view had set aside then, of which it may have had no row. `checked` is when,
    by the clock of the data keys, it was last read which keys are destroyed, and after how many destructions.
    """

    people: NamesInMemory = NamesInMemory({})
    position: int = 0
    aside: frozenset[UUID] = frozenset()
    checked: tuple[float, int] | None = None

    def updated(
        self, read: Mapping[UUID, KnownPerson | None], position: int, aside: frozenset[UUID]
    ) -> _School:
        """The school at `position`, with the people that were `read`; None stands for one to leave out."""
        return _School(self._changed(read), position, aside, self.checked)

    def without(self, destroyed: Iterable[UUID], checked: tuple[float, int]) -> _School:
        """The school without the people whose keys are `destroyed`, as it was found when `checked`."""
        gone = {each: None for each in destroyed if each in self.people.by_id}
        return _School(self._changed(gone), self.position, self.aside, checked)

    def _changed(self, read: Mapping[UUID, KnownPerson | None]) -> NamesInMemory:
        if not read:
            return self.people
        people = {**self.people.by_id, **read}
        return NamesInMemory({key: each for key, each in people.items() if each is not None})


class PeopleSearch:
    """Finds people in memory. It keeps the schools most recently searched.

    A `_School` never changes, so threads share it; each search uses what it has read itself.
    """

    def __init__(self, app: Casework, index: PeopleIndex, *, most_people: int = MOST_PEOPLE) -> None:
        self._sealer = app.sealer
        self._keys = app.keys
        self._engine = app.database.engine
        self._index = index
        self._most_people = most_people
        self._schools: OrderedDict[UUID, _School] = OrderedDict()
        self._lock = Lock()

    def find(
        self,
        connection: Connection,
        schools: Collection[UUID],
        wanted: Wanted,
        former_at: Collection[UUID] = (),
    ) -> list[KnownPerson]:
        """The people at `schools` who are wanted; `connection` is a snapshot of the people index.

        Former names find people only at the schools `former_at`. People whose names are erased are not
        found. People that the view set aside are.
        """
        return wanted.among(self.known(connection, schools), former_at)

    def known(self, connection: Connection, schools: Collection[UUID]) -> list[NamesInMemory]:
        """The people at `schools`, without those whose names are erased.

        `connection` is a snapshot of the people index; people that the view set aside are replayed.
        """
        aside = set_aside(connection, self._index)
        current = self._checked(self._current(connection, schools, aside))
        self._keep(current)
        if not aside:
            return [school.people for school in current.values()]
        replayed = {
            key: _replayed(each)
            for key, each in self._index.people_apart(connection).items()
            if each.school in current and not each.name.erased
        }
        stored = (person for school in current.values() for person in school.people.by_id.values())
        known = {person.person: person for person in stored if person.person not in aside}
        return [NamesInMemory(known), NamesInMemory(replayed)]

    def _current(
        self, connection: Connection, schools: Collection[UUID], aside: frozenset[UUID]
    ) -> dict[UUID, _School]:
        """`schools` as the snapshot has them: a statement for those in memory, if anything was recorded since
        they were read, and one for the others."""
        position = position_of(connection, self._index)
        with self._lock:
            kept = {each: self._schools[each] for each in schools if each in self._schools}
        # What was set aside may have been applied since, at the position it has in the log.
        kept = {each: school for each, school in kept.items() if school.aside <= aside}
        new = [each for each in schools if each not in kept]
        behind = {each: school.position for each, school in kept.items() if school.position < position}
        rows: list[Any] = [
            *self._rows(connection, new, after=0),
            *self._rows(connection, [*behind], after=min(behind.values(), default=0)),
        ]
        read: dict[UUID, dict[UUID, KnownPerson | None]] = {each: {} for each in schools}
        for _, of_person in groupby(rows, key=attrgetter("person")):
            person_rows = list(of_person)
            read[person_rows[0].school][person_rows[0].person] = self._person(person_rows)
        return {each: kept.get(each, _NEW).updated(read[each], position, aside) for each in schools}

    def _rows(self, connection: Connection, schools: Sequence[UUID], after: int) -> Sequence[Any]:
        return connection.execute(_ROWS, {"schools": schools, "after": after}).all() if schools else ()

    def _person(self, rows: Sequence[Any]) -> KnownPerson | None:
        """A person, from one row, or one for each name beside the present one. None if the name is erased."""
        row = rows[0]
        name = self._name(row.person, row.name, row.wrapped)
        if name is None:
            return None
        # A change repeats the names that stay, with the same ciphertext.
        former = {each.other: True for each in rows if each.other not in (None, row.name)}
        former |= {each.other: False for each in rows if each.other in former and each.is_known_as}
        others = ((self._name(row.person, token, row.wrapped), was) for token, was in former.items())
        return _known(
            row.person,
            name,
            [AlsoNamed(other, was) for other, was in others if other is not None],
            school=row.school,
            category=_CATEGORIES[row.category],
            year_group=row.year_group,
            born_on=self._born_on(row),
            on_roll=row.on_roll,
        )

    def _name(self, person: UUID, token: str, wrapped: bytes | None) -> Sealed | None:
        """The name of a person, unsealed; None if it is erased, or is not what was sealed."""
        text = self._text(person, token, wrapped)
        return None if text is None else Sealed(text, person)

    def _born_on(self, row: Any) -> date | None:
        text = None if row.born_on is None else self._text(row.person, row.born_on, row.wrapped)
        return None if text is None else date.fromisoformat(text)

    def _text(self, person: UUID, token: str, wrapped: bytes | None) -> str | None:
        if wrapped is None:
            return None
        try:
            return self._sealer.token_text(token, person, wrapped)
        except Tampered:
            # Searches for others must not fail. A rebuild of the view copies the text from the log again.
            return None

    def _checked(self, schools: dict[UUID, _School]) -> dict[UUID, _School]:
        """`schools` without people whose keys were destroyed, as far as that must be known by now.

        What this process destroyed is known at once, and what another destroyed within the life of a cached
        key. It is read outside the snapshot, which may have begun earlier.
        """
        now = self._keys.clock(), self._keys.destructions
        due = [each for each, school in schools.items() if not self._is_fresh(school, now)]
        if not due:
            return schools
        with self._engine.connect() as connection:
            destroyed = connection.scalars(_DESTROYED, {"schools": due}).all()
        return schools | {each: schools[each].without(destroyed, now) for each in due}

    def _is_fresh(self, school: _School, now: tuple[float, int]) -> bool:
        if school.checked is None:
            return False
        checked_at, destructions = school.checked
        return destructions == now[1] and 0 <= now[0] - checked_at < self._keys.life

    def _keep(self, schools: Mapping[UUID, _School]) -> None:
        """Keep `schools` in memory; drop the least recently used ones if there are too many people."""
        with self._lock:
            for each, school in schools.items():
                self._schools[each] = school
                self._schools.move_to_end(each)
            count = sum(len(school.people.by_id) for school in self._schools.values())
            while count > self._most_people and len(self._schools) > 1:
                count -= len(self._schools.popitem(last=False)[1].people.by_id)


def _replayed(person: Person) -> KnownPerson:
    return _known(
        person.id,
        person.name,
        person.also_named,
        school=person.school,
        category=person.category,
        year_group=person.details.year_group,
        born_on=day_in(person.details.born_on),
        on_roll=person.details.on_roll,
    )


def _known(person: UUID, name: Sealed, also_named: Iterable[AlsoNamed], **fields: Any) -> KnownPerson:
    folded = folded_name(name.text)
    return KnownPerson(
        folded.spaced,
        folded.joined,
        order=f"{folded.spaced}\0{person.hex}",
        person=person,
        name=name,
        others=tuple(_other(person, each) for each in also_named),
        **fields,
    )


def _other(person: UUID, named: AlsoNamed) -> OtherName:
    folded = folded_name(named.name.text)
    return OtherName(folded.spaced, folded.joined, person, named.former)


_ORDER: Final = attrgetter("order")
_NEW: Final = _School()
_CATEGORIES: Final = {category.value: category for category in Category}
_AT_SCHOOLS: Final = people.c.school.in_(bindparam("schools", expanding=True))
_OTHER: Final = not_(and_(names.c.version == people.c.version, names.c.field == NAME))
_KNOWN_AS: Final = and_(names.c.version == people.c.version, names.c.field == KNOWN_AS)
# Each name comes with its key, so that thousands of keys are not put in the cache of keys.
_ROWS: Final = (
    select(
        *(
            people.c.person,
            people.c.school,
            people.c.category,
            people.c.year_group,
            people.c.born_on,
            people.c.on_roll,
            people.c.name,
        ),
        data_keys.c.wrapped,
        names.c.name.label("other"),
        _KNOWN_AS.label("is_known_as"),
    )
    .outerjoin(data_keys, data_keys.c.subject == people.c.person)
    .outerjoin(names, and_(names.c.person == people.c.person, _OTHER))
    .where(_AT_SCHOOLS, people.c.position > bindparam("after"))
    .order_by(people.c.person)
)
_DESTROYED: Final = (
    select(people.c.person)
    .join(data_keys, data_keys.c.subject == people.c.person)
    .where(_AT_SCHOOLS, data_keys.c.wrapped.is_(None))
)
