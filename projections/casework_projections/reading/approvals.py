"""The approvals that a user asked for or may decide, and what was decided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from casework.domain.access import Principal
from casework.domain.approval import Approval
from casework.domain.case import ApprovalInCase, case_after, why_not_decide_in
from casework.domain.errors import NotFound
from casework.domain.moments import Instant
from casework.domain.sealed import Sealed
from casework.domain.user import User
from casework.domain.vocabulary import ApprovalState, Matter
from casework.library import Library
from casework.record.case_files import CaseFile, case_files
from casework_projections.reading.account_approvals import (
    AccountRequest,
    Concerned,
    account_requests,
    change_body,
    change_result,
    concerned,
)
from casework_projections.reading.asking import Asker
from casework_projections.reading.case import IncidentBody, incident_body
from casework_projections.reading.paging import Page, Part, Position, moment_and_id, position_of
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown
from casework_projections.reading.school_lists import AppointmentBody
from casework_projections.reading.users import UserBody
from casework_projections.reading.wording import own_fields, reason_of
from casework_projections.views.apart import loaded_apart
from casework_projections.views.approvals import Concerning
from casework_projections.views.sealed_names import prefetch_keys

Found = tuple[Concerning, "ApprovalBody", Shown]
"""A row of the index, the approval, and what it shows."""


def schema_of_one(*structs: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON schema of a value that is one of `structs`, each of which another route describes."""
    return {"oneOf": [{"$ref": f"#/components/schemas/{each.__name__}"} for each in structs]}


_AT_ONCE: Final = 100
"""How many rows are read at a time for a list without a limit."""


