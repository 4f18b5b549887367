"""A step recorded more than a day after it was done answers its duty only from then; dates cheat no clock."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from casework.domain.errors import Invalid
from casework.domain.fields import Partial
from casework.domain.incident import Incident
from casework.domain.incident.examples import typed
from casework.domain.incident.reporting import Report
from casework.domain.playbook import Duty
from casework.domain.sealed import Sealed
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import CaseFile, at

MONDAY, TUESDAY = "2026-09-14", "2026-09-15"
ELEVEN_WEEKS_ON = "2026-11-30 10:00"
REASON = Sealed("It was found in the old paper book.")
NEEDED = "is required if reported_at is more than a day before the recording"


def record(case: CaseFile, step: str, *, done: str, recorded: str, **fields: Any) -> CaseFile:
    """Take a step that was done at one moment and is recorded at another."""
    case.now = at(recorded)
    taken = msgspec.structs.replace(case.build(step, **fields), happened_at=at(done))
    case.incident.take(taken, case.playbook)
    return case


def correct(case: CaseFile, number: int, when: str, **fields: Any) -> CaseFile:
    """Replace the fields of a step; `happened_at` says when it was done."""
    kind = type(case.incident.timeline[number - 1])
    partial = Partial(kind, typed(kind, fields))
    return case.take("correct", when, corrects=number, correction=None, fields=partial)


def duty(case: CaseFile, step: str) -> Duty:
    return next(each for each in case.playbook.duties(case.incident, TEST_CALENDAR) if each.rule.step == step)


def is_late(case: CaseFile, step: str) -> bool:
    """Whether the duty was met, and too late."""
    found = duty(case, step)
    assert not found.open
    return found.late_at(case.now)


class TestWhatAnswersADuty:
    @pytest.mark.parametrize(
        ("recorded", "late"),
        [
            (f"{TUESDAY} 09:59", False),
            (f"{TUESDAY} 10:00", False),
            (f"{TUESDAY} 10:01", True),
            (ELEVEN_WEEKS_ON, True),
        ],
    )
    def test_done_on_monday_at_ten_it_counts_from_then_if_recorded_within_a_day(
        self, recorded: str, late: bool
    ) -> None:
        # It is to be acknowledged on the Monday.
        case = CaseFile(reported=f"{MONDAY} 09:00")
        record(case, "acknowledge", done=f"{MONDAY} 10:00", recorded=recorded)
        assert is_late(case, "acknowledge") is late
        counts_from = at(recorded) if late else at(f"{MONDAY} 10:00")
        assert duty(case, "acknowledge").answered_at == counts_from

    def test_recorded_late_but_before_it_is_due_it_is_in_time(self) -> None:
        case = CaseFile("parent_post", reported="2026-09-14 09:00")
        due_at = duty(case, "invite_parent").due_at
        assert due_at is not None
        assert due_at > at("2026-09-16 10:00")
        record(case, "invite_parent", done=f"{MONDAY} 09:30", recorded="2026-09-16 10:00")
        assert duty(case, "invite_parent").answered_at == at("2026-09-16 10:00")
        assert not is_late(case, "invite_parent")

    @pytest.mark.parametrize(("recorded", "late"), [("09:00", False), ("09:01", True)])
    def test_a_day_is_24_hours_also_when_the_clocks_go_back(self, recorded: str, late: bool) -> None:
        case = CaseFile(reported="2026-10-24 09:30")
        record(case, "acknowledge", done="2026-10-24 10:00", recorded=f"2026-10-25 {recorded}")
        assert case.incident.timeline[-1].recorded_late is late
        assert is_late(case, "acknowledge") is late

    def test_a_clock_that_it_starts_runs_from_when_it_was_done(self) -> None:
        case = CaseFile(reported=f"{MONDAY} 09:00")
        record(case, "request_removal", done=f"{MONDAY} 10:00", recorded="2026-09-18 10:00")
        assert case.due("record_removal") == "2026-09-16 10:00"

    def test_an_urgent_matter_is_urgent_since_it_was_found_however_late_that_is_recorded(self) -> None:
        case = CaseFile(reported=f"{MONDAY} 09:00")
        record(case, "triage", done=f"{MONDAY} 10:00", recorded=ELEVEN_WEEKS_ON, critical=True)
        assert case.playbook.critical_since(case.incident) == at(f"{MONDAY} 10:00")


class TestCorrections:
    def test_another_date_given_later_puts_no_late_step_in_time(self) -> None:
        case = CaseFile(reported=f"{MONDAY} 09:00").take("acknowledge", f"{TUESDAY} 09:00")
        assert is_late(case, "acknowledge")
        correct(case, 2, "2026-09-21 09:00", happened_at=at(f"{MONDAY} 10:00").isoformat())
        assert is_late(case, "acknowledge")
        assert duty(case, "acknowledge").answered_at == at(f"{TUESDAY} 09:00")

    def test_another_date_given_within_a_day_counts(self) -> None:
        case = CaseFile(reported=f"{MONDAY} 09:00").take("acknowledge", f"{TUESDAY} 09:00")
        correct(case, 2, f"{TUESDAY} 09:30", happened_at=at(f"{MONDAY} 10:00").isoformat())
        assert not is_late(case, "acknowledge")

    def test_other_words_given_later_make_no_step_late(self) -> None:
        case = CaseFile(reported=f"{MONDAY} 09:00").take("acknowledge", f"{MONDAY} 10:00")
        correct(case, 2, "2026-09-21 09:00", note="He was told on the telephone.")
        assert not is_late(case, "acknowledge")

    def test_a_correction_that_is_voided_moves_nothing(self) -> None:
        case = CaseFile(reported=f"{MONDAY} 09:00").take("acknowledge", f"{MONDAY} 10:00")
        correct(case, 2, "2026-09-21 09:00", happened_at=at(f"{MONDAY} 09:50").isoformat())
        case.take("correct", "2026-09-21 10:00", corrects=3, correction=None, void=True)
        assert duty(case, "acknowledge").answered_at == at(f"{MONDAY} 10:00")


def report(reported: str, recorded: str, late_reason: Sealed | None = None) -> Report:
    submitted = CaseFile(reported=reported).incident.submitted
    return msgspec.structs.replace(submitted, recorded_at=at(recorded), late_reason=late_reason)


def reported(submitted: Report) -> CaseFile:
    """A case with this report, as the door takes it."""
    case = CaseFile()
    case.incident = Incident.report(submitted, case.playbook)
    case.now = submitted.recorded_at
    return case


def faults(call: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as raised:
        call()
    return dict(raised.value.errors)


class TestReports:
    def test_one_more_than_a_day_back_needs_a_reason(self) -> None:
        late = report(f"{MONDAY} 10:00", f"{TUESDAY} 10:01")
        assert faults(lambda: reported(late)) == {"$.late_reason": [NEEDED]}
        assert reported(msgspec.structs.replace(late, late_reason=REASON)).incident.late_reason == REASON

    def test_one_within_a_day_needs_none_and_may_give_one(self) -> None:
        assert reported(report(f"{MONDAY} 10:00", f"{TUESDAY} 10:00")).incident.late_reason is None
        in_time = reported(report(f"{MONDAY} 10:00", f"{MONDAY} 10:05", REASON))
        assert not in_time.incident.submitted.recorded_late

    def test_its_clocks_run_from_the_report(self) -> None:
        case = reported(report("2026-03-16 10:00", f"{MONDAY} 10:00", REASON))
        assert case.due("acknowledge") == "2026-03-16"
        assert is_late(case.take("acknowledge", f"{MONDAY} 10:10"), "acknowledge")

    def test_a_correction_that_makes_it_late_needs_a_reason(self) -> None:
        case = reported(report(f"{MONDAY} 10:00", f"{MONDAY} 10:05"))
        earlier = {"happened_at": "2026-03-16T10:00:00+00:00", "occurred_at": "2026-03-16T09:00:00+00:00"}
        found = faults(lambda: correct(case, 1, f"{MONDAY} 11:00", **earlier))
        assert found == {"$.fields.late_reason": [NEEDED]}
        before = case.incident.policy
        correct(case, 1, f"{MONDAY} 11:00", **earlier, late_reason=REASON.text)
        assert case.incident.reported_at == at("2026-03-16 10:00")
        assert case.incident.policy == before

    def test_the_reason_of_a_late_one_is_not_taken_away(self) -> None:
        case = reported(report("2026-03-16 10:00", f"{MONDAY} 10:00", REASON))
        found = faults(lambda: correct(case, 1, f"{MONDAY} 11:00", late_reason=None))
        assert found == {"$.fields.late_reason": [NEEDED]}


class TestReportsOfEarlierReleases:
    @pytest.fixture
    def case(self) -> CaseFile:
        """A late report without a reason, as it is read from the log."""
        case = CaseFile()
        incident = Incident.replay([report("2026-03-16 10:00", f"{MONDAY} 10:00")])
        assert incident is not None
        case.incident, case.now = incident, at(f"{MONDAY} 10:00")
        return case

    def test_they_are_read_and_worked_on(self, case: CaseFile) -> None:
        assert case.due("acknowledge") == "2026-03-16"
        assert case.take("acknowledge").incident.version == 2

    def test_a_correction_of_something_else_asks_for_no_reason(self, case: CaseFile) -> None:
        assert correct(case, 1, f"{MONDAY} 11:00", platform="Signal").incident.platform == "Signal"

    def test_a_correction_that_moves_them_does(self, case: CaseFile) -> None:
        moved = "2026-03-16T09:50:00+00:00"
        found = faults(lambda: correct(case, 1, f"{MONDAY} 11:00", happened_at=moved))
        assert found == {"$.fields.late_reason": [NEEDED]}
        correct(case, 1, f"{MONDAY} 11:00", happened_at=moved, late_reason=REASON.text)
