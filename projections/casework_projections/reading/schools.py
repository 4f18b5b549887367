"""A school's settings, and what the school itself has to do."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.clocks import Calendar, day_of
from casework.domain.moments import LocalDate
from casework.domain.playbook import Pack
from casework.domain.school import OutsideContact, School
from casework.library import Library
from casework_projections.reading.asking import Asker
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown


class PackBody(msgspec.Struct, frozen=True, kw_only=True):
    """The pack a school follows, when it was last reviewed unchanged, and when its next review is due."""

    edition: str
    reviewed_on: LocalDate | None
    review_due: LocalDate | None


class SchoolStep(msgspec.Struct, frozen=True, kw_only=True):
    """Something the school itself has to do."""

    step: str
    due_at: LocalDate | None
    overdue: bool
    clause: str
    reason: str


class SchoolBody(msgspec.Struct, frozen=True, kw_only=True):
    """A school and its settings."""

    id: UUID
    version: int
    name: str
    urn: str | None
    pack: str
    policy: PackBody
    jurisdiction: str
    pupils_on_roll: int
    calendar: Calendar
    outside_contacts: tuple[OutsideContact, ...]
    links_required_from: LocalDate | None
    next_steps: tuple[SchoolStep, ...]


class ReadSchool(Question[SchoolBody], frozen=True):
    """A school's settings, for users who hold a role there and for administrators."""

    NAME: ClassVar = "school"

    school: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[SchoolBody]:
        school = room.admission.settings(asker, self.school, Permission.READ_SCHOOL)
        body = school_body(school, room.library, asker.now)
        return Answer(body, (Shown(about=school.id, parts=("settings",)),))


def school_body(school: School, library: Library, now: datetime) -> SchoolBody:
    """A school as it stands at `now`."""
    pack = library.pack(school.pack)
    reviewed_on = school.reviewed_on(pack.edition, now)
    review_due = pack.review_due(reviewed_on)
    return SchoolBody(
        id=school.id,
        version=school.version,
        name=school.name,
        urn=school.urn,
        pack=pack.id,
        policy=PackBody(edition=pack.edition, reviewed_on=reviewed_on, review_due=review_due),
        jurisdiction=school.jurisdiction,
        pupils_on_roll=school.pupils_on_roll,
        calendar=school.calendar,
        outside_contacts=school.outside_contacts,
        links_required_from=school.links_required_from,
        next_steps=(_review(pack, review_due, now),),
    )


def _review(pack: Pack, review_due: date | None, now: datetime) -> SchoolStep:
    """The review of the school's policy: overdue once its day is over, or if it has no date."""
    today = day_of(now)
    return SchoolStep(
        step="review_policy",
        due_at=review_due,
        overdue=review_due is None or review_due < today,
        clause=pack.sources[0].cited_as,
        reason=(
            "Review the school's policy: adopt a version with changes (pack), "
            "or confirm it without changes (policy_reviewed_on)."
        ),
    )
