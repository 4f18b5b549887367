"""The bonds that decide who is shut out of a case: records and users that are one person, and people who are
close."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    Connection,
    Date,
    Index,
    MetaData,
    Table,
    Uuid,
    bindparam,
    not_,
    or_,
    select,
)

from casework.domain.bars import CLOSE, Bond, earlier
from casework.domain.clocks import LONDON
from casework.domain.event import Event
from casework.domain.moments import Instant, LocalDate
from casework.domain.person import (
    PersonJoined,
    PersonParted,
    PersonRegistered,
    PersonRelated,
    PersonRelationEnded,
    Relationship,
)
from casework.domain.user import UserLinked, UserRegistered
from casework.storage.fixed_statement import FixedStatement
from casework_projections.views.positions import (
    REACHED_QUIETLY,
    QuietStretch,
    behind_on,
    head_of,
    positions,
    recorded_after,
)
from casework_projections.views.replay import BATCH
from casework_projections.views.view import Batch, Moment, View, upsert

_Row = Mapping[str, Any]
"""A row of the bonds, by the names of its columns."""

BOND_EVENTS: Final[tuple[type[Event], ...]] = (
    PersonRegistered,
    PersonRelated,
    PersonRelationEnded,
    PersonJoined,
    PersonParted,
    UserRegistered,
    UserLinked,
)

metadata: Final = MetaData()
bonds_table: Final = Table(
    "view_bonds",
    metadata,
    Column("bond", Uuid, primary_key=True),
    Column("one", Uuid, nullable=False),
    Column("other", Uuid, nullable=False),
    Column("same", Boolean, nullable=False),
    # Whether `one` is a user, who was linked to the person `other`.
    Column("of_user", Boolean, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("from", Date),
    Column("until", Date),
    # What ends it: the relation, or the pair of records.
    Column("ended_by", Uuid, nullable=False),
)
Index("view_bonds_one", bonds_table.c.one)
Index("view_bonds_other", bonds_table.c.other)
# Apart from the bonds, so that an end that was set aside may be applied before or after any other event.
_ends: Final = Table(
    "view_bond_ends",
    metadata,
    Column("ended", Uuid, primary_key=True),
    Column("at", Moment, primary_key=True),
)


def write_bonds(connection: Connection, batch: Batch) -> set[UUID]:
    """Write the bonds that `batch` makes and ends. Returns the records that they bind or bound."""
    made = [*_relations(batch), *map(_joined_row, batch.of(PersonJoined)), *_links(batch)]
    upsert(connection, bonds_table, made)
    ended: list[tuple[UUID, datetime]] = [
        (_pair(each.originator_id, each.other), each.recorded_at) for each in batch.of(PersonParted)
    ]
    ended += [(each.relationship, each.recorded_at) for each in batch.of(PersonRelationEnded)]
    upsert(connection, _ends, [{"ended": which, "at": at} for which, at in dict.fromkeys(ended)])
    touched = {each for row in made for each in (row["one"], row["other"])}
    if ended:
        bound = select(bonds_table.c.one, bonds_table.c.other).where(
            bonds_table.c.ended_by.in_({key for key, _ in ended})
        )
        touched |= {each for row in connection.execute(bound) for each in row}
    return touched


def bonds_around(connection: Connection, records: Collection[UUID]) -> tuple[Bond, ...]:
    """The bonds that may decide who is shut out of a case about `records`.

    They are those that make records one person with `records` or with people close to them, however many
    records there are in between, and those of people close to these.
    """
    return _around(connection, records, _read(connection, records)) if records else ()


class Current(msgspec.Struct, frozen=True):
    """Bonds that are current up to the last position of the log, `head`.

    `recorded` says whether an event of another class that was asked for was recorded after a position.
    """

    bonds: tuple[Bond, ...]
    head: int
    recorded: bool


def bonds_if_current(
    connection: Connection,
    view: View,
    records: Collection[UUID],
    also: tuple[type[Event], ...],
    after: int,
    quiet: QuietStretch,
) -> Current | None:
    """As `bonds_around`, or None if `view`, which writes the bonds, has not applied all events about them.

    Nor all events of the classes `also`; `recorded` says whether there is one after the position `after`.
    `quiet` must be a stretch without any of these. Most events are of none, so that a command need not update
    the view, which costs a transaction. If no bond is found, this costs one statement.
    """
    dialect = connection.dialect.name
    followed, others = (tuple(each.TOPIC for each in classes) for classes in (BOND_EVENTS, also))
    given = {"records": [*records], "view": view.name, "after": after, **quiet.given}
    rows = _current_on(dialect, followed, others).rows(connection, given)
    if not rows or rows[0]["version"] != view.version or rows[0]["behind"]:
        return None
    quiet.note(rows[0]["position"], rows[0]["head"])
    own = _bonds_in(connection, [row for row in rows if row["bond"] is not None])
    return Current(_around(connection, records, own), rows[0]["head"], rows[0]["recorded"])


def joined_records(connection: Connection) -> tuple[Bond, ...]:
    """Every join of records, of all schools: there are few. Not those that are one only as one user."""
    return tuple(_bonds_in(connection, _JOINED.rows(connection, {})).values())


def records_around(records: Collection[UUID], bonds: Iterable[Bond]) -> set[UUID]:
    """`records`, and all that `bonds` bind."""
    return {*records, *(each for bond in bonds for each in (bond.one, bond.other))}


def _around(connection: Connection, records: Collection[UUID], own: dict[UUID, Bond]) -> tuple[Bond, ...]:
    """As `bonds_around`, if `own` are the bonds of `records`."""
    found = dict(own)
    same = _spread(connection, {*records}, own, found)
    close = records_around((), (bond for bond in found.values() if not bond.same)) - same
    if close:
        _spread(connection, close, _read(connection, close), found)
    return tuple(found.values())


def _spread(
    connection: Connection, records: set[UUID], own: dict[UUID, Bond], found: dict[UUID, Bond]
) -> set[UUID]:
    """Add to `found` the bonds of `records`, which are `own`, and of all that are one person with them.

    Returns all these records.
    """
    reached = set(records)
    while own:
        found.update(own)
        new = records_around((), (bond for bond in own.values() if bond.same)) - reached
        reached |= new
        own = _read(connection, new) if new else {}
    return reached


def _read(connection: Connection, records: Collection[UUID]) -> dict[UUID, Bond]:
    return _bonds_in(connection, _BOUND.rows(connection, {"records": [*records]}))


def _bonds_in(connection: Connection, rows: Sequence[_Row]) -> dict[UUID, Bond]:
    ends: dict[UUID, list[datetime]] = {}
    if rows:
        for end in _ENDED.rows(connection, {"ended": [row["ended_by"] for row in rows]}):
            ends.setdefault(end["ended"], []).append(end["at"])
    return {row["bond"]: _bond(row, ends.get(row["ended_by"], ())) for row in rows}


def _bond(row: _Row, ends: Sequence[datetime]) -> Bond:
    ended = min((at for at in ends if at >= row["recorded_at"]), default=None)
    until = earlier(ended, _end_of(row["until"]))
    return Bond(one=row["one"], other=row["other"], same=row["same"], from_=row["from"], until=until)


def _end_of(day: LocalDate | None) -> Instant | None:
    """The first moment after `day`."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), LONDON)


