"""A stranger who is reported as staff: the report is taken, and the DSL goes on with it as grooming."""

from __future__ import annotations

from tests.api.client import REASON, House, Json


def test_a_stranger_reported_as_staff_is_the_dsls_case_and_becomes_grooming(house: House) -> None:
    house.clock.set("2026-12-19 11:00")
    people: list[Json] = [
        {"person": house.person("Tess Target"), "involvement": "target"},
        {"person": house.person("Silverfox", "external"), "involvement": "alleged"},
    ]
    fields: Json = {"kind": "unsolicited_contact", "direction": "staff_to_pupil"}
    case = house.report(people=people, **fields)["id"]
    assert house.get("dsl", f"/incidents/{case}")["stream"] == "child"
    first = house.next_steps(case)[0]
    assert (first["step"], first["preset"]) == ("reclassify", {"kind": "online_grooming"})
    house.take(case, "reclassify", kind="online_grooming", reason=REASON)
    assert house.get("dsl", f"/incidents/{case}")["critical"]
    for agency in ("police", "childrens_social_care", "ceop"):
        assert house.due(case, "escalate", agency=agency)[:10] == "2026-12-19"
    refused = house.refused(case, "tell", person=people[1]["person"], method="by message", summary="Stop.")
    assert refused["rule"] == "grooming-other-not-told"


def test_a_member_of_staff_keeps_it_an_allegation_that_the_dsl_does_not_see(house: House) -> None:
    house.clock.set("2026-12-19 11:00")
    people: list[Json] = [
        {"person": house.person("Tess Target"), "involvement": "target"},
        {"person": house.person("Silverfox", "external"), "involvement": "alleged"},
        {"person": house.person("Tara Teacher", "staff"), "involvement": "alleged"},
    ]
    fields: Json = {"kind": "unsolicited_contact", "direction": "staff_to_pupil"}
    case = house.report(people=people, **fields)["id"]
    assert house.ask("dsl", "GET", f"/incidents/{case}").status_code == 404
    assert house.get("headteacher", f"/incidents/{case}")["stream"] == "allegation"
