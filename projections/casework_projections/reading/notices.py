"""What the user who asks is notified of, newest first; nothing of the content of a case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from typing import ClassVar, Final
from uuid import UUID, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from casework.domain.access import Permission
from casework.domain.clocks import LONDON
from casework.domain.moments import Instant, LocalDate
from casework.domain.notice import NoticeOf
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import ApprovalState, Matter, Role
from casework.record.case_files import case_files
from casework_projections.reading.approvals import ListApprovals
from casework_projections.reading.asking import Asker, reach_of
from casework_projections.reading.paging import Page, Part, moment_and_id, position_of
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown, Snapshot
from casework_projections.reading.waiting import ClosedCases, unread
from casework_projections.views.notices import Noted

_OF_A_CASE: Final = frozenset({Matter.STEP, Matter.LET_IN})
_LINK_YOURSELF: Final = (
    "Link your user to your person on the roll of a school (`person`), so that you can be told of cases that "
    "nobody can read."
)


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the user is notified of.

    `user` is whom it is about, by `name`, with the `role` they were appointed to at `school`, and the one
    they would be `standing_in_for`; what one person did `alone` takes two people at a school that is led.
    `absent_until` is the last day of an absence that another user recorded. `approval` waits for the user's
    decision, `incident` for the user; its `person` has a name that could be that of `user`. `count` says of
    how many cases or users it is true, and `hint` what the user should do.
    """

    id: UUID
    at: Instant
    what: NoticeOf
    school: UUID | UnsetType = UNSET
    user: UUID | UnsetType = UNSET
    name: Sealed | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    alone: bool | UnsetType = UNSET
    standing_in_for: Role | UnsetType = UNSET
    absent_until: LocalDate | UnsetType = UNSET
    approval: UUID | UnsetType = UNSET
    incident: UUID | UnsetType = UNSET
    person: UUID | UnsetType = UNSET
    count: int | UnsetType = UNSET
    hint: str | UnsetType = UNSET


class ListNotices(Question[Page[Notice]], frozen=True):
    """A page of what the user is notified of, newest first."""

    NAME: ClassVar = "notices"

    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[Notice]]:
        scope = ["notices", asker.principal.id]
        start = room.cursors.start(self.part, scope)
        asked = [*_asked_of(room, asker)]
        with room.snapshot(*room.views.of_cases, room.views.notices) as snapshot:
            closed = ClosedCases(room, snapshot, asker)
            found = [*asked, *_of_accounts(room, snapshot, asker), *_waiting(closed), *_to_clear(closed)]
            found += _for_administrators(room, snapshot, asker)
            stale = snapshot.stale
        ordered = sorted(found, key=lambda each: (each.at, each.id), reverse=True)
        rest = [each for each in ordered if start is None or (each.at, each.id) < moment_and_id(start)]
        page = tuple(rest[: self.part.limit])
        more = len(rest) > len(page)
        cursor = room.cursors.make(position_of(page[-1].at, page[-1].id), scope) if more else None
        return Answer(Page(page, cursor, stale), tuple(map(_shown, page)))


def _asked_of(room: ReadingRoom, asker: Asker) -> Iterator[Notice]:
    """The requests that wait for the user's decision."""
    listed = ListApprovals(waiting=True).answer(room, asker).value
    for each in listed.items:
        # One that is decided without reading the case is listed without its state, while it waits.
        if each.state in (ApprovalState.ASKED, UNSET) and each.asked_by != asker.principal.id:
            of_case = each.what in _OF_A_CASE
            yield Notice(
                id=each.id,
                at=each.asked_at,
                what=NoticeOf.CASE_WAITS_FOR_DECISION if of_case else NoticeOf.APPROVAL_ASKED,
                approval=each.id,
                incident=UNSET if each.about is UNSET else each.about.get("incident", UNSET),
            )


