"""Schools: open one, change its settings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.access import Actor, Permission
from casework.domain.clocks import Calendar, day_of
from casework.domain.errors import Forbidden, Invalid, NotFound, refuse_any
from casework.domain.event import event_of
from casework.domain.fields import Code, record_faults
from casework.domain.limits import Count
from casework.domain.moments import LocalDate
from casework.domain.school import (
    LinksRequired,
    OutsideContacts,
    School,
    SchoolChanged,
    SchoolOpened,
)
from casework.domain.user import User
from casework.domain.vocabulary import Role
from casework.library import Library
from casework.record import Record, retrying
from casework.record.links import persons_at
from casework.usecases.context import Context, as_it_was, replaced

LINKS_WITHIN: Final = timedelta(days=30)
"""How long the users of a school may have to be linked to their persons, once that is required."""


class OpenSchool(msgspec.Struct, frozen=True, kw_only=True):
    """A school to open. `pack` is a pack's id; its latest version is adopted."""

    name: Code
    pack: str
    jurisdiction: str
    pupils_on_roll: Count
    calendar: Calendar
    urn: Code | None = None
    outside_contacts: OutsideContacts = ()


class ChangeSchool(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to a school; fields that are None stay as they are. `pack` is a pack's id.

    The outside contacts that are given replace all of them. From the day `links_required_from`, at most 30
    days ahead, the roles that read cases sleep for users who are no person on the roll.
    """

    name: Code | None = None
    urn: Code | None = None
    pack: str | None = None
    pupils_on_roll: Count | None = None
    calendar: Calendar | None = None
    policy_reviewed_on: LocalDate | None = None
    links_required_from: LocalDate | None = None
    outside_contacts: OutsideContacts | None = None


class Schools:
    """The use cases of schools."""

    def __init__(self, record: Record, library: Library) -> None:
        self._record = record
        self._library = library

    def actor_at(self, context: Context, school_id: UUID) -> tuple[School, Actor]:
        """The school, and the user with the roles they hold there today.

        Raises NotFound if there is no such school. A user without a role is not refused here.
        """
        school = self.found(school_id)
        return school, actor_of(context, school)

    def found(self, school_id: UUID) -> School:
        """The school, read-only. Raises NotFound."""
        school = self._record.peek(School, school_id)
        if school is None:
            raise NotFound
        return school

    def managed(self, context: Context, school_id: UUID, permission: Permission) -> School:
        """The school, for an administrator or a user whose role there has `permission`.

        Raises NotFound or Forbidden.
        """
        school = self._record.load(School, school_id)
        if school is None:
            raise NotFound
        if not context.principal.administers:
            actor_of(context, school).require(permission)
        return school

    def open(self, context: Context, command: OpenSchool) -> School:
        """Open a school; only an administrator may."""
        return retrying(lambda: self._open(context, command))

    def change(self, context: Context, school_id: UUID, command: ChangeSchool) -> School:
        """Change the fields that `command` gives."""
        return retrying(lambda: self._change(context, school_id, command))

    def _open(self, context: Context, command: OpenSchool) -> School:
        require_administrator(context)
        school_id = context.new_id("school")
        existing = self._record.load(School, school_id)
        if existing is not None and context.earlier(existing) is not None:
            return as_it_was(self._record, context, existing)
        stamp = context.stamp(school_id, 1, Role.ADMIN)
        opened = event_of(stamp, SchoolOpened, **replaced(command, pack=self._edition(command.pack)))
        if opened.jurisdiction not in self._library.jurisdictions():
            raise Invalid.at("$.jurisdiction", "is not a jurisdiction that casework has a floor for")
        school = School(opened)
        _check(opened, opened.calendar)
        school.append(opened)
        self._record.commit(school)
        return school

    def _change(self, context: Context, school_id: UUID, command: ChangeSchool) -> School:
        school = self.managed(context, school_id, Permission.MANAGE_SCHOOL)
        if context.earlier(school) is not None:
            return as_it_was(self._record, context, school)
        if command == ChangeSchool():
            return school
        edition = None if command.pack is None else self._edition(command.pack)
        fields = replaced(command, pack=edition)
        links_required_from = fields.pop("links_required_from")
        changed = event_of(context.stamp(school.id, school.version + 1, Role.ADMIN), SchoolChanged, **fields)
        _check(changed, changed.calendar)
        reviewed = changed.policy_reviewed_on
        if reviewed is not None and reviewed > day_of(context.now):
            raise Invalid.at("$.policy_reviewed_on", "is in the future")
        if any(value is not None for value in fields.values()):
            school.append(changed)
        if links_required_from is not None:
            self._require_links(context, school, links_required_from)
        self._record.commit(school)
        return school

    def _require_links(self, context: Context, school: School, since: date) -> None:
        today = day_of(context.now)
        if school.links_required_from is not None and school.links_required_from <= today:
            raise Invalid.at("$.links_required_from", "cannot change: links are required already")
        if not today <= since <= today + LINKS_WITHIN:
            raise Invalid.at("$.links_required_from", f"must be from today to {LINKS_WITHIN.days} days ahead")
        holding = {
            each.user
            for each in school.appointments.values()
            if each.reads_cases and (each.until is None or each.until >= today)
        }
        found = self._record.load_many(holding)
        unlinked = [
            key
            for key in sorted(holding)
            if isinstance(user := found.get(key), User) and school.id not in persons_at(self._record, user)
        ]
        stamp = context.stamp(school.id, school.version + 1, Role.ADMIN)
        school.append(event_of(stamp, LinksRequired, from_=since, unlinked=tuple(unlinked)))

    def _edition(self, pack_id: str) -> str:
        if pack_id not in self._library.pack_ids():
            raise Invalid.at("$.pack", f"must be one of {', '.join(self._library.pack_ids())}")
        return self._library.latest_pack(pack_id).edition


def actor_of(context: Context, school: School) -> Actor:
    """The user of the request, with the roles they hold at `school` today."""
    return Actor.at(context.principal, school, context.now)


def require_administrator(context: Context) -> None:
    """Raise Forbidden unless the user is an administrator."""
    if not context.principal.administers:
        raise Forbidden


def _check(event: SchoolOpened | SchoolChanged, calendar: Calendar | None) -> None:
    faults = record_faults(event)
    if calendar is not None:
        faults |= {f"$.calendar.{path}": message for path, message in calendar.faults()}
    refuse_any(faults)
