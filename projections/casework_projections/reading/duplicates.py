"""Records that could be of one person, as far as the user may know them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET

from casework.domain.access import NOBODY, Permission, Principal
from casework.domain.bars import Bonds
from casework.domain.person import Details, Person, day_in
from casework.record.known_people import MOST_CANDIDATES
from casework_projections.reading.admission import Admission
from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.knowing import (
    handled_among,
    handled_in,
    handles_at,
    known_among,
    known_in,
    known_records,
)
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.people import Candidate, FoundPerson, found_person, shown_in_list
from casework_projections.reading.room import Answer, Question, ReadingRoom, Snapshot
from casework_projections.views.bonds import joined_records
from casework_projections.views.catch_up import Views
from casework_projections.views.likeness import Pair
from casework_projections.views.people_search import KnownPerson


class KnownPeopleLookup:
    """`KnownPeople` that reads the views of people. Raises ViewsBehind, ViewBroken or ViewNotCreated."""

    def __init__(self, views: Views, admission: Admission) -> None:
        self._views = views
        self._admission = admission

    def known_like(
        self, principal: Principal, now: datetime, school: UUID, details: Details
    ) -> tuple[UUID, ...]:
        asker, views = Asker(principal=principal, now=now), self._views
        with views.read(*views.of_people) as connection:
            reach = self._admission.reach(asker, reach_of(asker, views.directory, connection), connection)
            reads = school in reach.schools(Permission.READ_PEOPLE)
            alike = views.likeness.like(connection, school, details, reads=reads)
            # Nobody is asked for if there are none: how long it takes must not tell of a record.
            known = known_in(Snapshot(connection), views, reach, _off_roll(alike) or [NOBODY])
        return tuple(each.person for each in alike if each.on_roll or each.person in known)[:MOST_CANDIDATES]

    def known_among(self, principal: Principal, now: datetime, off_roll: Collection[UUID]) -> frozenset[UUID]:
        asker, views = Asker(principal=principal, now=now), self._views
        with views.read(*views.of_people) as connection:
            reach = self._admission.reach(asker, reach_of(asker, views.directory, connection), connection)
            return frozenset(known_in(Snapshot(connection), views, reach, [*off_roll]))

    def handles_any(
        self, principal: Principal, now: datetime, school: UUID, records: Collection[UUID]
    ) -> bool:
        asker, views = Asker(principal=principal, now=now), self._views
        with views.read(*views.of_cases) as connection:
            reach = self._admission.reach(asker, reach_of(asker, views.directory, connection), connection)
            return bool(handled_in(Snapshot(connection), views, reach, school, records))

    def holders_of(self, relation: UUID) -> frozenset[UUID]:
        index = self._views.relations
        with self._views.read(index) as connection:
            return frozenset(index.holders_of(connection, relation))


class ReadCandidates(Question[tuple[Candidate, ...]], frozen=True):
    """The records with these ids at a school where the user may register people, if they may know them."""

    NAME: ClassVar = "possible duplicates"

    school: UUID
    candidates: tuple[UUID, ...]

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[tuple[Candidate, ...]]:
        school = room.admission.settings(asker, self.school, Permission.REGISTER_PEOPLE)
        found = room.record.load_many(self.candidates)
        here = (each for each in found.values() if isinstance(each, Person) and each.school == school.id)
        known = known_among(room, asker, here)
        with room.snapshot(room.views.directory) as snapshot:
            reach = reach_of(asker, room.views.directory, snapshot.connection)
        reads = school.id in reach.schools(Permission.READ_PEOPLE)
        items = tuple(_candidate(known[each], reads=reads) for each in self.candidates if each in known)
        return Answer(items, tuple(map(shown_in_list, items)))


class PairBody(msgspec.Struct, frozen=True):
    """Two records that could be of one person."""

    one: FoundPerson
    other: FoundPerson


class ListPairs(Question[Page[PairBody]], frozen=True):
    """A page of the pairs of records at a school that could be of one person, sorted by name.

    Only pairs of which the user may know both records, and for a user to whom cases came by the route, only
    those with a person who is in one of these. Without records that are joined, and without those that
    somebody who knew both said are of two people.
    """

    NAME: ClassVar = "pairs"

    school: UUID
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[PairBody]]:
        actor = room.admission.at_school(asker, self.school).actor
        leads = actor.role_for(Permission.READ_PEOPLE) is not None
        if not leads and not handles_at(room, asker, self.school):
            actor.require(Permission.READ_PEOPLE)
        views = room.views
        with room.snapshot(views.people, views.recusals) as snapshot:
            joined = Bonds(joined_records(snapshot.connection))
            alike = views.likeness.pairs(snapshot.connection, self.school)
            stale = snapshot.stale
        pairs = [pair for pair in alike if pair[1].person not in joined.one_person_now(pair[0].person)]
        if not leads:
            pairs = self._in_handled_cases(room, asker, pairs, joined)
        known = known_records(room, asker, dict.fromkeys(_off_roll(each for pair in pairs for each in pair)))
        pairs = [pair for pair in pairs if known.issuperset(_off_roll(pair))]
        place, following = room.cursors.cut(self.part, ["pairs", self.school, asker.principal.id], len(pairs))
        items = tuple(map(_pair, pairs[place]))
        people = {each.id: each for item in items for each in (item.one, item.other)}
        return Answer(Page(items, following, stale), tuple(map(shown_in_list, people.values())))

    def _in_handled_cases(
        self, room: ReadingRoom, asker: Asker, pairs: Sequence[Pair], joined: Bonds
    ) -> list[Pair]:
        """Those of `pairs` with a person who is, under any record, in a case that the user handles."""
        records = {each.person: joined.one_person_now(each.person) for pair in pairs for each in pair}
        handled = handled_among(room, asker, self.school, frozenset().union(*records.values()))
        return [pair for pair in pairs if any(not handled.isdisjoint(records[each.person]) for each in pair)]


def _off_roll(people: Iterable[KnownPerson]) -> list[UUID]:
    return [each.person for each in people if not each.on_roll]


def _pair(pair: Pair) -> PairBody:
    return PairBody(*(found_person(each, reads=True) for each in pair))


def _candidate(person: Person, *, reads: bool) -> Candidate:
    born_on = day_in(person.details.born_on) if reads else None
    return Candidate(
        id=person.id,
        name=person.name,
        category=person.category,
        year_group=person.details.year_group,
        born_on=UNSET if born_on is None else born_on,
    )
