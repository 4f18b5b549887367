"""Who holds which role at a school on which days, and who stands in for holders who are absent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.moments import Instant, LocalDate
from casework.domain.vocabulary import Role

ROLES_STOOD_IN_FOR: Final = frozenset(
    {Role.DSL, Role.DEPUTY_DSL, Role.HEADTEACHER, Role.CHAIR_OF_GOVERNORS, Role.VICE_CHAIR}
)
"""The roles that another user may stand in for."""

PROVISIONAL_ROLES: Final = frozenset({Role.DSL, Role.HEADTEACHER})
"""The roles to which one person may appoint provisionally."""

_DAY: Final = timedelta(days=1)
_NONE: Final[Mapping[UUID, date]] = {}


class Absence(msgspec.Struct, frozen=True):
    """The days on which the holder of a role is absent (both included)."""

    first: LocalDate
    last: LocalDate


class Appointment(msgspec.Struct, frozen=True, kw_only=True):
    """A user holds a role at the school from one day to another (both included).

    On days on which nobody who holds `standing_in_for` is present, the user acts in that role too. An absent
    user keeps the role; others stand in for them meanwhile. One that is `provisional_since` a moment was made
    by one person, and lets the user read only cases reported from then on, until a second person confirms it.
    """

    id: UUID
    user: UUID
    role: Role
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate | None = None
    standing_in_for: Role | None = None
    absences: tuple[Absence, ...] = ()
    provisional_since: Instant | None = None

    def absent_on_or_after(self, day: date) -> date | None:
        """The last day of the latest absence; None if it is over before `day`."""
        last = self.absences[-1].last if self.absences else None
        return None if last is None or last < day else last

    @property
    def roles(self) -> tuple[Role, ...]:
        """The role, and the one the user may have to stand in for."""
        return (self.role,) if self.standing_in_for is None else (self.role, self.standing_in_for)

    @property
    def reads_cases(self) -> bool:
        """Whether any of its roles may read cases."""
        return any(role.reads_cases for role in self.roles)

    def in_force(self, day: date) -> bool:
        return self.from_ <= day and (self.until is None or day <= self.until)

    def present(self, day: date) -> bool:
        """Whether it is in force and the user is not absent."""
        return self.in_force(day) and not any(each.first <= day <= each.last for each in self.absences)

    def absent_between(self, first: date, last: date | None) -> Appointment:
        """The same, absent from `first` to `last`; without `last`, present again from `first` on."""
        absences = [_until(each, first - _DAY) for each in self.absences if each.first < first]
        if last is not None:
            goes_on = bool(absences) and absences[-1].last == first - _DAY
            absences.append(Absence(absences.pop().first if goes_on else first, last))
        return msgspec.structs.replace(self, absences=tuple(absences))

    def overlaps(self, other: Appointment) -> bool:
        """Whether the same user holds the same role, or stands in for it, on some of the same days."""
        same = self.user == other.user and not {*self.roles}.isdisjoint(other.roles)
        begins_before_end = self.from_ <= (other.until or date.max)
        return same and begins_before_end and other.from_ <= (self.until or date.max)

    def faults(self) -> dict[str, str]:
        """What is wrong with it as a new appointment, by JSON path."""
        found = {}
        if self.until is not None and self.until < self.from_:
            found["$.until"] = "is before from"
        if self.standing_in_for is self.role:
            found["$.standing_in_for"] = "is the role itself"
        elif self.standing_in_for is not None and self.standing_in_for not in ROLES_STOOD_IN_FOR:
            found["$.standing_in_for"] = "cannot be stood in for"
        return found


class Led(msgspec.Struct, frozen=True):
    """A user held or acted in a role from `first` to `last` (both included; None if it has no end)."""

    user: UUID
    first: LocalDate
    last: LocalDate | None

    def between(self, first: date, last: date) -> bool:
        """Whether it was so on any day from `first` to `last`."""
        return self.first <= last and (self.last is None or first <= self.last)


def appointed_to(appointments: Iterable[Appointment], role: Role, day: date) -> Iterator[UUID]:
    """The users who hold `role` on `day`, present or absent."""
    return (each.user for each in appointments if each.role is role and each.in_force(day))


def acting_as(appointments: Iterable[Appointment], role: Role, day: date) -> list[UUID]:
    """The users who act in `role` on `day`: those who hold it and are present, else those standing in."""
    present = [each for each in appointments if each.present(day)]
    holders = [each.user for each in present if each.role is role]
    return holders or [each.user for each in present if each.standing_in_for is role]


def awake(
    appointments: Iterable[Appointment], unlinked: Collection[UUID], day: date
) -> Iterator[Appointment]:
    """The appointments without the roles that sleep because users who hold them are not linked to a person.

    A role that reads cases sleeps for the users in `unlinked`. But if no other user leads the school on
    `day`, its leads stay awake.
    """
    everyone = tuple(appointments)
    led = any(each.role.leads and each.in_force(day) and each.user not in unlinked for each in everyone)

    def sleeps(role: Role) -> bool:
        return role.reads_cases and (led or not role.leads)

    for each in everyone:
        if each.user not in unlinked:
            yield each
        elif not sleeps(each.role):
            asleep = each.standing_in_for is not None and sleeps(each.standing_in_for)
            yield msgspec.structs.replace(each, standing_in_for=None) if asleep else each


class Roles(msgspec.Struct, frozen=True):
    """The roles in which a user acts at a school on one day.

    `provisional` are those that they hold by provisional appointments only, each since the earliest moment.
    """

    held: tuple[Role, ...] = ()
    provisional: Mapping[Role, Instant] = {}

    @classmethod
    def of(cls, by_appointment: Iterable[tuple[Role, datetime | None]]) -> Roles:
        """From each role, and since when its appointment is provisional."""
        found = tuple(by_appointment)
        confirmed = {role for role, since in found if since is None}
        limited = [(role, since) for role, since in found if since is not None and role not in confirmed]
        earliest = {role: min(at for each, at in limited if each is role) for role, _ in limited}
        return cls(tuple(role for role, _ in found), earliest)

    def in_case(self, reported: datetime | None) -> tuple[Role, ...]:
        """The roles that extend to a case recorded at `reported`; if it is None, those not provisional."""
        late = {role for role, since in self.provisional.items() if reported is None or reported < since}
        return tuple(role for role in self.held if role not in late)


def roles_of(appointments: Iterable[Appointment], user: UUID, day: date) -> Iterator[Role]:
    """The roles that `user` holds on `day`, present or absent, and those in which they stand in."""
    return (role for role, _ in _roles_of(tuple(appointments), user, day))


def held_roles(appointments: Iterable[Appointment], user: UUID, day: date) -> Roles:
    """As `roles_of`, with those that are provisional."""
    return Roles.of(_roles_of(tuple(appointments), user, day))


def _roles_of(
    everyone: tuple[Appointment, ...], user: UUID, day: date
) -> Iterator[tuple[Role, datetime | None]]:
    for each in everyone:
        if each.user == user and each.in_force(day):
            yield each.role, each.provisional_since
            stood_in_for = stands_in(everyone, each, day)
            if stood_in_for is not None:
                yield stood_in_for, each.provisional_since


def stands_in(appointments: Iterable[Appointment], appointment: Appointment, day: date) -> Role | None:
    """The role in which the user of `appointment` stands in on `day`; None if they do not."""
    role = appointment.standing_in_for
    if role is None or not appointment.present(day):
        return None
    return None if any(each.role is role and each.present(day) for each in appointments) else role


def ever_led(
    appointments: Iterable[Appointment], role: Role, ended_on: Mapping[UUID, date] = _NONE
) -> list[Led]:
    """Every user who ever held or acted in `role`, with the days, the earliest first.

    A user whose appointment has no end, or who may have to stand in, is included for days to come. One whose
    appointment was ended in the course of a day held the role on that day too; `ended_on` are these days.
    """
    everyone = tuple(appointments)
    held = [
        Led(each.user, each.from_, ended_on.get(each.id, each.until))
        for each in everyone
        if each.role is role and (_ever(each) or each.id in ended_on)
    ]
    stood_in = [
        Led(each.user, first, last)
        for each in everyone
        if each.standing_in_for is role
        for first, last in _periods(everyone)
        if stands_in(everyone, each, first) is not None
    ]
    return sorted([*held, *stood_in], key=lambda led: (led.first, led.user))


def _ever(appointment: Appointment) -> bool:
    return appointment.until is None or appointment.from_ <= appointment.until


def days_of_change(appointments: Iterable[Appointment]) -> set[date]:
    """The days on which any of them starts or stops being in force, or its user being present."""
    return {day for each in appointments for day in _changes(each)}


def _periods(appointments: Iterable[Appointment]) -> Iterator[tuple[date, date | None]]:
    """Periods in which nothing changes, from the first day of any appointment on."""
    days = sorted(days_of_change(appointments))
    return zip(days, [*(day - _DAY for day in days[1:]), None], strict=True)


def _changes(appointment: Appointment) -> Iterator[date]:
    yield appointment.from_
    if appointment.until is not None:
        yield appointment.until + _DAY
    for each in appointment.absences:
        yield each.first
        yield each.last + _DAY


def _until(absence: Absence, last: date) -> Absence:
    return Absence(absence.first, min(absence.last, last))
