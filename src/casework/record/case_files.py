"""Loading incidents together with the approvals about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

import msgspec

from casework.domain.aggregate import Aggregate
from casework.domain.approval import Approval
from casework.domain.case import Case, goes_on_in
from casework.domain.incident import Incident
from casework.record.port import Record

CaseFile = tuple[Incident, tuple[Approval, ...]]
"""An incident and the approvals about it, oldest first."""

Found = Mapping[UUID, Aggregate]

_FIRST: Final = 2
_MORE: Final = 8
"""How many approvals are loaded with an incident, and how many more at a time if there are that many."""


def case_file(record: Record, incident_id: UUID) -> CaseFile | None:
    """The incident, or None if there is none. One statement, unless it has more than one approval."""
    file, _ = case_file_with(record, incident_id)
    return file


def case_file_with(record: Record, incident_id: UUID, *others: UUID) -> tuple[CaseFile | None, Found]:
    """As `case_file`, and the aggregates with the ids `others`, loaded by the same statement."""
    first = _ids(incident_id, after=0, count=_FIRST)
    found = record.load_many((incident_id, *first, *others))
    beside = {key: found.pop(key) for key in others if key in found}
    incident = found.get(incident_id)
    if not isinstance(incident, Incident):
        return None, beside
    if len(found) == 1:
        return (incident, ()), beside
    return (incident, tuple(_approvals(record, found, {incident_id: first})[incident_id])), beside


def case_files(record: Record, ids: Iterable[UUID]) -> dict[UUID, CaseFile]:
    """The incidents among `ids` that exist. The incident with most approvals decides how many statements."""
    first = {incident: _ids(incident, after=0, count=_FIRST) for incident in ids}
    found = record.load_many([*first, *_all(first)])
    approvals = _approvals(record, found, first)
    incidents = {key: each for key in first if isinstance(each := found.get(key), Incident)}
    return {key: (incident, tuple(approvals[key])) for key, incident in incidents.items()}


def incident_of(record: Record, approval_id: UUID) -> UUID | None:
    """The incident that an approval is about; None if there is no such approval, or if it is about none."""
    approval = record.load(Approval, approval_id)
    return None if approval is None else approval.asked.about.incident


def as_it_goes_on(record: Record, case: Case) -> Case:
    """`case`, for a user who only reported it, with the case that goes on if it was closed as a duplicate."""
    if case.standing.reads_as is not None or case.incident.duplicate_of is None:
        return case
    other = goes_on_in(case.incident, lambda incident_id: record.load(Incident, incident_id))
    return msgspec.structs.replace(case, goes_on_in=other)


def _approvals(
    record: Record, found: Mapping[UUID, Aggregate], ids: Mapping[UUID, list[UUID]]
) -> dict[UUID, list[Approval]]:
    """All approvals of each incident in `ids`, which maps it to its first approvals; `found` was loaded."""
    approvals: dict[UUID, list[Approval]] = {incident: [] for incident in ids}
    while ids:
        following = {}
        for incident, looked_for in ids.items():
            held = [each for each in map(found.get, looked_for) if isinstance(each, Approval)]
            approvals[incident] += held
            if len(held) == len(looked_for):
                following[incident] = _ids(incident, after=len(approvals[incident]), count=_MORE)
        ids = following
        found = record.load_many(_all(ids)) if ids else {}
    return approvals


def _ids(incident: UUID, *, after: int, count: int) -> list[UUID]:
    return [Approval.id_of(incident, number) for number in range(after + 1, after + 1 + count)]


def _all(ids: Mapping[UUID, list[UUID]]) -> list[UUID]:
    return [each for several in ids.values() for each in several]
