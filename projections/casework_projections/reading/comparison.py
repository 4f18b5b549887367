"""What another pack would have required in a school's past incidents: duties, deadlines, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from casework.domain.access import Permission
from casework.domain.clocks import Calendar
from casework.domain.errors import Invalid
from casework.domain.incident import Incident
from casework.domain.moments import Instant
from casework.domain.playbook import Duty, Playbook
from casework.library import Library
from casework.record import Record
from casework_projections.reading.asking import Asker
from casework_projections.reading.known import page_of
from casework_projections.reading.listing import Filters
from casework_projections.reading.paging import Page, Part
from casework_projections.reading.room import Answer, Question, ReadingRoom, Shown


class DutyChange(msgspec.Struct, frozen=True, kw_only=True):
    """A duty that only one of the packs requires, or that both require, by different times."""

    step: str
    preset: dict[str, Any]
    clause: str
    due_at: Instant | None = None
    instead_of: Instant | None = None


class StepRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was taken and that the other pack would have refused."""

    number: int
    step: str
    rule: str
    clause: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One incident under the pack it was judged by, and under another."""

    incident: UUID
    kind: str
    added: tuple[DutyChange, ...]
    dropped: tuple[DutyChange, ...]
    deadlines: tuple[DutyChange, ...]
    refused: tuple[StepRefused, ...]

    @property
    def differs(self) -> bool:
        return bool(self.added or self.dropped or self.deadlines or self.refused)


class ComparePlaybooks(Question[Page[Comparison]], frozen=True, kw_only=True):
    """The cases that would have differed under `pack`, out of one page of a school's cases the user may read.

    The latest reported come first. `pack` is compared with the pack each case was judged by, or with `under`;
    both are ids of packs.
    """

    NAME: ClassVar = "comparison"

    school: UUID
    pack: str
    under: str | None = None
    part: Part = Part()

    def answer(self, room: ReadingRoom, asker: Asker) -> Answer[Page[Comparison]]:
        school = room.admission.school(asker, self.school, Permission.COMPARE_PLAYBOOKS).school
        pack = _edition(room.library, "pack", self.pack)
        under = None if self.under is None else _edition(room.library, "under", self.under)
        scope = ["comparison", school.id, pack, under, asker.principal.id]
        listed = page_of(room, asker, Filters(school=school.id), self.part, scope)
        incidents = in_order(room.record, [each.incident for each in listed.items if not each.own])
        room.sealer.keys.prefetch([incident.id for incident in incidents])
        found = []
        for incident in incidents:
            ours, other = (
                room.library.playbook_under(msgspec.structs.replace(incident.policy, pack=edition))
                for edition in (under or incident.policy.pack, pack)
            )
            found.append(compare(incident, ours, other, school.calendar))
        differing = tuple(each for each in found if each.differs)
        shown = tuple(Shown(about=each.incident, parts=("comparison",)) for each in differing)
        return Answer(Page(differing, listed.next, listed.stale), shown)


def in_order(record: Record, ids: Sequence[UUID]) -> list[Incident]:
    """The incidents of `ids`, in that order, read with one statement."""
    found = record.load_many(ids)
    return [incident for incident in map(found.get, ids) if isinstance(incident, Incident)]


def compare(incident: Incident, under: Playbook, other: Playbook, calendar: Calendar) -> Comparison:
    """Compare what `under` requires and refuses in `incident` with what `other` would have.

    Differences in who is notified are ignored. The recorded steps are replayed unchanged, so a step that
    `other` would have refused still counts when the next one is judged.
    """
    ours, theirs = _duties(incident, under, calendar), _duties(incident, other, calendar)
    moved = [key for key in ours.keys() & theirs.keys() if ours[key].due_at != theirs[key].due_at]
    return Comparison(
        incident=incident.id,
        kind=incident.kind,
        added=tuple(_change(theirs[key]) for key in theirs if key not in ours),
        dropped=tuple(_change(ours[key]) for key in ours if key not in theirs),
        deadlines=tuple(_change(theirs[key], ours[key].due_at) for key in theirs if key in moved),
        refused=tuple(_refused(incident, under, other)),
    )


def _duties(incident: Incident, playbook: Playbook, calendar: Calendar) -> dict[str, Duty]:
    """The duties by step and preset: a duty that two rules require is one, due by the earlier time."""
    duties: dict[str, Duty] = {}
    for duty in playbook.duties(incident, calendar):
        if duty.rule.modality == "may":
            continue
        key = f"{duty.rule.step} {sorted((name, str(value)) for name, value in duty.preset.items())}"
        known = duties.get(key)
        if known is None or _sooner(duty, known):
            duties[key] = duty
    return duties


def _sooner(duty: Duty, than: Duty) -> bool:
    if duty.due_at is None:
        return False
    return than.due_at is None or duty.due_at.timestamp() < than.due_at.timestamp()


def _change(duty: Duty, instead_of: datetime | None = None) -> DutyChange:
    return DutyChange(
        step=duty.rule.step or "",
        preset=duty.preset,
        clause=duty.rule.clause,
        due_at=duty.due_at,
        instead_of=instead_of,
    )


def _refused(incident: Incident, under: Playbook, other: Playbook) -> list[StepRefused]:
    """The steps that `other` refuses at the point they were taken, and `under` does not."""
    found = []
    for before, event in incident.retold():
        refusal = other.refusal(before, event)
        if refusal is not None and under.refusal(before, event) is None:
            found.append(
                StepRefused(number=event.number, step=event.name(), rule=refusal.rule, clause=refusal.clause)
            )
    return found


def _edition(library: Library, field: str, pack_id: str) -> str:
    """The latest edition of a pack. Raises Invalid, naming the field."""
    if pack_id not in library.pack_ids():
        raise Invalid.at(field, "is not a pack")
    return library.latest_pack(pack_id).edition
