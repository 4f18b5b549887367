"""The schools that a user may know of, and who is appointed at a school."""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.appointment import Appointment, stands_in
from casework.domain.moments import LocalDate
from casework.domain.school import School
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Role
from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown


class ListedSchool(msgspec.Struct, frozen=True, kw_only=True):
    """A school in a list."""

    id: UUID
    name: str
    urn: str | None
    pack: str


class AppointmentBody(msgspec.Struct, frozen=True, kw_only=True):
    """A user holding a role, from one day to another. `absent_until` is the last day of an absence.

    One person made a `provisional` appointment: the user reads only cases reported since, until a second
    person confirms it.
    """

    id: UUID
    user: UUID
    role: Role
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate | None
    standing_in_for: Role | None
    absent_until: LocalDate | None
    provisional: bool


class ListedAppointment(msgspec.Struct, frozen=True, kw_only=True):
    """A user who holds, held or will hold a role; both days are included.

    The user who stands in for `standing_in_for` is `acting` in it today if nobody who holds it is present.
    `absent_until` is the last day of an absence that is not over. One person made a `provisional`
    appointment: the user reads only cases reported since, until a second person confirms it.
    """

    id: UUID
    user: UUID
    name: Sealed | None
    role: Role
    from_: LocalDate = msgspec.field(name="from")
    until: LocalDate | None
    in_force: bool
    standing_in_for: Role | None
    acting: bool
    absent_until: LocalDate | None
    provisional: bool


class ListSchools(Question[Page[ListedSchool]], frozen=True, kw_only=True):
    """A page of the schools where the user holds a role today, or of all schools for administrators."""

    NAME: ClassVar = "schools"

    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[ListedSchool]]:
        scope = ["schools", asker.principal.id]
        start = room.cursors.start(self.part, scope)
        directory = room.views.directory
        with room.snapshot(directory) as snapshot:
            if asker.principal.administers:
                known = directory.schools(snapshot.connection)
            else:
                known = reach_of(asker, directory, snapshot.connection).schools(Permission.READ_SCHOOL)
            stale = snapshot.stale
        rest = [school for school in known if start is None or school.hex > str(start[0])]
        page = rest[: self.part.limit]
        cursor = room.cursors.make([page[-1].hex], scope) if len(rest) > len(page) else None
        found = room.record.load_many(page)
        items = tuple(_listed(school) for key in page if isinstance(school := found.get(key), School))
        shown = tuple(Shown(about=each.id, parts=("name",)) for each in items)
        return Answer(Page(items, cursor, stale), shown)


class ListAppointments(Question[Page[ListedAppointment]], frozen=True, kw_only=True):
    """A page of a school's appointments, past and future ones too, the earliest first.

    Appointments that were ended by their first day, and so are in force on no day, are left out.
    """

    NAME: ClassVar = "appointments"

    school: UUID
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[ListedAppointment]]:
        school = room.admission.settings(asker, self.school, Permission.READ_APPOINTMENTS)
        scope = ["appointments", school.id]
        start = room.cursors.start(self.part, scope)
        held = (
            each for each in school.appointments.values() if each.until is None or each.until >= each.from_
        )
        awake = school.awake(asker.today)
        by_place = {(each.from_.isoformat(), each.id.hex): each for each in held}
        rest = sorted(place for place in by_place if start is None or [*place] > [*map(str, start)])
        page = rest[: self.part.limit]
        directory = room.views.directory
        with room.snapshot(directory) as snapshot:
            names = directory.user_names(snapshot.connection, {by_place[place].user for place in page})
            stale = snapshot.stale
        items = tuple(
            ListedAppointment(
                id=each.id,
                user=each.user,
                name=names.get(each.user),
                role=each.role,
                from_=each.from_,
                until=each.until,
                in_force=each.in_force(asker.today),
                standing_in_for=each.standing_in_for,
                acting=stands_in(awake, each, asker.today) is not None,
                absent_until=each.absent_on_or_after(asker.today),
                provisional=each.provisional_since is not None,
            )
            for each in map(by_place.__getitem__, page)
        )
        cursor = room.cursors.make([*page[-1]], scope) if len(rest) > len(page) else None
        shown = tuple(Shown(about=each.user, parts=("name", "roles")) for each in items)
        return Answer(Page(items, cursor, stale), (*shown, Shown(about=school.id, parts=("appointments",))))


def appointment_body(appointment: Appointment, today: date) -> AppointmentBody:
    """An appointment as the user who made or changed it sees it."""
    return AppointmentBody(
        id=appointment.id,
        user=appointment.user,
        role=appointment.role,
        from_=appointment.from_,
        until=appointment.until,
        standing_in_for=appointment.standing_in_for,
        absent_until=appointment.absent_on_or_after(today),
        provisional=appointment.provisional_since is not None,
    )


def _listed(school: School) -> ListedSchool:
    pack = school.pack.partition("@")[0]
    return ListedSchool(id=school.id, name=school.name, urn=school.urn, pack=pack)
