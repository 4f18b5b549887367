"""A name that could be a user's own shuts them out, until somebody has said that it is not theirs."""

from __future__ import annotations

import pytest

from tests.api.client import REASON, House, Json, body_of
from tests.api.people import patch
from tests.api.test_recusal import NOT_LIKE, School


@pytest.fixture
def school(house: House) -> School:
    return School(house)


def about(school: School, name: str, by: str = "assistant") -> tuple[str, str]:
    """An allegation against a new record, and the record."""
    record = school.made(by, name)
    return school.report({"person": record, "involvement": "alleged"}, confidential_reporter=False), record


class TestAReportAboutTheHead:
    @pytest.mark.parametrize(
        "name",
        [
            *("Mrs Hedle", "Harriett", "H. H.", "HH", "Mrs H", "Harry Heddle", "Heddle-Jones"),
            *("Mrs Heddle, Head", "Headteacher Mrs Heddle", "Madam Heddle", "Miss Heddle (Year 6)"),
        ],
    )
    def test_comes_to_the_chair_however_the_name_is_written(self, school: School, name: str) -> None:
        assert school.readers(about(school, name)[0]) == {"chair"}

    @pytest.mark.parametrize("name", ["The Head", "Headteacher", "Head teacher"])
    def test_comes_to_the_chair_if_it_names_nobody_but_the_head(self, school: School, name: str) -> None:
        incident, record = about(school, name)
        assert school.readers(incident) == {"chair"}
        school.related(school.people["head"], "spouse_of", school.people["chair"])
        assert school.readers(incident) == {"vice"}
        said = {"person": record, "user": school.house.users["head"], "reason": REASON}
        school.house.take(incident, "clear_name", "vice", **said)
        assert school.readers(incident) == {"head"}

    def test_shuts_the_head_out_of_a_childs_case_too(self, school: School) -> None:
        said: Json = {"kind": "cyberbullying", "confidential_reporter": False}
        record = school.made("lead", "The Head")
        incident = school.report({"person": record, "involvement": "target"}, **said)
        assert school.readers(incident) == {"lead", "deputy"}

    @pytest.mark.parametrize("name", ["Tom Heddle", "Harriet Hill", "H Hill", "Head of Year"])
    def test_of_another_name_comes_to_the_head(self, school: School, name: str) -> None:
        assert school.readers(about(school, name)[0]) == {"head"}

    def test_that_names_the_head_later_is_taken_from_the_head(self, school: School) -> None:
        incident, _ = about(school, "Sam Someone")
        assert school.readers(incident) == {"head"}
        record = school.made("lead", "The Headteacher")
        school.house.take(incident, "involve_person", "head", person=record, involvement="alleged")
        assert school.readers(incident) == {"chair"}


class TestClearing:
    def clear(self, school: School, incident: str, person: str, user: str, who: str) -> dict[str, list[str]]:
        said = {"person": person, "user": school.house.users[user], "reason": REASON}
        answer = school.house.step(incident, "clear_name", who, **said)
        return {} if answer.status_code == 201 else body_of(answer)["errors"]

    def test_a_name_that_could_not_be_theirs_is_refused(self, school: School) -> None:
        incident, record = about(school, "Sam Someone", by="lead")
        assert self.clear(school, incident, record, "lead", "head") == {"$.person": [NOT_LIKE]}
        assert patch(school.house, record, who="lead", name="Dana Leadley").status_code == 200
        said: Json = {"kind": "cyberbullying", "confidential_reporter": False}
        other = school.report({"person": record, "involvement": "target"}, **said)
        assert school.readers(other) == {"deputy", "head"}

    def test_their_own_record_is_refused(self, school: School) -> None:
        incident = school.about("head")
        assert self.clear(school, incident, school.people["head"], "head", "chair") == {
            "$.person": [NOT_LIKE]
        }
        twin = school.made("lead", "Harriet Heddle")
        body = {"person": twin, "reason": REASON}
        school.house.created("deputy", f"/people/{school.people['head']}/same-as", body)
        incident = school.report({"person": twin, "involvement": "alleged"})
        assert self.clear(school, incident, twin, "head", "chair") == {"$.person": [NOT_LIKE]}

    def test_counts_once(self, school: School) -> None:
        incident, record = about(school, "Mrs Hedle")
        assert self.clear(school, incident, record, "head", "chair") == {}
        assert self.clear(school, incident, record, "head", "head") == {
            "$.user": ["is you; another user says whether the person is you"]
        }
        assert school.readers(incident) == {"head"}

    def test_counts_for_the_names_of_then_alone(self, school: School) -> None:
        incident, record = about(school, "Mrs Hedle", by="lead")
        assert self.clear(school, incident, record, "head", "chair") == {}
        assert patch(school.house, record, who="lead", category="contractor").status_code == 200
        assert school.readers(incident) == {"head"}
        assert patch(school.house, record, who="lead", name="Harriet Heddle").status_code == 200
        assert school.readers(incident) == {"chair"}
        assert self.clear(school, incident, record, "head", "chair") == {}
        assert school.readers(incident) == {"head"}