def _of_accounts(room: ReadingRoom, snapshot: Snapshot, asker: Asker) -> Iterator[Notice]:
    """What happened to the user's account, and to those of the schools that the user leads."""
    directory, connection = room.views.directory, snapshot.connection
    reach = reach_of(asker, directory, connection)
    led = reach.schools(Permission.READ_CHILD_CASES)
    staff = directory.appointed_at(connection, led) if led else frozenset()
    noted = room.views.notices.concerning(connection, asker.principal.id, led=led, staff=staff)
    names = directory.user_names(connection, {each.user for each in noted})
    readable = _readable(room, asker, {each.incident for each in noted if each.incident is not None})
    for each in noted:
        if each.incident is None or each.incident in readable:
            yield _notice(each, names.get(each.user))


def _notice(noted: Noted, name: Sealed | None) -> Notice:
    return Notice(
        id=noted.notice,
        at=noted.at,
        what=noted.what,
        school=UNSET if noted.school is None else noted.school,
        user=noted.user,
        name=UNSET if name is None else name,
        role=UNSET if noted.role is None else noted.role,
        alone=noted.alone or UNSET,
        standing_in_for=noted.standing_in_for or UNSET,
        absent_until=noted.absent_until or UNSET,
        incident=UNSET if noted.incident is None else noted.incident,
    )


def _readable(room: ReadingRoom, asker: Asker, incidents: set[UUID]) -> set[UUID]:
    if not incidents:
        return set()
    return {*room.admission.readable(asker, case_files(room.record, incidents).values())}


def _waiting(closed: ClosedCases) -> Iterator[Notice]:
    """The cases that wait for the user because they are closed to others who would handle them."""
    for each in closed.waiting():
        yield Notice(
            id=uuid5(each.incident, NoticeOf.CASE_WAITS),
            at=each.recorded_at,
            what=NoticeOf.CASE_WAITS,
            incident=each.incident,
        )


def _to_clear(closed: ClosedCases) -> Iterator[Notice]:
    """The names that could be a colleague's, who is shut out of the case until they are cleared."""
    for each in closed.names_to_clear():
        yield Notice(
            id=uuid5(each.incident, f"{NoticeOf.NAME_TO_CLEAR} {each.person} {each.user}"),
            at=each.recorded_at,
            what=NoticeOf.NAME_TO_CLEAR,
            incident=each.incident,
            person=each.person,
            user=each.user,
        )


def _for_administrators(room: ReadingRoom, snapshot: Snapshot, asker: Asker) -> Iterator[Notice]:
    """Every day again: cases that nobody may read, and leads who must be linked to a person.

    A count of cases is shown only to administrators from whom a case about them can be hidden. Others are
    always asked to link themselves, so that it does not tell whether there is a case.
    """
    if not asker.principal.administers:
        return
    today = datetime.combine(asker.today, time(), tzinfo=LONDON)
    if not asker.principal.persons:
        yield Notice(
            id=uuid5(asker.principal.id, f"{NoticeOf.LINK_YOURSELF} {asker.today}"),
            at=today,
            what=NoticeOf.LINK_YOURSELF,
            hint=_LINK_YOURSELF,
        )
    cases = unread(room, snapshot, asker) if asker.principal.persons else 0
    if cases:
        yield Notice(
            id=uuid5(asker.principal.id, f"{NoticeOf.CASES_UNREAD} {asker.today}"),
            at=today,
            what=NoticeOf.CASES_UNREAD,
            count=cases,
        )
    for school, count in room.views.directory.asleep(snapshot.connection, asker.today).items():
        yield Notice(
            id=uuid5(school, f"{NoticeOf.USERS_UNLINKED} {asker.today}"),
            at=today,
            what=NoticeOf.USERS_UNLINKED,
            school=school,
            count=count,
        )


def _shown(notice: Notice) -> Shown:
    about = (notice.incident, notice.user, notice.approval, notice.school, notice.id)
    return Shown(about=next(each for each in about if each is not UNSET), parts=("notice",))
