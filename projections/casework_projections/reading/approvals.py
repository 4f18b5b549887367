"""The approvals that a user asked for or may decide, and what was decided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from casework.application import Casework
from casework.domain.access import Principal
from casework.domain.approval import About, Approval, why_not_decide
from casework.domain.moments import Instant
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import ApprovalState, Matter
from casework.usecases.approvals import ApprovalInCase
from casework.usecases.case_files import CaseFile, case_files
from casework.usecases.cases import Case
from casework.usecases.context import Context
from casework_projections.reading.wording import own_fields, reason_of
from casework_projections.views.apart import attempted
from casework_projections.views.approvals import Concerning
from casework_projections.views.catch_up import Views
from casework_projections.views.sealed_names import unsealed_soon
from casework_projections.views.set_aside import is_stale


class ShownApproval(msgspec.Struct, frozen=True, kw_only=True):
    """An approval as a user who may read its case sees it at one moment.

    `step` contains the fields of the step asked for; None if it was erased. `result` is the case right after
    the step was recorded; None unless this user asked or decided.
    """

    id: UUID
    what: Matter
    about: About
    step: dict[str, Any] | None
    reason: str | None
    asked_by: UUID
    asked_at: Instant
    expires_at: Instant
    state: ApprovalState
    decided_by: UUID | None
    decided_at: Instant | None
    decision_reason: Sealed | None
    result: Case | None


def shown(app: Casework, context: Context, pending: ApprovalInCase) -> ShownApproval:
    """`pending` as this user sees it. That the user may read its case must be checked before."""
    approval = pending.approval
    asked, decided = approval.asked, approval.decided
    return ShownApproval(
        id=approval.id,
        what=asked.what,
        about=asked.about,
        step=_step(approval),
        reason=_reason(approval),
        asked_by=asked.by,
        asked_at=asked.recorded_at,
        expires_at=asked.expires_at,
        state=approval.state_at(context.now),
        decided_by=None if decided is None else decided.by,
        decided_at=None if decided is None else decided.recorded_at,
        decision_reason=None if decided is None else decided.reason,
        result=_result(app, context, pending),
    )


class ApprovalPage(msgspec.Struct, frozen=True):
    """One page; `following` is where the next page starts, `stale` whether the view set an event aside."""

    items: list[ShownApproval]
    following: Concerning | None
    stale: bool


def page(
    app: Casework, views: Views, context: Context, *, limit: int, after: Concerning | None = None
) -> ApprovalPage:
    """At most `limit` approvals that the user asked for, decided or may decide, newest first.

    Approvals about a case that the user may not read today are removed before the page is cut.
    """
    found: list[tuple[Concerning, ApprovalInCase]] = []
    stale = False
    while len(found) <= limit:
        rows, behind = _rows(views, context, limit + 1, after)
        stale = stale or behind
        found += _visible(app, context, rows)
        if len(rows) <= limit:
            break
        after = rows[-1]
    cut = found[:limit]
    following = cut[-1][0] if len(found) > limit else None
    return ApprovalPage([shown(app, context, pending) for _, pending in cut], following, stale)


def _rows(
    views: Views, context: Context, limit: int, after: Concerning | None
) -> tuple[list[Concerning], bool]:
    with views.read(views.directory, views.approvals) as connection:
        schools = {held.school for held in views.directory.appointments_of(connection, context.by)}
        rows = views.approvals.concerning(
            connection, context.by, schools=schools, now=context.now, limit=limit, after=after
        )
        return rows, is_stale(connection)


def _visible(
    app: Casework, context: Context, rows: Sequence[Concerning]
) -> Iterator[tuple[Concerning, ApprovalInCase]]:
    files = _loaded(app, [row.incident for row in rows if row.incident is not None])
    _unseal_soon(app, files.values())
    cases = app.cases.readable(context, files.values())
    pending = {each.id: ApprovalInCase(each, case) for case in cases.values() for each in case.approvals}
    for row in rows:
        found = pending.get(row.approval)
        if found is not None and _concerns(context, found):
            yield row, found


def _concerns(context: Context, pending: ApprovalInCase) -> bool:
    """Whether the user asked, decided, is named as the decider, or is one of those who may decide."""
    case, asked, decided = pending.case, pending.approval.asked, pending.approval.decided
    if context.by in (asked.by, asked.decider, None if decided is None else decided.by):
        return True
    asker = Principal(id=asked.by)
    return why_not_decide(asker, case.at.actor, case.standing, case.incident) is None


def _loaded(app: Casework, ids: Sequence[UUID]) -> dict[UUID, CaseFile]:
    """The incidents of `ids` with their approvals, except those that this release cannot read."""
    together = attempted(None, case_files, app.record, ids)
    if together is not None:
        return together
    found: dict[UUID, CaseFile] = {}
    for one in ids:
        found |= attempted({}, case_files, app.record, [one])
    return found


def _unseal_soon(app: Casework, files: Collection[CaseFile]) -> None:
    """Fetch the data keys of these incidents by one statement."""
    unsealed_soon(app.keys, [text for incident, _ in files for text in (incident.reporter, incident.summary)])


def _step(approval: Approval) -> dict[str, Any] | None:
    asked = approval.step
    if asked is None:
        return None
    values = {"step": asked.step.name(), **own_fields(asked.step)}
    more = {"at": asked.at, "note": None if asked.step.note is None else asked.step.note.text}
    return values | {name: value for name, value in more.items() if value is not None}


def _reason(approval: Approval) -> str | None:
    """Why it was asked for. A step that was posted directly has only its own reason."""
    if approval.asked.reason is not None:
        return approval.asked.reason.text
    asked = approval.step
    return None if asked is None else reason_of(asked.step)


def _result(app: Casework, context: Context, pending: ApprovalInCase) -> Case | None:
    asked, decided = pending.approval.asked, pending.approval.decided
    if decided is None or not decided.approved or context.by not in (asked.by, decided.by):
        return None
    return app.cases.as_it_was(pending.case, decided.incident_version)
