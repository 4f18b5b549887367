"""Telling somebody of a case, and the parents to whom a mistake has to be explained."""

from __future__ import annotations

from typing import Any

import pytest

from casework.domain.errors import Invalid
from casework.domain.fields import Partial
from casework.domain.incident.families import InformParents, TellingOutcome
from casework.domain.incident.telling import wrongly_told
from casework.domain.playbook import Duty
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Role
from tests.calendars import TEST_CALENDAR
from tests.domain.casefile import ALLEGED, TARGET, TEACHER, CaseFile, known

MOTHER, FATHER = known("mother"), known("father")
WRONG = Sealed("It was the mother of another pupil.")
TOLD: dict[str, Any] = {"parent": MOTHER, "child": ALLEGED}


def informed() -> CaseFile:
    """The case in which the mother was told about the pupil alleged."""
    return CaseFile().take("inform_parents", **TOLD)


def correct(case: CaseFile, number: int, **fields: Any) -> CaseFile:
    return case.take("correct", corrects=number, correction=None, reason=WRONG, **fields)


def replace(case: CaseFile, **values: Any) -> CaseFile:
    return correct(case, case.incident.version, fields=Partial(InformParents, values))


def duties(case: CaseFile) -> list[Duty]:
    found = case.playbook.duties(case.incident, TEST_CALENDAR)
    return [duty for duty in found if duty.rule.id == "tell-wrongly-told"]


def due_to_be_told(case: CaseFile) -> set[Any]:
    found = wrongly_told(case.incident)
    asked = {duty.preset["person"] for duty in duties(case)}
    assert asked == {*found}
    return asked


def tells(case: CaseFile) -> list[int | None]:
    """By which step each duty to tell somebody of a mistake is met."""
    return [duty.answered_by for duty in duties(case)]


class TestWhomAMistakeIsExplainedTo:
    def test_nobody_before_it_is_found(self) -> None:
        assert due_to_be_told(informed()) == set()

    def test_the_parent_of_a_child_who_was_withdrawn(self) -> None:
        assert due_to_be_told(informed().take("withdraw_involvement", person=ALLEGED)) == {MOTHER}

    def test_the_parent_invited_about_a_child_who_was_withdrawn(self) -> None:
        case = CaseFile().take("invite_parent", **TOLD)
        assert due_to_be_told(case.take("withdraw_involvement", person=ALLEGED)) == {MOTHER}

    def test_each_parent_once(self) -> None:
        case = informed().take("invite_parent", **TOLD).take("inform_parents", parent=FATHER, child=ALLEGED)
        assert due_to_be_told(case.take("withdraw_involvement", person=ALLEGED)) == {MOTHER, FATHER}

    @pytest.mark.parametrize("step", ["inform_parents", "invite_parent"])
    def test_whoever_a_voided_step_named(self, step: str) -> None:
        case = CaseFile().take(step, parent=MOTHER)
        assert due_to_be_told(correct(case, case.incident.version, void=True)) == {MOTHER}

    def test_whoever_stood_in_the_place_of_another_parent(self) -> None:
        case = informed()
        assert due_to_be_told(replace(case, parent=FATHER)) == {MOTHER}

    def test_nobody_if_only_the_words_were_wrong(self) -> None:
        case = informed()
        assert due_to_be_told(replace(case, child=TARGET)) == set()

    def test_nobody_who_was_not_reached_after_all(self) -> None:
        case = informed()
        number = case.incident.version
        assert due_to_be_told(replace(case, outcome=TellingOutcome.NO_ANSWER)) == set()
        assert due_to_be_told(correct(case, number, void=True)) == set()

    def test_nobody_if_the_correction_is_voided_itself(self) -> None:
        case = informed()
        correct(case, case.incident.version, void=True)
        assert due_to_be_told(correct(case, case.incident.version, void=True)) == set()

    def test_no_parent_who_is_rightly_told_about_a_child_in_the_case(self) -> None:
        case = informed().take("inform_parents", parent=MOTHER, child=TARGET)
        assert due_to_be_told(case.take("withdraw_involvement", person=ALLEGED)) == set()

    def test_no_parent_told_after_the_child_was_only_a_witness(self) -> None:
        case = CaseFile().take("involve_person", person=ALLEGED, involvement="witness")
        case.take("withdraw_involvement", person=ALLEGED, involvement="alleged")
        assert due_to_be_told(case.take("inform_parents", **TOLD)) == set()

    def test_a_child_who_is_back_in_the_case_was_no_mistake(self) -> None:
        case = informed().take("withdraw_involvement", person=ALLEGED)
        assert due_to_be_told(case.take("involve_person", person=ALLEGED, involvement="alleged")) == set()


