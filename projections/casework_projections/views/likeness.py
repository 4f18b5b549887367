"""The records of a school that could be of one person, compared in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping
from itertools import combinations, product
from operator import attrgetter
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import Connection, or_, true

from casework.domain.access import NOBODY
from casework.domain.duplicates import (
    Description,
    LikenessKey,
    could_be_called_the_same,
    could_be_one_person,
    likeness_keys,
)
from casework.domain.name_likeness import parts_in, parts_of
from casework.domain.person import Details, day_in
from casework_projections.views.people import Digests, Facts, PeopleIndex, people
from casework_projections.views.people_search import KnownPerson, PeopleSearch

Pair = tuple[KnownPerson, KnownPerson]


class Likeness:
    """Finds records that could be of one person. Names are compared in memory, as in a search."""

    def __init__(self, index: PeopleIndex, search: PeopleSearch) -> None:
        self._index = index
        self._search = search

    def like(
        self, connection: Connection, school: UUID, details: Details, *, reads: bool
    ) -> list[KnownPerson]:
        """The people at `school` who could be the person with these details, sorted by name.

        `reads` says whether the user may read people there. For others only what the roll shows counts, so
        that nobody can try out birth dates, former names and numbers. `connection` is a snapshot of the
        people index. The same statements are executed whatever is found, so that the time it takes does not
        tell of a record.
        """
        wanted = _wanted(details, reads=reads)
        digests = self._index.digests(school, details.identifiers) if reads else Digests()
        known = {
            person.person: person
            for each in self._search.known(connection, [school])
            for person in each.by_id.values()
        }
        described = {key: _described(person, reads=reads) for key, person in known.items()}
        called = [key for key, each in described.items() if could_be_called_the_same(wanted, each)]
        facts = self._facts_among(connection, school, called, digests) if reads else {}
        found = [
            known[key]
            for key in (*called, *facts.keys() - set(called))
            if key in known and _alike(wanted, digests, described[key], facts.get(key))
        ]
        return sorted(found, key=_ORDER)

    def pairs(self, connection: Connection, school: UUID) -> list[Pair]:
        """The pairs of records at `school` that could be of one person, sorted by name.

        Without those that a user said are of two people. For a user who may read people there.
        """
        known = {
            person.person: person
            for each in self._search.known(connection, [school])
            for person in each.by_id.values()
        }
        facts = self._facts(connection, school)
        described = {
            key: _with_facts(_described(person, reads=True), facts.get(key)) for key, person in known.items()
        }
        distinct = self._index.distinct_at(connection, school)
        distinct |= {
            frozenset((person.id, other))
            for person in self._index.people_apart(connection).values()
            for other in person.distinct_from
        }
        compared = set(_worth_comparing(described, facts)) - distinct
        sorted_by_name = (sorted((known[each] for each in pair), key=_ORDER) for pair in compared)
        pairs = [
            (one, other)
            for one, other in sorted_by_name
            if _share_number(facts.get(one.person), facts.get(other.person))
            or could_be_one_person(described[one.person], described[other.person])
        ]
        return sorted(pairs, key=lambda pair: (pair[0].order, pair[1].order))

    def _facts_among(
        self, connection: Connection, school: UUID, ids: Collection[UUID], digests: Digests
    ) -> dict[UUID, Facts]:
        """What is recorded of the people among `ids`, and of those with any of the numbers of `digests`."""
        given = ((people.c.upn, digests.upn), (people.c.nhs_number, digests.nhs_number))
        same = [column == digest for column, digest in given if digest is not None]
        stored = self._index.facts(connection, school, or_(people.c.person.in_(ids or [NOBODY]), *same))
        apart = self._apart(connection, school)
        return stored | {
            key: each for key, each in apart.items() if key in ids or digests.share_any(each.digests)
        }

    def _facts(self, connection: Connection, school: UUID) -> dict[UUID, Facts]:
        return self._index.facts(connection, school, true()) | self._apart(connection, school)

    def _apart(self, connection: Connection, school: UUID) -> dict[UUID, Facts]:
        apart = self._index.people_apart(connection)
        return {key: self._index.facts_of(each) for key, each in apart.items() if each.school == school}


def _wanted(details: Details, *, reads: bool) -> Description:
    names = (each.text for each in (details.name, details.known_as) if each is not None)
    return Description(
        names=tuple(map(parts_of, names)),
        category=details.category,
        year_group=details.year_group,
        born_on=day_in(details.born_on) if reads else None,
    )


def _described(person: KnownPerson, *, reads: bool) -> Description:
    """What the roll shows of a person, and former names for those who may read people."""
    others = (other.spaced for other in person.others if reads or not other.former)
    return Description(
        names=tuple(dict.fromkeys(map(parts_in, (person.spaced, *others)))),
        category=person.category,
        year_group=person.year_group,
    )


def _with_facts(described: Description, facts: Facts | None) -> Description:
    return described if facts is None else msgspec.structs.replace(described, born_on=facts.born_on)


def _alike(wanted: Description, digests: Digests, described: Description, facts: Facts | None) -> bool:
    if facts is not None and digests.share_any(facts.digests):
        return True
    return could_be_one_person(wanted, _with_facts(described, facts))


def _share_number(one: Facts | None, other: Facts | None) -> bool:
    return one is not None and other is not None and one.digests.share_any(other.digests)


def _worth_comparing(
    described: Mapping[UUID, Description], facts: Mapping[UUID, Facts]
) -> Iterator[frozenset[UUID]]:
    """The pairs with a key of likeness or a number in common, some of them more than once."""
    strong: dict[Hashable, list[UUID]] = defaultdict(list)
    weak: dict[Hashable, list[UUID]] = defaultdict(list)
    for person, each in described.items():
        for key in {*likeness_keys(each), *_number_keys(facts.get(person))}:
            (weak if key.weak else strong)[key.of].append(person)
    for of, together in strong.items():
        yield from map(frozenset, combinations(together, 2))
        yield from (frozenset(pair) for pair in product(together, weak.get(of, ())) if pair[0] != pair[1])


def _number_keys(facts: Facts | None) -> Iterator[LikenessKey]:
    digests = Digests() if facts is None else facts.digests
    for field, digest in msgspec.structs.asdict(digests).items():
        if digest is not None:
            yield LikenessKey((field, digest))


_ORDER: Final = attrgetter("order")
