"""Which step satisfies a duty: the first that can, and for the child's voice the report itself."""

from __future__ import annotations

from uuid import UUID

import pytest

from casework.domain.playbook import Duty
from casework.domain.sealed import Sealed
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, PACKS, TARGET, TEACHER, CaseFile, at, known

OTHER_CHILD = known("another child")
ONE_TARGET = ((TARGET, "target", "pupil"),)
TARGET_AND_ALLEGED = (*ONE_TARGET, (ALLEGED, "alleged", "pupil"))
TWO_TARGETS = (*ONE_TARGET, (OTHER_CHILD, "target", "pupil"))
ONE_ALLEGED = ((TEACHER, "target", "staff"), (ALLEGED, "alleged", "pupil"))
TWO_ALLEGED = (*ONE_ALLEGED, (OTHER_CHILD, "alleged", "pupil"))


def duties_of(case: CaseFile, step: str) -> list[Duty]:
    return [duty for duty in case.playbook.duties(case.incident, TEST_CALENDAR) if duty.rule.step == step]


@pytest.mark.parametrize("pack", PACKS)
def test_the_first_of_several_steps_satisfies_a_duty(pack: str) -> None:
    case = CaseFile("cyberbullying", pack, reported="2026-09-14 10:20")
    case.take("triage", "2026-09-15 09:00").take("triage", "2026-09-30 09:00")
    (duty,) = duties_of(case, "triage")
    assert (duty.answered_by, duty.answered_at) == (2, at("2026-09-15 09:00"))
    assert not duty.late_at(case.now)


@pytest.mark.parametrize("first", ["inform_parents", "withhold_from_parents"])
def test_the_first_of_two_alternative_steps_satisfies_a_duty(first: str) -> None:
    case = CaseFile("cyberbullying", "headcorn")
    for step in sorted(("inform_parents", "withhold_from_parents"), key=lambda step: step != first):
        case.take(step, child=TARGET)
    answered = [duty for duty in duties_of(case, "inform_parents") if duty.preset["child"] == TARGET]
    assert answered[0].answered_by == 2


@pytest.mark.parametrize(
    ("people", "unheard"),
    [
        pytest.param(ONE_TARGET, set(), id="one child is the target"),
        pytest.param(TARGET_AND_ALLEGED, {TARGET, ALLEGED}, id="another child is alleged"),
        pytest.param(TWO_TARGETS, {TARGET, OTHER_CHILD}, id="two children are"),
        pytest.param(ONE_ALLEGED, set(), id="no child is, and one is alleged"),
        pytest.param(TWO_ALLEGED, {ALLEGED, OTHER_CHILD}, id="no child is, and two are alleged"),
    ],
)
def test_a_voice_in_the_report_counts_for_one_child_but_not_for_two(
    people: tuple[tuple[UUID, str, str], ...], unheard: set[UUID]
) -> None:
    case = CaseFile("cyberbullying", people=people, child_voice=Sealed("They all laughed."))
    assert {duty.preset["person"] for duty in duties_of(case, "record_child_voice")} == unheard


def test_without_a_voice_in_the_report_one_child_must_be_heard() -> None:
    case = CaseFile("cyberbullying", people=ONE_TARGET)
    assert [duty.preset["person"] for duty in duties_of(case, "record_child_voice")] == [TARGET]
