"""The conditions that access to a case may depend on, as values with two interpreters.

`holds` interprets a predicate for one case in Python. The reading side compiles the same predicates to
SQL for lists, so that rows are filtered before they are split into pages; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

import msgspec

from casework.domain.access.route import Identity, Staff, comes_to, leaders_since
from casework.domain.bars import Bar, Why
from casework.domain.clocks import day_of
from casework.domain.incident import Incident
from casework.domain.moments import Instant, LocalDate
from casework.domain.vocabulary import Role, Stream


class InStream(msgspec.Struct, frozen=True):
    """The case is in this stream."""

    stream: Stream


class IsShutOut(msgspec.Struct, frozen=True):
    """The case is or was about the reader, a person whose name could be theirs, or someone close to them.

    Or the reader declared a conflict of interest in it.
    """


class IsWitness(msgspec.Struct, frozen=True):
    """The reader is a witness in the case, under any of their records."""


class IsAboutLeader(msgspec.Struct, frozen=True):
    """The case is about a user who led its school when it happened or has led it since."""


class ComesByRoute(msgspec.Struct, frozen=True):
    """The case comes to the holders of `role`, because those before them cannot have it."""

    role: Role


class AppointedToCase(msgspec.Struct, frozen=True):
    """The reader was appointed to this allegation by name."""


class AssignedToCase(msgspec.Struct, frozen=True):
    """The case is assigned to the reader."""


class Not(msgspec.Struct, frozen=True):
    """The predicate does not hold."""

    predicate: Predicate


class All(msgspec.Struct, frozen=True):
    """Every one of the predicates holds."""

    predicates: tuple[Predicate, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """At least one of the predicates holds."""

    predicates: tuple[Predicate, ...]


Predicate = (
    InStream
    | IsShutOut
    | IsWitness
    | IsAboutLeader
    | ComesByRoute
    | AppointedToCase
    | AssignedToCase
    | Not
    | All
    | AnyOf
)


class CaseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What predicates need to know about a case. `bars` say to whom it is closed, and who is a witness in it
    (`Incident.bars`).

    Provisional roles do not extend to a case of which `recorded_at` is not known.
    """

    stream: Stream
    occurred_on: LocalDate
    recorded_at: Instant | None = None
    appointed: frozenset[UUID] = frozenset()
    assigned: frozenset[UUID] = frozenset()
    may_be_about_leader: bool = False
    bars: tuple[Bar, ...] = ()

    @classmethod
    def of(cls, incident: Incident, bars: tuple[Bar, ...]) -> CaseFacts:
        return cls(
            stream=incident.stream,
            occurred_on=day_of(incident.occurred_at),
            recorded_at=incident.recorded_at,
            appointed=incident.appointed,
            assigned=frozenset(incident.assignees),
            may_be_about_leader=incident.may_be_about_leader,
            bars=bars,
        )

    def is_about(self, identity: Identity) -> bool:
        """Whether the case is or was about a user, or about a person whose name could be theirs."""
        possible = identity.possible
        return any(bar.why is Why.SUBJECT and bar.member in possible for bar in self.bars)

    def shuts_out(self, identity: Identity, today: date) -> bool:
        """Whether a user must neither read nor handle the case, whatever their roles."""
        members = identity.members
        return self.is_about(identity) or any(
            bar.closes and bar.member in members and (bar.from_ is None or bar.from_ <= today)
            for bar in self.bars
        )

    def is_witnessed_by(self, identity: Identity) -> bool:
        """Whether a user is a witness in the case."""
        members = identity.members
        return any(bar.why is Why.WITNESS and bar.member in members for bar in self.bars)

    def is_kept_from(self, identity: Identity, today: date) -> bool:
        """Whether a user must not handle the case: witnesses may know of an allegation, but not manage it."""
        witness = self.stream is Stream.ALLEGATION and self.is_witnessed_by(identity)
        return witness or self.shuts_out(identity, today)

    def without_ended_bars(self, identity: Identity, now: datetime) -> CaseFacts:
        """The facts without bars of a user that have ended by `now`, or that they declared."""
        members = identity.members
        left = (
            bar
            for bar in self.bars
            if bar.member not in members or (_holds(bar, now) and bar.why is not Why.DECLARED)
        )
        return msgspec.structs.replace(self, bars=tuple(left))


def _holds(bar: Bar, now: datetime) -> bool:
    return bar.until is None or bar.until > now


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """What predicates need to know about the reader on one day.

    `staff` returns those who held a role of the route at the school of the case. It is called only if it
    decides.
    """

    identity: Identity
    today: LocalDate
    staff: Callable[[], Staff]


def depends_on_staff(predicate: Predicate) -> bool:
    """Whether `Reader.staff` decides whether `predicate` holds."""
    match predicate:
        case IsAboutLeader() | ComesByRoute():
            return True
        case Not(inner):
            return depends_on_staff(inner)
        case All(inner) | AnyOf(inner):
            return any(map(depends_on_staff, inner))
        case _:
            return False


def holds(  # noqa: C901, PLR0911 - one return for each form of predicate
    predicate: Predicate, case: CaseFacts, reader: Reader
) -> bool:
    """Whether `predicate` is true for `reader` and `case`."""
    match predicate:
        case InStream(stream):
            return case.stream is stream
        case IsShutOut():
            return case.shuts_out(reader.identity, reader.today)
        case IsWitness():
            return case.is_witnessed_by(reader.identity)
        case IsAboutLeader():
            return is_about_leader(case, reader.staff(), reader.today)
        case ComesByRoute(role):
            return comes_by_route(role, case, reader.staff(), reader.today)
        case AppointedToCase():
            return reader.identity.user in case.appointed
        case AssignedToCase():
            return reader.identity.user in case.assigned
        case Not(inner):
            return not holds(inner, case, reader)
        case All(inner):
            return all(holds(each, case, reader) for each in inner)
        case AnyOf(inner):
            return any(holds(each, case, reader) for each in inner)


def is_about_leader(case: CaseFacts, staff: Staff, today: date) -> bool:
    """Whether the case is, or may be, about a user who led the school on any day since it happened."""
    return case.may_be_about_leader or any(map(case.is_about, leaders_since(staff, case.occurred_on, today)))


def comes_by_route(role: Role, case: CaseFacts, staff: Staff, today: date) -> bool:
    """Whether the case comes to the holders of `role` because those before them cannot have it."""
    about_leader = case.stream is Stream.ALLEGATION and is_about_leader(case, staff, today)
    return comes_to(
        role,
        case.stream,
        staff,
        is_kept_from=lambda identity: case.is_kept_from(identity, today),
        about_leader=about_leader,
    )
