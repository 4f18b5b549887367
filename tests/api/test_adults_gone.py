"""An alleged adult who left the school, by their record or as a step says, over HTTP."""

from __future__ import annotations

from typing import Final

import pytest

from tests.api.client import REASON, House, Json, body_of

HEAD: Final = "headteacher"
LADO: Final = {"advice": "Go on.", "may_tell_subject": True, "may_tell_parents": False}


def changed(house: House, person: str, **details: Json) -> None:
    body = {**details, "reason": REASON}
    answer = house.ask("dsl", "PATCH", f"/people/{person}", json=body, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text


def allegation(house: House, adult: str) -> str:
    house.clock.set("2026-10-22 09:00")
    people = [*house.two_pupils()[:1], {"person": adult, "involvement": "alleged"}]
    return str(house.report(kind="staff_allegation", people=people)["id"])


def is_asked(house: House, incident: str, step: str) -> bool:
    return bool(house.asked(incident, step, HEAD))


@pytest.mark.parametrize("gone", ["left_on", "died_on"])
def test_against_somebody_who_left_before_it_was_reported(house: House, gone: str) -> None:
    adult = house.person("Tara Teacher", "staff")
    changed(house, adult, **{gone: "2026-07-21"})
    incident = allegation(house, adult)
    assert house.due(incident, "decide_regulatory_referral", HEAD) == "2026-10-23T23:59"
    house.take(incident, "consult_lado", HEAD, **LADO)
    assert not is_asked(house, incident, "decide_suspension")
    fields = {"suspend": True, "alternatives": "None.", "reason": REASON}
    answer = house.step(incident, "decide_suspension", HEAD, **fields)
    assert (answer.status_code, body_of(answer)["rule"]) == (409, "allegation-not-suspended-gone")


@pytest.mark.parametrize(
    ("step", "fields"),
    [("consult_lado", LADO), ("determine_outcome", {"outcome": "unfounded", "rationale": REASON})],
)
def test_who_leaves_afterwards_is_found_gone_at_the_next_of_these_steps(
    house: House, step: str, fields: Json
) -> None:
    adult = house.person("Tara Teacher", "staff")
    incident = allegation(house, adult)
    if step != "consult_lado":
        house.take(incident, "consult_lado", HEAD, **LADO)
    changed(house, adult, left_on="2026-10-22")
    assert not is_asked(house, incident, "decide_regulatory_referral")
    house.take(incident, step, HEAD, **fields)
    assert is_asked(house, incident, "decide_regulatory_referral")
    assert not is_asked(house, incident, "decide_suspension")


def test_one_whose_last_day_is_to_come_still_works_there(house: House) -> None:
    adult = house.person("Tara Teacher", "staff")
    changed(house, adult, left_on="2026-12-31")
    incident = allegation(house, adult)
    house.take(incident, "consult_lado", HEAD, **LADO)
    assert is_asked(house, incident, "decide_suspension")
    assert not is_asked(house, incident, "decide_regulatory_referral")


def test_one_identified_or_involved_later_had_left(house: House) -> None:
    adult = house.person("Tara Teacher", "staff")
    changed(house, adult, left_on="2026-07-21")
    unknown = house.person("Who", "unknown")
    incident = allegation(house, unknown)
    assert not is_asked(house, incident, "decide_regulatory_referral")
    house.take(incident, "identify_person", HEAD, person=unknown, **{"as": adult})
    assert is_asked(house, incident, "decide_regulatory_referral")

    colleague = house.person("Colin Colleague", "staff")
    changed(house, colleague, left_on="2026-07-21")
    other = allegation(house, house.person("Terry Teacher", "staff"))
    house.take(other, "involve_person", HEAD, person=colleague, involvement="alleged")
    assert is_asked(house, other, "decide_regulatory_referral")


@pytest.mark.parametrize("how", ["removed", "left", "would_have_been_removed"])
def test_a_departure_is_recorded_as_soon_as_it_is_known(house: House, how: str) -> None:
    adult = house.person("Tara Teacher", "staff")
    incident = allegation(house, adult)
    house.take(incident, "record_departure", HEAD, person=adult, how=how, on="2026-10-22")
    assert house.due(incident, "decide_regulatory_referral", HEAD) == "2026-10-23T23:59"
    house.take(incident, "decide_regulatory_referral", HEAD, dbs=False, tra=False, reason=REASON)
    assert not is_asked(house, incident, "decide_regulatory_referral")


def test_whether_somebody_left_is_casework_s_to_say(house: House) -> None:
    adult = house.person("Tara Teacher", "staff")
    people = [{"person": adult, "involvement": "alleged", "left": True}]
    assert house.report(kind="staff_misuse", people=people, status=422)
    incident = allegation(house, adult)
    assert house.step(incident, "consult_lado", HEAD, **LADO, left=[adult]).status_code == 422
