"""Standing depends on the school of the case: a role at another school gives no access."""

from __future__ import annotations

import pytest

from tests.api.client import House


@pytest.fixture
def allegation(house: House) -> str:
    """An allegation at the house's school, read by a chair of two schools, about the head of the other."""
    house.clock.set("2026-10-08 16:40")
    elsewhere = house.open_school("headcorn")
    teacher = house.person("Tara Teacher", "staff")
    house.add_user("head elsewhere", "reporter", elsewhere, person=teacher)
    house.link("head elsewhere", elsewhere)
    appointment = {"user": house.users["head elsewhere"], "role": "headteacher", "from": "2026-09-01"}
    house.created("admin", f"/schools/{elsewhere}/appointments", appointment)
    house.add_user("chair", "chair_of_governors", house.school)
    house.add_school("chair", "chair_of_governors", elsewhere)
    people = [{"person": teacher, "involvement": "alleged"}]
    report = house.report(kind="unsolicited_contact", direction="staff_to_pupil", people=people)
    return str(report["id"])


def test_a_chair_does_not_stand_in_for_the_head_of_another_school(house: House, allegation: str) -> None:
    house.get("chair", f"/incidents/{allegation}", 404)
    assert house.get("chair", "/incidents")["items"] == []


def test_a_chair_stands_in_where_the_head_of_the_same_school_is_alleged(
    house: House, allegation: str
) -> None:
    appointment = {"user": house.users["head elsewhere"], "role": "headteacher", "from": "2026-09-01"}
    path = f"/schools/{house.school}/appointments"
    house.agreed(house.ask("admin", "POST", path, json=appointment))
    assert house.get("chair", f"/incidents/{allegation}")["id"] == allegation
    assert [item["id"] for item in house.get("chair", "/incidents")["items"]] == [allegation]
