"""Who is shut out of a case: the people it is about, their records joined to others, and those close to them.

Facts count for a case while they hold, and after they end for a case that they touched: so a parting, a
divorce or a withdrawal lets nobody back in by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.moments import Instant, LocalDate
from casework.domain.vocabulary import Relation


class Why(StrEnum):
    """Why a case is closed to a person or a user. To a `WITNESS` it is not: they manage no allegation."""

    SUBJECT = "subject"
    RELATED = "related"
    DECLARED = "declared"
    WITNESS = "witness"


class Bar(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A case is closed to `member`, a person or a user, from a day on (None: at once).

    `until` is when the last fact behind it ended; None if all of them hold.
    """

    member: UUID
    why: Why
    from_: LocalDate | None = msgspec.field(default=None, name="from")
    until: Instant | None = None

    @property
    def closes(self) -> bool:
        """Whether it keeps its member from knowing of the case."""
        return self.why is not Why.WITNESS


class Bond(msgspec.Struct, frozen=True, kw_only=True):
    """Two records are one person, or two people are close (`from_` is the first day of a relation).

    `until` is when it ended; None if it holds.
    """

    one: UUID
    other: UUID
    same: bool
    from_: LocalDate | None = None
    until: Instant | None = None


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A case is about `member`, a person or a user, since a moment; `until` is when it stopped to be."""

    member: UUID
    since: Instant
    until: Instant | None = None


CLOSE: Final = frozenset(
    {
        *(Relation.PARENT_OF, Relation.GUARDIAN_OF, Relation.CARER_OF, Relation.SIBLING_OF),
        *(Relation.SPOUSE_OF, Relation.PARTNER_OF, Relation.RELATIVE_OF, Relation.CLOSE_FRIEND_OF),
    }
)
"""The relations that shut a person out of a case about the other, whichever of the two they are."""


class Bonds:
    """Bonds by person, read from both sides."""

    def __init__(self, bonds: Iterable[Bond]) -> None:
        self._same: dict[UUID, list[tuple[UUID, Bond]]] = defaultdict(list)
        self._close: dict[UUID, list[tuple[UUID, Bond]]] = defaultdict(list)
        for bond in bonds:
            of = self._same if bond.same else self._close
            of[bond.one].append((bond.other, bond))
            of[bond.other].append((bond.one, bond))

    def one_person(self, record: UUID, since: datetime) -> dict[UUID, Instant | None]:
        """The records that are or were one person with `record` at or after `since`, and until when."""
        found: dict[UUID, Instant | None] = {record: None}
        waiting = [record]
        while waiting:
            at = waiting.pop()
            for other, bond in self._same.get(at, ()):
                until = earlier(found[at], bond.until)
                if not _ended(until, since) and (other not in found or _later(until, found[other])):
                    found[other] = until
                    waiting.append(other)
        return found

    def one_person_now(self, record: UUID) -> frozenset[UUID]:
        """The records that are one person with `record` and have not been parted."""
        if record not in self._same:
            return frozenset({record})
        found = self.one_person(record, datetime.min.replace(tzinfo=UTC))
        return frozenset(each for each, until in found.items() if until is None)

    def close_to(self, record: UUID, since: datetime) -> Iterator[tuple[UUID, Bond]]:
        """The people close to `record` at or after `since`, each with the relation."""
        return ((other, bond) for other, bond in self._close.get(record, ()) if not _ended(bond.until, since))


def bars_of(
    subjects: Iterable[Subject],
    bonds: Bonds,
    *,
    parents: Iterable[Subject] = (),
    witnesses: Iterable[Subject] = (),
) -> tuple[Bar, ...]:
    """To whom a case about `subjects` is closed, each once for each reason, and who is a witness in it.

    `parents` are in the case as parents of a subject, whether their relation is recorded or not. Who was
    withdrawn as a witness is none.
    """
    found: dict[tuple[UUID, Why], Bar] = {}
    about = (each for subject in subjects for each in _bars_of(subject, bonds))
    related = (each for parent in parents for each in _of_one(parent, Why.RELATED, bonds))
    present = (witness for witness in witnesses if witness.until is None)
    seeing = (each for witness in present for each in _of_one(witness, Why.WITNESS, bonds))
    for bar in chain(about, related, seeing):
        key = bar.member, bar.why
        found[key] = _both(found[key], bar) if key in found else bar
    return tuple(sorted(found.values(), key=lambda bar: (bar.member, bar.why)))


def _bars_of(subject: Subject, bonds: Bonds) -> Iterator[Bar]:
    since = subject.since
    for record, until in bonds.one_person(subject.member, since).items():
        same_until = earlier(subject.until, until)
        yield Bar(member=record, why=Why.SUBJECT, until=same_until)
        for other, bond in bonds.close_to(record, since):
            close_until = earlier(same_until, bond.until)
            for each, also_until in bonds.one_person(other, since).items():
                related = earlier(close_until, also_until)
                yield Bar(member=each, why=Why.RELATED, from_=bond.from_, until=related)


def _of_one(party: Subject, why: Why, bonds: Bonds) -> Iterator[Bar]:
    """Bars of the records of one person, and not of those close to them."""
    for record, until in bonds.one_person(party.member, party.since).items():
        yield Bar(member=record, why=why, until=earlier(party.until, until))


def _both(one: Bar, other: Bar) -> Bar:
    """One bar for two of the same member and reason: from the earlier day, until the later moment."""
    from_ = None if one.from_ is None or other.from_ is None else min(one.from_, other.from_)
    until = one.until if _later(one.until, other.until) else other.until
    return msgspec.structs.replace(one, from_=from_, until=until)


def earlier(one: Instant | None, other: Instant | None) -> Instant | None:
    """The earlier of two ends; None is no end."""
    ends = [each for each in (one, other) if each is not None]
    return min(ends) if ends else None


def _later(one: Instant | None, other: Instant | None) -> bool:
    """Whether `one` ends after `other`; None is no end."""
    return other is not None and (one is None or one > other)


def _ended(until: Instant | None, since: datetime) -> bool:
    return until is not None and until < since


def declared_bars(
    declared: Mapping[UUID, datetime], let_in: Mapping[UUID, datetime], bonds: Bonds
) -> Iterator[Bar]:
    """Those shut out by a conflict that a user `declared`: every record and account of theirs.

    `let_in` says when records were let back in since.
    """
    shut_out = {
        record
        for member, since in declared.items()
        for record in bonds.one_person(member, since)
        # At one moment, a conflict that is declared again comes after they were let in.
        if record not in let_in or let_in[record] <= since
    }
    return (Bar(member=record, why=Why.DECLARED) for record in sorted(shut_out))
