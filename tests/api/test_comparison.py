"""What another pack would have meant for a school's past incidents, over HTTP."""

from __future__ import annotations

from tests.api.client import House


def test_another_pack_would_have_required_other_steps(house: House) -> None:
    incident = house.bullying("2026-09-14 10:20", content=["racist"])["id"]
    house.answer_everything(incident)
    path = f"/schools/{house.school}/playbook-comparison"
    (found,) = house.get("dsl", f"{path}?pack=headcorn")["items"]
    assert found["incident"] == incident
    assert [(change["step"], change["clause"]) for change in found["added"]] == [("debrief", "002 §8")]
    assert (found["dropped"], found["deadlines"], found["refused"]) == ([], [], [])
    assert house.get("dsl", f"{path}?pack=st_thomas")["items"] == []
    assert house.get("dsl", f"{path}?pack=nowhere", 422)["errors"] == {"pack": ["is not a pack"]}


def test_a_step_the_other_pack_refuses_is_named(house: House) -> None:
    report = house.bullying("2026-09-14 10:20")
    incident = report["id"]
    (alleged,) = (each["person"] for each in report["people"] if each["involvement"] == "alleged")
    reason = "A reason of more than ten characters."
    house.take(incident, "triage", timing="out_of_school", critical=False, rationale=reason)
    house.take(incident, "apply_sanction", person=alleged, what="Two lunchtimes inside.")
    path = f"/schools/{house.school}/playbook-comparison?pack=todwick"
    (found,) = house.get("dsl", path)["items"]
    (refused,) = found["refused"]
    assert (refused["number"], refused["step"], refused["clause"]) == (3, "apply_sanction", "001 D")


def test_the_latest_reported_come_first(house: House) -> None:
    reported = [house.bullying(f"2026-09-{day} 10:20", content=["racist"])["id"] for day in range(14, 22)]
    path = f"/schools/{house.school}/playbook-comparison?pack=headcorn"
    assert [found["incident"] for found in house.get("dsl", path)["items"]] == reported[::-1]