def _relations(batch: Batch) -> Iterator[dict[str, Any]]:
    for registered in batch.of(PersonRegistered):
        for each in registered.relationships:
            yield from _relation_row(registered.originator_id, each, registered.recorded_at)
    for related in batch.of(PersonRelated):
        yield from _relation_row(related.originator_id, related.relationship, related.recorded_at)


def _relation_row(person: UUID, relation: Relationship, recorded_at: datetime) -> Iterator[dict[str, Any]]:
    if relation.relation in CLOSE:
        yield {
            "bond": relation.id,
            "one": person,
            "other": relation.person,
            "same": False,
            "of_user": False,
            "recorded_at": recorded_at,
            "from": relation.from_,
            "until": relation.until,
            "ended_by": relation.id,
        }


def _links(batch: Batch) -> Iterator[dict[str, Any]]:
    """The rows of users and the people they are linked to; a link counts for ever."""
    linked: list[UserRegistered | UserLinked] = [*batch.of(UserRegistered), *batch.of(UserLinked)]
    for event in linked:
        if event.person is not None:
            bond = uuid5(event.originator_id, f"linked:{event.person}")
            yield {
                "bond": bond,
                "one": event.originator_id,
                "other": event.person,
                "same": True,
                "of_user": True,
                "recorded_at": event.recorded_at,
                "from": None,
                "until": None,
                "ended_by": bond,
            }


def _joined_row(joined: PersonJoined) -> dict[str, Any]:
    """The row of a join; both records have the event, and both give the same row."""
    pair = _pair(joined.originator_id, joined.other)
    return {
        "bond": uuid5(pair, joined.recorded_at.isoformat()),
        "one": min(joined.originator_id, joined.other),
        "other": max(joined.originator_id, joined.other),
        "same": True,
        "of_user": False,
        "recorded_at": joined.recorded_at,
        "from": None,
        "until": None,
        "ended_by": pair,
    }


def _pair(one: UUID, other: UUID) -> UUID:
    first, second = sorted((one, other))
    return uuid5(first, f"pair:{second}")


@cache
def _current_on(dialect: str, followed: tuple[str, ...], others: tuple[str, ...]) -> FixedStatement:
    """The position of a view and whether that is behind, beside each bond of `records`."""
    behind = behind_on(dialect, (*followed, *others), BATCH, REACHED_QUIETLY).label("behind")
    recorded = recorded_after(dialect, bindparam("after", type_=BigInteger), others).label("recorded")
    beside = positions.outerjoin(bonds_table, _OF_RECORDS)
    head = head_of(dialect).label("head")
    columns = (positions.c.version, positions.c.position, behind, recorded, head, *bonds_table.c)
    found = select(*columns).select_from(beside).where(positions.c.view == bindparam("view"))
    return FixedStatement(found)


_RECORDS: Final[BindParameter[Any]] = bindparam("records", expanding=True)
_OF_RECORDS: Final = or_(bonds_table.c.one.in_(_RECORDS), bonds_table.c.other.in_(_RECORDS))
_JOINED: Final = FixedStatement(select(bonds_table).where(bonds_table.c.same, not_(bonds_table.c.of_user)))
_BOUND: Final = FixedStatement(select(bonds_table).where(_OF_RECORDS))
_ENDED: Final = FixedStatement(
    select(_ends.c.ended, _ends.c.at).where(_ends.c.ended.in_(bindparam("ended", expanding=True)))
)
