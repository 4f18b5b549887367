"""What an agency answered, and that the school disagreed with it."""

from __future__ import annotations

import pytest

from casework.domain.errors import Invalid
from casework.domain.sealed import Sealed
from casework.domain.vocabulary import Respondent
from tests.domain.casefile import CaseFile

ABOUT_AN_AGENCY = ("record_agency_response", "record_challenge")
AGENCIES = [each.value for each in Respondent]


def told(agency: str) -> CaseFile:
    case = CaseFile("cyberbullying", "headcorn", content=("sexual",))
    return case.take("consult_lado") if agency == "lado" else case.take("escalate", agency=agency)


def errors(case: CaseFile, step: str, agency: str) -> dict[str, list[str]]:
    version = case.incident.version
    with pytest.raises(Invalid) as raised:
        case.take(step, agency=agency)
    assert case.incident.version == version
    return raised.value.errors


@pytest.mark.parametrize("agency", AGENCIES)
@pytest.mark.parametrize("step", ABOUT_AN_AGENCY)
def test_an_agency_that_was_not_told_neither_answered_nor_decided(step: str, agency: str) -> None:
    other = "police" if agency == "lado" else "lado"
    assert errors(told(other), step, agency) == {"$.agency": ["was not told of this incident"]}


@pytest.mark.parametrize("agency", AGENCIES)
def test_telling_an_agency_opens_its_enquiry_and_its_answer_ends_it(agency: str) -> None:
    case = told(agency)
    assert agency in case.incident.open_enquiries
    case.take("record_agency_response", agency=agency, enquiry="closed")
    assert agency not in case.incident.open_enquiries


@pytest.mark.parametrize("agency", AGENCIES)
@pytest.mark.parametrize("step", ABOUT_AN_AGENCY)
def test_an_enquiry_whose_opening_was_voided_is_not_answered(step: str, agency: str) -> None:
    case = told(agency)
    case.take("correct", corrects=case.incident.version, void=True, correction=None)
    assert agency not in case.incident.open_enquiries
    assert errors(case, step, agency) == {"$.agency": ["was not told of this incident"]}


@pytest.mark.parametrize("agency", AGENCIES)
def test_a_challenge_says_why_and_leaves_the_enquiry_as_it_is(agency: str) -> None:
    case = told(agency).take("record_agency_response", agency=agency, enquiry="closed")
    case.take("record_challenge", agency=agency)
    assert agency not in case.incident.open_enquiries
    with pytest.raises(Invalid) as raised:
        case.take("record_challenge", agency=agency, disagreement=Sealed("No."))
    assert raised.value.errors == {"$.disagreement": ["must be at least 10 characters"]}
