"""What protects a child is due in the holidays as in term: never in school days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from casework.domain.clocks import LONDON, Unit
from casework.domain.playbook import Rule
from casework.domain.playbook.rules import Clock, CriticalClock, Modality
from casework.domain.vocabulary import Content
from casework.library import Library
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import PACKS, CaseFile, at
from tests.domain.situations import DUTIES, KINDS, InForce, by_rule, case_for, opening_of
from tests.policies.rows import FLOOR_ALONE

MOMENTS: Final = {
    "in term": ("2026-09-14 10:00", "2026-09-14 23:59", "2026-09-15"),
    "on the first day of half-term": ("2026-10-26 09:00", "2026-10-26 23:59", "2026-10-27"),
    "on the first day of the Christmas holiday": ("2026-12-19 11:00", "2026-12-19 23:59", "2026-12-21"),
    "on Christmas Eve": ("2026-12-24 11:00", "2026-12-24 23:59", "2026-12-29"),
    "on the first day of the spring half-term": ("2027-02-15 09:00", "2027-02-15 23:59", "2027-02-16"),
    "on the first day of the Easter holiday": ("2027-03-26 11:00", "2027-03-26 23:59", "2027-03-30"),
    "on the first day of the summer half-term": ("2027-05-31 09:00", "2027-05-31 23:59", "2027-06-01"),
    "on the first day of the summer holiday": ("2027-07-22 11:00", "2027-07-22 23:59", "2027-07-23"),
    "on a Friday at 23:30": ("2026-11-13 23:30", "2026-11-14 10:00", "2026-11-16"),
}
"""When it is reported, until when the same day lasts, and the next working day."""
AT_ONCE: Final = timedelta(0)
PROTECTING: Final = [entry for entry in DUTIES if entry.rule.protects]
"""Every duty that protects a child, once: one of the floor under one pack, one of a pack under that pack."""
ELAPSED: Final = [
    entry
    for entry in DUTIES
    if not entry.rule.protects and entry.rule.clock is not None and entry.rule.clock.unit is Unit.HOURS
]
"""The other duties in elapsed hours: to chase a removal, and to decide on the regulator."""
STEPS_THAT_PROTECT: Final = {
    *("acknowledge", "assess_risk", "assess_welfare", "make_safe", "contain", "welfare_check"),
    *("consult_lado", "consider_police", "establish_involvement", "request_block"),
    *("record_mandatory_report", "decide_sharing"),
}
"""Every duty to take one of these has a clock that never waits for school days."""


def every_rule() -> Iterator[Rule]:
    """The rules of every floor and every pack as they are written."""
    library = Library.own()
    for floor in library.floors.values():
        yield from floor.every_rule()
    for pack in library.packs.values():
        yield from pack.rules


def due_by(reported: str, clock: Clock | CriticalClock) -> datetime:
    """When something is due that begins with the report: by the table above, not by the product's clock."""
    moment, same_day, working_day = MOMENTS[reported]
    match clock.within, clock.unit:
        case 0, Unit.DAYS:
            return at(same_day)
        case 1, Unit.WORKING_DAYS:
            return at(f"{working_day} 23:59")
        case hours, Unit.HOURS:
            return at(moment).astimezone(UTC) + timedelta(hours=hours)
        case other:
            raise AssertionError(f"no child is protected by a clock of {other}")


def expected(reported: str, rule: Rule, *, critical: bool) -> str:
    """The local minute in which `rule` is due in a case in which everything happened at the report."""
    assert rule.clock is not None, rule.id
    clocks: list[Clock | CriticalClock] = [rule.clock]
    if critical and rule.clock.critical is not None:
        clocks.append(rule.clock.critical)
    return _local(min(due_by(reported, clock) for clock in clocks))


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(LONDON):%Y-%m-%d %H:%M}"


def cases_at(entry: InForce, reported: str) -> Iterator[CaseFile]:
    """Cases of every kind in which the duty is owed from the moment of the report, critical and not."""
    for kind in entry.kinds:
        content = opening_of(entry.rule.id, kind).get("content", ())
        for more in ((), (Content.ADULT_CONTACT,)):
            fields = {"content": (*content, *more), "pace": AT_ONCE}
            yield case_for(entry.rule.id, kind, entry.pack, reported=MOMENTS[reported][0], **fields)


@pytest.mark.parametrize("reported", MOMENTS)
@pytest.mark.parametrize("entry", [*PROTECTING, *ELAPSED], ids=by_rule)
def test_what_protects_a_child_is_due_as_the_clock_says_whenever_it_is_reported(
    entry: InForce, reported: str
) -> None:
    for case in cases_at(entry, reported):
        duties = case.playbook.duties(case.incident, TEST_CALENDAR)
        due = {_local(d.due_at) for d in duties if d.rule.id == entry.rule.id and d.due_at is not None}
        critical = case.playbook.critical_since(case.incident) is not None
        assert due == {expected(reported, entry.rule, critical=critical)}, case.incident.kind


def test_the_matrix_has_every_duty_that_protects_a_child_once() -> None:
    tried = [entry.rule.id for entry in PROTECTING]
    assert len(tried) == len(set(tried))
    stated = {rule.id: rule.telling for rule in every_rule() if rule.protects}
    assert set(tried) == stated.keys() | {telling.id for telling in stated.values() if telling is not None}
    # What an earlier edition of the floor states differently protects by the same clocks.
    clocks = {entry.rule.id: entry.rule.clock for entry in PROTECTING}
    for floor in Library.own().floors.values():
        for rule in floor.every_rule():
            assert not rule.protects or rule.clock == clocks[rule.id], (floor.edition, rule.id)


def test_every_duty_of_these_steps_protects() -> None:
    for rule in every_rule():
        if rule.step in STEPS_THAT_PROTECT and rule.is_duty and rule.modality is not Modality.MAY:
            assert rule.protects, rule.id


@pytest.mark.parametrize("pack", PACKS)
def test_parents_are_informed_the_same_day_of_nudes(pack: str) -> None:
    nudes = CaseFile("sexting", pack, reported="2026-12-18 15:00")
    assert nudes.due("inform_parents") == "2026-12-18"
    assert nudes.due("establish_involvement") == "2026-12-18"


def _triages() -> Iterator[tuple[str, str | None]]:
    """Each kind under the floor alone, and under each pack that has a rule of its own about its triage."""
    for kind in KINDS:
        yield kind, None
        for pack, edition in PACKS.items():
            own = Library.own().packs[edition].rules
            if any(rule.step == "triage" and rule.applies_to(kind) for rule in own):
                yield kind, pack


@pytest.mark.parametrize(("kind", "pack"), [*_triages()])
def test_a_report_of_the_holidays_is_triaged_then(kind: str, pack: str | None) -> None:
    """Saturday 19 December: the next school day is 4 January."""
    case = CaseFile(kind, pack or "st_thomas", reported="2026-12-19 10:00")
    if pack is None:
        case.playbook = FLOOR_ALONE
    low_level = kind == "staff_misuse"
    assert case.due("triage") <= ("2026-12-29" if low_level else "2026-12-21")
