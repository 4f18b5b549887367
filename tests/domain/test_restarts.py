"""Corrections start a clock again only for those whom nobody could have known of before."""

from __future__ import annotations

from typing import Any

import pytest

from casework.domain.fields import Partial
from casework.domain.incident.examples import typed
from casework.domain.playbook import Duty
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, TARGET, CaseFile, known

RIGHT, WRONG, JUNK = known("right"), known("wrong"), known("junk")
OTHER_PARENT = known("another parent")
FOUND = "2026-09-17 10:00"
FROM_THE_REPORT, FROM_WHEN_IT_WAS_FOUND = "2026-09-15", "2026-09-18"
"""When parents are due: one school day after the report of Monday the 14th, or after `FOUND`."""


def reported(**people: str) -> CaseFile:
    parties = [(TARGET, "target", "pupil"), *((known(name), way, "pupil") for name, way in people.items())]
    return CaseFile("cyberbullying", reported="2026-09-14 10:20", people=tuple(parties))


def involve(case: CaseFile, person: Any, when: str, involvement: str = "alleged") -> CaseFile:
    return case.take("involve_person", when, person=person, involvement=involvement, category="pupil")


def withdraw(case: CaseFile, person: Any, when: str = FOUND) -> CaseFile:
    return case.take("withdraw_involvement", when, person=person)


def correct(case: CaseFile, number: int, when: str = FOUND, **fields: Any) -> CaseFile:
    kind = type(case.incident.timeline[number - 1])
    given = {"fields": Partial(kind, typed(kind, fields))} if fields else {"void": True}
    return case.take("correct", when, corrects=number, correction=None, reason="It was a mistake.", **given)


def parents_of(case: CaseFile, child: Any) -> str:
    return case.due("inform_parents", child=child)


class TestSomebodyInThePlaceOfAnother:
    def test_is_due_from_when_the_mistake_was_found(self) -> None:
        case = involve(withdraw(reported(wrong="alleged"), WRONG), RIGHT, FOUND)
        assert parents_of(case, RIGHT) == FROM_WHEN_IT_WAS_FOUND

    def test_also_after_a_wrong_identity(self) -> None:
        people = ((TARGET, "target", "pupil"), (JUNK, "alleged", "unknown"))
        case = CaseFile("cyberbullying", reported="2026-09-14 10:20", people=people)
        case.take("identify_person", "2026-09-14 11:00", person=JUNK, as_=WRONG, category="pupil")
        assert parents_of(case, WRONG) == FROM_THE_REPORT
        right: dict[str, Any] = {"as": RIGHT}
        assert parents_of(correct(case, 2, **right), RIGHT) == FROM_WHEN_IT_WAS_FOUND

    def test_not_if_they_were_in_the_case_all_the_time(self) -> None:
        case = withdraw(reported(wrong="alleged", right="target"), WRONG)
        assert parents_of(involve(case, RIGHT, FOUND), RIGHT) == FROM_THE_REPORT

    def test_not_the_same_person_who_is_taken_out_and_back(self) -> None:
        case = withdraw(reported(wrong="alleged"), WRONG)
        assert parents_of(involve(case, WRONG, FOUND), WRONG) == FROM_THE_REPORT

    def test_not_by_a_correction_of_other_words(self) -> None:
        case = involve(reported(), RIGHT, "2026-09-14 11:00")
        assert parents_of(correct(case, 2, note="Seen by the tutor."), RIGHT) == FROM_THE_REPORT

    @pytest.mark.parametrize("end", ["void", "withdraw"])
    def test_not_by_somebody_who_was_put_in_and_taken_out_later(self, end: str) -> None:
        case = involve(involve(reported(), RIGHT, "2026-09-14 11:00"), JUNK, FOUND)
        case = correct(case, 3) if end == "void" else withdraw(case, JUNK)
        assert parents_of(case, RIGHT) == FROM_THE_REPORT


class TestAnotherAnswer:
    """A duty that was met by a step that is corrected later, and then by another."""

    @staticmethod
    def informed(when: str, **fields: Any) -> CaseFile:
        return reported().take("inform_parents", when, child=TARGET, **fields)

    @staticmethod
    def duty(case: CaseFile, child: Any = TARGET) -> Duty:
        found = case.playbook.duties(case.incident, TEST_CALENDAR)
        return next(
            each for each in found if each.rule.step == "inform_parents" and each.preset.get("child") == child
        )

    def late(self, case: CaseFile, child: Any = TARGET) -> bool:
        return self.duty(case, child).late_at(case.now)

    def test_is_in_time_for_the_right_parent(self) -> None:
        case = correct(self.informed("2026-09-15 09:00", parent=OTHER_PARENT), 2)
        assert not self.late(case.take("inform_parents", "2026-09-18 09:00", child=TARGET))

    def test_also_once_its_words_are_corrected(self) -> None:
        case = correct(self.informed("2026-09-15 09:00", parent=OTHER_PARENT), 2)
        case.take("inform_parents", "2026-09-18 09:00", child=TARGET)
        assert not self.late(correct(case, 4, "2026-09-21 09:00", method="letter"))

    def test_also_after_two_wrong_parents(self) -> None:
        case = correct(self.informed("2026-09-15 09:00", parent=OTHER_PARENT), 2)
        case.take("inform_parents", "2026-09-18 09:00", child=TARGET, parent=known("yet another"))
        correct(case, 4, "2026-09-21 09:00")
        assert not self.late(case.take("inform_parents", "2026-09-22 09:00", child=TARGET))

    def test_not_if_the_wrong_parent_was_told_late(self) -> None:
        case = correct(self.informed("2026-09-16 12:00", parent=OTHER_PARENT), 2)
        assert self.late(case.take("inform_parents", "2026-09-18 09:00", child=TARGET))

    def test_nor_by_a_decision_not_to_inform(self) -> None:
        case = correct(self.informed("2026-09-15 09:00"), 2)
        assert self.late(case.take("withhold_from_parents", "2026-09-18 09:00", child=TARGET))

    def test_is_due_from_the_correction_that_took_its_answer_also_after_another(self) -> None:
        case = involve(reported(), ALLEGED, "2026-09-14 11:00")
        case.take("inform_parents", "2026-09-15 09:00", child=TARGET)
        case = correct(case, 3, child=ALLEGED)
        assert parents_of(case, TARGET) == FROM_WHEN_IT_WAS_FOUND
        assert parents_of(correct(case, 3, "2026-09-17 11:00", method="letter"), TARGET) == (
            FROM_WHEN_IT_WAS_FOUND
        )

    def test_a_spare_step_answers_for_another_child_as_of_its_correction(self) -> None:
        case = involve(reported(), ALLEGED, "2026-09-14 11:00")
        for hour in ("09:00", "09:05"):
            case.take("inform_parents", f"2026-09-15 {hour}", child=TARGET)
        case = correct(case, 4, "2026-09-25 09:00", child=ALLEGED)
        assert self.late(case, ALLEGED)
        assert self.duty(case, ALLEGED).answered_by == 4
