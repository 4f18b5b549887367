"""Senior leaders over HTTP: a case assigned to them, and the steps they take in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.client import House, opened_house
from tests.engines import Engine


@pytest.fixture
def house(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened_house(engine, tmp_path_factory.mktemp("senior")) as house:
        house.add_user("leader", "slt", house.school)
        yield house


def listed(house: House) -> list[str]:
    return [item["id"] for item in house.get("leader", "/incidents")["items"]]


def test_the_assignment_lets_a_senior_leader_read_that_case_and_no_other(house: House) -> None:
    other, incident = (house.bullying("2026-09-14 10:20")["id"] for _ in range(2))
    house.get("leader", f"/incidents/{incident}", 404)
    assert listed(house) == []

    house.take(incident, "assign", user=house.users["leader"])
    assert house.get("leader", f"/incidents/{incident}")["assigned_to"] == [house.users["leader"]]
    assert listed(house) == [incident]
    house.get("leader", f"/incidents/{other}", 404)


def test_a_senior_leader_meets_parents_and_takes_no_lead_s_step(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20")["id"]
    house.take(incident, "assign", user=house.users["leader"])
    child = house.get("leader", f"/incidents/{incident}")["people"][0]["person"]
    parent = house.person("Pat Parent", "parent", relations=[{"relation": "parent_of", "person": child}])
    told = {"parent": parent, "child": child, "method": "by telephone", "summary": "Told what is known."}
    house.take(incident, "inform_parents", "leader", **told)
    steps = house.get("dsl", f"/incidents/{incident}/steps")["items"]
    assert steps[-1]["role"] == "slt"
    for step, fields in (
        ("acknowledge", {}),
        ("assign", {"user": house.users["dsl"]}),
        ("offer_support", {"person": child, "what": "A weekly talk."}),
    ):
        assert house.step(incident, step, "leader", **fields).status_code == 403
    assert house.upload(incident, b"Words.", "leader").status_code == 403


def test_a_senior_leader_is_shut_out_when_the_case_becomes_an_allegation(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20")["id"]
    house.take(incident, "assign", user=house.users["leader"])
    teacher = house.person("Tara Teacher", "staff")
    house.take(incident, "involve_person", person=teacher, involvement="alleged")
    house.get("leader", f"/incidents/{incident}", 404)
    assert listed(house) == []


def test_an_allegation_is_assigned_to_no_senior_leader(house: House) -> None:
    house.clock.set("2026-10-08 16:40")
    people = [{"person": house.person("Tara Teacher", "staff"), "involvement": "alleged"}]
    incident = house.report(kind="staff_allegation", people=people)["id"]
    answer = house.step(incident, "assign", "headteacher", user=house.users["leader"])
    assert answer.status_code == 422, answer.text


def test_the_head_takes_every_step_in_a_child_case(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20")["id"]
    child = house.get("headteacher", f"/incidents/{incident}")["people"][0]["person"]
    house.take(incident, "acknowledge", "headteacher")
    house.take(incident, "offer_support", "headteacher", person=child, what="A weekly talk.")
    steps = house.get("dsl", f"/incidents/{incident}/steps")["items"]
    assert [step["role"] for step in steps] == ["reporter", "headteacher", "headteacher"]