class ApprovalBody(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, by whom, and what was decided.

    `step` contains the fields of the step asked for, `change` those of a change to accounts, which is about
    `user`. `result` is what the response to the request would have been; only the user who asked and the user
    who decided get it. A user who decides without reading the case gets the `question`, which is the name of
    the step, the reason, and `until` when it may be decided, and nothing of the case.
    """

    id: UUID
    what: Matter
    question: str | UnsetType = UNSET
    about: dict[str, UUID] | UnsetType = UNSET
    reason: str | None
    asked_by: UUID
    asked_at: Instant
    expires_at: Instant | UnsetType = UNSET
    until: Instant | UnsetType = UNSET
    state: ApprovalState | UnsetType = UNSET
    step: dict[str, Any] | UnsetType = UNSET
    change: dict[str, Any] | UnsetType = UNSET
    user: Concerned | UnsetType = UNSET
    decided_by: UUID | UnsetType = UNSET
    decided_at: Instant | UnsetType = UNSET
    decision_reason: Sealed | UnsetType = UNSET
    # A union of structs without tags has no schema.
    result: Annotated[Any, Meta(extra_json_schema=schema_of_one(IncidentBody, AppointmentBody, UserBody))] = (
        UNSET
    )


class ReadApproval(Question[ApprovalBody], frozen=True):
    """One approval, for users who may read its case, or who decide on it."""

    NAME: ClassVar = "approval"

    approval: UUID

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[ApprovalBody]:
        approval = room.record.load(Approval, self.approval)
        if approval is not None and approval.asked.about.incident is not None:
            pending = room.admission.approval(asker, self.approval)
            return Answer(approval_body(pending, asker, room.library), (_shown(pending),))
        asker.may_be_named()
        request = None if approval is None else _requests(room, asker, [approval.id]).get(approval.id)
        if request is None:
            raise NotFound
        return Answer(account_approval_body(asker, request), (_account_shown(request),))


class ListApprovals(Question[Page[ApprovalBody]], frozen=True):
    """A page of the approvals that a user asked for, decided or may decide, newest first.

    Approvals about a case that the user may not read today are removed before the page is cut. With
    `waiting`, only those that wait for a decision.
    """

    NAME: ClassVar = "approvals"

    part: Part = Part()
    waiting: bool = False

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[ApprovalBody]]:
        scope = ["approvals", asker.principal.id]
        after = _after(room.cursors.start(self.part, scope))
        found, stale = _found(room, asker, self, after)
        cut = found[: self.part.limit]
        last = cut[-1][0] if len(found) > len(cut) else None
        cursor = None if last is None else room.cursors.make(position_of(last.asked_at, last.approval), scope)
        items = tuple(body for _, body, _ in cut)
        return Answer(Page(items, cursor, stale), tuple(shown for _, _, shown in cut))


def account_approval_body(asker: Asker, request: AccountRequest) -> ApprovalBody:
    """A request for a change to accounts, as a user who may know of it sees it."""
    approval = request.approval
    return msgspec.structs.replace(
        _body(approval, asker),
        change=change_body(request),
        user=concerned(request),
        result=change_result(request, asker),
    )


def approval_body(pending: ApprovalInCase, asker: Asker, library: Library) -> ApprovalBody:
    """An approval as `asker`, who may read its case or decides without reading it, sees it."""
    approval = pending.approval
    if pending.case.standing.reads_as is None:
        return _question(approval)
    return msgspec.structs.replace(
        _body(approval, asker), step=_step(approval), result=_result(pending, asker, library)
    )


def _question(approval: Approval) -> ApprovalBody:
    """All that a user sees who decides without reading the case."""
    asked = approval.asked
    return ApprovalBody(
        id=approval.id,
        what=asked.what,
        question=approval.step_name,
        reason=_reason(approval),
        asked_by=asked.by,
        asked_at=asked.recorded_at,
        until=asked.expires_at,
    )


def _shown(pending: ApprovalInCase) -> Shown:
    if pending.case.standing.reads_as is None:
        return Shown(about=pending.approval.id, parts=("question",))
    return Shown.of(pending.case, "approval")


def _body(approval: Approval, asker: Asker) -> ApprovalBody:
    """What every request has: who asked, and what was decided."""
    asked, decided = approval.asked, approval.decided
    about = msgspec.structs.asdict(asked.about)
    return ApprovalBody(
        id=approval.id,
        what=asked.what,
        about={name: value for name, value in about.items() if value is not None},
        reason=_reason(approval),
        asked_by=asked.by,
        asked_at=asked.recorded_at,
        expires_at=asked.expires_at,
        state=approval.state_at(asker.now),
        decided_by=UNSET if decided is None else decided.by,
        decided_at=UNSET if decided is None else decided.recorded_at,
        decision_reason=UNSET if decided is None else decided.reason,
    )


def _step(approval: Approval) -> dict[str, Any] | UnsetType:
    asked = approval.step
    if asked is None:
        return UNSET
    values = {"step": asked.step.name(), **own_fields(asked.step)}
    more = {"at": asked.at, "note": None if asked.step.note is None else asked.step.note.text}
    return values | {name: value for name, value in more.items() if value is not None}


def _reason(approval: Approval) -> str | None:
    """Why it was asked for. A step that was posted directly has only its own reason."""
    if approval.asked.reason is not None:
        return approval.asked.reason.text
    asked = approval.step
    return None if asked is None else reason_of(own_fields(asked.step))


def _result(pending: ApprovalInCase, asker: Asker, library: Library) -> IncidentBody | UnsetType:
    asked, decided = pending.approval.asked, pending.approval.decided
    if decided is None or not decided.approved or asker.principal.id not in (asked.by, decided.by):
        return UNSET
    return incident_body(case_after(pending.case, decided.incident_version, library.playbook_of))


def _found(
    room: ReadingRoom, asker: Asker, asked: ListApprovals, after: Concerning | None
) -> tuple[list[Found], bool | UnsetType]:
    """More approvals than the page takes, or all if there are no more; `stale` as in a `Snapshot`."""
    found: list[Found] = []
    stale: bool | UnsetType = UNSET
    limit = asked.part.limit
    count = (_AT_ONCE if limit is None else limit) + 1
    while limit is None or len(found) <= limit:
        rows, behind = _rows(room, asker, asked, count, after)
        stale = behind or stale
        found += _visible(room, asker, rows)
        if len(rows) < count:
            break
        after = rows[-1]
    return found, stale


def _rows(
    room: ReadingRoom, asker: Asker, asked: ListApprovals, limit: int, after: Concerning | None
) -> tuple[list[Concerning], bool | UnsetType]:
    views, user = room.views, asker.principal.id
    with room.snapshot(views.directory, views.approvals) as snapshot:
        connection = snapshot.connection
        schools = {held.school for held in views.directory.appointments_of(connection, user)}
        # Everybody at these schools: which of the requests the user may decide is decided from the record.
        users = None if asker.principal.administers else views.directory.appointed_at(connection, schools)
        rows = views.approvals.concerning(
            connection,
            user,
            schools=schools,
            users=users,
            now=asker.now,
            limit=limit,
            after=after,
            waiting=asked.waiting,
        )
        return rows, snapshot.stale


def _visible(room: ReadingRoom, asker: Asker, rows: Sequence[Concerning]) -> Iterator[Found]:
    incidents = [row.incident for row in rows if row.incident is not None]
    # Without the cases that this release cannot read.
    files = loaded_apart(partial(case_files, room.record), incidents)
    _prefetch_case_keys(room, files.values())
    cases = room.admission.cases(asker, files.values())
    pending = {each.id: ApprovalInCase(each, case) for case in cases.values() for each in case.approvals}
    requests = _requests(room, asker, [row.approval for row in rows if row.incident is None])
    for row in rows:
        found, request = pending.get(row.approval), requests.get(row.approval)
        if found is not None and _concerns(room, asker, found):
            yield row, approval_body(found, asker, room.library), _shown(found)
        elif request is not None and _is_for(asker, request):
            yield row, account_approval_body(asker, request), _account_shown(request)


def _requests(room: ReadingRoom, asker: Asker, ids: Collection[UUID]) -> dict[UUID, AccountRequest]:
    """The requests for changes to accounts among `ids` that the user may know of."""
    if not ids:
        return {}
    found = room.record.load_many(ids)
    approvals = [each for each in found.values() if isinstance(each, Approval)]
    subjects = {user for each in approvals if (user := each.asked.about.user) is not None}
    directory = room.views.directory
    with room.snapshot(directory) as snapshot:
        schools = directory.schools_of(snapshot.connection, subjects)
    return {each.approval.id: each for each in account_requests(room.record, asker, approvals, schools)}


def _is_for(asker: Asker, request: AccountRequest) -> bool:
    """Whether the user asked for it, decided it or may decide it."""
    asked, decided = request.approval.asked, request.approval.decided
    known = (asked.by, None if decided is None else decided.by)
    return asker.principal.id in known or request.may_decide


def _account_shown(request: AccountRequest) -> Shown:
    return Shown(about=request.subject.id, parts=("approval",))


def _concerns(room: ReadingRoom, asker: Asker, pending: ApprovalInCase) -> bool:
    """Whether the user asked for it, decided it, is named to decide it, or may decide it."""
    case, asked, decided = pending.case, pending.approval.asked, pending.approval.decided
    if case.standing.reads_as is None:
        return room.admission.decides_unread(asker, case, pending.approval)
    if asker.principal.id in (asked.by, asked.decider, None if decided is None else decided.by):
        return True
    by = room.record.peek(User, asked.by)
    if by is None:
        return False
    return why_not_decide_in(case, Principal.of(by)) is None


def _prefetch_case_keys(room: ReadingRoom, files: Collection[CaseFile]) -> None:
    """Fetch the data keys of these incidents by one statement."""
    texts = [text for incident, _ in files for text in (incident.reporter, incident.summary)]
    prefetch_keys(room.sealer.keys, texts)


def _after(position: Position | None) -> Concerning | None:
    if position is None:
        return None
    asked_at, approval = moment_and_id(position)
    return Concerning(approval, None, asked_at)
