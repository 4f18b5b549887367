"""What changed in a person's record, when, by whom and why; never anything of a case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.moments import Instant
from casework.domain.person import (
    Contact,
    Details,
    Identifiers,
    Person,
    PersonChanged,
    PersonDistinguished,
    PersonEvent,
    PersonJoined,
    PersonParted,
    PersonRegistered,
    PersonRelated,
    PersonRelationEnded,
)
from casework.domain.sealed import Sealed
from casework_projections.reading.asking import Asker
from casework_projections.reading.knowing import person_to_read
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.relations import (
    Neighbours,
    RelationBody,
    named,
    neighbours_of,
    relation_body,
    turned,
)
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown

Plain = str | int | bool | None


class PersonAct(StrEnum):
    """What was done to a person's record."""

    REGISTERED = "registered"
    CHANGED = "changed"
    RELATED = "related"
    RELATION_ENDED = "relation_ended"
    JOINED = "joined"
    PARTED = "parted"
    DISTINGUISHED = "distinguished"


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """A field with its value before and after a change, null where there was none."""

    field: str
    before: Plain
    after: Plain


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a person's record.

    `record` and `other_record` are two records of the person that were joined or parted; or when `record` was
    registered, it was said not to be the same person as `other_record`.

    `by` and `role` are null for what was recorded when a person was made for a case: they could name the
    user who reported it.
    """

    what: PersonAct
    at: Instant
    by: UUID | None
    role: str | None
    reason: Sealed | None = None
    changes: tuple[FieldChange, ...] = ()
    relation: RelationBody | None = None
    record: UUID | UnsetType = UNSET
    other_record: UUID | UnsetType = UNSET


class ReadPersonHistory(Question[Page[HistoryEntry]], frozen=True):
    """A page of the history of a person, the oldest first."""

    NAME: ClassVar = "person history"

    person: UUID
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[HistoryEntry]]:
        person = person_to_read(room, asker, self.person)
        entries = history_of(neighbours_of(room, asker, person))
        place, following = room.cursors.cut(self.part, ["person history", person.id], len(entries))
        items = tuple(entries[place])
        others = dict.fromkeys(each.relation.person for each in items if each.relation is not None)
        named_people = tuple(Shown(about=other, parts=("name",)) for other in others)
        shown = (Shown(about=person.id, parts=("history",)), *named_people)
        return Answer(Page(items, following), shown)


def history_of(near: Neighbours) -> list[HistoryEntry]:
    """Every change of a person's record, and every relation to them that was made or ended."""
    theirs = (
        msgspec.structs.replace(entry, relation=turned(entry.relation))
        for other in near.others.values()
        for entry in _entries(other)
        if entry.relation is not None and entry.relation.person in near.records
    )
    records = {**near.records, **near.others}
    own = (
        entry for record in near.records.values() for entry in _entries(record) if _is_known(entry, records)
    )
    found = sorted([*_once(own), *theirs], key=lambda entry: entry.at)
    return [_with_name(entry, near) for entry in found]


def _is_known(entry: HistoryEntry, records: Mapping[UUID, Person]) -> bool:
    """Whether the other person of an entry, if there is one, is among the `records` the user may know."""
    related = entry.relation is None or entry.relation.person in records
    return related and (entry.other_record is UNSET or entry.other_record in records)


def _entries(person: Person) -> Iterator[HistoryEntry]:
    """The history of `person` without names, and without relations that were recorded for others."""
    before: Details | None = None
    for event in person.history:
        match event:
            case PersonRegistered():
                yield from _registered(event, _registrar(person))
                before = event.details
            case PersonChanged():
                changes = _changes(before, event.details)
                yield _entry(PersonAct.CHANGED, event, reason=event.reason, changes=changes)
                before = event.details
            case PersonRelated():
                yield _entry(PersonAct.RELATED, event, relation=relation_body(event.relationship, person.id))
            case PersonRelationEnded():
                ended = relation_body(person.relations_ever[event.relationship], person.id)
                yield _entry(PersonAct.RELATION_ENDED, event, relation=ended)
            case PersonJoined():
                yield _entry(PersonAct.JOINED, event, **_both(event))
            case PersonParted():
                yield _entry(PersonAct.PARTED, event, **_both(event))
            case PersonDistinguished():
                yield from _distinguished(person, event)


def _registered(event: PersonRegistered, registrar: dict[str, None]) -> Iterator[HistoryEntry]:
    yield _entry(PersonAct.REGISTERED, event, changes=_changes(None, event.details), **registrar)
    for each in event.relationships:
        relation = relation_body(each, event.originator_id)
        yield _entry(PersonAct.RELATED, event, relation=relation, **registrar)


def _distinguished(person: Person, event: PersonDistinguished) -> Iterator[HistoryEntry]:
    for other in event.others:
        both = {"record": person.id, "other_record": other}
        yield _entry(PersonAct.DISTINGUISHED, event, **both, **_registrar(person))


def _registrar(person: Person) -> dict[str, None]:
    """The fields that hide who registered a person who was made for a case."""
    registered = person.history[0]
    on_roll = isinstance(registered, PersonRegistered) and registered.on_roll
    return {} if on_roll else {"by": None, "role": None}


def _entry(what: PersonAct, event: PersonEvent, **more: Any) -> HistoryEntry:
    return HistoryEntry(what=what, at=event.recorded_at, **{"by": event.by, "role": event.role, **more})


def _both(event: PersonJoined | PersonParted) -> dict[str, Any]:
    return {"reason": event.reason, "record": event.originator_id, "other_record": event.other}


def _once(entries: Iterable[HistoryEntry]) -> Iterator[HistoryEntry]:
    """`entries`, but of the two records that were joined or parted together only the entry of one."""
    seen: set[tuple[Any, ...]] = set()
    for entry in entries:
        pair = frozenset((entry.record, entry.other_record))
        key = (entry.what, entry.at, pair)
        if entry.other_record is UNSET or key not in seen:
            seen.add(key)
            yield entry


def _with_name(entry: HistoryEntry, near: Neighbours) -> HistoryEntry:
    if entry.relation is None:
        return entry
    return msgspec.structs.replace(entry, relation=named(entry.relation, near))


def _changes(before: Details | None, after: Details) -> tuple[FieldChange, ...]:
    """The fields that differ, those of the contact and of the identifiers by their own names."""
    old, new = _values(before), _values(after)
    return tuple(
        FieldChange(field=field, before=old.get(field), after=new.get(field))
        for field in dict.fromkeys([*new, *old])
        if old.get(field) != new.get(field)
    )


def _values(record: Details | Contact | Identifiers | None, path: str = "") -> dict[str, Plain]:
    """The values in `record` that are not None, by field, in clear."""
    values: dict[str, Plain] = {}
    for field in () if record is None else record.__struct_fields__:
        value = getattr(record, field)
        if isinstance(value, (Contact, Identifiers)):
            values |= _values(value, f"{field}.")
        elif value is not None:
            values[f"{path}{field}"] = value.text if isinstance(value, Sealed) else value
    return values
