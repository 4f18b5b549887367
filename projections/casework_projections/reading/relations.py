"""How people are related, read from both sides."""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.moments import LocalDate
from casework.domain.person import Person, Relationship
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import EitherRelation, MayBeContacted, Relation
from casework.record.identity import one_person
from casework_projections.reading.asking import Asker
from casework_projections.reading.knowing import known_among
from casework_projections.reading.room import ReadingRoom
from casework_projections.views.sealed_names import prefetch_keys


class RelationBody(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is to `person`, whichever of the two it was recorded for.

    The name of `person` is shown to users who may read people, in answers that read a person. `recorded_for`
    is the person whose record has the relation; it is ended at either.
    """

    id: UUID
    relation: EitherRelation
    person: UUID
    name: Sealed | UnsetType = UNSET
    parental_responsibility: bool | None
    may_be_contacted: MayBeContacted | None
    from_: LocalDate | None = msgspec.field(name="from")
    until: LocalDate | None
    recorded_for: UUID


class Neighbours(msgspec.Struct, frozen=True):
    """The records that are one person, and the people they were ever related to or told from, by id."""

    records: dict[UUID, Person]
    others: dict[UUID, Person]


def neighbours_of(room: ReadingRoom, asker: Asker, person: Person) -> Neighbours:
    """The people `person` was ever related to, or said not to be, under any record.

    As far as the user may know them.
    """
    joined = one_person(room.record, person.joined) if person.joined else {}
    records = {**known_among(room, asker, joined.values()), person.id: person}
    index = room.views.relations
    with room.snapshot(index) as snapshot:
        ids = {each for key in records for each in index.related_to(snapshot.connection, key)}
    ids |= {each.person for record in records.values() for each in record.relations_ever.values()}
    ids |= {each for record in records.values() for each in record.distinct_from}
    found = room.record.load_many(ids - records.keys())
    others = known_among(room, asker, (each for each in found.values() if isinstance(each, Person)))
    prefetch_keys(room.sealer.keys, [each.name for each in (*records.values(), *others.values())])
    return Neighbours(records, others)


def own_relations(person: Person) -> tuple[RelationBody, ...]:
    """The relations recorded for `person`, without names."""
    return tuple(relation_body(each, person.id) for each in person.relations.values())


def relations_of(near: Neighbours) -> tuple[RelationBody, ...]:
    """The relations of a person that were not ended, from both sides, with names."""
    own = (named(each, near) for record in near.records.values() for each in own_relations(record))
    theirs = (
        named(turned(each), near)
        for other in near.others.values()
        for each in own_relations(other)
        if each.person in near.records
    )
    return tuple(each for each in (*own, *theirs) if each.person in near.others)


def named(relation: RelationBody, near: Neighbours) -> RelationBody:
    """`relation` with the name of the other person, if they can be read."""
    other = near.others.get(relation.person)
    return relation if other is None else msgspec.structs.replace(relation, name=other.name)


def relation_body(relationship: Relationship, holder: UUID) -> RelationBody:
    """A relation as `holder` sees it, for whom it was recorded."""
    return RelationBody(
        id=relationship.id,
        relation=EitherRelation(relationship.relation.value),
        person=relationship.person,
        parental_responsibility=relationship.parental_responsibility,
        may_be_contacted=relationship.may_be_contacted,
        from_=relationship.from_,
        until=relationship.until,
        recorded_for=holder,
    )


def turned(relation: RelationBody) -> RelationBody:
    """A relation, as the person sees it for whom it was recorded, as the other person sees it."""
    inverse = Relation(relation.relation.value).inverse
    return msgspec.structs.replace(relation, relation=inverse, person=relation.recorded_for, name=UNSET)
