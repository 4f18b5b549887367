"""Breaches of personal data, meetings with parents and contact by families, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.api.approving import Unchanged, faults
from tests.api.client import House, Json

OpenHouse = Callable[..., House]
on_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

REASON: Final = "The image was seen by two parents and is gone."
DECISION: Final[dict[str, Any]] = {"notify_regulator": False, "notify_people": True, "reason": REASON}
MEETING: Final = {"meeting_at": "2026-09-16T16:00:00+01:00", "method": "letter", "purpose": "To talk."}


def image(house: House, *people: tuple[str, str], **fields: Json) -> str:
    house.clock.set("2026-09-14 10:20")
    named = [{"person": person, "involvement": involvement} for person, involvement in people]
    return str(house.report(kind="image_without_consent", people=named, **fields)["id"])


def asked(house: House, incident: str) -> set[str]:
    return {each["step"] for each in house.next_steps(incident) if each["modality"] != "may"}


@on_sqlite
def test_the_head_decides_on_a_breach_on_the_schools_account(open_house: OpenHouse) -> None:
    house = open_house("headcorn")
    incident = image(house, (house.person("Alice Able"), "target"), on_school_account=True)
    assert house.get("dsl", f"/incidents/{incident}")["on_school_account"] is True
    (duty,) = house.asked(incident, "decide_data_breach")
    assert (duty["told"], duty["due_at"][:16]) == (["headteacher", "dpo"], "2026-09-17T10:20")
    assert house.refused(incident, "decide_data_breach", **DECISION)["rule"] == "data-breach-head-decides"
    unsaid = {name: value for name, value in DECISION.items() if name != "notify_people"}
    answer = house.step(incident, "decide_data_breach", "headteacher", **unsaid)
    assert faults(answer) == {"$.notify_people": ["is required"]}
    house.take(incident, "decide_data_breach", "headteacher", **DECISION, advice="Tell both families.")
    assert not house.asked(incident, "decide_data_breach")


@on_sqlite
def test_where_the_head_may_not_know_the_case_others_decide(open_house: OpenHouse) -> None:
    house = open_house("headcorn")
    child = house.person("Alice Able")
    incident = image(house, (child, "target"), on_school_account=True)
    conflict = {"reason": "I am a close friend of the family."}
    assert (
        house.ask("headteacher", "POST", f"/incidents/{incident}/conflicts", json=conflict).status_code < 300
    )
    house.take(incident, "decide_data_breach", **DECISION)


@on_sqlite
@pytest.mark.parametrize(("relation", "asks"), [("parent_of", False), ("relative_of", True)])
def test_under_todwick_a_parent_may_post_their_own_child(
    open_house: OpenHouse, relation: str, asks: bool
) -> None:
    house = open_house("todwick")
    child = house.person("Alice Able")
    relations = [{"relation": relation, "person": child}]
    poster = house.person("Pat Parent", "parent", relations=relations)
    incident = image(house, (child, "target"), (poster, "alleged"))
    assert {"check_consent", "triage"} <= asked(house, incident)
    for step in ("request_removal", "record_removal"):
        assert bool(house.asked(incident, step)) is asks
    assert not house.asked(incident, "decide_data_breach")
    later = image(house, (child, "target"))
    house.take(later, "involve_person", person=poster, involvement="alleged")
    assert bool(house.asked(later, "request_removal")) is asks


@on_sqlite
def test_under_st_thomas_senior_leadership_meets_the_parent(open_house: OpenHouse) -> None:
    house = open_house("st_thomas")
    house.add_user("slt", "slt", house.school)
    house.clock.set("2026-09-14 10:20")
    parent = house.person("Pat Parent", "parent")
    people = [
        {"person": house.person("Tess Teacher", "staff"), "involvement": "target"},
        {"person": parent, "involvement": "alleged"},
    ]
    incident = str(house.report(kind="parent_post", people=people)["id"])
    (police,) = house.asked(incident, "consider_police")
    assert (police["clause"], police["told"], police["due_at"][:10]) == (
        "004 §8.4",
        ["slt", "police"],
        "2026-09-14",
    )
    house.take(incident, "invite_parent", parent=parent, **MEETING)

    def met(*users: str) -> dict[str, Any]:
        return {"parent": parent, "outcome": "attended", "with": [house.users[user] for user in users]}

    house.clock.set("2026-09-16 15:30")
    with Unchanged(house):
        early = house.step(incident, "record_meeting", **met("headteacher"))
    assert faults(early) == {"$.at": ["is before the meeting that the parent was invited to"]}
    house.clock.set("2026-09-16 16:30")
    for others in ((), ("deputy_dsl",), ("reporter",)):
        refused = house.refused(incident, "record_meeting", **met(*others))
        assert (refused["rule"], refused["clause"]) == ("st-thomas-parent-post-with-slt", "004 §8.6")
    for senior in ("headteacher", "dsl", "slt"):
        house.take(incident, "record_meeting", **met(senior))


@on_sqlite
@pytest.mark.parametrize("direction", ["parent_to_staff", "staff_to_parent"])
def test_contact_with_a_family_is_reported_and_found(open_house: OpenHouse, direction: str) -> None:
    house = open_house("tow_law")
    house.clock.set("2026-09-14 10:20")
    staff, parent = house.person("Tess Teacher", "staff"), house.person("Pat Parent", "parent")
    sender, receiver = (parent, staff) if direction == "parent_to_staff" else (staff, parent)
    people = [
        {"person": receiver, "involvement": "target"},
        {"person": sender, "involvement": "alleged"},
    ]
    shown = house.report(kind="unsolicited_contact", direction=direction, people=people)
    assert shown["direction"] == direction
    who = "dsl" if direction == "parent_to_staff" else "headteacher"
    (duty,) = house.asked(shown["id"], "classify_contact", who)
    assert (duty["told"], duty["clause"], duty["due_at"][:10]) == (
        ["dsl"],
        "000 Staff personal use",
        "2026-09-15",
    )
    assert house.get(who, f"/incidents/{shown['id']}")["stream"] == (
        "child" if direction == "parent_to_staff" else "allegation"
    )