class TestTheDuty:
    def test_is_met_by_telling_that_person_and_then_stays_met(self) -> None:
        case = informed().take("withdraw_involvement", person=ALLEGED)
        assert tells(case.take("tell", person=FATHER)) == [None]
        assert tells(case.take("tell", person=MOTHER)) == [5]

    def test_is_due_a_working_day_after_the_mistake_was_found(self) -> None:
        case = CaseFile(reported="2026-10-22 09:00").take("inform_parents", **TOLD)
        assert case.take("withdraw_involvement", person=ALLEGED).due("tell", person=MOTHER) == "2026-10-23"

    def test_outlives_the_voiding_of_the_step_that_told(self) -> None:
        case = informed().take("withdraw_involvement", person=ALLEGED)
        assert due_to_be_told(correct(case, 2, void=True)) == {MOTHER}


class TestWhoIsTold:
    @pytest.mark.parametrize(
        "fields",
        [
            {"person": None},
            {"person": MOTHER, "user": TEACHER},
            {"person": MOTHER, "told_role": Role.HEADTEACHER},
            {"person": None, "user": TEACHER, "told_role": Role.HEADTEACHER},
        ],
    )
    def test_is_exactly_one(self, fields: dict[str, Any]) -> None:
        with pytest.raises(Invalid) as error:
            CaseFile().take("tell", **fields)
        assert error.value.errors == {"$.role": ["give exactly one of role, user and person"]}

    def test_is_not_everybody(self) -> None:
        with pytest.raises(Invalid) as error:
            CaseFile().take("tell", told_role=Role.REPORTER, person=None)
        assert error.value.errors == {"$.role": ["is that of everybody at the school: name the user"]}


class TestOutcomes:
    """Parents are informed once they were told or refused to listen; a call in vain leaves it due."""

    @staticmethod
    def informed_by(case: CaseFile) -> int | None:
        found = case.playbook.duties(case.incident, TEST_CALENDAR)
        (duty,) = (
            each for each in found if each.rule.step == "inform_parents" and each.preset["child"] == ALLEGED
        )
        return duty.answered_by

    @pytest.mark.parametrize(("outcome", "answered_by"), [("told", 2), ("refused", 2), ("no_answer", None)])
    def test_answer_the_duty(self, outcome: str, answered_by: int | None) -> None:
        case = CaseFile().take("inform_parents", **TOLD, outcome=TellingOutcome(outcome))
        assert self.informed_by(case) == answered_by

    def test_it_is_due_again_once_it_was_found_that_nobody_answered(self) -> None:
        case = replace(informed(), outcome=TellingOutcome.NO_ANSWER)
        assert self.informed_by(case) is None
        assert self.informed_by(case.take("inform_parents", **TOLD)) == 4

    def test_a_call_in_vain_does_not_end_the_decision_to_withhold(self) -> None:
        case = CaseFile().take("withhold_from_parents", child=ALLEGED)
        case.take("inform_parents", **TOLD, outcome=TellingOutcome.NO_ANSWER)
        assert ALLEGED in case.incident.withheld
        assert ALLEGED not in case.take("inform_parents", **TOLD).incident.withheld
