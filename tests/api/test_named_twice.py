"""A person who is named twice in one role of a report counts once."""

from __future__ import annotations

import pytest

from tests.api.client import REASON, House, Json, body_of
from tests.api.test_recusal import School

CHILD: Json = {"kind": "cyberbullying", "summary": "Unkind.", "confidential_reporter": False}


@pytest.fixture
def school(house: House) -> School:
    return School(house)


def report(school: School, who: str, *people: tuple[str, str]) -> str:
    named = [{"person": person, "involvement": involvement} for person, involvement in people]
    return str(school.house.report(who, school=school.id, people=named, **CHILD)["id"])


def people(school: School, incident: str, who: str = "deputy") -> list[tuple[str, str]]:
    shown = school.house.get(who, f"/incidents/{incident}")["people"]
    return [(party["person"], party["involvement"]) for party in shown]


def joined(school: School) -> tuple[str, str]:
    """Two records of one pupil."""
    one, other = (school.made("lead", "Otto Zufall", "pupil") for _ in range(2))
    body = {"person": other, "reason": REASON}
    school.house.created("lead", f"/people/{one}/same-as", body)
    return one, other


class TestTheSameRecord:
    @pytest.mark.parametrize("who", ["lead", "assistant"])
    def test_counts_once_in_each_role(self, school: School, who: str) -> None:
        other = school.made("lead", "Otto Zufall", "pupil")
        said = [(school.pupil, "target"), (other, "alleged"), (school.pupil, "target"), (other, "witness")]
        incident = report(school, who, *said)
        expected = [(school.pupil, "target"), (other, "alleged"), (other, "witness")]
        assert people(school, incident) == people(school, incident, who) == expected

    def test_counts_once_if_it_is_named_as_a_user_too(self, school: School) -> None:
        head = school.people["head"]
        named = [
            {"role": "headteacher", "involvement": "alleged"},
            {"person": head, "involvement": "alleged"},
        ]
        incident = school.report(*named)
        assert school.readers(incident) == {"chair"}
        assert [each for each in people(school, incident, "chair") if each[0] == head] == [(head, "alleged")]
        incident = school.report(*reversed(named))
        assert school.readers(incident) == {"chair"}

    def test_counts_once_if_an_unknown_person_turns_out_to_be_somebody_in_the_same_role(
        self, school: School
    ) -> None:
        unknown = school.made("lead", "Somebody Unheard", "unknown")
        other = school.made("lead", "Otto Zufall", "pupil")
        incident = report(school, "lead", (unknown, "alleged"), (other, "alleged"), (unknown, "witness"))
        school.house.take(incident, "identify_person", "lead", person=unknown, **{"as": other})
        assert people(school, incident) == [(other, "alleged"), (other, "witness")]

    def test_does_not_hide_which_field_is_wrong(self, school: School) -> None:
        named = [{"person": school.pupil, "involvement": "target"}] * 2
        wrong = {"person": school.id, "involvement": "alleged"}
        body = school.house.reported(school=school.id, people=[*named, wrong])
        answer = school.house.ask("lead", "POST", "/incidents", json=body)
        assert list(body_of(answer)["errors"]) == ["$.people[2].person"]


class TestTwoJoinedRecords:
    def test_count_once_in_the_report_of_a_lead(self, school: School) -> None:
        one, other = joined(school)
        incident = report(school, "lead", (other, "target"), (one, "target"), (one, "witness"))
        assert people(school, incident) == [(other, "target"), (one, "witness")]
        duties = [
            each for each in school.house.next_steps(incident, "lead") if each["step"] == "inform_parents"
        ]
        assert len(duties) == 1

    def test_are_two_for_others_who_may_not_know_that_they_are_one_person(self, school: School) -> None:
        one, other = joined(school)
        incident = report(school, "assistant", (one, "target"), (other, "target"))
        assert people(school, incident, "assistant") == [(one, "target"), (other, "target")]
