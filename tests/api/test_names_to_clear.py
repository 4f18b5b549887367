"""A name that could be a colleague's is to be cleared within the hour, where nobody can wait for it."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.api.client import REASON, House, Json, london
from tests.api.test_notices import notices

REPORTED = "2026-09-14 10:20"


@pytest.fixture
def school(house: House) -> House:
    house.clock.set(REPORTED)
    return house


def namesake(house: House) -> str:
    """A person nobody has identified, whose name could be that of the deputy."""
    return house.person("Deputy Miller", "unknown", distinct=True)


def case(house: House, person: str, who: str = "governor", **fields: Json) -> str:
    """A case with a person among those it is about."""
    people = [*house.two_pupils(), {"person": person, "involvement": "alleged"}]
    return str(house.report(who=who, people=people, **fields)["id"])


def to_clear(house: House, incident: str, who: str = "dsl") -> list[Json]:
    return house.asked(incident, "clear_name", who)


def cleared(house: House, person: str) -> Json:
    return {"person": person, "user": house.users["deputy_dsl"], "reason": REASON}


def test_it_is_a_must_within_an_hour_in_a_critical_case(school: House) -> None:
    person = namesake(school)
    incident = case(school, person, content=["adult_contact"])
    for who in ("dsl", "headteacher"):
        (item,) = to_clear(school, incident, who)
        assert (item["modality"], item["rule"], item["clause"]) == (
            "must",
            "name-to-clear",
            "casework default",
        )
        assert item["preset"] == {"person": person, "user": school.users["deputy_dsl"]}
        assert datetime.fromisoformat(item["due_at"]) == london("2026-09-14 11:20")
        assert item["overdue"] is False
        assert item in school.get(who, f"/incidents/{incident}")["next_steps"]
    school.get("deputy_dsl", f"/incidents/{incident}/next-steps", 404)
    school.get("governor", f"/incidents/{incident}/next-steps", 403)
    assert school.get("governor", f"/incidents/{incident}")["next_steps"] == []
    school.clock.set("2026-09-14 11:21")
    assert [each["overdue"] for each in to_clear(school, incident)] == [True]
    school.take(incident, "clear_name", "headteacher", **cleared(school, person))
    assert to_clear(school, incident) == []
    school.get("deputy_dsl", f"/incidents/{incident}/next-steps")


def test_the_soonest_comes_first(school: House) -> None:
    incident = case(school, namesake(school), content=["adult_contact"])
    items = school.next_steps(incident)
    moments = [datetime.fromisoformat(each["due_at"]) for each in items if "due_at" in each]
    assert moments == sorted(moments)
    assert all("due_at" not in each for each in items[len(moments) :])


def test_it_is_only_a_notice_where_others_read_a_case_that_is_not_critical(school: House) -> None:
    person = namesake(school)
    incident = case(school, person)
    assert to_clear(school, incident) == []
    assert [each["person"] for each in notices(school, "dsl", "name_to_clear")] == [person]


def test_it_is_due_where_nobody_else_may_read_the_case(school: House) -> None:
    person = namesake(school)
    adult = {"person": school.person("Sam Subject", "staff"), "involvement": "alleged"}
    people = [adult, {"person": person, "involvement": "target"}]
    incident = str(school.report(who="governor", kind="staff_allegation", people=people)["id"])
    assert [each["preset"]["person"] for each in to_clear(school, incident, "headteacher")] == [person]
    school.add_user("second head", "headteacher", school.school)
    assert to_clear(school, incident, "headteacher") == []
    assert to_clear(school, incident, "second head") == []


def test_a_reader_by_name_is_another_reader(school: House) -> None:
    adult = {"person": school.person("Sam Subject", "staff"), "involvement": "alleged"}
    people = [adult, {"person": namesake(school), "involvement": "target"}]
    incident = str(school.report(who="governor", kind="staff_allegation", people=people)["id"])
    assert len(to_clear(school, incident, "headteacher")) == 1
    school.take(incident, "assign", "headteacher", user=school.users["dsl"])
    assert to_clear(school, incident, "headteacher") == []


def test_the_hour_runs_from_when_the_person_was_recorded(school: House) -> None:
    people = school.two_pupils()
    incident = str(school.report(people=people, content=["adult_contact"])["id"])
    assert to_clear(school, incident) == []
    school.clock.set("2026-09-14 14:05")
    school.take(incident, "involve_person", person=namesake(school), involvement="alleged")
    assert school.due(incident, "clear_name") == "2026-09-14T15:05"


def test_a_withdrawn_name_asks_for_nothing(school: House) -> None:
    person = namesake(school)
    incident = case(school, person, content=["adult_contact"])
    school.take(incident, "withdraw_involvement", person=person, involvement="alleged", reason=REASON)
    assert to_clear(school, incident) == []


def test_who_may_not_clear_names_is_not_asked(school: House) -> None:
    person = namesake(school)
    incident = case(school, person, content=["adult_contact"])
    school.add_user("senior", "slt", school.school)
    school.take(incident, "assign", user=school.users["senior"])
    answer = school.step(incident, "clear_name", "senior", **cleared(school, person))
    assert answer.status_code == 403
    assert to_clear(school, incident, "senior") == []
    assert len(to_clear(school, incident)) == 1
