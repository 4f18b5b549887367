"""Year groups: all pupils of a school go a year up, and those of the top year leave."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.clocks import Calendar, day_of
from casework.domain.errors import Refusal, Refused, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import record_faults
from casework.domain.limits import YearGroup
from casework.domain.moments import LocalDate
from casework.domain.person import Details, Person, PersonChanged, PersonRegistered
from casework.domain.school import School, YearGroupsPromoted
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Category, Role
from casework.record import Record, retrying
from casework.record.identity import one_person
from casework.record.roll import Roll
from casework.usecases.context import Context
from casework.usecases.people_access import keeps_roll
from casework.usecases.schools import Schools, actor_of

FIRST_MONTH: Final = 7
"""It is done in the summer: from July on, pupils go up into the school year that begins in that year."""

_MOVED_UP: Final = "All pupils of the school went a year up."
_LEFT: Final = "The pupils of the top year left the school."
_LAST_YEARS: Final = (6, 11, 13)
_ONCE: Final = Refusal(
    "year-groups-promoted-once",
    "casework default",
    "The pupils of this school have gone up into this school year already.",
)


class PromoteYearGroups(msgspec.Struct, frozen=True, kw_only=True):
    """Move all pupils a year up, or only show what would change.

    `top_year` is the school's top year, whose pupils leave; by default the first of 6, 11 and 13 that no
    pupil on the roll is beyond: the last years of primary school, of secondary school and of a sixth form.
    """

    preview: bool
    top_year: YearGroup | None = None


class Leaver(msgspec.Struct, frozen=True):
    """A pupil who leaves, and the year group they leave from."""

    id: UUID
    name: Sealed
    year_group: int


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """What changes, or has changed. `school_year` is the year in which the school year begins.

    `top_year` is None if no pupil is in a year group.
    """

    preview: bool
    school_year: int
    top_year: int | None
    left_on: LocalDate
    moved: int
    leavers: tuple[Leaver, ...]


class YearGroups:
    """The use cases of year groups."""

    def __init__(self, record: Record, schools: Schools, roll: Roll) -> None:
        self._record = record
        self._schools = schools
        self._roll = roll

    def promote(self, context: Context, school_id: UUID, command: PromoteYearGroups) -> Promotion:
        """Move the pupils on the roll a year up, as a user who keeps the roll or an administrator.

        All of it is one commit. Raises NotFound, Forbidden, KeyReused, Invalid, or Refused if it was done
        for this school year.
        """
        return retrying(lambda: self._promote(context, school_id, command))

    def _promote(self, context: Context, school_id: UUID, command: PromoteYearGroups) -> Promotion:
        school = self._schools.managed(context, school_id, Permission.KEEP_ROLL)
        role = keeps_roll(context, actor_of(context, school)) or Role.ADMIN
        if context.earlier(school) is not None:
            return self._as_promoted(context, school)
        refuse_any(record_faults(command))
        if year_entered(day_of(context.now)) in school.promotions:
            raise Refused(_ONCE)
        promotion, pupils = self._planned(context, school, command)
        if command.preview or promotion.top_year is None:
            return promotion
        for pupil in pupils:
            _move(context, role, pupil, promotion)
        fields = {name: getattr(promotion, name) for name in ("school_year", "top_year", "left_on", "moved")}
        stamp = context.stamp(school.id, school.version + 1, role)
        leavers = tuple(each.id for each in promotion.leavers)
        school.append(event_of(stamp, YearGroupsPromoted, leavers=leavers, **fields))
        self._record.commit(school, *pupils)
        return promotion

    def _planned(
        self, context: Context, school: School, command: PromoteYearGroups
    ) -> tuple[Promotion, list[Person]]:
        """What would change, and the pupils whom it would change, in the order of their ids."""
        found = self._record.load_many(self._roll.pupils(school.id))
        # Nobody changes the record of their own person.
        own = one_person(self._record, context.principal.persons)
        pupils = [
            each
            for key, each in sorted(found.items())
            if isinstance(each, Person) and _goes_up(each, school) and key not in own
        ]
        years = [_year(each.details) for each in pupils]
        top_year = command.top_year if command.top_year is not None else _usual_top_year(years)
        leavers = tuple(
            Leaver(each.id, each.name, year)
            for each, year in zip(pupils, years, strict=True)
            if top_year is not None and year >= top_year
        )
        today = day_of(context.now)
        promotion = Promotion(
            preview=command.preview,
            school_year=year_entered(today),
            top_year=top_year if pupils else None,
            left_on=last_day(school.calendar, today),
            moved=len(pupils) - len(leavers),
            leavers=leavers,
        )
        return promotion, pupils

    def _as_promoted(self, context: Context, school: School) -> Promotion:
        """What this request changed, as it was answered then."""
        done = next(each for each in school.promotions.values() if each.request_id == context.request)
        found = self._record.load_many(done.leavers)
        people = [found[each] for each in done.leavers]
        return Promotion(
            preview=False,
            school_year=done.school_year,
            top_year=done.top_year,
            left_on=done.left_on,
            moved=done.moved,
            leavers=tuple(_left(each, context.request) for each in people if isinstance(each, Person)),
        )


def year_entered(day: date) -> int:
    """The year in which that school year begins into which pupils go up on `day`.

    From July on it is the next one, unlike `dated.school_year`.
    """
    return day.year if day.month >= FIRST_MONTH else day.year - 1


def last_day(calendar: Calendar, today: date) -> date:
    """The last day of the last term that has ended; `today` if none has."""
    return max((term.ends_on for term in calendar.terms if term.ends_on <= today), default=today)


def _goes_up(person: Person, school: School) -> bool:
    details = person.details
    is_pupil = details.on_roll and details.category is Category.PUPIL and details.year_group is not None
    return is_pupil and person.school == school.id and not person.name.erased


def _usual_top_year(years: Collection[int]) -> int | None:
    """The top year of a school whose pupils are in `years`; None if there are none."""
    if not years:
        return None
    return next((top for top in _LAST_YEARS if top >= max(years)), max(years))


def _year(details: Details) -> int:
    if details.year_group is None:
        raise ValueError("not in a year group")
    return details.year_group


def _move(context: Context, role: Role, pupil: Person, promotion: Promotion) -> None:
    """Record that a pupil goes a year up, or leaves."""
    year = _year(pupil.details)
    leaves = promotion.top_year is not None and year >= promotion.top_year
    gone = {
        "category": Category.FORMER_PUPIL,
        "on_roll": False,
        "year_group": None,
        "left_on": Sealed(promotion.left_on.isoformat()),
    }
    details = msgspec.structs.replace(pupil.details, **(gone if leaves else {"year_group": year + 1}))
    stamp = context.stamp(pupil.id, pupil.version + 1, role)
    reason = Sealed(_LEFT if leaves else _MOVED_UP)
    pupil.append(event_of(stamp, PersonChanged, school=pupil.school, details=details, reason=reason))


def _left(person: Person, request: str) -> Leaver:
    """A leaver as they were when `request` moved them."""
    recorded = [each for each in person.history if isinstance(each, PersonRegistered | PersonChanged)]
    number = next(place for place, each in enumerate(recorded) if each.request_id == request)
    return Leaver(person.id, recorded[number].details.name, _year(recorded[number - 1].details))
