"""The School aggregate: its calendar, the pack in force, and the users appointed to its roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.appointment import (
    Absence,
    Appointment,
    Led,
    Roles,
    acting_as,
    appointed_to,
    awake,
    ever_led,
    held_roles,
    roles_of,
)
from casework.domain.clocks import Calendar, day_of
from casework.domain.event import Event
from casework.domain.fields import Code, Name, Text
from casework.domain.limits import Count, Length
from casework.domain.moments import Instant, LocalDate
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import OutsideContactOf, Role


class PackInForce(msgspec.Struct, frozen=True):
    """The pack that a school follows from a day on; its edition is for example `oakfield@2026-09`."""

    edition: str
    since: LocalDate


class PolicyReview(msgspec.Struct, frozen=True):
    """The day on which the school reviewed its pack and kept it, and when that was recorded."""

    edition: str
    reviewed_on: LocalDate
    recorded_at: Instant


class OutsideContact(msgspec.Struct, frozen=True, kw_only=True):
    """Whom users of the school may ring where nobody at the school can help."""

    who: OutsideContactOf
    name: Name
    phone: Annotated[Sealed, Text(max=50)]


OutsideContacts = Annotated[tuple[OutsideContact, ...], Length(20)]


class SchoolOpened(Event, frozen=True, kw_only=True):
    """A school starts to use casework."""

    TOPIC: ClassVar[str] = "school.opened"

    name: Code
    pack: str
    jurisdiction: str
    pupils_on_roll: Count
    calendar: Calendar
    urn: Code | None = None
    outside_contacts: OutsideContacts = ()

    def apply(self, school: Any) -> None:
        school.adopt(self.pack, date.min)


class SchoolChanged(Event, frozen=True, kw_only=True):
    """Changes the facts of a school that are given; the others stay as they are.

    `policy_reviewed_on` is the day on which the pack in force was reviewed and kept.
    """

    TOPIC: ClassVar[str] = "school.changed"

    name: Code | None = None
    urn: Code | None = None
    pack: str | None = None
    pupils_on_roll: Count | None = None
    calendar: Calendar | None = None
    policy_reviewed_on: LocalDate | None = None
    outside_contacts: OutsideContacts | None = None

    def apply(self, school: Any) -> None:
        for field in ("name", "urn", "pupils_on_roll", "calendar", "outside_contacts"):
            value = getattr(self, field)
            if value is not None:
                setattr(school, field, value)
        if self.pack is not None:
            school.adopt(self.pack, day_of(self.happened_at))
        if self.policy_reviewed_on is not None:
            school.reviews.append(PolicyReview(school.pack, self.policy_reviewed_on, self.recorded_at))


class Appointed(Event, frozen=True, kw_only=True):
    """A user is appointed to a role. `approved_by` is the second person, where that took two."""

    TOPIC: ClassVar[str] = "school.appointed"

    appointment: Appointment
    approved_by: UUID | None = None

    def apply(self, school: Any) -> None:
        school.appointments[self.appointment.id] = self.appointment
        school.appointed_by[self.appointment.id] = self.by


class AppointmentConfirmed(Event, frozen=True, kw_only=True):
    """A provisional appointment is an ordinary one from now on. `approved_by` is the second person."""

    TOPIC: ClassVar[str] = "school.appointment_confirmed"

    appointment: UUID
    approved_by: UUID | None = None

    def apply(self, school: Any) -> None:
        appointments = school.appointments
        appointments[self.appointment] = msgspec.structs.replace(
            appointments[self.appointment], provisional_since=None
        )


class AppointmentEnded(Event, frozen=True, kw_only=True):
    """An appointment ends on `until`, its last day. `approved_by` is the second person, if that took two."""

    TOPIC: ClassVar[str] = "school.appointment_ended"

    appointment: UUID
    until: LocalDate
    approved_by: UUID | None = None

    def apply(self, school: Any) -> None:
        school.end(self.appointment, self.until, day_of(self.recorded_at))


class AppointmentChanged(Event, frozen=True, kw_only=True):
    """The last day and the absences of an appointment, as they are from now on, whichever of them changed.

    `approved_by` is the second person, where that took two.
    """

    TOPIC: ClassVar[str] = "school.appointment_changed"

    appointment: UUID
    until: LocalDate | None
    absences: tuple[Absence, ...]
    approved_by: UUID | None = None

    def apply(self, school: Any) -> None:
        school.end(self.appointment, self.until, day_of(self.recorded_at))
        appointments = school.appointments
        appointments[self.appointment] = msgspec.structs.replace(
            appointments[self.appointment], absences=self.absences
        )


class LeadDeactivated(Event, frozen=True, kw_only=True):
    """A user who leads the school, or stands in for a lead, was deactivated.

    Two such changes at one moment are in conflict, so that the second is checked again.
    """

    TOPIC: ClassVar[str] = "school.lead_deactivated"

    user: UUID


class LinksRequired(Event, frozen=True, kw_only=True):
    """From a day on, the roles that read cases sleep for users who are no person of the school.

    `unlinked` are the users who hold such a role now or later and are none yet.
    """

    TOPIC: ClassVar[str] = "school.links_required"

    from_: LocalDate = msgspec.field(name="from")
    unlinked: tuple[UUID, ...]

    def apply(self, school: Any) -> None:
        school.links_required_from = self.from_
        school.unlinked = frozenset(self.unlinked)


class UserIdentified(Event, frozen=True, kw_only=True):
    """A user who was not linked to a person of the school is linked now: their roles no longer sleep."""

    TOPIC: ClassVar[str] = "school.user_identified"

    user: UUID

    def apply(self, school: Any) -> None:
        school.unlinked -= {self.user}


class YearGroupsPromoted(Event, frozen=True, kw_only=True):
    """The pupils on the roll went a year up, into the school year that begins in the year `school_year`.

    The `leavers` were in the top year, or above. `moved` is how many others there were.
    """

    TOPIC: ClassVar[str] = "school.year_groups_promoted"

    school_year: int
    top_year: int
    left_on: LocalDate
    moved: int
    leavers: tuple[UUID, ...]

    def apply(self, school: Any) -> None:
        school.promotions[self.school_year] = self


class School(Aggregate, begins_with=SchoolOpened):
    """One school, with the facts that its duties depend on."""

    def __init__(self, first: SchoolOpened) -> None:
        super().__init__(first)
        self.name: str = first.name
        self.urn = first.urn
        self.jurisdiction = first.jurisdiction
        self.pupils_on_roll: int = first.pupils_on_roll
        self.calendar: Calendar = first.calendar
        self.outside_contacts: tuple[OutsideContact, ...] = first.outside_contacts
        self.packs: list[PackInForce] = []
        self.reviews: list[PolicyReview] = []
        self.appointments: dict[UUID, Appointment] = {}
        self.appointed_by: dict[UUID, UUID] = {}
        self._ended_on: dict[UUID, date] = {}
        self.links_required_from: date | None = None
        self.unlinked: frozenset[UUID] = frozenset()
        self.promotions: dict[int, YearGroupsPromoted] = {}

    def adopt(self, edition: str, since: date) -> None:
        """Use the pack `edition` from the day `since` on."""
        self.packs.append(PackInForce(edition, since))

    def end(self, appointment: UUID, until: date | None, today: date) -> None:
        """Give an appointment another last day, or none."""
        held = self.appointments[appointment]
        if until is not None and until < today and held.in_force(today):
            self._ended_on[appointment] = today
        self.appointments[appointment] = msgspec.structs.replace(held, until=until)

    def pack_at(self, moment: datetime) -> str:
        """The edition of the pack in force at `moment`."""
        day = day_of(moment)
        return [pack.edition for pack in self.packs if pack.since <= day][-1]

    def adopted(self, pack: str) -> str | None:
        """The edition of a `pack` that the school adopted last; `pack` may be that edition itself.

        None if it never adopted it.
        """
        editions = [
            each.edition for each in self.packs if pack in (each.edition, each.edition.partition("@")[0])
        ]
        return editions[-1] if editions else None

    def reviewed_on(self, edition: str, as_of: datetime) -> date | None:
        """The last day on which `edition` was reviewed and kept, of those recorded by `as_of`."""
        known = (r.reviewed_on for r in self.reviews if r.edition == edition and r.recorded_at <= as_of)
        return max(known, default=None)

    @property
    def pack(self) -> str:
        """The edition of the pack that was adopted last."""
        return self.packs[-1].edition

    def roles_of(self, user: UUID, day: date) -> Iterator[Role]:
        """The roles `user` holds on `day`, present or absent, and those in which they stand in.

        Without those that sleep.
        """
        return roles_of(self.awake(day), user, day)

    def held_roles(self, user: UUID, day: date) -> Roles:
        """As `roles_of`, with those that are provisional."""
        return held_roles(self.awake(day), user, day)

    def appointed_to(self, role: Role, day: date) -> Iterator[UUID]:
        """The users who hold `role` on `day`, present or absent."""
        return appointed_to(self.appointments.values(), role, day)

    def acting_as(self, role: Role, day: date) -> list[UUID]:
        """The users who act in `role` on `day`: those who hold it and are present, else those standing in."""
        return acting_as(self.awake(day), role, day)

    def awake(self, day: date) -> list[Appointment]:
        """The appointments without the roles that sleep on `day`."""
        return self.awake_among(self.appointments.values(), day)

    def awake_among(self, appointments: Iterable[Appointment], day: date) -> list[Appointment]:
        """As `awake`, if the appointments were these."""
        required = self.links_required_from is not None and self.links_required_from <= day
        return [*awake(appointments, self.unlinked if required else (), day)]

    def ever_led(self, role: Role) -> list[Led]:
        """Every user who ever held or acted in `role`, with the days, the earliest first."""
        return ever_led(self.appointments.values(), role, self._ended_on)

    def has_appointed(self, user: UUID) -> bool:
        """Whether `user` was ever appointed at the school, even if that was ended by its first day."""
        return any(appointment.user == user for appointment in self.appointments.values())
